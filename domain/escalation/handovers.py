"""Who owns a conversation: the bot, the queue, a person at our desk, or the platform's own desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.shared.errors import ConflictError, InvalidError, NotFoundError
from domain.shared.records import AccountId, OpenId

__all__ = [
    "ALLOWED",
    "AWAY_AFTER",
    "LINES_KEPT",
    "SILENT_AFTER",
    "UNSEEN_AFTER",
    "AlreadyRatedError",
    "Card",
    "DeskKind",
    "Ending",
    "Handover",
    "HandoverGoneError",
    "HandoverState",
    "InvalidLineError",
    "InvalidRatingError",
    "Line",
    "LineKind",
    "NothingToRateError",
    "Owner",
    "Presence",
    "TakenError",
    "is_away",
    "is_silent",
    "is_unseen",
    "line_text",
    "line_topic",
    "may_wait",
    "owner_of",
    "rated",
]

SILENT_AFTER: Final = timedelta(minutes=30)
"""As long as the platform's own desk keeps a session without a close."""

AWAY_AFTER: Final = timedelta(seconds=90)
"""Several missed signs of life: a page that reloads or a tunnel is no reason to pass anybody on."""

LINES_KEPT: Final = timedelta(days=180)
"""How long what was said can be read again: a dispute over half a year is a ticket by then."""

UNSEEN_AFTER: Final = timedelta(seconds=60)
"""How long a citizen may wait unseen before the next person is told."""

_RATE_WITHIN: Final = timedelta(days=7)
_LONGEST_LINE: Final = 600
"""Characters; at three bytes each they fit one message of the platform."""

_MOST_STARS: Final = 5


class HandoverGoneError(NotFoundError):
    """There is no such handover, or it has ended."""

    code = "handover-gone"


class TakenError(ConflictError):
    """Somebody else has taken this citizen."""

    code = "handover-taken"


class InvalidLineError(InvalidError):
    """A line needs some words, and at most six hundred characters."""

    code = "line-text"


class InvalidRatingError(InvalidError):
    """A rating is one to five stars."""

    code = "rating"


class NothingToRateError(NotFoundError):
    """No talk with a person has ended lately."""

    code = "nothing-to-rate"


class AlreadyRatedError(ConflictError):
    """The talk was rated before; the first rating stands."""

    code = "already-rated"


class Owner(StrEnum):
    """Who answers a citizen now."""

    BOT = "bot"
    WAITING = "waiting"
    OFFICER = "officer"
    PLATFORM = "platform"
    """An agent of the platform's own customer service."""


class HandoverState(StrEnum):
    """Where a handover stands."""

    WAITING = "waiting"
    TAKEN = "taken"
    ENDED = "ended"


ALLOWED: Final[Mapping[HandoverState, frozenset[HandoverState]]] = {
    HandoverState.WAITING: frozenset({HandoverState.TAKEN, HandoverState.ENDED}),
    # Passed on to another agent it stays taken; left by its agent it waits again.
    HandoverState.TAKEN: frozenset(
        {HandoverState.TAKEN, HandoverState.WAITING, HandoverState.ENDED}
    ),
    HandoverState.ENDED: frozenset(),
}
"""From each state, the states that a handover may go to."""


class Ending(StrEnum):
    """How a handover ended."""

    AGENT = "agent"
    CITIZEN = "citizen"
    SILENCE = "silence"
    UNFOLLOWED = "unfollowed"
    CLOSED = "closed"
    """The day's hours were over before anybody came."""


class DeskKind(StrEnum):
    """Where people answer."""

    CONSOLE = "console"
    WECHAT = "wechat"


class LineKind(StrEnum):
    """Who wrote a line of the transcript."""

    CITIZEN = "citizen"
    AGENT = "agent"
    NOTE = "note"
    """For the agents alone."""
    EVENT = "event"
    """What happened: taken, passed on, left."""


@dataclass(frozen=True, slots=True)
class Card:
    """Where a citizen was when they asked for a person; every answer is masked.

    ``flow`` and ``step`` are ids, ``title`` and ``asked`` what citizens call them; all empty for
    one who was doing nothing. ``left`` is the title of what they can go on with afterwards.
    ``reason`` is how the person was asked for: ``word``, ``menu``, ``poster`` or ``miss``.
    """

    reason: str = "word"
    flow: str = ""
    title: str = ""
    step: str = ""
    asked: str = ""
    left: str = ""
    answers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Handover:
    """A citizen's wish for a person, from asking to the rating.

    ``agent`` is who has taken it. ``heard_at`` is when either side last said something.
    ``seen_at`` is when any agent first looked; ``notified`` counts who was told that nobody did.
    ``stamp`` grows with every change that an agent should see.
    """

    id: int
    openid: OpenId
    account_id: AccountId | None
    desk: DeskKind
    card: Card
    state: HandoverState
    asked_at: datetime
    heard_at: datetime
    stamp: int = 0
    agent: str = ""
    taken_at: datetime | None = None
    seen_at: datetime | None = None
    notified: int = 0
    notified_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending | None = None
    rating: int | None = None

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return self.state is not HandoverState.ENDED


