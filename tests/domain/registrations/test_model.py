from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.filings.model import FamilyCancelledError, FamilyState, UnitType
from domain.plans.model import PlanState
from domain.registrations.model import (
    ALLOWED,
    AlreadyCancelledError,
    AlreadyRegisteredError,
    CancelTooLateError,
    PlanClosedError,
    PlanLimitError,
    PlanNotOpenError,
    RegistrationState,
    UnitTypeMismatchError,
    is_registration_number,
    may_cancel,
    registration_number,
    screen,
    screen_cancel,
)
from domain.shared.errors import DomainError
from tests.support.allotment import NOW, a_family, a_plan, a_registration, a_unit

DAYS = st.dates(datetime(2020, 1, 1).date(), datetime(2099, 12, 31).date())  # noqa: DTZ001 (days)
SERIALS = st.text("0123456789", min_size=6, max_size=6)
NUMBERS = st.builds(registration_number, DAYS.map(lambda day: f"{day:%Y%m%d}"), SERIALS)


def verdict(
    *, days: float, filed: set[UnitType], live: list[str], limit: int | None, valid: bool
) -> type[DomainError] | None:
    """Return the class of the error that screening a wish for a two-room unit ends in."""
    plan, unit = a_plan(limit=limit), a_unit()
    state = FamilyState.VALID if valid else FamilyState.CANCELLED
    family = a_family(unit_types=tuple(sorted(filed)), state=state)
    held = [a_registration(str(n), unit=a_unit(unit_id)) for n, unit_id in enumerate(live)]
    try:
        screen(unit, plan, family, held, NOW + timedelta(days=days))
    except DomainError as error:
        return type(error)
    return None


@given(
    days=st.floats(-30, 30),
    filed=st.sets(st.sampled_from(UnitType)),
    live=st.lists(st.sampled_from(["unit", "other", "third"]), unique=True),
    limit=st.none() | st.integers(1, 3),
    valid=st.booleans(),
)
def test_every_wish_meets_exactly_the_first_rule_that_forbids_it(
    *, days: float, filed: set[UnitType], live: list[str], limit: int | None, valid: bool
) -> None:
    """Source: S0-37, S0-39, S0-47, S0-50, Q-01."""
    state = a_plan().state_at(NOW + timedelta(days=days))
    rules = [
        ("unit" in live, AlreadyRegisteredError),
        (state is PlanState.COMING, PlanNotOpenError),
        (state is PlanState.CLOSED, PlanClosedError),
        (not valid, FamilyCancelledError),
        (UnitType.TWO not in filed, UnitTypeMismatchError),
        (limit is not None and len(live) >= limit, PlanLimitError),
    ]
    expected = next((error for forbids, error in rules if forbids), None)
    got = verdict(days=days, filed=filed, live=live, limit=limit, valid=valid)
    assert got is expected


def test_a_refusal_carries_what_the_citizen_must_know() -> None:
    plan, unit, family = a_plan(limit=1), a_unit(), a_family(unit_types=(UnitType.ONE,))
    with pytest.raises(PlanNotOpenError) as early:
        screen(unit, plan, family, [], plan.opens_at - timedelta(seconds=1))
    with pytest.raises(PlanClosedError) as late:
        screen(unit, plan, family, [], plan.closes_at)
    with pytest.raises(UnitTypeMismatchError) as mismatch:
        screen(unit, plan, family, [], NOW)
    with pytest.raises(AlreadyRegisteredError) as twice:
        screen(unit, plan, family, [a_registration("DJ1")], NOW)
    with pytest.raises(PlanLimitError) as enough:
        screen(unit, plan, a_family(), [a_registration(unit=a_unit("other"))], NOW)
    assert early.value.opens_at == plan.opens_at
    assert late.value.closes_at == plan.closes_at
    assert (mismatch.value.filed, mismatch.value.wanted) == ((UnitType.ONE,), UnitType.TWO)
    assert twice.value.number == "DJ1"
    assert enough.value.limit == 1


def test_registrations_in_other_plans_do_not_use_up_the_limit() -> None:
    """Source: Q-01."""
    elsewhere = a_registration(unit=a_unit("other"), plan_id="other")
    screen(a_unit(), a_plan(limit=1), a_family(), [elsewhere], NOW)


@pytest.mark.parametrize(("old", "new"), list(product(RegistrationState, repeat=2)))
def test_only_a_live_registration_may_become_cancelled(
    old: RegistrationState, new: RegistrationState
) -> None:
    """Source: S0-58."""
    allowed = (old, new) == (RegistrationState.REGISTERED, RegistrationState.CANCELLED)
    assert (new in ALLOWED[old]) is allowed


@given(days=st.floats(-30, 30), state=st.sampled_from(RegistrationState))
def test_a_family_may_cancel_a_live_registration_until_the_plan_closes(
    days: float, state: RegistrationState
) -> None:
    """Source: S0-58, Q-06."""
    plan, now = a_plan(), NOW + timedelta(days=days)
    registration = a_registration(state=state)
    expected = state is RegistrationState.REGISTERED and now < plan.closes_at
    assert may_cancel(registration, plan, now) is expected


def test_a_refused_cancellation_says_why() -> None:
    plan = a_plan()
    with pytest.raises(AlreadyCancelledError) as already:
        screen_cancel(a_registration("DJ1", state=RegistrationState.CANCELLED), plan, NOW)
    with pytest.raises(CancelTooLateError) as late:
        screen_cancel(a_registration("DJ2"), plan, plan.closes_at)
    assert already.value.number == "DJ1"
    assert (late.value.number, late.value.closes_at) == ("DJ2", plan.closes_at)


@given(NUMBERS)
def test_a_number_that_was_made_is_recognised(number: str) -> None:
    """Source: S0-44."""
    assert len(number) == 17
    assert is_registration_number(number)


@given(number=NUMBERS, place=st.integers(2, 16), digit=st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_noticed(number: str, place: int, digit: str) -> None:
    changed = number[:place] + digit + number[place + 1 :]
    assert is_registration_number(changed) is (changed == number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DJ",
        "DJ20260311000001",
        "20260311000001750",
        "dj202603110000017",
        "DJ２０２６０３１１０００００１７５",
    ],
)
def test_what_is_not_shaped_like_a_number_is_none(text: str) -> None:
    assert not is_registration_number(text)
