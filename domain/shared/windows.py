"""When the platform lets us write to a citizen first, and how often.

A citizen who does something opens a window: a message gives five places within 48 hours, a tap on
the menu, a follow or a scan three within a minute. Places do not add up. What opened a window is
remembered with the talk, which every turn saves anyway; only the places that were used are counted
in the records.

Source: the platform's rules of 2023-06-12 (custom/send).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from domain.shared.clock import utc_from_timestamp
from domain.shared.conversations import Conversation
from domain.shared.records import OpenId

__all__ = [
    "MESSAGE_PLACES",
    "MESSAGE_SPAN",
    "TAP_PLACES",
    "TAP_SPAN",
    "Handover",
    "PlaceStore",
    "PushSender",
    "Window",
    "open_window",
    "remember",
    "windows_of",
]

MESSAGE_PLACES: Final = 5
MESSAGE_SPAN: Final = timedelta(hours=48)
TAP_PLACES: Final = 3
TAP_SPAN: Final = timedelta(minutes=1)
_MARGIN: Final = {MESSAGE_SPAN: timedelta(minutes=5), TAP_SPAN: timedelta(seconds=10)}
"""How much earlier than the platform we take a window for closed: clocks differ, and calls last."""


class Handover(StrEnum):
    """What the platform says to a message for a citizen."""

    TAKEN = "taken"
    CLOSED = "closed"
    """No window is open, or the citizen does not follow us any more (45015)."""
    FULL = "full"
    """The window's places are used up (45047)."""
    UNREACHABLE = "unreachable"
    """The citizen has blocked us, or there is no such citizen (40003, 45087, 48002)."""
    REFUSED = "refused"
    """The account has no such way, or what is said will never be taken by it (40037, 47003)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which a citizen may be written to, and how often in all."""

    opened_at: datetime
    closes_at: datetime
    places: int

    def is_open(self, now: datetime) -> bool:
        """Tell whether the platform would still take a message."""
        return now < self.closes_at


def remember(conversation: Conversation, *, tapped: bool, at: float) -> None:
    """Remember with the talk that its citizen has just opened a window.

    Parameters
    ----------
    tapped
        Whether by a tap, a scan or a follow rather than by a message. A tap on an option in the
        chat counts as one: the platform may not count it as a message.
    at
        When the platform took it, in Unix seconds.
    """
    if tapped:
        conversation.tapped_at = max(conversation.tapped_at, at)
    else:
        conversation.written_at = max(conversation.written_at, at)


def windows_of(conversation: Conversation) -> tuple[Window, ...]:
    """Return the windows that a citizen opened last, by a message and by a tap."""
    return tuple(
        Window(opened_at, opened_at + span, places)
        for at, span, places in (
            (conversation.written_at, MESSAGE_SPAN, MESSAGE_PLACES),
            (conversation.tapped_at, TAP_SPAN, TAP_PLACES),
        )
        if at
        for opened_at in (utc_from_timestamp(at),)
    )


def open_window(windows: Sequence[Window], now: datetime) -> Window | None:
    """Return which of `windows_of` to use now; ``None`` if all have closed.

    The window of a message is used as long as it is open: what a tap would give beyond it is not
    counted on.
    """
    for window in windows:
        if now < window.closes_at - _MARGIN[window.closes_at - window.opened_at]:
            return window
    return None


class PlaceStore(Protocol):
    """Places of citizens' windows that were used."""

    async def take(self, openid: OpenId, window: Window) -> bool:
        """Use one place of a window; ``False`` if it has none left.

        One atomic step. A window older than one that was used before counts as that one, so that
        a talk which came back from an older copy gives nobody more places.
        """

    async def give_back(self, openid: OpenId, window: Window) -> None:
        """Give back a place that certainly was not used."""

    async def forget(self, *, before: datetime) -> int:
        """Drop counts of windows that were opened before a moment; return how many."""


class PushSender(Protocol):
    """Writes to citizens through the platform."""

    async def push(self, openid: OpenId, text: str) -> Handover:
        """Hand a text of at most 2,000 bytes of UTF-8 over.

        Raises
        ------
        UnansweredError
            No answer came in time. The message may have left all the same.
        UnavailableError
            The platform was not reached, or was busy; the message did not leave.
        """
