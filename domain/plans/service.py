"""Looking at what is on offer. Nothing here writes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from domain.plans.model import PlanBook
from domain.shared.clock import Clock
from domain.shared.work import Work

__all__ = ["PlanService", "PlanStore", "PlansWork"]


class PlanStore(Protocol):
    """Plans, projects and units on record."""

    async def book(self) -> PlanBook:
        """Return the present snapshot."""

    async def counts(self, now: datetime) -> Mapping[str, int]:
        """Return how many live registrations each unit has, at most a second old.

        Returns
        -------
        Mapping[str, int]
            Unit id to count; a unit without registrations is left out.
        """


class PlansWork(Work, Protocol):
    """What browsing may touch."""

    @property
    def plans(self) -> PlanStore:
        """Plans, projects and units."""


class PlanService:
    """What a citizen may find out about plans."""

    def __init__(self, work: PlansWork, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    async def book(self) -> PlanBook:
        """Return everything on offer.

        Source: S0-31 to S0-35.
        """
        return await self._work.plans.book()

    async def registered(self, unit_id: str) -> int:
        """Return how many live registrations a unit has; 0 for a unit we do not know.

        Source: Q-10.
        """
        return (await self.counts()).get(unit_id, 0)

    async def registered_in(self, project_id: str) -> int:
        """Return how many live registrations a project has, all its units together.

        Raises
        ------
        ProjectNotFoundError
            There is no such project.

        Source
        ------
        Q-10.
        """
        counts = await self.counts()
        units = (await self.book()).units(project_id)
        return sum(counts.get(unit.id, 0) for unit in units)

    async def counts(self) -> Mapping[str, int]:
        """Return how many live registrations each unit has, at most a second old.

        Returns
        -------
        Mapping[str, int]
            Unit id to count; a unit without registrations is left out.

        Source
        ------
        Q-10.
        """
        return await self._work.plans.counts(self._clock.now())
