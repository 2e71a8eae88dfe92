"""What every keeper of agreed cards must do: none is spent twice. Source: S0-20."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.notices.service import AgreedCards
from domain.shared.records import OpenId
from tests.support.sql import open_work

ALICE, BOB = OpenId("a" * 28), OpenId("b" * 28)


async def agree(engine: AsyncEngine, openid: OpenId, *, times: int) -> None:
    async with open_work(engine) as work:
        agreed: AgreedCards = work.agreed
        for _ in range(times):
            await agreed.agree(openid, "T1")
        await work.commit()


async def spend(engine: AsyncEngine, openid: OpenId = ALICE, *, lasting: bool = False) -> bool:
    async with open_work(engine) as work:
        spent = await work.agreed.spend(openid, "T1", lasting=lasting)
        await work.commit()
    return spent


async def test_of_many_at_once_as_many_spend_one_as_were_agreed_to(engine: AsyncEngine) -> None:
    await agree(engine, ALICE, times=3)
    await agree(engine, BOB, times=1)
    spent = await asyncio.gather(*(spend(engine) for _ in range(8)))
    assert sum(spent) == 3
    assert await spend(engine, BOB)
    assert not await spend(engine, BOB)


async def test_what_lasts_is_not_used_up_until_it_is_taken_back(engine: AsyncEngine) -> None:
    await agree(engine, ALICE, times=1)
    assert [await spend(engine, lasting=True) for _ in range(5)] == [True] * 5
    async with open_work(engine) as work:
        await work.agreed.refuse(ALICE, "T1")
        await work.commit()
    assert not await spend(engine, lasting=True)


async def test_what_was_agreed_to_can_be_told(engine: AsyncEngine) -> None:
    await agree(engine, ALICE, times=2)
    async with open_work(engine) as work:
        assert await work.agreed.of_many([ALICE, BOB]) == [(ALICE, "T1", 2)]
