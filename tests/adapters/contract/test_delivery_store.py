"""What every store of committed replies must do."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.records import SqlDeliveries
from domain.shared.deliveries import Delivered, DeliveryStore
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.sql import open_work

NOON = FakeClock().now()
KEPT = Delivered("o1:m:1", OpenId("o" * 28), b"\x00\xff sealed", NOON)


async def test_a_reply_comes_back_whole(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        deliveries: DeliveryStore = work.deliveries
        assert isinstance(deliveries, SqlDeliveries)
        assert await deliveries.find(KEPT.key) is None
        assert await deliveries.add(KEPT)
        await work.commit()
    async with open_work(engine) as work:
        assert await work.deliveries.find(KEPT.key) == KEPT


async def test_the_first_reply_to_a_delivery_stays(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        assert await work.deliveries.add(KEPT)
        assert not await work.deliveries.add(replace(KEPT, reply=b"other"))
        await work.commit()
    async with open_work(engine) as work:
        assert await work.deliveries.find(KEPT.key) == KEPT


async def test_old_replies_are_forgotten_and_young_ones_stay(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        for hours in range(5):
            given = replace(KEPT, key=f"k{hours}", at=NOON - timedelta(hours=hours))
            assert await work.deliveries.add(given)
        assert await work.deliveries.forget(before=NOON - timedelta(hours=2)) == 2
        left = [hours for hours in range(5) if await work.deliveries.find(f"k{hours}")]
        assert left == [0, 1, 2]
