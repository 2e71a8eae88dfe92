"""The whole bot on PostgreSQL and Redis: journeys, races, and answers that get lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from redis.asyncio import Redis
from sqlalchemy import func, make_url, select

from adapters.sql import engine
from adapters.sql.registrations import RegistrationRow
from benchmarks.chaos.proxy import Manner, Proxy
from domain.shared.failpoints import FailpointError, Point, arm, disarm
from domain.shared.records import OpenId
from tests.support.chat import Manner as Telling
from tests.support.chat import play
from tests.support.platform import Post, ReplySeen
from tests.support.postgres import fresh_records
from tests.support.town import Resident, Town, found_shared_town

CHATS = Path(__file__).parents[1] / "chats"
TOLD = (
    "journeys/whole",
    "journeys/first_time",
    "journeys/two_citizens",
    "accounts/sign_in",
    "accounts/sign_in.password",
    "accounts/change_phone.undone",
    "accounts/close_account",
    "accounts/export_my_data",
    "accounts/recover",
    "registrations/register",
    "registrations/register.limit",
    "registrations/register.twice_at_once",
    "registrations/cancel_registrations",
    "registrations/my_registrations.print",
)
CROWD = 16
ANYTHING = b"\x00"
"""Whatever is said to PostgreSQL next: every message of its holds it."""


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """Lend the line to PostgreSQL."""
    proxy = await Proxy.before(make_url(await fresh_records()).port or 5432)
    yield proxy
    proxy.behave(Manner.FAIR)
    await proxy.aclose()


USUAL: Final = {name: getattr(engine, name) for name in ("_STATEMENT_SECONDS", "_CONNECT_SECONDS")}


@pytest.fixture
def usual_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the records no more time than they have for citizens: tests are more patient."""
    for name, seconds in USUAL.items():
        monkeypatch.setattr(engine, name, seconds)


@pytest.fixture
async def town(tmp_path: Path, proxy: Proxy) -> AsyncIterator[Town]:
    async with found_shared_town(tmp_path, port=proxy.port) as town:
        yield town


@pytest.fixture
def who(town: Town) -> Resident:
    return town.residents["周安然"]


async def say(town: Town, who: Resident, *texts: str) -> ReplySeen:
    """Say some words one after another; return the last reply."""
    reply = None
    for text in texts:
        reply = await town.deliver(town.platform.text(who.openid, text))
    assert reply
    return reply


async def to_review(town: Town, who: Resident, project: str, unit_type: str) -> Post:
    """Bring a bound citizen to the last page; return the word that makes it count, unsent."""
    found = await town.project(project)
    assert found
    await town.deliver(town.platform.scan(who.openid, found[0].scene))
    reply = await say(town, who, unit_type, "去登记")
    while "下一页" in reply.text:
        reply = await say(town, who, "下一页")
    await say(town, who, "我已阅读并同意")
    return town.platform.text(who.openid, "确定")


async def family_of(town: Town, who: Resident, size: int) -> list[Resident]:
    """Return so many who are signed in to one account, whose family is bound."""
    await town.bring(who, ["signed-up", "verified", "bound"])
    members = [replace(who, openid=OpenId(f"oMember{number:021}")) for number in range(size)]
    for member in members:
        await town.sign_in_as(member, who)
    return members


async def rows(town: Town) -> int:
    return await town.count(select(func.count()).select_from(RegistrationRow))


@pytest.mark.parametrize("name", TOLD)
async def test_a_talk_goes_the_same_through_restarts_when_every_message_is_delivered_twice(
    town: Town, name: str
) -> None:
    await play(CHATS / f"{name}.chat", town, Telling.SHAKEN, set())
    assert (await town.counts())["acts"] > 0


async def test_members_who_register_their_family_at_once_for_one_unit_are_told_one_number(
    town: Town, who: Resident
) -> None:
    """Source: S0-50."""
    members = await family_of(town, who, CROWD)
    posts = [await to_review(town, member, "青禾家园", "二居室") for member in members]
    told = await asyncio.gather(*map(town.deliver, posts))
    [registration] = await town.registrations(who)
    assert all(reply and registration.number in reply.text for reply in told)
    assert await rows(town) == 1


async def test_the_limit_of_a_plan_holds_for_members_who_register_at_once(town: Town) -> None:
    """Source: S0-47."""
    who = town.residents["许静文"]
    await town.wait_for_plan("第五批", "open")
    members = await family_of(town, who, CROWD)
    units = [("沙河雅苑", "一居室"), ("沙河雅苑", "二居室"), ("亦庄云筑", "一居室")]
    posts = [
        await to_review(town, member, *units[number % 3]) for number, member in enumerate(members)
    ]
    told = await asyncio.gather(*map(town.deliver, posts))
    live = {one.number for one in await town.registrations(who)}
    assert len(live) == 2
    assert await rows(town) == 2
    texts = [reply.text if reply else "" for reply in told]
    for number in live:
        assert any(number in text for text in texts)
    honest = [*live, "最多登记 2 个"]
    assert [text for text in texts if not any(words in text for words in honest)] == []


