"""The sandbox's platform is one for all processes, and remembers over a restart."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.wechat_openers import WechatOpeners
from adapters.wechat_pictures import WechatPictures
from adapters.wechat_pushes import WechatPushes
from adapters.wechat_scenes import WechatSceneCodes
from domain.notices.model import Card, Fact
from domain.posters.service import ScenesUsedUpError
from domain.shared.openers import Stranger
from domain.shared.records import OpenId
from domain.shared.windows import MESSAGE_PLACES, MESSAGE_SPAN, Handover, Window
from tests.support.clock import FakeClock
from tests.support.wechat.access import Played, played_at

ALICE, BOB = OpenId("oTestAlice000000000000000001"), OpenId("oTestBob00000000000000000001")
LABELS = {"S1": {"thing1": "房源"}, "T1": {"thing1": "房源"}}
AGREED = Card("S1", "登记成功", (Fact("thing1", "房源", "青禾家园"),), agreed=True)
TEMPLATE = Card("T1", "登记成功", (Fact("thing1", "房源", "青禾家园"),), agreed=False, key="k1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def two(engine: AsyncEngine, clock: FakeClock) -> AsyncIterator[tuple[Played, Played]]:
    async def talked(openid: OpenId) -> Sequence[Window]:
        now = clock.now()
        return [Window(now, now + MESSAGE_SPAN, MESSAGE_PLACES)] if openid == BOB else ()

    async with AsyncExitStack() as opened:
        one, other = [
            await opened.enter_async_context(played_at(engine, clock, LABELS, windows=talked))
            for _ in range(2)
        ]
        yield one, other
        async with engine.begin() as connection:
            for table in ("sandbox_arrivals", "sandbox_platform"):
                await connection.exec_driver_sql(f"DROP TABLE {table}")


async def test_as_many_notices_as_were_agreed_to_are_taken_in_whichever_process(
    two: tuple[Played, Played],
) -> None:
    one, other = two
    await one.platform.acts(ALICE, "follows")
    for _ in range(2):
        await one.platform.answers(ALICE, ["S1"], agrees=True)
    said = [
        (await WechatPushes(process.api).push_card(ALICE, AGREED)).verdict
        for process in (one, other, one)
    ]
    assert said == [Handover.TAKEN, Handover.TAKEN, Handover.CLOSED]
    newest, *earlier = await other.platform.outbox(ALICE)
    assert (newest["state"], newest["errcode"]) == ("refused", 43101)
    assert [one["state"] for one in earlier] == ["delivered"] * 2
    assert newest["data"] == {"房源": "青禾家园"}
    await other.platform.answers(ALICE, ["S1"], agrees=True)
    await one.platform.answers(ALICE, ["S1"], agrees=False)
    assert (await WechatPushes(other.api).push_card(ALICE, AGREED)).verdict is Handover.CLOSED


async def test_a_card_that_is_repeated_arrives_once_and_is_reported_once(
    two: tuple[Played, Played],
) -> None:
    one, other = two
    await one.platform.acts(ALICE, "follows")
    receipts = {
        (await WechatPushes(process.api).push_card(ALICE, TEMPLATE)).receipt for process in two
    }
    assert len(receipts) == 1
    assert len(await one.platform.outbox(ALICE)) == 1
    [report] = await other.platform.due(ALICE)
    assert report["Event"] == "TEMPLATESENDJOBFINISH"
    assert not await one.platform.due(ALICE)


async def test_what_is_done_on_the_phone_counts_and_of_others_the_talk_is_believed(
    two: tuple[Played, Played], clock: FakeClock
) -> None:
    one, other = two
    await one.platform.acts(ALICE, "taps")
    pushes = WechatPushes(other.api)
    assert await pushes.push(ALICE, "x") is Handover.TAKEN
    clock.forward(60)
    assert await pushes.push(ALICE, "x") is Handover.CLOSED
    assert [await pushes.push(BOB, "x") for _ in range(6)].count(Handover.TAKEN) == MESSAGE_PLACES
    await one.platform.acts(BOB, "leaves")
    assert await pushes.push(BOB, "x") is Handover.CLOSED
    assert await pushes.push(OpenId("oNobody"), "x") is Handover.UNREACHABLE
    assert [one["errcode"] for one in await one.platform.outbox("oNobody")] == [40003]


async def test_codes_of_browsers_and_posters_are_known_to_every_process(
    two: tuple[Played, Played],
) -> None:
    one, other = two
    code = await one.platform.opens(ALICE)
    assert await WechatOpeners(other.api).who(code) == ALICE
    assert await WechatOpeners(one.api).who(code) is Stranger.LATE
    other.platform.rules.account.most_permanent = 1
    made = await WechatSceneCodes(one.api).make("p 1", life=None)
    assert made.url == "http://anju.test/simulator?scan=p%201"
    with pytest.raises(ScenesUsedUpError):
        await WechatSceneCodes(other.api).make("p2", life=None)
    assert await WechatSceneCodes(other.api).make("p2", life=timedelta(days=1))


async def test_only_the_last_fifty_pictures_are_held(two: tuple[Played, Played]) -> None:
    one, _ = two
    for number in range(51):
        one.platform.keep_picture(f"media-{number}", b"\xff\xd8\xff")
    pictures = WechatPictures(one.api)
    assert await pictures.fetch("media-0") is None
    assert await pictures.fetch("media-1")
