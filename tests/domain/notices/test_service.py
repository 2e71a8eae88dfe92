"""Whom a push goes to, and who is told of what."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.accounts.model import Account
from domain.filings.model import UnitType
from domain.notices.model import Choice, Topic, standard
from domain.notices.service import PAGE, SOON, Household, NoticeService, WatchedDraft
from domain.plans.model import PlanId
from domain.shared.pushes import Push, PushKind
from domain.shared.records import AccountId
from tests.support.allotment import NOW, a_book, a_plan
from tests.support.clock import FakeClock
from tests.support.notices import NoticesMemory
from tests.support.works import ALICE, BOB, PHONE

PLAN = a_plan()


@pytest.fixture
def clock() -> FakeClock:
    clock = FakeClock()
    clock.moment = NOW
    return clock


@pytest.fixture
def work() -> NoticesMemory:
    return NoticesMemory(a_book(PLAN))


@pytest.fixture
def service(work: NoticesMemory, clock: FakeClock) -> NoticeService:
    return NoticeService(work, clock)


@pytest.fixture
async def account(work: NoticesMemory) -> Account:
    account = await work.accounts.add(phone=PHONE, at=NOW)
    assert account is not None
    await work.accounts.link(ALICE, account.id, NOW)
    return account


def about(account: Account, kind: PushKind = PushKind.REGISTERED) -> Push:
    return Push(kind, ("x", "y", "z"), account=account.id)


async def test_a_push_goes_to_the_wechat_that_was_here_last_and_to_the_phone(
    service: NoticeService, work: NoticesMemory, account: Account
) -> None:
    await work.accounts.link(BOB, account.id, NOW + timedelta(hours=1))
    to_bob = replace(about(account), openid=BOB, phone=PHONE)
    assert await service.addressed(about(account)) == to_bob
    await work.accounts.touch(ALICE, account.id, NOW + timedelta(hours=2))
    assert await service.addressed(about(account)) == replace(to_bob, openid=ALICE)


@pytest.mark.parametrize("wechat", [True, False])
@pytest.mark.parametrize("sms", [True, False])
async def test_a_push_goes_only_where_the_citizen_wishes(
    service: NoticeService, account: Account, *, wechat: bool, sms: bool
) -> None:
    await service.choose(ALICE, account, Topic.REGISTRATION, Choice(wechat, sms))
    sent = await service.addressed(about(account))
    assert sent is not None
    assert (sent.openid, sent.phone) == (ALICE if wechat else None, PHONE if sms else None)
    other = await service.addressed(about(account, PushKind.CASE))
    assert other is not None
    assert (other.openid, other.phone) == (ALICE, PHONE)


async def test_whoever_has_signed_out_everywhere_is_told_by_phone(
    service: NoticeService, work: NoticesMemory, account: Account
) -> None:
    await work.accounts.unlink_all(account.id)
    sent = await service.addressed(about(account))
    assert sent is not None
    assert (sent.openid, sent.phone) == (None, PHONE)


async def test_nobody_is_told_of_a_closed_account(
    service: NoticeService, work: NoticesMemory, account: Account
) -> None:
    await work.accounts.close(account.id, keep_person=False)
    assert await service.addressed(about(account)) is None


async def test_what_already_says_whom_it_goes_to_stays_as_it_is(service: NoticeService) -> None:
    push = Push(PushKind.RESTED, ("x",), phone=PHONE)
    assert await service.addressed(push) is push


async def test_what_was_not_chosen_is_as_usual_and_a_choice_leaves_an_act(
    service: NoticeService, work: NoticesMemory, account: Account
) -> None:
    assert await service.choices(account) == {topic: standard(topic) for topic in Topic}
    await service.choose(ALICE, account, Topic.PLANS, Choice(wechat=False, sms=False))
    assert (await service.choices(account))[Topic.PLANS] == Choice(wechat=False, sms=False)
    [act] = work.acts.rows
    assert (act.tag, act.object_id) == ("notices:choice:set", account.id)


def household(number: int, *types: UnitType, registered: bool = False) -> Household:
    return Household(AccountId(f"account-{number:05}"), types, registered)


async def test_of_a_plan_only_those_are_told_who_may_take_something_and_have_not(
    service: NoticeService, work: NoticesMemory
) -> None:
    work.audience.rows = [
        household(1, UnitType.TWO),
        household(2, UnitType.ONE),
        household(3, UnitType.TWO, registered=True),
        household(4),
        household(5, UnitType.ONE, UnitType.TWO),
    ]
    assert await service.tell_of_plan(PushKind.PLAN_OPENS, PLAN, after="") == ""
    told = [one.account for one in work.outbox.pushes]
    assert told == ["account-00001", "account-00005"]
    assert {one.values[0] for one in work.outbox.pushes} == {PLAN.name}
    assert work.outbox.until == [PLAN.closes_at]


async def test_pages_follow_one_another_and_nobody_is_told_twice(
    service: NoticeService, work: NoticesMemory
) -> None:
    work.audience.rows = [household(number, UnitType.TWO) for number in range(2 * PAGE + 3)]
    for _ in range(2):
        after, pages = "", 0
        while pages == 0 or after:
            after = await service.tell_of_plan(PushKind.PLAN_OPENS, PLAN, after=after)
            pages += 1
        assert pages == 3
    assert len(work.outbox.pushes) == 2 * PAGE + 3
    await service.tell_of_plan(PushKind.PLAN_CLOSES, PLAN, after="")
    assert len(work.outbox.pushes) == 3 * PAGE + 3


def begun(at: datetime, closes_at: datetime = PLAN.closes_at) -> WatchedDraft:
    return WatchedDraft(AccountId("account-1"), PLAN.id, ALICE, "draft", at, closes_at)


async def test_a_draft_is_left_after_an_hour_where_its_plan_closes_within_a_day(
    service: NoticeService, work: NoticesMemory, account: Account, clock: FakeClock
) -> None:
    clock.moment = PLAN.closes_at - SOON - timedelta(minutes=1)
    await service.watch(ALICE, account, PLAN, "draft")
    assert await service.left_drafts() == []
    clock.moment += timedelta(minutes=59)
    assert await service.left_drafts() == []
    clock.moment += timedelta(minutes=1)
    [left] = await service.left_drafts()
    assert left.draft_id == "draft"
    clock.moment = PLAN.closes_at
    assert await service.left_drafts() == []
    await service.remind([left], still_open=[])
    assert work.drafts.rows == {}
    assert work.outbox.pushes == []


async def test_who_is_reminded_is_reminded_once(
    service: NoticeService, work: NoticesMemory, account: Account
) -> None:
    for _ in range(2):
        await service.watch(ALICE, account, PLAN, "draft")
        draft = work.drafts.rows[account.id, PlanId(PLAN.id)]
        await service.remind([draft], still_open=[draft])
    [push] = work.outbox.pushes
    assert (push.kind, push.account, push.topic) == (PushKind.DRAFT_LEFT, account.id, PLAN.id)
