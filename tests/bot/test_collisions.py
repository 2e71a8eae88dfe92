"""Turns on PostgreSQL that write the same at the same time: one lasts, all are told the truth."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapters.sql.tallies import TallyRow
from bot.turns import Turns
from bot.wechat.wire import Delivery
from dialogs.catalog import catalog
from dialogs.engine.messages import Said, SaidKind
from domain.registrations import service
from domain.registrations.model import registration_number
from domain.shared.conversations import Claim, Mine
from domain.shared.failpoints import Point, arm, disarm
from domain.shared.records import OpenId
from tests.support.town import Resident, Town, found_shared_town

ESTATE = "青禾家园"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with found_shared_town(tmp_path) as town:
        yield town


@pytest.fixture
def who(town: Town) -> Resident:
    return town.residents["周安然"]


class Unlocked:
    """Conversations that nobody locks, as if every claim had been lost: the worst there is."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload

    async def claim(self, key: str, openid: OpenId, *, wait: float) -> Claim:
        return Mine(key, 1, self._payload)

    def holds(self, claim: Mine) -> bool:
        return True

    async def finish(self, claim: Mine, *, payload: bytes, reply: bytes) -> None:
        pass

    async def abandon(self, claim: Mine) -> None:
        pass


@contextmanager
def together() -> Iterator[None]:
    """Let the first two turns that come so far commit at the same moment."""
    barrier, came = asyncio.Barrier(2), list[str]()

    async def wait(point: Point, key: str, _: int) -> None:
        if point is Point.BEFORE_COMMIT and len(came) < barrier.parties:
            came.append(key)
            await barrier.wait()

    arm(wait)
    yield
    disarm()
    assert len(came) == barrier.parties


async def to_review(town: Town, who: Resident) -> Turns:
    """Bring a citizen to the last page; return turns in which nothing is locked."""
    await town.bring(who, ["signed-up", "verified", "bound"])
    found = await town.project(ESTATE)
    assert found
    reply = await town.deliver(town.platform.scan(who.openid, found[0].scene))
    for text in ("二居室", "去登记", *["下一页"] * 9):
        if text == "下一页" and reply and text not in reply.text:
            break
        reply = await town.deliver(town.platform.text(who.openid, text))
    await town.deliver(town.platform.text(who.openid, "我已阅读并同意"))
    talk = await town.house.conversations.peek(who.openid)
    assert talk
    unlocked = replace(town.house, conversations=Unlocked(talk))  # type: ignore[arg-type] # a stand-in for the part that is used
    return Turns(unlocked, catalog())


def confirm(town: Town, who: Resident, key: str) -> Delivery:
    sent_at = int(town.clock.now().timestamp())
    return Delivery(key, who.openid, "gh_anjutown0001", Said(SaidKind.TEXT, "确定"), sent_at)


async def left_behind(town: Town) -> dict[str, int]:
    """Return how many rows each table has that a registration fills, and what is tallied."""
    kept = await town.counts()
    tallied = await town.count(select(func.sum(TallyRow.live)))
    return {name: kept[name] for name in ("registrations", "effects")} | {"tallied": tallied}


ONCE = {"registrations": 1, "effects": 1, "tallied": 1}


@pytest.mark.parametrize("keys", [("one", "one"), ("one", "other")], ids=["one", "two"])
async def test_two_turns_that_confirm_one_draft_have_one_effect_and_one_receipt(
    town: Town, who: Resident, keys: tuple[str, str]
) -> None:
    """One message delivered twice, and two messages. Source: S0-44, S0-50."""
    turns = await to_review(town, who)
    with together():
        told = await asyncio.gather(*(turns.answer(confirm(town, who, key)) for key in keys))
    [registration] = await town.registrations(who)
    assert registration.number in told[0].text
    assert told[0].text == told[1].text
    assert await left_behind(town) == ONCE


async def test_a_number_that_is_taken_is_given_to_nobody_else(
    town: Town, who: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: S0-44."""
    other = town.residents["沈玉兰"]
    await town.bring(other, ["signed-up", "verified", "bound"])
    taken = await town.register(other, ESTATE, "一居室")
    drawn: list[str] = []

    def draw(day: str, serial: str) -> str:
        number = taken if len(drawn) < 3 else registration_number(day, serial)
        drawn.append(number)
        return number

    turns = await to_review(town, who)
    monkeypatch.setattr(service, "registration_number", draw)
    told = await turns.answer(confirm(town, who, "key"))
    [registration] = await town.registrations(who)
    assert drawn == [taken, taken, taken, registration.number]
    assert registration.number in told.text
    assert "登记成功" in told.text
    assert await left_behind(town) == {"registrations": 2, "effects": 1, "tallied": 2}
