"""What every event trail must do."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.records import SqlActs
from domain.shared.records import Act, ActStore
from tests.support.clock import FakeClock
from tests.support.sql import open_work

NOON = FakeClock().now()


def act(object_id: str, number: int) -> Act:
    # Clocks may go back; the trail keeps the order in which things were done.
    at = NOON - timedelta(minutes=number)
    return Act("plans:plan:open", "officer", object_id, at, "command", f"第 {number} 次")


async def test_acts_come_back_whole_in_the_order_they_were_done(engine: AsyncEngine) -> None:
    done = [act("plan-1", number) for number in range(5)]
    async with open_work(engine) as work:
        acts: ActStore = work.acts
        assert isinstance(acts, SqlActs)
        for one in done:
            await acts.add(one)
        await acts.add(act("plan-2", 9))
        await work.commit()
    async with open_work(engine) as work:
        assert await work.acts.about("plan-1") == done
        assert await work.acts.about("plan-2") == [act("plan-2", 9)]
        assert await work.acts.about("plan-3") == []


async def test_the_same_act_twice_is_two_acts(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.acts.add(act("plan-1", 1))
        await work.acts.add(act("plan-1", 1))
        assert len(await work.acts.about("plan-1")) == 2