async def test_a_confirmation_delivered_again_and_again_is_one_registration(
    town: Town, who: Resident
) -> None:
    await town.bring(who, ["signed-up", "verified", "bound"])
    post = await to_review(town, who, "青禾家园", "二居室")
    at_once = await asyncio.gather(*(town.deliver(post) for _ in range(10)))
    town.clock.forward(5)
    late = await town.deliver(post)
    async with aclosing(Redis.from_url(town.settings.redis.url)) as redis:
        await redis.flushdb()
    lost = await town.deliver(post)
    assert {reply.text for reply in [*at_once, late, lost] if reply} == {at_once[0].text}
    assert await rows(town) == 1


async def test_a_turn_that_dies_between_commit_and_reply_gives_the_receipt_to_the_next_try(
    town: Town, who: Resident
) -> None:
    await town.bring(who, ["signed-up", "verified", "bound"])
    post = await to_review(town, who, "青禾家园", "二居室")

    async def die(point: Point, *_: object) -> None:
        if point is Point.AFTER_COMMIT:
            disarm()
            raise FailpointError

    arm(die)
    broken = await town.deliver(post)
    [registration] = await town.registrations(who)
    assert broken
    assert registration.number not in broken.text
    town.clock.forward(5)
    again = await town.deliver(post)
    assert again
    assert registration.number in again.text
    assert await rows(town) == 1


# --- the records fall silent ----------------------------------------------------------------------


@pytest.fixture
def at_commit() -> Iterator[list[Callable[[], None]]]:
    """Do something, once, just before a commit is sent."""
    deeds: list[Callable[[], None]] = []

    async def trap(point: Point, *_: object) -> None:
        if point is Point.BEFORE_COMMIT and deeds:
            deeds.pop()()

    arm(trap)
    yield deeds
    disarm()


async def test_a_commit_whose_answer_is_lost_is_looked_up_and_told(
    town: Town, who: Resident, proxy: Proxy, at_commit: list[Callable[[], None]]
) -> None:
    """Source: S0-50."""
    await town.bring(who, ["signed-up", "verified", "bound"])
    other = town.residents["沈玉兰"]
    await town.bring(other, ["signed-up", "verified", "bound"])
    await town.deliver(await to_review(town, other, "青禾家园", "一居室"))
    post = await to_review(town, who, "青禾家园", "二居室")
    at_commit.append(lambda: proxy.swallow_after(ANYTHING))
    told = await town.deliver(post)
    assert proxy.swallowed == 1
    [registration] = await town.registrations(who)
    assert told
    assert "登记成功" in told.text
    assert registration.number in told.text
    again = await town.deliver(post)
    assert again
    assert again.text == told.text
    assert "登记成功" not in (await say(town, who, "菜单")).text


async def test_a_commit_that_never_arrived_leaves_everything_as_it_was(
    town: Town, who: Resident, proxy: Proxy, at_commit: list[Callable[[], None]]
) -> None:
    await town.bring(who, ["signed-up", "verified", "bound"])
    post = await to_review(town, who, "青禾家园", "二居室")
    at_commit.append(lambda: proxy.behave(Manner.REFUSE))
    refused = await town.deliver(post)
    proxy.behave(Manner.FAIR)
    assert refused
    assert "您填的都在" in refused.text
    assert await rows(town) == 0
    assert "登记成功" in (await say(town, who, "确定")).text
    assert await rows(town) == 1


async def test_a_line_that_dies_just_before_the_commit_is_not_noticed(
    town: Town, who: Resident, proxy: Proxy, at_commit: list[Callable[[], None]]
) -> None:
    await town.bring(who, ["signed-up", "verified", "bound"])
    post = await to_review(town, who, "青禾家园", "二居室")
    at_commit.append(proxy.cut)
    told = await town.deliver(post)
    assert told
    assert "登记成功" in told.text
    assert await rows(town) == 1


@pytest.mark.usefixtures("usual_patience")
async def test_who_registers_while_the_records_are_slow_is_told_to_wait_and_then_the_number(
    town: Town, who: Resident, proxy: Proxy, at_commit: list[Callable[[], None]]
) -> None:
    """Source: S0-71."""
    await town.bring(who, ["signed-up", "verified", "bound"])
    post = await to_review(town, who, "青禾家园", "二居室")
    at_commit.append(lambda: proxy.behave(Manner.SLOW, delay_seconds=5.0))
    told = await town.deliver(post)
    assert told
    assert "正在办理" in told.text
    await asyncio.sleep(5)  # whoever gave up after less than that would have given up by now
    proxy.behave(Manner.FAIR)
    async with asyncio.timeout(60):
        while town.app.state.turns.under_way:  # noqa: ASYNC110 (it tells nobody)
            await asyncio.sleep(0.05)
    assert "登记成功" in (await say(town, who, "结果")).text
    assert await rows(town) == 1


async def test_browsing_goes_on_while_the_records_are_down(
    town: Town, who: Resident, proxy: Proxy
) -> None:
    await say(town, who, "快速配租")
    proxy.behave(Manner.REFUSE)
    assert "计划" in (await say(town, who, "快速配租")).text
    proxy.behave(Manner.FAIR)


async def test_connections_that_died_meanwhile_are_not_noticed(
    town: Town, who: Resident, proxy: Proxy
) -> None:
    await town.bring(who, ["signed-up", "verified", "bound"])
    for text in ("我的登记", "我的登记", "菜单"):
        proxy.cut()
        assert "编号 " not in (await say(town, who, text)).text
