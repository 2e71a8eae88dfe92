"""What is done at set times: each occurrence once, however many processes look at the clock."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.jobs.desk import fetch_pictures, fetch_records
from bot.wiring import Resources
from domain.shared.errors import UnavailableError
from domain.shared.occurrences import RUN_LEASE, Occurrence, latest

__all__ = ["JOBS", "Job", "run_due", "run_occurrence"]

_ALIVE_SECONDS: Final = RUN_LEASE.total_seconds() / 4

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done once in every period; it may be begun again if its runner dies over it."""

    name: str
    every: timedelta
    run: Callable[[Resources], Awaitable[object]]


JOBS: Final = (
    Job("publish", timedelta(minutes=1), Resources.publish_due),
    Job("sweep", timedelta(minutes=15), Resources.sweep),
    Job("index", timedelta(minutes=15), Resources.index_older),
    Job("desk-pictures", timedelta(minutes=5), fetch_pictures),
    Job("desk-records", timedelta(minutes=5), fetch_records),
)


async def run_due(house: Resources, jobs: tuple[Job, ...] = JOBS) -> int:
    """Run what is due and nobody else runs; return how many were run to their end.

    A job that fails is left as it is: its lease ends, and somebody begins it once more, thrice at
    most.

    Raises
    ------
    UnavailableError
        The records are silent.
    """
    done = 0
    for job in jobs:
        done += await run_occurrence(house, job, latest(job.name, job.every, house.clock.now()))
    return done


async def run_occurrence(house: Resources, job: Job, occurrence: Occurrence) -> bool:
    """Run one occurrence of a job unless it was done or somebody is at it; tell whether we did.

    Raises
    ------
    UnavailableError
        The records are silent.
    """
    async with house.open_work() as work:
        mine = await work.occurrences.begin(occurrence, now=house.clock.now())
        await work.commit()
    return mine is not None and await _run(house, job, mine)


async def _run(house: Resources, job: Job, mine: Occurrence) -> bool:
    alive = asyncio.create_task(_stay_alive(house, mine))
    try:
        await job.run(house)
    except Exception as error:  # noqa: BLE001 (the job loop: one failed run is not the last)
        log.warning("job_failed", job=mine.name, error=type(error).__name__, attempt=mine.attempts)
        return False
    finally:
        alive.cancel()
        await asyncio.gather(alive, return_exceptions=True)
    async with house.open_work() as work:
        await work.occurrences.done(mine, now=house.clock.now())
        await work.commit()
    return True


async def _stay_alive(house: Resources, mine: Occurrence) -> None:
    """Say again and again that we live, so that a long run is not taken over."""
    while True:
        await asyncio.sleep(_ALIVE_SECONDS)
        with suppress(UnavailableError):
            async with house.open_work() as work:
                await work.occurrences.go_on(mine, now=house.clock.now())
                await work.commit()
