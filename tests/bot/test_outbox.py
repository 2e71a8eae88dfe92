"""Pushes leave once, by the best way open, and end in a named state. Source: S0-71, S0-72."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from adapters.platform.sandbox import SandboxPlatform
from adapters.simulated import LineState, SimulatedSms
from adapters.sql.pushes import PushRow
from adapters.sql.work import SqlWork
from bot.jobs import deliver, jobs
from bot.jobs.words import worded
from domain.accounts.model import Purpose
from domain.shared import failpoints, pushes
from domain.shared.errors import UnavailableError
from domain.shared.failpoints import FailpointError, Point
from domain.shared.pushes import LEASE, PUSH_LIFE, Manner, Push, PushKind
from domain.shared.windows import MESSAGE_PLACES
from tests.support.town import Resident, Town, found_shared_town, found_town

PHONE = "+8619900000001"
MINUTE = timedelta(minutes=1)
TO_PHONE = Push(PushKind.PHONE_CHANGED, ("139****5678",), phone=PHONE)


@pytest.fixture(params=["embedded", "shared"])
async def town(
    request: pytest.FixtureRequest, template: Path, tmp_path: Path
) -> AsyncIterator[Town]:
    embedded = request.param == "embedded"
    founded = found_town(template, tmp_path) if embedded else found_shared_town(tmp_path)
    async with founded as town:
        yield town


@pytest.fixture
def alice(town: Town) -> Resident:
    return town.residents["周安然"]


@pytest.fixture
def sms(town: Town) -> SimulatedSms:
    assert isinstance(town.house.sms, SimulatedSms)
    return town.house.sms


@pytest.fixture
def chats(town: Town) -> SandboxPlatform:
    assert town.house.stand_ins
    return town.house.stand_ins.platform


async def write(town: Town, *wishes: Push) -> None:
    async with town.house.open_work() as work:
        for push in wishes:
            await work.outbox.add(push, at=town.clock.now())
        await work.commit()


async def states(town: Town) -> Mapping[str, int]:
    """Return how many pushes are in each state."""
    async with town.house.engine.connect() as connection:
        found = (await connection.execute(select(PushRow.state))).scalars().all()
    return {state: found.count(state) for state in set(found)}


async def reasons(town: Town) -> set[str]:
    async with town.house.engine.connect() as connection:
        return set((await connection.execute(select(PushRow.reason))).scalars())


async def says(town: Town, who: Resident, text: str = "菜单") -> None:
    await town.deliver(town.platform.text(who.openid, text))


def to_chat(who: Resident, kind: PushKind = PushKind.PHONE_CHANGED) -> Push:
    return Push(kind, ("139****5678",), openid=who.openid)


# Once


async def test_all_that_are_due_leave_once(town: Town, sms: SimulatedSms) -> None:
    await write(town, TO_PHONE, TO_PHONE, TO_PHONE)
    assert await deliver(town.house) == 3
    assert await deliver(town.house) == 0
    assert len(sms.inbox(PHONE)) == 3
    assert await states(town) == {"sent": 3}


async def test_two_workers_never_send_one_push_twice(town: Town, sms: SimulatedSms) -> None:
    await write(town, *[TO_PHONE] * 20)
    left = await asyncio.gather(*(deliver(town.house) for _ in range(4)))
    assert sum(left) == 20 == len(sms.inbox(PHONE))


async def test_what_was_not_committed_is_never_told(town: Town) -> None:
    async with town.house.open_work() as work:
        await work.outbox.add(TO_PHONE, at=town.clock.now())
    assert await deliver(town.house) == 0


async def test_a_push_outlasts_a_restart(town: Town) -> None:
    await write(town, TO_PHONE)
    await town.restart()
    assert await deliver(town.house) == 1


async def test_a_commit_rings_and_what_is_undone_does_not(town: Town) -> None:
    rings: list[None] = []
    town.house.bell.ring = lambda: rings.append(None)  # type: ignore[method-assign] # to count
    async with town.house.open_work() as work:
        await work.outbox.add(TO_PHONE, at=town.clock.now())
        await work.undo()
    await says(town, town.residents["周安然"])
    assert rings == []
    await write(town, TO_PHONE)
    assert rings == [None]


# Dying


class _KilledError(BaseException):
    """The worker is gone at once: no more of its code runs."""


def die_at(point: Point) -> None:
    async def trap(reached: Point, _subject: str, _revision: int) -> None:
        if reached is point:
            failpoints.disarm()
            raise _KilledError

    failpoints.arm(trap)


async def killed(town: Town, point: Point) -> None:
    die_at(point)
    try:
        with pytest.raises(_KilledError):
            await deliver(town.house)
    finally:
        failpoints.disarm()


async def test_several_leave_with_two_commits_each_and_idleness_costs_none(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, committed = SqlWork.commit, 0

    async def counted(work: SqlWork) -> None:
        nonlocal committed
        committed += 1
        await commit(work)

    for _ in range(4):
        await write(town, TO_PHONE)
    monkeypatch.setattr(SqlWork, "commit", counted)
    assert await deliver(town.house) == 4
    # One for the claim of all, then one before and one after each handing over.
    assert committed == 1 + 2 * 4
    assert await deliver(town.house) == 0
    assert committed == 1 + 2 * 4


async def test_a_worker_that_dies_after_its_claim_is_replaced_when_its_lease_ends(
    town: Town, sms: SimulatedSms
) -> None:
    await write(town, TO_PHONE)
    async with town.house.open_work() as work:
        assert await work.pushes.claim(now=town.clock.now())
        await work.commit()
    town.clock.moment += LEASE - timedelta(seconds=1)
    assert await deliver(town.house) == 0
    town.clock.moment += timedelta(seconds=1)
    assert await deliver(town.house) == 1
    assert len(sms.inbox(PHONE)) == 1


@pytest.mark.parametrize(
    ("point", "arrived"),
    [(Point.BEFORE_SEND, 0), (Point.AFTER_VENDOR, 1), (Point.BEFORE_MARK, 1)],
)
async def test_a_worker_that_dies_about_to_send_leaves_it_unsure_and_nobody_sends_it_again(
    town: Town, sms: SimulatedSms, point: Point, arrived: int
) -> None:
    await write(town, TO_PHONE)
    await killed(town, point)
    town.clock.moment += LEASE
    assert await deliver(town.house) == 0
    assert len(sms.inbox(PHONE)) == arrived
    assert await states(town) == {"unsure": 1}
    assert await reasons(town) == {"sender-lost"}


async def test_a_worker_that_stalls_beyond_its_lease_and_comes_back_sends_nothing_twice(
    town: Town, sms: SimulatedSms
) -> None:
    await write(town, TO_PHONE)
    stalled, go_on = asyncio.Event(), asyncio.Event()

    async def trap(reached: Point, _subject: str, _revision: int) -> None:
        if reached is Point.BEFORE_SEND:
            failpoints.disarm()
            stalled.set()
            await go_on.wait()

    failpoints.arm(trap)
    first = asyncio.create_task(deliver(town.house))
    await stalled.wait()
    town.clock.moment += LEASE
    assert await deliver(town.house) == 0
    go_on.set()
    assert await first == 1
    assert len(sms.inbox(PHONE)) == 1
    assert await states(town) == {"sent": 1}


# Vendors


async def test_a_line_that_is_down_is_tried_again_later(town: Town, sms: SimulatedSms) -> None:
    await write(town, TO_PHONE, TO_PHONE)
    sms.line.state = LineState.DOWN
    assert await deliver(town.house) == 0
    sms.line.state = LineState.UP
    assert await deliver(town.house) == 0
    town.clock.moment += MINUTE
    assert await deliver(town.house) == 2


async def test_a_line_that_gives_no_answer_is_not_paid_twice(town: Town, sms: SimulatedSms) -> None:
    await write(town, TO_PHONE)
    sms.line.state = LineState.DEAF
    assert await deliver(town.house) == 0
    sms.line.state = LineState.UP
    town.clock.moment += timedelta(hours=2)
    assert await deliver(town.house) == 0
    assert len(sms.inbox(PHONE)) == 1
    assert await states(town) == {"unsure": 1}


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        (Point.AFTER_VENDOR, FailpointError("a fault of ours")),
        (Point.BEFORE_MARK, UnavailableError("the records are silent for a moment")),
    ],
)
async def test_what_was_handed_over_is_not_sent_again_whatever_breaks_then(
    town: Town, sms: SimulatedSms, point: Point, fault: Exception
) -> None:
    await write(town, TO_PHONE)

    async def trap(reached: Point, _subject: str, _revision: int) -> None:
        if reached is point:
            failpoints.disarm()
            raise fault

    failpoints.arm(trap)
    await deliver(town.house)
    town.clock.moment += timedelta(hours=2)
    await deliver(town.house)
    assert len(sms.inbox(PHONE)) == 1
    assert await states(town) == {"unsure": 1}


@pytest.mark.parametrize(
    "fault", [FailpointError("a fault of ours"), UnavailableError("the records are silent")]
)
async def test_what_a_dead_worker_may_have_sent_is_not_sent_again_whatever_breaks_its_heir(
    town: Town, sms: SimulatedSms, fault: Exception
) -> None:
    await write(town, TO_PHONE)
    await killed(town, Point.BEFORE_MARK)
    town.clock.moment += LEASE

    async def trap(reached: Point, _subject: str, _revision: int) -> None:
        if reached is Point.BEFORE_MARK:
            failpoints.disarm()
            raise fault

    failpoints.arm(trap)
    await deliver(town.house)
    town.clock.moment += timedelta(hours=2)
    await deliver(town.house)
    assert len(sms.inbox(PHONE)) == 1
    assert await states(town) == {"unsure": 1}


async def test_a_line_that_stays_down_is_tried_for_three_days_and_then_given_up(
    town: Town, sms: SimulatedSms
) -> None:
    await write(town, TO_PHONE)
    sms.line.state = LineState.DOWN
    end = town.clock.now() + PUSH_LIFE
    while town.clock.now() < end:
        assert await states(town) == {"waiting": 1}
        await deliver(town.house)
        town.clock.moment += timedelta(hours=3)
    town.clock.moment = end
    await deliver(town.house)
    assert await states(town) == {"expired": 1}
    async with town.house.open_work() as work:
        assert await work.pushes.set_aside() == []


# Poison


async def test_what_breaks_its_sender_thrice_is_parked_and_holds_up_nobody(
    town: Town, sms: SimulatedSms
) -> None:
    await write(town, TO_PHONE)
    async with town.house.engine.begin() as connection:
        await connection.execute(update(PushRow).values(told=b"\x01broken"))
    for attempt in range(3):
        assert await states(town) == {"waiting": 1}, attempt
        await write(town, TO_PHONE)
        assert await deliver(town.house) == 1
        async with town.house.engine.begin() as connection:
            await connection.execute(PushRow.__table__.delete().where(PushRow.state == "sent"))
        town.clock.moment += timedelta(hours=1)
    assert await states(town) == {"parked": 1}
    assert await reasons(town) == {"SealBrokenError"}
    assert await deliver(town.house) == 0
    assert len(sms.inbox(PHONE)) == 3


async def test_what_kills_three_workers_is_parked(town: Town) -> None:
    await write(town, TO_PHONE)
    for _ in range(3):
        async with town.house.open_work() as work:
            assert await work.pushes.claim(now=town.clock.now())
            await work.commit()
        town.clock.moment += LEASE
    assert await deliver(town.house) == 0
    assert await states(town) == {"parked": 1}
    assert await reasons(town) == {"sender-lost"}


# The chat


async def test_whoever_wrote_lately_is_told_in_the_chat(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await says(town, alice)
    await write(town, to_chat(alice))
    assert await deliver(town.house) == 1
    [message] = await chats.outbox(alice.openid)
    assert message["text"] == worded(to_chat(alice))
    assert "139****5678" in str(message["text"])
    seen = await town.client.get("/simulator/outbox", params={"openid": alice.openid})
    assert seen.json() == [message]


async def test_whoever_never_wrote_is_told_once_they_do(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await write(town, to_chat(alice))
    assert await deliver(town.house) == 0
    assert await reasons(town) == {"closed"}
    await says(town, alice)
    town.clock.moment += MINUTE
    assert await deliver(town.house) == 1
    assert chats.rules.people.violations == []


async def test_nobody_gets_more_than_their_window_holds(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await says(town, alice)
    await write(town, *[to_chat(alice)] * 8)
    assert await deliver(town.house) == MESSAGE_PLACES
    assert await states(town) == {"sent": MESSAGE_PLACES, "waiting": 3}
    assert await reasons(town) == {"wechat", "full"}
    town.clock.moment += MINUTE
    await says(town, alice)
    assert await deliver(town.house) == 3
    assert chats.rules.people.violations == []


async def test_a_full_window_leaves_the_phone(
    town: Town, alice: Resident, sms: SimulatedSms
) -> None:
    both = Push(PushKind.PHONE_CHANGED, ("x",), openid=alice.openid, phone=PHONE)
    await says(town, alice)
    await write(town, *[both] * (MESSAGE_PLACES + 2))
    assert await deliver(town.house) == MESSAGE_PLACES + 2
    assert len(sms.inbox(PHONE)) == 2


async def test_a_platform_that_knows_better_is_believed_and_the_phone_is_tried(
    town: Town, alice: Resident, sms: SimulatedSms, chats: SandboxPlatform
) -> None:
    await says(town, alice)
    await chats.acts(alice.openid, "leaves")
    await write(town, Push(PushKind.PHONE_CHANGED, ("x",), openid=alice.openid, phone=PHONE))
    assert await deliver(town.house) == 1
    assert len(sms.inbox(PHONE)) == 1
    assert chats.rules.people.violations == [45015]
    [refused] = await chats.outbox(alice.openid)
    assert (refused["state"], refused["errcode"]) == ("refused", 45015)
    async with town.house.open_work() as work:
        [window] = await town.house.windows(alice.openid)
        assert [await work.places.take(alice.openid, window) for _ in range(6)].count(True) == 5


async def test_a_platform_without_an_answer_is_not_asked_again(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await says(town, alice)
    await write(town, to_chat(alice))
    assert town.house.stand_ins
    await town.house.stand_ins.wechat.token.current()
    chats.line.state = LineState.DEAF
    assert await deliver(town.house) == 0
    town.clock.moment += timedelta(hours=1)
    chats.line.state = LineState.UP
    assert await deliver(town.house) == 0
    assert len(await chats.outbox(alice.openid)) == 1
    assert await states(town) == {"unsure": 1}


async def test_a_platform_that_was_down_cost_no_place(
    town: Town, alice: Resident, chats: SandboxPlatform
) -> None:
    await says(town, alice)
    await write(town, *[to_chat(alice)] * MESSAGE_PLACES)
    chats.line.state = LineState.DOWN
    assert await deliver(town.house) == 0
    chats.line.state = LineState.UP
    town.clock.moment += MINUTE
    assert await deliver(town.house) == MESSAGE_PLACES


async def test_at_night_what_can_wait_waits_for_the_morning(
    town: Town, sms: SimulatedSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    manner = Manner(PUSH_LIFE, by_night=False, by_sms=True)
    monkeypatch.setitem(pushes.MANNERS, PushKind.PHONE_CHANGED, manner)  # type: ignore[arg-type] # a dict
    town.wait_for_clock("21:00")
    await write(town, TO_PHONE)
    assert await deliver(town.house) == 0
    town.wait_for_clock("07:59")
    assert await deliver(town.house) == 0
    town.wait_for_clock("08:00")
    assert await deliver(town.house) == 1
    assert len(sms.inbox(PHONE)) == 1


async def test_security_is_told_at_night_too(town: Town) -> None:
    town.wait_for_clock("03:00")
    await write(town, TO_PHONE)
    assert await deliver(town.house) == 1


# What uses it


async def test_whoever_is_signed_out_by_a_new_phone_is_told_in_their_chat_without_the_word(
    town: Town, alice: Resident, sms: SimulatedSms, chats: SandboxPlatform
) -> None:
    guest = town.residents["林若溪"]
    await town.sign_up(alice)
    await town.sign_in_as(guest, alice)
    await says(town, alice)
    await says(town, guest)
    proof = replace(town.proof(alice, Purpose.CHANGE_PHONE), phone="+8619900009999")
    async with town.house.open_work() as work:
        desk = town.desk(work, alice)
        account = (await desk.citizen()).signed_in()
        await desk.accounts.change_phone(
            openid=alice.openid, account=account, proof=proof, word="01234567"
        )
        await work.commit()
    assert await deliver(town.house) == 2
    [to_old_phone] = sms.inbox(alice.phone)
    [to_guest] = await chats.outbox(guest.openid)
    assert to_old_phone.code == "01234567"
    assert "01234567" not in str(to_guest["text"])
    assert "199****9999" in str(to_guest["text"])
    assert await chats.outbox(alice.openid) == []


async def test_the_background_finds_by_itself_what_nobody_rang_for(
    town: Town, sms: SimulatedSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.rounds.LOOK_SECONDS", 0.02)
    await write(town, TO_PHONE)
    async with jobs(town.house), asyncio.timeout(10):
        while not sms.inbox(PHONE):  # noqa: ASYNC110 (the message comes from elsewhere)
            await asyncio.sleep(0.01)
    assert await states(town) == {"sent": 1}


@pytest.mark.parametrize("town", ["shared"], indirect=True)
async def test_a_worker_that_is_told_to_end_ends_what_it_has_begun_and_no_more(
    town: Town, sms: SimulatedSms
) -> None:
    await write(town, *[TO_PHONE] * 9)
    begun = asyncio.Event()

    async def trap(reached: Point, _subject: str, _revision: int) -> None:
        if reached is Point.BEFORE_SEND:
            begun.set()

    failpoints.arm(trap)
    sms.line.delay_seconds = 0.05
    try:
        async with jobs(town.house), asyncio.timeout(10):
            town.house.bell.wake()
            await begun.wait()
    finally:
        failpoints.disarm()
    ended = await states(town)
    assert set(ended) == {"sent", "waiting"}
    assert ended["sent"] == len(sms.inbox(PHONE))
    async with town.house.engine.connect() as connection:
        left = select(PushRow.serial).where(PushRow.left_by.is_not(None), PushRow.state != "sent")
        assert (await connection.execute(left)).all() == []
