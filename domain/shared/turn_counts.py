"""How many messages were taken on which day: one definition, for the page and for any report."""

from datetime import date
from typing import Protocol

__all__ = ["TurnCountStore"]


class TurnCountStore(Protocol):
    """Messages taken, by the day in China; processes add what they took since they last did."""

    async def add(self, day: date, times: int) -> None:
        """Count more messages of a day."""

    async def on(self, day: date) -> int:
        """Return how many were taken on a day."""
