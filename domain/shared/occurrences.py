"""What is done at set times, once each time, however many processes there are.

A job's times are counted in whole periods from a fixed moment, on the clock of the world and not
on that of a place: midnight in China is an hour like any other. An occurrence is a row; whoever
makes it runs the job. A clock that was set back meets the rows of what it has done.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

__all__ = ["RUN_LEASE", "Occurrence", "OccurrenceStore", "latest"]

RUN_LEASE: Final = timedelta(seconds=20)
"""After which a runner that did not say it lives is taken for dead."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of a job, and how often it was begun."""

    job: str
    due_at: datetime
    attempts: int = 0

    @property
    def name(self) -> str:
        """What people call it: the job, and when it was due in UTC to the second."""
        return f"{self.job}@{self.due_at:%Y%m%dT%H%M%SZ}"


def latest(job: str, every: timedelta, now: datetime) -> Occurrence:
    """Return the last occurrence of a job that is due."""
    return Occurrence(job, _EPOCH + (now - _EPOCH) // every * every)


class OccurrenceStore(Protocol):
    """Which occurrences were begun, by whom, and which are done."""

    async def begin(self, occurrence: Occurrence, *, now: datetime) -> Occurrence | None:
        """Take an occurrence to run; ``None`` if it is not ours to run.

        It is not if it was done, if somebody is at it who said within `RUN_LEASE` that they live,
        or if it has brought down three runners. One atomic step.
        """

    async def go_on(self, occurrence: Occurrence, *, now: datetime) -> bool:
        """Say that we live; ``False`` if somebody else has begun it since."""

    async def done(self, occurrence: Occurrence, *, now: datetime) -> None:
        """Say that it is done."""

    async def parked(self, *, now: datetime) -> list[Occurrence]:
        """Return the occurrences that brought down three runners, oldest first."""

    async def forget(self, *, keep: int) -> int:
        """Drop all but the last occurrences of each job; return how many.

        By number and not by age: a clock that was wrong for a moment must not make us forget.
        """
