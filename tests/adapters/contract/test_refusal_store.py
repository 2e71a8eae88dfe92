"""What whoever keeps refused calls must do, on SQLite and PostgreSQL."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.shared.refusals import Refusal, RefusalStore
from tests.support.clock import FakeClock
from tests.support.sql import open_work

NOW = FakeClock().now()


async def test_the_last_fifty_are_kept_newest_first(engine: AsyncEngine) -> None:
    told = [Refusal(NOW + timedelta(seconds=n), f"kind-{n}", 403, n) for n in range(60)]
    async with open_work(engine) as work:
        for one in told:
            await work.refusals.add(one)
        await work.commit()
    async with open_work(engine) as work:
        refusals: RefusalStore = work.refusals
        assert await refusals.last() == told[:9:-1]


async def test_the_same_again_soon_after_is_the_same_row(engine: AsyncEngine) -> None:
    again, later = NOW + timedelta(minutes=9), NOW + timedelta(minutes=30)
    async with open_work(engine) as work:
        await work.refusals.add(Refusal(NOW, "signature", 403, 2))
        await work.refusals.add(Refusal(again, "signature", 403, 3))
        await work.refusals.add(Refusal(later, "signature", 403))
        await work.refusals.add(Refusal(later, "stale", 403))
        await work.commit()
    async with open_work(engine) as work:
        assert await work.refusals.last() == [
            Refusal(later, "stale", 403),
            Refusal(later, "signature", 403),
            Refusal(again, "signature", 403, 5),
        ]
