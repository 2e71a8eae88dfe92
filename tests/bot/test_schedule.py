"""What is done at set times is done once each time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.sql.schedule import OccurrenceRow
from bot.jobs.schedule import JOBS, Job, run_due
from bot.wiring import Resources
from domain.shared.errors import UnavailableError
from domain.shared.occurrences import RUN_LEASE
from tests.support.town import Town, found_shared_town, found_town

HOUR = timedelta(hours=1)


@pytest.fixture(params=["embedded", "shared"])
async def town(
    request: pytest.FixtureRequest, template: Path, tmp_path: Path
) -> AsyncIterator[Town]:
    embedded = request.param == "embedded"
    founded = found_town(template, tmp_path) if embedded else found_shared_town(tmp_path)
    async with founded as town:
        yield town


class Chore:
    """A job that counts its runs and may fail or wait."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.fault: BaseException | None = None
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.jobs = (Job("chore", HOUR, self.run),)

    async def run(self, _house: Resources) -> None:
        self.begun += 1
        await self.go_on.wait()
        if self.fault:
            raise self.fault
        self.ended += 1


@pytest.fixture
def chore() -> Chore:
    return Chore()


async def test_five_runners_do_it_once(town: Town, chore: Chore) -> None:
    done = await asyncio.gather(*(run_due(town.house, chore.jobs) for _ in range(5)))
    assert sum(done) == chore.ended == 1


async def test_it_is_done_again_in_the_next_period_and_not_before(town: Town, chore: Chore) -> None:
    for _ in range(24):
        town.clock.moment += timedelta(minutes=15)
        await run_due(town.house, chore.jobs)
    assert chore.ended == 7


async def test_a_clock_that_is_set_back_does_nothing_twice(town: Town, chore: Chore) -> None:
    for step in (3 * HOUR, -2 * HOUR, 2 * HOUR, -5 * HOUR, 5 * HOUR):
        town.clock.moment += step
        await run_due(town.house, chore.jobs)
    due = [row async for row in _dues(town)]
    assert chore.ended == len(due) == len(set(due)) == 3


async def test_a_clock_that_was_far_ahead_for_a_moment_stops_nothing(
    town: Town, chore: Chore
) -> None:
    town.clock.moment += timedelta(days=4000)
    await run_due(town.house, chore.jobs)
    town.clock.moment -= timedelta(days=4000)
    assert await run_due(town.house, chore.jobs) == 1
    town.clock.moment += HOUR
    assert await run_due(town.house, chore.jobs) == 1


async def _dues(town: Town) -> AsyncIterator[object]:
    async with town.house.engine.connect() as connection:
        mine = select(OccurrenceRow.due_at).where(OccurrenceRow.job == "chore")
        for row in await connection.execute(mine):
            yield row.due_at


async def test_a_runner_that_dies_is_replaced(town: Town, chore: Chore) -> None:
    chore.go_on.clear()
    dying = asyncio.create_task(run_due(town.house, chore.jobs))
    while not chore.begun:  # noqa: ASYNC110 (it runs in a task of its own)
        await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    chore.go_on.set()
    assert await run_due(town.house, chore.jobs) == 0
    town.clock.moment += RUN_LEASE
    assert await run_due(town.house, chore.jobs) == 1


async def test_a_long_run_is_not_taken_over(
    town: Town, chore: Chore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.schedule._ALIVE_SECONDS", 0.01)
    chore.go_on.clear()
    long = asyncio.create_task(run_due(town.house, chore.jobs))
    while not chore.begun:  # noqa: ASYNC110 (it runs in a task of its own)
        await asyncio.sleep(0.01)
    before = town.clock.now()
    town.clock.moment += RUN_LEASE - timedelta(seconds=1)
    async with asyncio.timeout(10):
        while await _lease(town) < before + 3 * RUN_LEASE / 2:  # noqa: ASYNC110 (as above)
            await asyncio.sleep(0.01)
    town.clock.moment += timedelta(seconds=2)
    assert await run_due(town.house, chore.jobs) == 0
    chore.go_on.set()
    assert await long == 1
    assert chore.begun == 1


async def _lease(town: Town) -> object:
    async with town.house.engine.connect() as connection:
        return (await connection.execute(select(OccurrenceRow.lease_until))).scalar_one()


@pytest.mark.parametrize("fault", [UnavailableError(), ZeroDivisionError()])
async def test_what_fails_is_tried_thrice_and_then_shown(
    town: Town, chore: Chore, fault: Exception
) -> None:
    chore.fault = fault
    for _ in range(5):
        assert await run_due(town.house, chore.jobs) == 0
        town.clock.moment += RUN_LEASE
    assert chore.begun == 3
    async with town.house.open_work() as work:
        [parked] = await work.occurrences.parked(now=town.clock.now())
    assert parked.job == "chore"


async def test_a_job_that_fails_keeps_no_other_from_its_turn(town: Town, chore: Chore) -> None:
    broken = Chore()
    broken.fault = ZeroDivisionError()
    jobs = (Job("broken", HOUR, broken.run), *chore.jobs)
    assert await run_due(town.house, jobs) == 1


async def test_the_sweep_is_among_the_jobs_and_runs(town: Town) -> None:
    assert {job.name for job in JOBS} >= {"sweep"}
    assert await run_due(town.house) == len(JOBS)
    assert await run_due(town.house) == 0