@dataclass(frozen=True, slots=True)
class Line:
    """What one side said. ``author`` names the agent; ``media_id`` a picture on the platform."""

    id: int
    handover_id: int
    kind: LineKind
    author: str
    text: str = field(repr=False)
    at: datetime
    media_id: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """An agent's last sign of life: the talk looked at, and until when they seem to be typing."""

    agent: str
    name: str
    seen_at: datetime
    looking_at: int | None = None
    typing_until: datetime | None = None

    def types(self, now: datetime) -> bool:
        """Tell whether the agent seems to be typing."""
        return self.typing_until is not None and now < self.typing_until


def owner_of(handover: Handover | None) -> Owner:
    """Return who answers a citizen whose newest handover is this one.

    Source: S4-78; one owner at a time, ours.
    """
    if handover is None or not handover.live:
        return Owner.BOT
    if handover.state is HandoverState.WAITING:
        return Owner.WAITING
    return Owner.OFFICER if handover.desk is DeskKind.CONSOLE else Owner.PLATFORM


def may_wait(*, in_hours: bool, desk: DeskKind, present: int, told: int) -> bool:
    """Tell whether it is honest to let a citizen wait: somebody can come.

    Parameters
    ----------
    in_hours
        Whether people are at work now.
    desk
        Where they answer; who is at the platform's own desk only the platform knows.
    present
        How many agents are at our desk.
    told
        How many can be called to it.

    Source: S1-58.
    """
    return in_hours and (desk is DeskKind.WECHAT or present > 0 or told > 0)


def is_silent(handover: Handover, now: datetime) -> bool:
    """Tell whether a taken handover has been silent for too long.

    Source: the platform's own desk closes after as long.
    """
    return handover.state is HandoverState.TAKEN and now - handover.heard_at >= SILENT_AFTER


def is_unseen(handover: Handover, now: datetime) -> bool:
    """Tell whether the next person must be told that a citizen waits and nobody has looked.

    Source: complaints about desks where nobody is told; ours.
    """
    if handover.state is not HandoverState.WAITING or handover.seen_at is not None:
        return False
    return now - (handover.notified_at or handover.asked_at) >= UNSEEN_AFTER


def is_away(handover: Handover, here: Sequence[Presence], now: datetime) -> bool:
    """Tell whether the agent who has taken a citizen at our desk has gone.

    Source: ours; a closed laptop answers nobody.
    """
    if handover.state is not HandoverState.TAKEN or handover.desk is not DeskKind.CONSOLE:
        return False
    signs = [one.seen_at for one in here if one.agent == handover.agent]
    last = max([*signs, handover.taken_at or handover.asked_at])
    return now - last >= AWAY_AFTER


def line_text(text: str) -> str:
    """Return words as they are kept: without surrounding space, 1 to 600 characters.

    Raises
    ------
    InvalidLineError
        Nothing is left, or too much for one message.

    Source: the platform's 2,048 bytes a message.
    """
    words = text.strip()
    if not 0 < len(words) <= _LONGEST_LINE:
        raise InvalidLineError
    return words


def line_topic(line: Line) -> str:
    """Return under which topic an agent's line is pushed, so that it is told once.

    Source: ours.
    """
    return f"line-{line.id}"


def rated(handover: Handover | None, stars: int, now: datetime) -> Handover:
    """Return the handover that a rating is about.

    Raises
    ------
    InvalidRatingError
        Not one to five stars.
    NothingToRateError
        No talk was taken and ended within a week.
    AlreadyRatedError
        It was rated before.

    Source: one tap after a person; ours.
    """
    if not 1 <= stars <= _MOST_STARS:
        raise InvalidRatingError
    if handover is None or handover.ended_at is None or handover.taken_at is None:
        raise NothingToRateError
    if now - handover.ended_at > _RATE_WITHIN:
        raise NothingToRateError
    if handover.rating is not None:
        raise AlreadyRatedError
    return handover
