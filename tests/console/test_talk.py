"""The agents' room over HTTP: take, answer, note, pass on, end; who is refused, and why."""

import httpx
import pytest

from bot.jobs import deliver
from bot.jobs.desk import attend
from domain.escalation.handovers import Card, DeskKind, HandoverState, Presence
from domain.officers.model import Officer, Role
from domain.shared.pushes import PushKind
from tests.support.console import open_console, signed_in_officer
from tests.support.pictures import WALL
from tests.support.town import Resident, Town

ROOM = "/console/talk"


@pytest.fixture
async def agent(console: httpx.AsyncClient) -> Officer:
    return await signed_in_officer(console, Role.AGENT)


@pytest.fixture
def who(town: Town) -> Resident:
    return town.residents["陈晨"]


async def asks(town: Town, who: Resident) -> int:
    """Let a citizen ask for a person by the chat, as they do."""
    async with town.house.open_work() as work:
        await work.handovers.sign(Presence("somebody", "某人", town.clock.now()))
        await work.commit()
    await says(town, who, "人工")
    async with town.house.open_work() as work:
        handover = await work.handovers.last_of(who.openid)
    assert handover
    return handover.id


async def says(town: Town, who: Resident, words: str) -> str:
    town.clock.forward(5)
    reply = await town.deliver(town.platform.text(who.openid, words))
    return reply.text if reply else ""


async def pushed(town: Town, who: Resident) -> list[str]:
    await deliver(town.house)
    assert town.house.stand_ins
    found = await town.house.stand_ins.platform.outbox(who.openid)
    return [str(one["text"]) for one in reversed(found)]


