"""What every keeper of begun registrations must do."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.notices.service import WatchedDraft, WatchedDrafts
from domain.plans.model import PlanId
from domain.shared.records import AccountId, OpenId
from tests.support.allotment import NOW
from tests.support.sql import open_work

HOUR = timedelta(hours=1)
DRAFT = WatchedDraft(AccountId("alice"), PlanId("plan"), OpenId("a" * 28), "d1", NOW, NOW + HOUR)
CLOSING = (NOW, NOW + 24 * HOUR)


async def watch(engine: AsyncEngine, *drafts: WatchedDraft) -> None:
    for one in drafts:
        async with open_work(engine) as work:
            kept: WatchedDrafts = work.drafts
            await kept.watch(one)
            await work.commit()


async def left(engine: AsyncEngine, *, most: int = 9) -> list[WatchedDraft]:
    async with open_work(engine) as work:
        return list(await work.drafts.left(begun_by=NOW, closing=CLOSING, most=most))


async def test_one_that_is_begun_anew_takes_the_place_of_the_earlier(engine: AsyncEngine) -> None:
    other = replace(DRAFT, account_id=AccountId("bob"), closes_at=NOW + 2 * HOUR)
    await watch(engine, DRAFT, other, replace(DRAFT, draft_id="d2"))
    assert await left(engine) == [replace(DRAFT, draft_id="d2"), other]
    assert len(await left(engine, most=1)) == 1


async def test_only_those_begun_long_ago_whose_plan_closes_in_time_are_left(
    engine: AsyncEngine,
) -> None:
    plans = [replace(DRAFT, plan_id=PlanId(f"plan-{number}")) for number in range(4)]
    await watch(
        engine,
        replace(plans[0], begun_at=NOW + HOUR),
        replace(plans[1], closes_at=NOW),
        replace(plans[2], closes_at=NOW + 25 * HOUR),
        plans[3],
    )
    assert [one.plan_id for one in await left(engine)] == ["plan-3"]
    async with open_work(engine) as work:
        assert await work.drafts.forget(before=NOW + HOUR) == 1
        await work.commit()
    assert len(await left(engine)) == 1


async def test_one_that_was_begun_anew_is_not_dropped_with_the_earlier(
    engine: AsyncEngine,
) -> None:
    await watch(engine, replace(DRAFT, begun_at=NOW - HOUR), DRAFT)
    async with open_work(engine) as work:
        await work.drafts.drop([])
        await work.drafts.drop([replace(DRAFT, begun_at=NOW - HOUR)])
        await work.commit()
    assert await left(engine) == [DRAFT]
    async with open_work(engine) as work:
        await work.drafts.drop([DRAFT])
        await work.commit()
    assert await left(engine) == []
