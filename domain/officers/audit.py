"""Looking through the acts: newest first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.shared.records import Act

__all__ = ["ActTrail", "ActsWanted", "NumberedAct"]


@dataclass(frozen=True, slots=True)
class ActsWanted:
    """Which acts are looked for; what is empty does not matter. ``until`` is not included."""

    actor: str = ""
    tag: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


class NumberedAct(NamedTuple):
    """An act and its number; numbers grow."""

    number: int
    act: Act


class ActTrail(Protocol):
    """The acts as whoever audits reads them."""

    async def newest(
        self, wanted: ActsWanted, *, before: int | None, limit: int
    ) -> Sequence[NumberedAct]:
        """Return the newest acts, or the newest before a number; so many at most."""
