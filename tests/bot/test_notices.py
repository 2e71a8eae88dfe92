"""Citizens are told once, by the best way there is, of what concerns them. Source: S0-20, S0-40."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.platform.sandbox import SandboxPlatform
from adapters.sql.pushes import PushRow
from adapters.sql.work import SqlWork
from bot.jobs import deliver
from bot.jobs.notices import NOTICE_JOBS
from bot.jobs.schedule import run_due
from bot.settings import Notices
from bot.wiring.notices import cards_of
from domain.accounts.model import Purpose
from domain.notices.model import Choice, Topic
from domain.shared.errors import UnavailableError
from domain.shared.pushes import Push, PushKind, PushState
from tests.support.platform import Post, ReplySeen
from tests.support.town import Resident, Town, found_shared_town, found_town

DAY = timedelta(days=1)


@pytest.fixture(params=["embedded", "shared"])
async def town(
    request: pytest.FixtureRequest, template: Path, tmp_path: Path
) -> AsyncIterator[Town]:
    embedded = request.param == "embedded"
    founded = found_town(template, tmp_path) if embedded else found_shared_town(tmp_path)
    async with founded as town:
        yield town


@pytest.fixture
async def alice(town: Town) -> Resident:
    """Somebody with an account, a name and a family, who has just said something."""
    alice = town.residents["周安然"]
    await town.bring(alice, ["signed-up", "verified", "bound"])
    await says(town, alice)
    return alice


@pytest.fixture
def chats(town: Town) -> SandboxPlatform:
    assert town.house.stand_ins
    return town.house.stand_ins.platform


async def says(town: Town, who: Resident, text: str = "菜单") -> ReplySeen:
    town.clock.forward(5)
    seen = await town.deliver(town.platform.text(who.openid, text))
    assert seen is not None
    return seen


async def a_case(town: Town, who: Resident, number: str = "AN-1") -> None:
    """Have a case of somebody come further, as any subject does."""
    async with town.house.open_work() as work:
        account = await work.accounts.of_openid(who.openid)
        assert account is not None
        values = ("资格申请", number, "已受理")
        await work.outbox.add(
            Push(PushKind.CASE, values, account=account.id, topic=number), at=town.clock.now()
        )
        await work.commit()


async def became(town: Town) -> list[tuple[str, str, str]]:
    async with town.house.engine.connect() as connection:
        rows = await connection.execute(
            select(PushRow.kind, PushRow.state, PushRow.reason).order_by(PushRow.serial)
        )
        return [(row.kind, row.state, row.reason) for row in rows]


async def choose(town: Town, who: Resident, topic: Topic, choice: Choice) -> None:
    async with town.house.open_work() as work:
        desk = town.desk(work, who)
        account = (await desk.citizen()).signed_in()
        await desk.notices.choose(who.openid, account, topic, choice)
        await work.commit()


# By which way


async def test_a_registration_and_its_end_come_as_cards_for_the_chat_has_said_it(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    number = await town.register(alice, "青禾家园", "二居室")
    assert await deliver(town.house) == 1
    [card] = await chats.outbox(alice.openid)
    assert (card["kind"], card["text"], card["state"]) == ("template", "登记成功", "delivered")
    assert isinstance(card["data"], dict)
    assert card["data"]["登记编号"] == number
    async with town.house.open_work() as work:
        desk = town.desk(work, alice)
        citizen = await desk.citizen()
        await desk.registrations.cancel(
            openid=alice.openid,
            account=citizen.signed_in(),
            family=citizen.filed(),
            numbers=[number],
            proof=town.proof(alice, Purpose.CANCEL),
        )
        await work.commit()
    assert await deliver(town.house) == 1
    newest, _ = await chats.outbox(alice.openid)
    assert newest["text"] == "登记已取消"
    assert not town.house.sms.inbox(alice.phone)


async def test_where_no_card_is_granted_an_sms_says_it(
    town: Town, alice: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(town.house.__dict__, "cards", {})
    number = await town.register(alice, "青禾家园", "二居室")
    assert await deliver(town.house) == 1
    [sms] = town.house.sms.inbox(alice.phone)
    assert number in sms.text
    assert await became(town) == [("registered", "sent", "sms")]


async def test_where_there_is_no_way_at_all_it_ends_with_that_reason(
    town: Town, alice: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(town.house.__dict__, "cards", {})
    monkeypatch.setitem(town.house.__dict__, "told_by_sms", frozenset())
    await town.register(alice, "青禾家园", "二居室")
    assert await deliver(town.house) == 0
    assert await became(town) == [("registered", "failed", "no-way")]


async def test_in_the_window_words_come_and_later_a_card(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await a_case(town, alice)
    assert await deliver(town.house) == 1
    town.clock.moment += 3 * DAY
    await a_case(town, alice, "AN-2")
    assert await deliver(town.house) == 1
    assert [one["kind"] for one in await chats.outbox(alice.openid)] == ["template", "text"]


async def test_what_a_citizen_does_not_wish_is_not_told(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await choose(town, alice, Topic.CASES, Choice(wechat=False, sms=True))
    await a_case(town, alice)
    assert await deliver(town.house) == 1
    assert await chats.outbox(alice.openid) == []
    assert len(town.house.sms.inbox(alice.phone)) == 1
    await choose(town, alice, Topic.CASES, Choice(wechat=False, sms=False))
    await a_case(town, alice, "AN-2")
    assert await deliver(town.house) == 0
    assert (await became(town))[-1] == ("case-status", "failed", "declined")


async def test_at_night_nobody_is_disturbed(town: Town, alice: Resident) -> None:
    town.wait_for_clock("22:30")
    await says(town, alice)
    await a_case(town, alice)
    assert await deliver(town.house) == 0
    assert await became(town) == [("case-status", "waiting", "night")]
    town.wait_for_clock("08:00")
    assert await deliver(town.house) == 1


# Cards that citizens agree to, and what the platform reports


def popup(town: Town, who: Resident, answer: str, name: str = "popup") -> Post:
    lists = [
        {"TemplateId": "S1", "SubscribeStatusString": answer, "PopupScene": "2"},
        {"TemplateId": "S2", "SubscribeStatusString": "reject", "PopupScene": "2"},
    ]
    tag = f"SubscribeMsg{name.title()}Event"
    return town.platform.event(f"subscribe_msg_{name}_event", who.openid, **{tag: {"List": lists}})


async def agrees(town: Town, who: Resident) -> None:
    """Have a citizen agree to one notice, at the platform and by its word for it."""
    assert town.house.stand_ins
    await town.house.stand_ins.platform.answers(who.openid, ["S1"], agrees=True)
    await town.deliver(popup(town, who, "accept"))


@pytest.fixture
def _subscribed(town: Town, chats: SandboxPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    notices = Notices(cases_subscription="S1")
    settings = town.house.settings.model_copy(update={"notices": notices})
    monkeypatch.setitem(town.house.__dict__, "cards", cards_of(settings))
    chats.rules.people.templates["S1"] = tuple(notices.cases_blanks.split())


@pytest.mark.usefixtures("_subscribed")
async def test_a_card_agreed_to_is_spent_once_however_often_the_platform_says_so(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await chats.answers(alice.openid, ["S1"], agrees=True)
    post = popup(town, alice, "accept")
    for _ in range(3):
        await town.deliver(post)
    town.clock.moment += 3 * DAY
    for number in ("AN-1", "AN-2"):
        await a_case(town, alice, number)
    assert await deliver(town.house) == 2
    assert [one["kind"] for one in await chats.outbox(alice.openid)] == ["subscription"]
    assert await chats.agreed(alice.openid) == {"S1": 0}
    assert {reason for _, _, reason in await became(town)} == {"bizsend", "sms"}


@pytest.mark.usefixtures("_subscribed")
async def test_what_is_taken_back_or_unknown_to_the_platform_is_not_counted_on(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    town.clock.moment += 3 * DAY
    await agrees(town, alice)
    await chats.answers(alice.openid, ["S1"], agrees=False)
    await town.deliver(popup(town, alice, "reject", "change"))
    await a_case(town, alice)
    await deliver(town.house)
    assert await chats.outbox(alice.openid) == []
    town.clock.moment += timedelta(seconds=9)
    await town.deliver(popup(town, alice, "accept"))
    await a_case(town, alice, "AN-2")
    await deliver(town.house)
    [refused] = await chats.outbox(alice.openid)
    assert (refused["state"], refused["errcode"]) == ("refused", 43101)
    async with town.house.open_work() as work:
        assert await work.agreed.of_many([alice.openid]) == []


@pytest.mark.usefixtures("_subscribed")
async def test_a_card_that_did_not_leave_is_given_back(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await agrees(town, alice)
    town.clock.moment += 3 * DAY
    chats.rules.say("/cgi-bin/message/subscribe/bizsend", -1)
    await a_case(town, alice)
    assert await deliver(town.house) == 0
    async with town.house.open_work() as work:
        assert await work.agreed.of_many([alice.openid]) == [(alice.openid, "S1", 1)]
    assert (await became(town))[0][1] == "waiting"


@pytest.mark.parametrize(
    ("status", "state"), [("success", "delivered"), ("failed:user block", "failed")]
)
async def test_a_report_on_a_template_says_what_became_of_it(
    town: Town, alice: Resident, status: str, state: str
) -> None:
    await town.register(alice, "青禾家园", "二居室")
    await deliver(town.house)
    post = town.platform.event("TEMPLATESENDJOBFINISH", alice.openid, MsgID=1, Status=status)
    for _ in range(2):
        assert await town.deliver(post) is None
    (_, became_of_it, reason), *instead = await became(town)
    assert became_of_it == state
    assert reason == ("user block" if state == "failed" else "template")
    # What matters is told by SMS instead, once.
    await deliver(town.house)
    assert len(instead) == len(town.house.sms.inbox(alice.phone)) == (state == "failed")
    assert (await became(town))[1:] == [("registered", "sent", "sms")] * len(instead)


async def test_a_report_hours_later_finds_no_words_to_say_again(
    town: Town, alice: Resident
) -> None:
    await town.register(alice, "青禾家园", "二居室")
    await deliver(town.house)
    town.clock.forward(2 * 3600)
    await deliver(town.house)
    async with town.house.engine.connect() as connection:
        assert (await connection.execute(select(PushRow.told))).scalars().all() == [None]
    post = town.platform.event("TEMPLATESENDJOBFINISH", alice.openid, MsgID=1, Status="failed")
    assert await town.deliver(post) is None
    assert [one[1] for one in await became(town)] == ["failed"]


@pytest.mark.usefixtures("_subscribed")
@pytest.mark.parametrize(("code", "state"), [(0, "delivered"), (1, "failed")])
async def test_a_report_on_a_subscription_says_what_became_of_it(
    town: Town, alice: Resident, code: int, state: str
) -> None:
    await agrees(town, alice)
    town.clock.moment += 3 * DAY
    await a_case(town, alice)
    await deliver(town.house)
    entry = {"TemplateId": "S1", "MsgID": 1, "ErrorCode": code, "ErrorStatus": "why"}
    name = "subscribe_msg_sent_event"
    fields = {"SubscribeMsgSentEvent": {"List": entry}}
    assert await town.deliver(town.platform.event(name, alice.openid, **fields)) is None
    assert [one[1] for one in await became(town)] == [state] + ["waiting"] * code


async def test_the_simulators_platform_reports_each_card_once(town: Town, alice: Resident) -> None:
    await town.register(alice, "青禾家园", "二居室")
    await deliver(town.house)
    phone = town.app.state.sandbox.phone
    assert await phone.report(alice.openid) == 1
    assert [one[1] for one in await became(town)] == ["delivered"]
    assert await phone.report(alice.openid) == 0


async def test_a_report_on_what_nobody_sent_changes_nothing(town: Town, alice: Resident) -> None:
    post = town.platform.event("TEMPLATESENDJOBFINISH", alice.openid, MsgID=77, Status="success")
    assert await town.deliver(post) is None
    assert await became(town) == []


async def test_a_report_that_finds_the_records_silent_is_delivered_again(
    town: Town, alice: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.register(alice, "青禾家园", "二居室")
    await deliver(town.house)
    post = town.platform.event("TEMPLATESENDJOBFINISH", alice.openid, MsgID=1, Status="success")
    with monkeypatch.context() as broken:
        broken.setattr(SqlWork, "commit", silence)
        answer = await town.client.post("/wechat", params=post.query, content=post.body)
    assert (answer.status_code, answer.content) == (503, b"")
    assert await town.deliver(post) is None
    assert [one[1] for one in await became(town)] == ["delivered"]


async def silence(_: SqlWork) -> None:
    raise UnavailableError("test")


# With the next answer


@pytest.fixture
def _no_cards(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(town.house.__dict__, "cards", {})
    monkeypatch.setitem(town.house.__dict__, "told_by_sms", frozenset())


@pytest.mark.usefixtures("_no_cards")
async def test_whoever_comes_back_after_days_is_told_above_the_answer_once(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    town.clock.moment += 3 * DAY
    await a_case(town, alice)
    assert await deliver(town.house) == 0
    assert await became(town) == [("case-status", "waiting", "closed")]
    town.clock.forward(5)
    post = town.platform.text(alice.openid, "你好")
    seen = [await town.deliver(post) for _ in range(2)]
    assert all(one and "AN-1" in one.text and "快速配租" in one.text for one in seen)
    assert await became(town) == [("case-status", "sent", "reply")]
    assert "AN-1" not in (await says(town, alice, "你好")).text
    town.clock.moment += timedelta(hours=6)
    assert await deliver(town.house) == 0
    assert await chats.outbox(alice.openid) == []


@pytest.mark.usefixtures("_no_cards")
async def test_whoever_writes_from_day_to_day_never_has_us_ask_the_records(
    town: Town, alice: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    house_work = town.house.open_work
    monkeypatch.setattr(
        type(town.house), "open_work", lambda _: opened.append(house_work()) or opened[-1]
    )
    for _ in range(5):
        town.clock.moment += DAY
        await says(town, alice, "菜单")
    assert not any(work._session.opened or work._session.changed for work in opened)  # noqa: SLF001 (nothing public tells)
    assert await town.counts()


@pytest.mark.usefixtures("_no_cards")
async def test_silent_records_keep_nobody_from_an_answer(
    town: Town, alice: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.clock.moment += 3 * DAY

    async def silent(*_: object, **__: object) -> None:
        raise UnavailableError("silent")

    monkeypatch.setattr("adapters.sql.pushes.SqlPushes.take_for", silent)
    assert "快速配租" in (await says(town, alice, "你好")).text


# Plans


async def run(town: Town) -> None:
    town.clock.moment += timedelta(minutes=20)
    await run_due(town.house, NOTICE_JOBS)


async def told(town: Town) -> list[tuple[str, str]]:
    return [(kind, reason) for kind, _, reason in await became(town)]


async def test_a_plan_that_opens_is_told_once_to_whom_it_concerns(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    bob = town.residents["沈玉兰"]
    await town.bring(bob, ["signed-up"])
    await town.wait_for_plan("第五批", "open")
    await says(town, alice)
    for _ in range(3):
        await run(town)
        await deliver(town.house)
    opened = [one for one in await told(town) if one[0] == "plan-opens"]
    assert opened == [("plan-opens", "wechat")]
    assert "第五批" in str((await chats.outbox(alice.openid))[-1]["text"])


async def test_whoever_has_registered_is_not_told_that_a_plan_closes_soon(
    town: Town, alice: Resident
) -> None:
    others = [one for one in town.residents.values() if one.filing not in ("", alice.filing)]
    for one in others[:2]:
        await town.bring(one, ["signed-up"])
    await town.bring(others[0], ["verified", "bound"])
    await town.wait_for_plan("第四批", "closing")
    town.clock.moment -= timedelta(hours=20)
    await town.register(alice, "青禾家园", "二居室")
    await run(town)
    async with town.house.open_work() as work:
        whose = [await work.accounts.of_openid(one.openid) for one in (alice, *others[:2])]
    async with town.house.engine.connect() as connection:
        accounts = await connection.execute(
            select(PushRow.account_id).where(PushRow.kind == "plan-closes")
        )
        told_of_it = set(accounts.scalars())
    assert [one is not None and one.id in told_of_it for one in whose] == [False, True, False]


@pytest.mark.usefixtures("alice")
async def test_what_nobody_was_told_before_the_plan_closed_is_not_told_any_more(
    town: Town,
) -> None:
    await town.wait_for_plan("第四批", "closing")
    town.clock.moment -= timedelta(hours=2)
    await run(town)
    assert [one[0] for one in await told(town)] == ["plan-closes"]
    town.clock.moment += timedelta(hours=3)
    assert await deliver(town.house) == 0
    assert [state for _, state, _ in await became(town)] == [PushState.EXPIRED]


# Drafts


async def begin(town: Town, who: Resident) -> None:
    await town.deliver(town.platform.scan(who.openid, (await town.project("青禾家园"))[0].scene))  # type: ignore[index] # the demo has it
    seen = await says(town, who, "3")
    assert "去登记" in seen.text
    assert "告知书" in (await says(town, who, "去登记")).text


async def test_whoever_left_a_registration_is_reminded_once_before_the_plan_closes(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await begin(town, alice)
    await run(town)
    assert "draft-left" not in dict(await told(town))
    await town.wait_for_plan("第四批", "closing")
    town.wait_for_clock("09:00")
    town.clock.moment -= DAY
    for _ in range(3):
        await run(town)
    await deliver(town.house)
    assert [kind for kind, _ in await told(town)].count("draft-left") == 1
    assert any("没有办完" in str(one["text"]) for one in await chats.outbox(alice.openid))
    assert (await town.counts())["watched_drafts"] == 0


async def test_whoever_finished_is_not_reminded(town: Town, alice: Resident) -> None:
    await begin(town, alice)
    await says(town, alice, "我已阅读并同意")
    assert "登记成功" in (await says(town, alice, "确定")).text
    await town.wait_for_plan("第四批", "closing")
    town.clock.moment -= timedelta(hours=5)
    await run(town)
    assert "draft-left" not in dict(await told(town))
    assert (await town.counts())["watched_drafts"] == 0


async def test_a_plan_that_has_closed_leaves_no_watch(town: Town, alice: Resident) -> None:
    await begin(town, alice)
    assert (await town.counts())["watched_drafts"] == 1
    await town.wait_for_plan("第四批", "closed")
    await town.house.sweep()
    assert (await town.counts())["watched_drafts"] == 0


async def answered(town: Town, who: Resident) -> None:
    """Have an officer answer what somebody asked."""
    async with town.house.open_work() as work:
        service = town.desk(work, who).escalation
        ticket = await service.leave_word(openid=who.openid, phone=who.phone, text="能养猫吗")
        await service.take(ticket.id, "officer")
        await service.answer(ticket.id, "officer", "请问物业")
        await work.commit()


async def test_an_answer_in_the_window_comes_as_words_and_nothing_else(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await answered(town, alice)
    for _ in range(2):
        await deliver(town.house)
        town.clock.forward(60)
    [told] = await chats.outbox(alice.openid)
    assert "请问物业" in str(told["text"])
    assert not town.house.sms.inbox(alice.phone)
    assert [state for _, state, _ in await became(town)] == ["sent", "expired"]


@pytest.mark.parametrize("way", ["template", "sms"])
async def test_an_answer_that_cannot_be_written_is_hinted_at_once_and_comes_with_the_next_reply(
    town: Town,
    alice: Resident,
    chats: SandboxPlatform,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    if way == "sms":
        monkeypatch.setitem(town.house.__dict__, "cards", {})
    town.clock.forward(3 * 24 * 3600)
    await answered(town, alice)
    for _ in range(3):
        await deliver(town.house)
        town.clock.forward(20)
    assert [(state, why) for _, state, why in await became(town)] == [
        ("waiting", "closed"),
        ("sent", way),
    ]
    hints = [one.text for one in town.house.sms.inbox(alice.phone)]
    cards = [str(one["data"]) for one in await chats.outbox(alice.openid)]
    assert (len(hints), len(cards)) == ((1, 0) if way == "sms" else (0, 1))
    assert "物业" not in "".join(hints + cards)
    assert "请问物业" in (await says(town, alice)).text
