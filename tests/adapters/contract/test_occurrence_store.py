"""What every book of occurrences must do: each is run once, however many look at the clock."""

import asyncio
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.schedule import SqlOccurrences
from domain.shared.occurrences import RUN_LEASE, Occurrence, OccurrenceStore, latest
from tests.support.clock import FakeClock
from tests.support.sql import open_work

NOW = FakeClock().now()
QUARTER = timedelta(minutes=15)
SWEEP = latest("sweep", QUARTER, NOW)


async def begin(engine: AsyncEngine, after: timedelta = timedelta()) -> Occurrence | None:
    async with open_work(engine) as work:
        occurrences: OccurrenceStore = work.occurrences
        assert isinstance(occurrences, SqlOccurrences)
        begun = await occurrences.begin(SWEEP, now=NOW + after)
        await work.commit()
    return begun


async def begun(engine: AsyncEngine, after: timedelta = timedelta()) -> Occurrence:
    mine = await begin(engine, after)
    assert mine is not None
    return mine


async def done(engine: AsyncEngine, occurrence: Occurrence) -> None:
    async with open_work(engine) as work:
        await work.occurrences.done(occurrence, now=NOW)
        await work.commit()


async def test_of_five_runners_one_begins(engine: AsyncEngine) -> None:
    all_of_them = await asyncio.gather(*(begin(engine) for _ in range(5)))
    assert len([one for one in all_of_them if one]) == 1


async def test_what_is_done_is_not_begun_again(engine: AsyncEngine) -> None:
    await done(engine, await begun(engine))
    assert await begin(engine, 10 * RUN_LEASE) is None


async def test_a_dead_runners_occurrence_is_taken_over(engine: AsyncEngine) -> None:
    await begun(engine)
    assert await begin(engine, RUN_LEASE / 2) is None
    assert (await begun(engine, RUN_LEASE)).attempts == 2


async def test_a_living_runner_keeps_it(engine: AsyncEngine) -> None:
    mine = await begun(engine)
    async with open_work(engine) as work:
        assert await work.occurrences.go_on(mine, now=NOW + RUN_LEASE / 2)
        await work.commit()
    assert await begin(engine, RUN_LEASE) is None


async def test_whoever_was_taken_over_is_told_and_ends_nothing(engine: AsyncEngine) -> None:
    late = await begun(engine)
    heir = await begun(engine, RUN_LEASE)
    async with open_work(engine) as work:
        assert not await work.occurrences.go_on(late, now=NOW + RUN_LEASE)
        await work.commit()
    await done(engine, late)
    async with open_work(engine) as work:
        assert await work.occurrences.go_on(heir, now=NOW + RUN_LEASE)


async def test_what_brings_down_three_runners_is_parked_and_shown(engine: AsyncEngine) -> None:
    for number in range(3):
        assert (await begun(engine, number * RUN_LEASE)).attempts == number + 1
    after = 4 * RUN_LEASE
    assert await begin(engine, after) is None
    async with open_work(engine) as work:
        assert await work.occurrences.parked(now=NOW + 2 * RUN_LEASE) == []
        [parked] = await work.occurrences.parked(now=NOW + after)
    assert (parked.name, parked.attempts) == (SWEEP.name, 3)


async def test_only_the_last_of_each_job_are_remembered_whatever_the_clock_says(
    engine: AsyncEngine,
) -> None:
    async with open_work(engine) as work:
        for number in range(5):
            for job in ("sweep", "other"):
                due_at = SWEEP.due_at + number * QUARTER
                await work.occurrences.begin(Occurrence(job, due_at), now=NOW)
        assert await work.occurrences.forget(keep=2) == 6
        assert await work.occurrences.forget(keep=2) == 0
        await work.commit()
    assert await begin(engine) is not None
