"""Keeping and reading what is counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from domain.figures.model import DayCount, Passage, StepFigures, funnel
from domain.shared.clock import Clock, china_time
from domain.shared.work import Work

__all__ = [
    "FIGURES_KEPT",
    "MISHEARD_KEPT",
    "FigureService",
    "FigureStore",
    "FiguresWork",
    "Misheard",
    "MisheardWords",
]

FIGURES_KEPT: Final = timedelta(days=730)
MISHEARD_KEPT: Final = timedelta(days=90)
"""After they were said last."""


@dataclass(frozen=True, slots=True)
class Misheard:
    """Words that a question did not understand, masked, and how often they were said there."""

    flow: str
    step: str
    words: str
    times: int
    last_at: datetime


MisheardWords = tuple[str, str, str]
"""Flow, step, masked words."""


class FigureStore(Protocol):
    """Counts by day in China."""

    async def add(self, day: date, counts: Mapping[Passage, int]) -> None:
        """Add to the counts of a day."""

    async def between(self, first: date, last: date) -> list[DayCount]:
        """Return the counts of some days, both ends included, oldest first."""

    async def mishear(self, words: Mapping[MisheardWords, int], at: datetime) -> None:
        """Count words that were not understood."""

    async def misheard(self, flow: str, limit: int) -> list[Misheard]:
        """Return what a flow did not understand, most often said first."""

    async def drop_misheard(self, flow: str, step: str, words: str) -> bool:
        """Drop words that somebody has seen to; ``False`` if they are gone."""

    async def forget(self, *, before: date, misheard_before: datetime) -> int:
        """Drop what is older; return how many rows."""


class FiguresWork(Work, Protocol):
    """What figures may touch."""

    @property
    def figures(self) -> FigureStore:
        """Counts."""


class FigureService:
    """What is counted, and what it comes to."""

    def __init__(self, work: FiguresWork, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    async def keep(
        self, counts: Mapping[Passage, int], misheard: Mapping[MisheardWords, int]
    ) -> None:
        """Add what one process has counted to the figures of today."""
        now = self._clock.now()
        if counts:
            await self._work.figures.add(china_time(now).date(), counts)
        if misheard:
            await self._work.figures.mishear(misheard, now)

    async def funnel(
        self, first: date, last: date, steps: Mapping[str, Sequence[str]]
    ) -> list[StepFigures]:
        """Return the figures of some flows' questions over some days, both ends included."""
        counted = await self._work.figures.between(first, last)
        return funnel(((one.passage, one.times) for one in counted), steps)

    async def forget(self) -> int:
        """Drop what is kept no longer; return how many rows."""
        now = self._clock.now()
        return await self._work.figures.forget(
            before=china_time(now - FIGURES_KEPT).date(), misheard_before=now - MISHEARD_KEPT
        )
