"""Calls at the platform's callback that were refused: when and why, never what they held."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["Refusal", "RefusalStore"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Calls that were refused for one reason; ``at``: the last, ``times``: how many they were."""

    at: datetime
    kind: str
    status: int
    times: int = 1


class RefusalStore(Protocol):
    """The last refusals; older ones are forgotten."""

    async def add(self, refusal: Refusal) -> None:
        """Keep one; forget what is older than the last fifty.

        The same again within ten minutes is added to the one before.
        """

    async def last(self) -> list[Refusal]:
        """Return the last fifty, newest first."""
