"""What each role may, how long a session lasts, and what a login name is."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.officers.model import (
    RIGHTS,
    InvalidLoginError,
    Officer,
    OfficerId,
    OfficerSession,
    Right,
    Role,
    login_of,
    may,
)
from tests.support.clock import FakeClock

NOW = FakeClock().now()


def an_officer(*roles: Role) -> Officer:
    return Officer(OfficerId("o"), "wangyan", "王妍", frozenset(roles), NOW)


@pytest.mark.parametrize(("role", "right"), [*product(Role, Right)])
def test_a_role_gives_its_rights_and_no_others(role: Role, right: Right) -> None:
    assert may(an_officer(role), right) == (right in RIGHTS[role])
    assert not may(replace(an_officer(role), disabled=True), right)
    assert not may(an_officer(), right)


@given(st.sets(st.sampled_from(Role)), st.sampled_from(Right))
def test_several_roles_give_what_each_gives(roles: set[Role], right: Right) -> None:
    assert may(an_officer(*roles), right) == any(may(an_officer(role), right) for role in roles)


def test_whoever_gives_out_rights_handles_no_cases() -> None:
    cases = {Right.CASES, Right.FAMILIES, Right.REVEAL, Right.TALK, Right.EXPORT}
    assert not cases & RIGHTS[Role.ADMINISTRATOR]
    for role in set(Role) - {Role.ADMINISTRATOR}:
        assert Right.OFFICERS not in RIGHTS[role]


@given(st.integers(0, 12 * 60))
def test_a_session_ends_half_an_hour_after_its_use_and_twelve_after_its_beginning(
    minutes: int,
) -> None:
    used = NOW + timedelta(minutes=minutes)
    ends = OfficerSession("hash", OfficerId("o"), NOW, used).ends_at
    assert ends == min(used + timedelta(minutes=30), NOW + timedelta(hours=12))


@pytest.mark.parametrize("typed", ["wangyan", " WangYan ", "w2", "w.yan-2_x", "a" * 32])
def test_a_login_name_is_kept_small(typed: str) -> None:
    assert login_of(typed) == typed.strip().lower()


@pytest.mark.parametrize("typed", ["", "w", "2wang", "王妍", "wang yan", "a" * 33, "-wang", "w/2"])
def test_what_cannot_be_a_login_name_is_refused(typed: str) -> None:
    with pytest.raises(InvalidLoginError):
        login_of(typed)
