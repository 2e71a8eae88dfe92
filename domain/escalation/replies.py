"""Replies that agents keep ready: versioned, with blanks to be filled before sending."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from domain.shared.clock import Clock
from domain.shared.errors import ConflictError, InvalidError
from domain.shared.records import Act
from domain.shared.work import Work

__all__ = [
    "CannedReply",
    "CannedReplyService",
    "CannedReplyStore",
    "CannedWork",
    "InvalidReplyError",
    "ReplyMovedError",
    "UnfilledError",
    "blanks",
    "must_be_filled",
]

_BLANK: Final = re.compile(r"〔[^〔〕\n]{0,20}〕")
_LONGEST_TITLE: Final = 30
_LONGEST_TEXT: Final = 500


class UnfilledError(InvalidError):
    """Words for a citizen still hold a blank."""

    code = "blank-unfilled"


class InvalidReplyError(InvalidError):
    """A kept reply needs a title of 30 characters at most and a text of 500 at most."""

    code = "reply-shape"


class ReplyMovedError(ConflictError):
    """Somebody else has changed this reply meanwhile."""

    code = "reply-moved"


@dataclass(frozen=True, slots=True)
class CannedReply:
    """One version of a kept reply. ``retired`` ones are no longer offered."""

    key: str
    version: int
    title: str
    text: str
    by: str
    at: datetime
    retired: bool = False


class CannedReplyStore(Protocol):
    """Kept replies; a version never changes."""

    async def current(self) -> list[CannedReply]:
        """Return the newest version of each that is offered, by title."""

    async def versions(self, key: str) -> list[CannedReply]:
        """Return all versions of one, newest first."""

    async def add(self, reply: CannedReply) -> bool:
        """Append a version; ``False`` if it is there already."""


class CannedWork(Work, Protocol):
    """What keeping replies may touch."""

    @property
    def canned(self) -> CannedReplyStore:
        """Kept replies."""


def blanks(text: str) -> Sequence[str]:
    """Return the blanks that a text still holds, such as ``〔姓名〕``.

    Source: ours; a citizen must never read a blank.
    """
    return _BLANK.findall(text)


def must_be_filled(text: str) -> None:
    """Raise `UnfilledError` for words with a blank.

    Source: as `blanks`.
    """
    if blanks(text):
        raise UnfilledError


class CannedReplyService:
    """Keeping replies, each change a version with its act."""

    def __init__(self, work: CannedWork, clock: Clock, *, front: str = "console") -> None:
        self._work = work
        self._clock = clock
        self._front = front

    async def save(  # noqa: PLR0913 (one for each thing a version holds; all are named)
        self,
        *,
        key: str,
        after: int,
        title: str,
        text: str,
        by: str,
        retired: bool = False,
    ) -> CannedReply:
        """Append a version after the one that was looked at.

        Parameters
        ----------
        key
            Which reply; new ones bring a new key.
        after
            The version that was changed; 0 for a new one.

        Raises
        ------
        InvalidReplyError
            Title or text are empty or too long.
        ReplyMovedError
            Somebody has changed it meanwhile.
        """
        title, text = title.strip(), text.strip()
        if not (0 < len(title) <= _LONGEST_TITLE and 0 < len(text) <= _LONGEST_TEXT):
            raise InvalidReplyError
        now = self._clock.now()
        reply = CannedReply(key, after + 1, title, text, by, now, retired)
        if not await self._work.canned.add(reply):
            raise ReplyMovedError
        verb = "retire" if retired else "change" if after else "create"
        tag = f"escalation:reply:{verb}"
        await self._work.acts.add(Act(tag, by, f"reply-{key}", now, self._front, f"v{after + 1}"))
        return reply
