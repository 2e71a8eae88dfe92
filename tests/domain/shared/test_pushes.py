"""When pushes leave, by which way, and what may become of them. Source: S0-71, S0-72."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared import pushes
from domain.shared.clock import china_time
from domain.shared.pushes import (
    ALLOWED,
    LEASE,
    MANNERS,
    PUSH_LIFE,
    Channel,
    Manner,
    Push,
    PushKind,
    PushState,
    day_begins,
    retry_at,
)
from domain.shared.records import OpenId

NOW = datetime(2026, 3, 11, 4, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds)
WAITING, SENT, DELIVERED, UNSURE, FAILED, EXPIRED, PARKED = PushState

STEPS = {
    (WAITING, SENT),
    (WAITING, UNSURE),
    (WAITING, FAILED),
    (WAITING, EXPIRED),
    (WAITING, PARKED),
    (SENT, DELIVERED),
    (SENT, FAILED),
    (UNSURE, SENT),
    (UNSURE, DELIVERED),
    (UNSURE, FAILED),
    (UNSURE, WAITING),
    (PARKED, WAITING),
    (PARKED, EXPIRED),
}


@pytest.mark.parametrize(("before", "after"), list(product(PushState, repeat=2)))
def test_a_push_goes_from_state_to_state_as_the_table_allows(
    before: PushState, after: PushState
) -> None:
    assert (after in ALLOWED[before]) == ((before, after) in STEPS)


def test_what_has_arrived_failed_or_expired_never_leaves_again() -> None:
    reachable = {DELIVERED, FAILED, EXPIRED}
    for _ in PushState:
        reachable |= {after for before in reachable for after in ALLOWED[before]}
    assert WAITING not in reachable


def test_it_is_tried_again_after_a_minute_then_after_twice_as_long_up_to_an_hour() -> None:
    waits = [retry_at(attempts, NOW) - NOW for attempts in range(1, 9)]
    assert [wait / timedelta(minutes=1) for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert retry_at(10**6, NOW) - NOW == timedelta(hours=1)


@given(MOMENTS)
def test_nobody_is_disturbed_between_nine_in_the_evening_and_eight_in_the_morning(
    now: datetime,
) -> None:
    begins = day_begins(now)
    quiet = not 8 <= china_time(now).hour < 21
    assert (begins > now) == quiet
    if quiet:
        assert begins - now <= timedelta(hours=11)
        assert china_time(begins).strftime("%H:%M:%S") == "08:00:00"
        assert day_begins(begins) == begins


BY_BOTH = Push(PushKind.RECOVERED, ("x", "y"), openid=OpenId("o" * 28), phone="+8619900000001")
NIGHT = NOW.replace(hour=15)


WECHAT, AGREED, TEMPLATE, SMS = (
    Channel.WECHAT,
    Channel.SUBSCRIPTION,
    Channel.TEMPLATE,
    Channel.SMS,
)
WAYS = {
    PushKind.PHONE_CHANGED: (WECHAT, SMS),
    PushKind.RECOVERED: (WECHAT, SMS),
    PushKind.RESTED: (WECHAT, SMS),
    PushKind.LATE_ANSWER: (WECHAT,),
    # The chat has said it already: words there would only say it again.
    PushKind.REGISTERED: (AGREED, TEMPLATE, SMS),
    PushKind.CANCELLED: (AGREED, TEMPLATE, SMS),
    PushKind.PLAN_OPENS: (WECHAT, AGREED, TEMPLATE),
    PushKind.PLAN_CLOSES: (WECHAT, AGREED, TEMPLATE),
    PushKind.DRAFT_LEFT: (WECHAT, AGREED, TEMPLATE),
    PushKind.CASE: (WECHAT, AGREED, TEMPLATE, SMS),
    PushKind.FROM_DESK: (WECHAT,),
    PushKind.ANSWERED: (AGREED, TEMPLATE, SMS),
    PushKind.COME_BACK: (WECHAT, SMS),
}


@pytest.mark.parametrize("kind", PushKind)
def test_the_chat_comes_first_then_cards_and_an_sms_for_what_is_worth_one(kind: PushKind) -> None:
    push = Push(kind, ("x",), openid=OpenId("o" * 28), phone="+8619900000001")
    assert push.may_leave_by(NOW) == WAYS[kind]


@given(kind=st.sampled_from(PushKind), now=MOMENTS, has_chat=st.booleans(), has_phone=st.booleans())
def test_by_night_only_warnings_and_answers_leave_and_never_by_a_way_that_leads_nowhere(
    kind: PushKind, now: datetime, *, has_chat: bool, has_phone: bool
) -> None:
    push = Push(
        kind,
        ("x",),
        openid=OpenId("o" * 28) if has_chat else None,
        phone="+8619900000001" if has_phone else None,
    )
    ways = push.may_leave_by(now)
    if day_begins(now) > now and not MANNERS[kind].by_night:
        assert ways == ()
    assert has_phone or SMS not in ways
    assert has_chat or set(ways) <= {SMS}
    assert set(ways) <= set(WAYS[kind])


def test_whoever_has_no_phone_or_no_chat_is_told_by_the_other() -> None:
    to_phone = Push(PushKind.RECOVERED, ("x", "y"), phone="+8619900000001")
    to_chat = Push(PushKind.RECOVERED, ("x",), openid=OpenId("o" * 28))
    assert to_phone.may_leave_by(NOW) == (Channel.SMS,)
    assert to_chat.may_leave_by(NOW) == (Channel.WECHAT,)


def test_at_night_only_what_cannot_wait_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BY_BOTH.may_leave_by(NIGHT) == (Channel.WECHAT, Channel.SMS)
    by_day = {PushKind.RECOVERED: Manner(PUSH_LIFE, by_night=False, by_sms=True, as_card=False)}
    monkeypatch.setattr(pushes, "MANNERS", by_day)
    assert BY_BOTH.may_leave_by(NIGHT) == ()
    assert BY_BOTH.may_leave_by(NOW) == (Channel.WECHAT, Channel.SMS)


@pytest.mark.parametrize("kind", PushKind)
def test_no_card_leaves_at_midnight_when_clocks_differ_over_the_day(kind: PushKind) -> None:
    assert not (MANNERS[kind].as_card and MANNERS[kind].by_night)


@pytest.mark.parametrize("kind", PushKind)
def test_every_kind_ends_within_three_days(kind: PushKind) -> None:
    assert timedelta(0) < MANNERS[kind].lives <= PUSH_LIFE == timedelta(hours=72)


def test_a_dead_workers_push_is_free_again_in_time_for_somebody_to_take_it_within_30_s() -> None:
    looked_for_every = timedelta(seconds=5)
    assert LEASE + looked_for_every < timedelta(seconds=30)