async def test_the_queue_shows_the_place_that_the_citizen_was_told(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    other = town.residents["沈玉兰"]
    first, second = await asks(town, other), await asks(town, who)
    assert "第 2 位" in await says(town, who, "人工")
    queue = (await console.get(f"{ROOM}/queue")).json()
    assert [(one["id"], one["position"]) for one in queue["waiting"]] == [(first, 1), (second, 2)]
    assert agent.name


async def test_an_agent_takes_talks_and_ends(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    number = await asks(town, who)
    await says(town, who, "编号找不到")
    assert (await console.post(f"{ROOM}/{number}/take")).status_code == 200
    await deliver(town.house)
    assert await says(town, who, "在吗") == ""
    said = {"text": "在通知单右上角", "key": "k1"}
    for _ in range(2):
        assert (await console.post(f"{ROOM}/{number}/say", data=said)).status_code == 200
    noted = {"text": "第二次来问", "key": "k2", "note": "1"}
    assert (await console.post(f"{ROOM}/{number}/say", data=noted)).status_code == 200
    told = await pushed(town, who)
    assert told[1:] == ["在通知单右上角"]
    assert agent.name in told[0]
    seen = (await console.get(f"{ROOM}/{number}")).json()
    assert [(one["kind"], one["fate"]) for one in seen["lines"]] == [
        ("citizen", ""),
        ("event", ""),
        ("citizen", ""),
        ("agent", "已送达"),
        ("note", ""),
    ]
    assert (await console.post(f"{ROOM}/{number}/end")).status_code == 200
    assert "很满意" in (await pushed(town, who))[-1]
    assert "请选择" in await says(town, who, "菜单")


async def test_of_two_agents_the_second_is_told_and_may_look_but_not_speak(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    number = await asks(town, who)
    await console.post(f"{ROOM}/{number}/take")
    async with open_console(town.app) as elsewhere:
        second = await signed_in_officer(elsewhere, Role.AGENT)
        for verb in ("take", "say", "end"):
            data = {"text": "我来", "key": "x"}
            refused = await elsewhere.post(f"{ROOM}/{number}/{verb}", data=data)
            assert refused.status_code == 409
            assert refused.json()["refused"]
        assert (await elsewhere.get(f"{ROOM}/{number}")).json()["mine"] is False
        await elsewhere.post(f"{ROOM}/here", data={"looking": str(number), "typing": "1"})
        seen = (await console.get(f"{ROOM}/{number}")).json()
        assert (seen["looking"], seen["typing"]) == ([second.name], [second.name])
        passed = await console.post(f"{ROOM}/{number}/pass", data={"to": second.id})
        assert passed.status_code == 200
        assert (await elsewhere.get(f"{ROOM}/{number}")).json()["mine"] is True
    assert (await console.post(f"{ROOM}/{number}/end")).status_code == 409
    assert agent.id != second.id


async def test_a_blank_never_reaches_a_citizen(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    number = await asks(town, who)
    await console.post(f"{ROOM}/{number}/take")
    refused = await console.post(f"{ROOM}/{number}/say", data={"text": "您好〔姓名〕", "key": "k"})
    assert refused.status_code == 422
    assert "没有填" in refused.json()["refused"]
    assert len(await pushed(town, who)) == 1
    assert agent


async def test_the_agent_sees_why_a_message_waits_and_that_it_went_along(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    number = await asks(town, who)
    await console.post(f"{ROOM}/{number}/take")
    for word in "一二三四五六":
        await console.post(f"{ROOM}/{number}/say", data={"text": word, "key": word})
        await deliver(town.house)
    seen = (await console.get(f"{ROOM}/{number}")).json()
    fates = [one["fate"] for one in seen["lines"] if one["kind"] == "agent"]
    assert fates[:4] == ["已送达"] * 4
    assert all("连发 5 条" in fate for fate in fates[4:])
    assert await says(town, who, "在") == "五\n\n六"
    seen = (await console.get(f"{ROOM}/{number}")).json()
    assert [one["fate"] for one in seen["lines"] if one["text"] in "五六"] == ["已随回复送达"] * 2
    assert [one for one in await pushed(town, who) if one in "五六"] == []
    assert agent


async def test_a_citizen_is_asked_back_by_sms_once(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    await town.sign_up(who)
    number = await asks(town, who)
    await console.post(f"{ROOM}/{number}/take")
    for _ in range(2):
        assert (await console.post(f"{ROOM}/{number}/come-back")).status_code == 200
    await deliver(town.house)
    async with town.house.open_work() as work:
        states = await work.pushes.states(who.openid, PushKind.COME_BACK)
    assert len(states) == 1
    assert agent


async def test_nothing_on_the_page_names_the_citizen(
    town: Town, console: httpx.AsyncClient, agent: Officer
) -> None:
    who = town.residents["周安然"]
    await town.bring(who, ["signed-up", "verified", "bound"])
    number = await asks(town, who)
    seen = (await console.get(f"{ROOM}/{number}")).text
    for secret in (who.name, who.phone, who.id_number, who.filing, who.openid):
        assert secret not in seen
    assert "周某某" in seen
    assert agent


async def test_kept_replies_are_found_by_the_first_letters_of_their_syllables(
    town: Town, console: httpx.AsyncClient
) -> None:
    await signed_in_officer(console, Role.AGENT, Role.OPERATOR)
    form = {"title": "选房材料", "text": "请带〔证件〕", "after": "0"}
    assert (await console.post("/console/replies", data=form)).status_code == 303
    [kept] = (await console.get(f"{ROOM}/replies")).json()["replies"]
    assert (kept["title"], kept["letters"]) == ("选房材料", "xfcl")
    async with town.house.open_work() as work:
        [reply] = await work.canned.current()
    changed = {"key": reply.key, "after": "1", "title": "选房材料", "text": "新的"}
    assert (await console.post("/console/replies", data=changed)).status_code == 303
    late = await console.post("/console/replies", data=changed)
    assert late.status_code == 409
    retired = {**changed, "after": "2", "act": "retire"}
    assert (await console.post("/console/replies", data=retired)).status_code == 303
    assert (await console.get(f"{ROOM}/replies")).json()["replies"] == []
    async with town.house.open_work() as work:
        assert [one.version for one in await work.canned.versions(reply.key)] == [3, 2, 1]


async def test_who_leaves_the_desk_leaves_nobody_behind(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    number = await asks(town, who)
    await console.post(f"{ROOM}/here")
    await console.post(f"{ROOM}/{number}/take")
    assert (await console.post(f"{ROOM}/away")).status_code == 204
    async with town.house.open_work() as work:
        back = await work.handovers.find(number)
        here = await work.handovers.here(since=town.clock.now())
    assert back
    assert back.state is HandoverState.WAITING
    assert agent.id not in {one.agent for one in here}


async def test_a_ticket_is_taken_answered_and_told(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    """Source: S4-78."""
    await says(town, who, "人工")
    await says(town, who, "想问选房")
    await says(town, who, "19900000014")
    async with town.house.open_work() as work:
        [ticket] = await work.tickets.of(who.openid)
    page = f"/console/tickets/{ticket.id}"
    assert ticket.number in (await console.get("/console/tickets?state=open")).text
    assert ticket.number not in (await console.get("/console/tickets?state=closed")).text
    assert (await console.post(page, data={"act": "answer", "answer": "x"})).status_code == 409
    assert (await console.post(page, data={"act": "take"})).status_code == 303
    assert (await console.post(page, data={"act": "up"})).status_code == 303
    assert ticket.number in (await console.get("/console/tickets?route=upper")).text
    assert (await console.post(page, data={"act": "take"})).status_code == 303
    answered = {"act": "answer", "answer": "请带身份证"}
    assert (await console.post(page, data=answered)).status_code == 303
    assert [one for one in await pushed(town, who) if "请带身份证" in one]
    assert "已送到微信" in (await console.get(page)).text
    assert (await console.post(page, data={"act": "close"})).status_code == 303
    assert agent


async def test_who_waits_unseen_is_called_for_once_a_minute_one_after_another(
    town: Town,
) -> None:
    who = town.residents["陈晨"]
    assert town.house.stand_ins
    staff = town.house.stand_ins.staff
    staff.targets = 2
    async with town.house.open_work() as work:
        asked = await work.handovers.ask(
            who.openid, None, DeskKind.CONSOLE, Card(), at=town.clock.now()
        )
        await work.commit()
    called = []
    for _ in range(4):
        town.wait(61, "seconds")
        await attend(town.house)
        await attend(town.house)
        called = [one["target"] for one in await staff.calls()]
    assert called[::-1] == [0, 1, 0, 1]
    async with town.house.open_work() as work:
        await work.handovers.see(asked.id, at=town.clock.now())
        await work.commit()
    town.wait(61, "seconds")
    await attend(town.house)
    calls = await staff.calls()
    assert len(calls) == 4
    assert all(who.openid not in str(one) and who.phone not in str(one) for one in calls)


async def test_an_agent_sees_the_picture_and_nobody_else_does(
    town: Town, console: httpx.AsyncClient, agent: Officer, who: Resident
) -> None:
    assert agent.name
    assert town.house.stand_ins
    number = await asks(town, who)
    town.house.stand_ins.platform.keep_picture("wall", WALL)
    town.house.stand_ins.platform.keep_picture("words", b"<script>no picture</script>")
    for media_id in ("wall", "words", "gone"):
        await town.deliver(town.platform.image(who.openid, media_id))
    asked = (await console.get(f"{ROOM}/{number}")).json()
    assert not any(one["picture"] for one in asked["lines"])
    await attend(town.house)
    lines = (await console.get(f"{ROOM}/{number}")).json()["lines"]
    assert [one["picture"] for one in lines] == [True, False, False]
    shown = [await console.get(f"{ROOM}/{number}/pictures/{one['id']}") for one in lines]
    assert [one.status_code for one in shown] == [200, 404, 404]
    assert shown[0].content.startswith(b"\xff\xd8\xff")
    assert (shown[0].headers["content-type"], shown[0].headers["cache-control"]) == (
        "image/jpeg",
        "no-store",
    )
    await signed_in_officer(console, Role.AUDITOR)
    assert (await console.get(shown[0].url)).status_code == 403
    async with open_console(town.app) as nobody:
        assert (await nobody.get(shown[0].url)).status_code != 200
