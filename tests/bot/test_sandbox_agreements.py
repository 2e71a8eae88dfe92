"""Agreeing to notices on the simulator's phone: as many are delivered as were agreed to."""

import httpx
import pytest

from bot.jobs import deliver
from bot.wiring import AGREE_PATH
from domain.shared.pushes import Push, PushKind
from tests.support.town import Resident, Town

CASES = "sandbox-cases-agreed"
LATER = 3 * 86_400
SEE_OTHER, FORBIDDEN, NOT_FOUND = 303, 403, 404


@pytest.fixture
async def alice(town: Town) -> Resident:
    alice = town.residents["周安然"]
    await town.sign_up(alice)
    await town.deliver(town.platform.text(alice.openid, "你好"))
    where = {"openid": alice.openid, "to": AGREE_PATH}
    await town.client.get("/simulator/open", params=where)
    return alice


async def answer(town: Town, word: str, template: str = CASES) -> httpx.Response:
    return await town.client.post(AGREE_PATH, data={"template": template, "answer": word})


async def told_of(town: Town, who: Resident, number: str) -> None:
    async with town.house.open_work() as work:
        account = await work.accounts.of_openid(who.openid)
        assert account
        push = Push(PushKind.CASE, ("资格申请", number, "已受理"), account=account.id, topic=number)
        await work.outbox.add(push, at=town.clock.now())
        await work.commit()
    await deliver(town.house)


async def test_each_tap_is_worth_one_notice_and_then_other_ways_are_used(
    town: Town, alice: Resident
) -> None:
    assert (await answer(town, "agree")).status_code == SEE_OTHER
    assert "还可以收 1 条" in (await town.client.get(AGREE_PATH)).text
    town.clock.forward(LATER)
    for number in ("AN-1", "AN-2"):
        await told_of(town, alice, number)
    seen = (await town.client.get("/simulator/outbox", params={"openid": alice.openid})).json()
    assert [(one["kind"], one["state"]) for one in seen] == [
        ("template", "delivered"),
        ("subscription", "delivered"),
    ]
    assert {"AN-1", "AN-2"} == {one["data"]["编号"] for one in seen}


async def test_whoever_refuses_is_sent_none(town: Town, alice: Resident) -> None:
    await answer(town, "agree")
    await answer(town, "refuse")
    town.clock.forward(LATER)
    await told_of(town, alice, "AN-1")
    assert town.house.stand_ins
    [seen] = await town.house.stand_ins.platform.outbox(alice.openid)
    assert seen["kind"] == "template"


@pytest.mark.usefixtures("alice")
async def test_only_a_phone_of_the_simulator_answers_and_only_what_is_asked(town: Town) -> None:
    assert (await answer(town, "agree", "another")).status_code == NOT_FOUND
    assert (await answer(town, "unfollow")).status_code == NOT_FOUND
    town.client.cookies.clear()
    assert (await answer(town, "agree")).status_code == FORBIDDEN
    assert (await town.client.get(AGREE_PATH)).status_code == FORBIDDEN
