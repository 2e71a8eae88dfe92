"""What whoever counts messages by the day must do, on SQLite and PostgreSQL."""

import asyncio
from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.shared.turn_counts import TurnCountStore
from tests.support.sql import open_work

TODAY, YESTERDAY = date(2026, 3, 11), date(2026, 3, 10)


async def test_what_several_add_at_once_is_all_counted_on_its_day(engine: AsyncEngine) -> None:
    async def add(day: date, times: int) -> None:
        async with open_work(engine) as work:
            await work.turn_counts.add(day, times)
            await work.commit()

    await asyncio.gather(*(add(TODAY, times) for times in range(1, 6)), add(YESTERDAY, 7))
    async with open_work(engine) as work:
        counts: TurnCountStore = work.turn_counts
        assert await counts.on(TODAY) == 15
        assert await counts.on(YESTERDAY) == 7
        assert await counts.on(date(2026, 3, 12)) == 0
