"""What every keeper of daily limits must do."""

import asyncio
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.notices.service import DailyLimits
from tests.support.sql import open_work

TODAY = date(2026, 3, 11)
DAY = timedelta(days=1)


async def take(engine: AsyncEngine, day: date = TODAY, *, most: int = 3) -> bool:
    async with open_work(engine) as work:
        limits: DailyLimits = work.limits
        taken = await limits.take("template", day, most)
        await work.commit()
    return taken


async def test_of_many_at_once_no_more_than_the_limit_get_one_and_tomorrow_is_another_day(
    engine: AsyncEngine,
) -> None:
    taken = await asyncio.gather(*(take(engine) for _ in range(8)))
    assert sum(taken) == 3
    assert await take(engine, TODAY + DAY)
    assert not await take(engine, TODAY + 2 * DAY, most=0)


async def test_old_days_are_forgotten(engine: AsyncEngine) -> None:
    assert [await take(engine, most=1) for _ in range(2)] == [True, False]
    async with open_work(engine) as work:
        assert await work.limits.forget(before=TODAY) == 0
        assert await work.limits.forget(before=TODAY + DAY) == 1
