"""What a phone is told by SMS without anybody having asked.

A notice is written down with the record it is about, sent soon afterwards, and tried again until
it has left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

__all__ = [
    "NOTICE_LIFE",
    "Notice",
    "NoticeKind",
    "NoticeSender",
    "NoticeStore",
    "retry_at",
]

NOTICE_LIFE: Final = timedelta(hours=72)
"""After which a notice that never left is given up."""

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
_DOUBLED_AT_MOST: Final = 10


class NoticeKind(StrEnum):
    """What a notice says; the wording is the adapter's matter.

    The values that come with a kind, in their order:

    ``PHONE_CHANGED``
        The account's phone was given back to another: that one, masked.
    ``RECOVERED``
        The account has a new phone, by a recovery or a change: that one, masked; the word that
        takes it back.
    """

    PHONE_CHANGED = "phone-changed"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that waits to be sent.

    ``phone`` is ``+86`` and 11 digits; ``attempts`` counts the present one.
    """

    id: int
    phone: str = field(repr=False)
    kind: NoticeKind
    values: tuple[str, ...] = field(repr=False)
    at: datetime
    attempts: int


class NoticeStore(Protocol):
    """Notices that have not left yet."""

    async def add(
        self, *, phone: str, kind: NoticeKind, values: Sequence[str], at: datetime
    ) -> None:
        """Write a notice down, due at once."""

    async def claim(self, *, now: datetime) -> Notice | None:
        """Take the notice that is due longest; ``None`` if none is.

        The attempt is counted and the notice due again only later, in one atomic step: whoever
        dies over it holds up nobody, and two never take the same at once.
        """

    async def sent(self, notice_id: int) -> None:
        """Forget a notice that has left."""

    async def forget(self, *, before: datetime) -> int:
        """Give up the notices written before a moment; return how many."""


class NoticeSender(Protocol):
    """Sends notices to phones."""

    async def tell(self, phone: str, kind: NoticeKind, values: Sequence[str]) -> None:
        """Hand a notice over to the operator.

        Raises
        ------
        UnavailableError
            The line is down or did not answer in time. The message may have left all the same.
        """


def retry_at(attempts: int, now: datetime) -> datetime:
    """Return when a notice is tried again that was tried so often: a minute, doubling to an hour.

    Source: S0-71, S0-72; GOV.UK Notify tries for 72 hours.
    """
    doubled = min(attempts - 1, _DOUBLED_AT_MOST)
    waits: int = 2**doubled
    return now + min(_FIRST_WAIT * waits, _LONGEST_WAIT)
