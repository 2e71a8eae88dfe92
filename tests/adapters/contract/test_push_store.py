"""What every keeper of pushes must do. Source: S0-71, S0-72."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.pushes import PushRow, SqlPushes
from domain.shared.push_store import PushStore
from domain.shared.pushes import (
    LEASE,
    PUSH_LIFE,
    Channel,
    Push,
    PushClaim,
    PushKind,
    PushState,
    Receipt,
)
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.sql import open_work, written

T = TypeVar("T")

NOW = FakeClock().now()
MINUTE = timedelta(minutes=1)
PHONE = "+8619900000001"
PUSH = Push(PushKind.RECOVERED, ("139****5678", "01234567"), phone=PHONE)


async def do(engine: AsyncEngine, verb: Callable[[PushStore], Awaitable[T]]) -> T:
    """Do one thing in a transaction of its own, as workers do."""
    async with open_work(engine) as work:
        assert isinstance(work.pushes, SqlPushes)
        result = await verb(work.pushes)
        await work.commit()
    return result


async def claimed(engine: AsyncEngine, *, minutes: float = 0) -> PushClaim | None:
    found = await do(engine, lambda pushes: pushes.claim(now=NOW + minutes * MINUTE))
    return found[0] if found else None


async def ours(engine: AsyncEngine, *, minutes: float = 0) -> PushClaim:
    claim = await claimed(engine, minutes=minutes)
    assert claim is not None
    return claim


async def state(engine: AsyncEngine) -> tuple[str, str]:
    async with engine.connect() as connection:
        [row] = await connection.execute(select(PushRow.state, PushRow.reason))
    return row.state, row.reason


@pytest.fixture(autouse=True)
async def _one_push(engine: AsyncEngine) -> None:
    await do(engine, lambda pushes: pushes.add(PUSH, at=NOW))


async def test_a_push_comes_back_as_it_was_written_down(engine: AsyncEngine) -> None:
    claim = await ours(engine)
    assert (claim.attempts, claim.strikes, claim.left) == (1, 1, False)
    push = claim.push()
    assert push == PUSH
    assert "01234567" not in repr(push)
    assert "01234567" not in repr(claim)
    assert PHONE not in repr(push)


async def test_whom_it_goes_to_and_what_it_says_lie_sealed(engine: AsyncEngine) -> None:
    kept = await written(engine)
    assert b"recovered" in kept
    assert b"01234567" not in kept
    assert PHONE.removeprefix("+86").encode() not in kept


async def test_of_many_workers_each_gets_another_push(engine: AsyncEngine) -> None:
    for _ in range(19):
        await do(engine, lambda pushes: pushes.add(PUSH, at=NOW))
    lanes = [asyncio.create_task(_all_of(engine)) for _ in range(5)]
    found = [push_id for lane in await asyncio.gather(*lanes) for push_id in lane]
    assert len(found) == len(set(found)) == 20


async def _all_of(engine: AsyncEngine) -> list[int]:
    found = []
    while claim := await claimed(engine):
        found.append(claim.id)
        await asyncio.sleep(0)
    return found


async def test_the_one_that_is_due_longest_comes_first(engine: AsyncEngine) -> None:
    earlier = Push(PushKind.PHONE_CHANGED, ("x",), phone="+8619900000002")
    await do(engine, lambda pushes: pushes.add(earlier, at=NOW - MINUTE))
    first = await ours(engine)
    assert first.push() == earlier
    assert await claimed(engine, minutes=-2) is None


async def test_a_dead_workers_push_is_taken_over_when_its_lease_ends(engine: AsyncEngine) -> None:
    first = await ours(engine)
    assert await claimed(engine, minutes=(LEASE - timedelta(seconds=1)) / MINUTE) is None
    again = await ours(engine, minutes=LEASE / MINUTE)
    assert (again.id, again.attempts, again.strikes) == (first.id, 2, 2)


async def test_whoever_comes_back_after_their_lease_can_neither_send_nor_end_it(
    engine: AsyncEngine,
) -> None:
    late = await ours(engine)
    after = NOW + LEASE
    assert not await do(engine, lambda pushes: pushes.leave(late, Channel.SMS, now=after))
    await ours(engine, minutes=LEASE / MINUTE)
    assert not await do(engine, lambda pushes: pushes.leave(late, Channel.SMS, now=NOW))
    assert not await do(engine, lambda pushes: pushes.settle(late, PushState.SENT, now=after))
    await do(engine, lambda pushes: pushes.put_off(late, until=NOW, reason=""))
    assert await claimed(engine, minutes=LEASE / MINUTE) is None


async def test_a_push_that_was_about_to_leave_says_so_to_whoever_takes_it_over(
    engine: AsyncEngine,
) -> None:
    claim = await ours(engine)
    assert await do(engine, lambda pushes: pushes.leave(claim, Channel.SMS, now=NOW))
    assert not await do(engine, lambda pushes: pushes.leave(claim, Channel.SMS, now=NOW))
    assert (await ours(engine, minutes=1)).left


async def test_what_was_refused_has_not_left(engine: AsyncEngine) -> None:
    claim = await ours(engine)
    await do(engine, lambda pushes: pushes.leave(claim, Channel.WECHAT, now=NOW))
    await do(engine, lambda pushes: pushes.stay(claim))
    assert await do(engine, lambda pushes: pushes.leave(claim, Channel.SMS, now=NOW))


async def test_what_is_put_off_is_due_then_and_foreseen_failures_are_no_strikes(
    engine: AsyncEngine,
) -> None:
    first = await ours(engine)
    until = NOW + MINUTE
    await do(engine, lambda pushes: pushes.put_off(first, until=until, reason="silent"))
    assert await state(engine) == ("waiting", "silent")
    assert await claimed(engine, minutes=0.9) is None
    second = await ours(engine, minutes=1)
    assert (second.attempts, second.strikes) == (2, 1)
    await do(
        engine,
        lambda pushes: pushes.put_off(second, until=until, reason="KeyError", foreseen=False),
    )
    assert (await ours(engine, minutes=1)).strikes == 2


async def test_nothing_is_put_off_beyond_its_end(engine: AsyncEngine) -> None:
    claim = await ours(engine)
    far = NOW + 2 * PUSH_LIFE
    await do(engine, lambda pushes: pushes.put_off(claim, until=far, reason=""))
    assert await claimed(engine, minutes=PUSH_LIFE / MINUTE) is not None


@pytest.mark.parametrize("ended", [PushState.SENT, PushState.FAILED])
async def test_what_has_ended_is_never_claimed_again_and_its_words_are_forgotten(
    engine: AsyncEngine, ended: PushState
) -> None:
    claim = await ours(engine)
    assert await do(engine, lambda pushes: pushes.settle(claim, ended, now=NOW, reason="why"))
    assert await state(engine) == (ended, "why")
    assert await claimed(engine, minutes=600) is None
    async with engine.connect() as connection:
        [row] = await connection.execute(select(PushRow.told, PushRow.phone))
    assert row == (None, None)


async def test_a_state_that_may_not_follow_does_not(engine: AsyncEngine) -> None:
    claim = await ours(engine)
    assert await do(engine, lambda pushes: pushes.settle(claim, PushState.EXPIRED, now=NOW))
    assert not await do(engine, lambda pushes: pushes.settle(claim, PushState.SENT, now=NOW))
    assert (await state(engine))[0] == "expired"


async def test_a_sender_thought_dead_may_still_say_that_it_was_sent(engine: AsyncEngine) -> None:
    late = await ours(engine)
    await do(engine, lambda pushes: pushes.leave(late, Channel.SMS, now=NOW))
    heir = await ours(engine, minutes=1)
    await do(engine, lambda pushes: pushes.settle(heir, PushState.UNSURE, now=NOW + MINUTE))
    assert await do(engine, lambda pushes: pushes.settle(late, PushState.SENT, now=NOW + MINUTE))
    assert (await state(engine))[0] == "sent"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, PushState.EXPIRED),
        (PushState.PARKED, PushState.EXPIRED),
        (PushState.UNSURE, PushState.UNSURE),
        (PushState.SENT, PushState.SENT),
    ],
)
async def test_after_three_days_every_push_has_ended_and_nothing_of_it_is_known(
    engine: AsyncEngine, before: PushState | None, after: PushState
) -> None:
    if before is not None:
        claim = await ours(engine)
        await do(engine, lambda pushes: pushes.settle(claim, before, now=NOW))
    await do(engine, lambda pushes: pushes.expire(now=NOW + PUSH_LIFE - MINUTE))
    assert (await state(engine))[0] == (before or PushState.WAITING)
    await do(engine, lambda pushes: pushes.expire(now=NOW + PUSH_LIFE))
    assert (await state(engine))[0] == after
    assert await do(engine, lambda pushes: pushes.expire(now=NOW + PUSH_LIFE)) == 0


async def test_what_was_about_to_leave_at_its_end_is_unsure(engine: AsyncEngine) -> None:
    claim = await ours(engine)
    await do(engine, lambda pushes: pushes.leave(claim, Channel.SMS, now=NOW))
    assert await do(engine, lambda pushes: pushes.expire(now=NOW + PUSH_LIFE)) == 1
    assert (await state(engine))[0] == "unsure"


@pytest.mark.parametrize("aside", [PushState.PARKED, PushState.UNSURE])
async def test_a_person_sees_what_was_set_aside_and_may_have_it_sent_again(
    engine: AsyncEngine, aside: PushState
) -> None:
    assert await do(engine, lambda pushes: pushes.set_aside()) == []
    claim = await ours(engine)
    await do(engine, lambda pushes: pushes.settle(claim, aside, now=NOW, reason="why"))
    [one] = await do(engine, lambda pushes: pushes.set_aside())
    assert (one.id, one.kind, one.state, one.reason) == (claim.id, "recovered", aside, "why")
    late = NOW + PUSH_LIFE - MINUTE
    assert await do(engine, lambda pushes: pushes.retry(claim.id, now=late))
    assert not await do(engine, lambda pushes: pushes.retry(claim.id, now=late))
    [again] = await do(engine, lambda pushes: pushes.claim(now=late))
    assert again == PushClaim(claim.id, 2, 1, left=False, push=claim.push)
    assert again.push() == PUSH
    assert await do(engine, lambda pushes: pushes.expire(now=NOW + PUSH_LIFE + MINUTE)) == 0


async def test_what_waits_and_what_is_parked_is_counted(engine: AsyncEngine) -> None:
    waiting, parked = PushState.WAITING, PushState.PARKED
    assert await do(engine, lambda pushes: pushes.tally()) == {waiting: 1, parked: 0}
    claim = await ours(engine)
    await do(engine, lambda pushes: pushes.settle(claim, parked, now=NOW))
    assert await do(engine, lambda pushes: pushes.tally()) == {waiting: 0, parked: 1}


async def test_ended_pushes_are_dropped_and_others_are_not(engine: AsyncEngine) -> None:
    claim = await ours(engine)
    after = NOW + timedelta(days=30)
    assert await do(engine, lambda pushes: pushes.forget(before=after)) == 0
    await do(engine, lambda pushes: pushes.settle(claim, PushState.SENT, now=NOW))
    assert await do(engine, lambda pushes: pushes.forget(before=NOW)) == 0
    assert await do(engine, lambda pushes: pushes.forget(before=after)) == 1


async def test_a_chat_is_told_by_its_openid(engine: AsyncEngine) -> None:
    to_chat = Push(PushKind.LATE_ANSWER, ("好了",), openid=OpenId("o" * 28), topic="t")
    await do(engine, lambda pushes: pushes.add(to_chat, at=NOW - MINUTE))
    claim = await ours(engine)
    assert claim.push() == to_chat


ALICE, BOB = OpenId("oTestAlice000000000000000001"), OpenId("oTestBob00000000000000000002")
CASE = Push(PushKind.CASE, ("资格申请", "AN-1", "已受理"), openid=ALICE, topic="one")


async def _left(engine: AsyncEngine, receipt: str) -> PushClaim:
    claim = await ours(engine)
    sent = PushState.SENT
    assert await do(engine, lambda one: one.settle(claim, sent, now=NOW, receipt=receipt))
    return claim


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_receipt_says_what_became_of_the_one_it_is_about(
    engine: AsyncEngine, *, arrived: bool
) -> None:
    await _left(engine, "n7")
    other, receipt = (Receipt((key,), arrived, "user block") for key in ("n8", "n7"))
    assert not await do(engine, lambda pushes: pushes.confirm(other, now=NOW))
    assert await do(engine, lambda pushes: pushes.confirm(receipt, now=NOW))
    assert await state(engine) == (("delivered", "") if arrived else ("failed", "user block"))
    assert not await do(engine, lambda pushes: pushes.confirm(receipt, now=NOW))


async def test_of_several_that_are_known_by_the_same_the_first_has_arrived(
    engine: AsyncEngine,
) -> None:
    await do(engine, lambda pushes: pushes.add(PUSH, at=NOW))
    first = await _left(engine, "t1")
    await _left(engine, "t1")
    receipt = Receipt(("n9", "t1"), arrived=True)
    assert await do(engine, lambda pushes: pushes.confirm(receipt, now=NOW))
    async with engine.connect() as connection:
        rows = await connection.execute(select(PushRow.serial, PushRow.state))
        assert {row.serial for row in rows if row.state == "delivered"} == {first.id}


async def _tried(engine: AsyncEngine, *pushes: Push) -> None:
    """Write some down that have to wait, in the place of the one that is there."""
    await ours(engine)
    for push in pushes:
        async with open_work(engine) as work:
            await work.pushes.add(push, at=NOW)
            await work.commit()
        claim = await ours(engine)
        async with open_work(engine) as work:
            await work.pushes.put_off(claim, until=NOW + 60 * MINUTE, reason="closed")
            await work.commit()


async def test_what_waits_for_a_citizen_is_taken_once_oldest_first(engine: AsyncEngine) -> None:
    second = replace(CASE, topic="two", values=("a", "b", "c"))
    await _tried(engine, CASE, second, replace(CASE, openid=BOB))
    taken = await do(engine, lambda one: one.take_for(ALICE, now=NOW, most=1))
    assert taken == [CASE]
    taken = await do(engine, lambda one: one.take_for(ALICE, now=NOW, most=9))
    assert taken == [second]
    assert await do(engine, lambda one: one.take_for(ALICE, now=NOW, most=9)) == []
    ways = await do(engine, lambda one: one.ways())
    assert ways == {(Channel.REPLY, PushState.SENT): 2}


async def test_what_an_account_waits_for_is_taken_by_who_is_signed_in(
    engine: AsyncEngine,
) -> None:
    async with open_work(engine) as work:
        account = await work.accounts.add(phone=PHONE, at=NOW)
        assert account is not None
        await work.accounts.link(ALICE, account.id, NOW)
        await work.commit()
    push = Push(PushKind.PLAN_OPENS, ("计划", "今天"), account=account.id, topic="plan")
    await _tried(engine, push)
    assert await do(engine, lambda one: one.take_for(BOB, now=NOW, most=9)) == []
    assert await do(engine, lambda one: one.take_for(ALICE, now=NOW, most=9)) == [push]


async def test_nobody_takes_what_is_being_sent_what_was_never_tried_or_what_is_over(
    engine: AsyncEngine,
) -> None:
    kept = Push(PushKind.REGISTERED, ("a", "b", "c"), openid=ALICE)
    late = replace(CASE, topic="late")
    await _tried(engine, kept, late)
    await do(engine, lambda one: one.add(CASE, at=NOW))
    assert await do(engine, lambda one: one.take_for(ALICE, now=NOW + PUSH_LIFE, most=9)) == []
    claim = await ours(engine)
    assert claim.push() == CASE
    assert await do(engine, lambda one: one.take_for(ALICE, now=NOW, most=9)) == [late]


async def test_a_push_may_end_before_its_life_does(engine: AsyncEngine) -> None:
    await do(engine, lambda one: one.add(CASE, at=NOW, until=NOW + MINUTE))
    assert await do(engine, lambda one: one.expire(now=NOW + MINUTE)) == 1


async def test_several_are_begun_in_one_step_and_the_one_who_dies_over_them_loses_none(
    engine: AsyncEngine,
) -> None:
    for _ in range(3):
        await do(engine, lambda pushes: pushes.add(PUSH, at=NOW))
    first = await do(engine, lambda pushes: pushes.claim(now=NOW, most=3))
    second = await do(engine, lambda pushes: pushes.claim(now=NOW, most=3))
    assert (len(first), len(second)) == (3, 1)
    assert [one.id for one in first] == sorted(one.id for one in first)
    assert not {one.id for one in first} & {one.id for one in second}
    assert {one.push() for one in (*first, *second)} == {PUSH}
    again = await do(engine, lambda pushes: pushes.claim(now=NOW + 2 * LEASE, most=9))
    assert [one.attempts for one in again] == [2] * 4
