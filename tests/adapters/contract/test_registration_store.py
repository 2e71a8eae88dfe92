from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.registrations import SqlRegistrations
from domain.registrations.model import Registration, RegistrationState
from domain.registrations.service import RegistrationStore
from tests.support.allotment import (
    NOW,
    MemoryRegistrations,
    a_plan,
    a_project,
    a_registration,
    a_unit,
)
from tests.support.allotment_sql import keep_plans
from tests.support.sql import CIPHER, DATABASES, fresh_engine

UNITS = [a_unit(unit_id) for unit_id in ("unit", "other", "third")]
ELSEWHERE = a_unit("elsewhere", "far")
LATER = NOW + timedelta(hours=1)
CODE = "01234567890123456789"


@pytest.fixture(params=["memory", *DATABASES])
async def registrations(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[RegistrationStore]:
    if request.param == "memory":
        yield MemoryRegistrations()
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        plans = [a_plan(), a_plan("next")]
        projects = [a_project(), a_project("far", plans[1])]
        await keep_plans(session, plans, projects, [*UNITS, ELSEWHERE])
        yield SqlRegistrations(session)
        await session.close()


def wishes(count: int) -> list[Registration]:
    """Return registrations of one family for different units, numbered from 1."""
    return [a_registration(str(n + 1), unit=UNITS[n]) for n in range(count)]


async def test_a_registration_comes_back_as_it_was_added(
    registrations: RegistrationStore,
) -> None:
    """Source: S0-44."""
    (wish,) = wishes(1)
    assert await registrations.add(wish, limit=None)
    assert await registrations.find("1") == wish
    assert await registrations.find("2") is None


async def test_a_family_has_one_live_registration_of_a_unit(
    registrations: RegistrationStore,
) -> None:
    """Source: S0-50."""
    (wish,) = wishes(1)
    assert await registrations.add(wish, limit=None)
    assert not await registrations.add(replace(wish, number="2"), limit=None)
    assert await registrations.add(replace(wish, number="3", family_id="else"), limit=None)
    assert await registrations.of_family("family") == [wish]


async def test_a_number_is_given_once(registrations: RegistrationStore) -> None:
    (wish,) = wishes(1)
    assert await registrations.add(wish, limit=None)
    assert not await registrations.add(replace(wish, family_id="else"), limit=None)
    assert await registrations.find("1") == wish


async def test_a_family_lists_its_own_newest_first(registrations: RegistrationStore) -> None:
    """Source: S0-51."""
    first, second = wishes(2)
    stranger = replace(first, number="9", family_id="else")
    for wish in (first, stranger, second):
        assert await registrations.add(wish, limit=None)
    assert await registrations.of_family("family") == [second, first]


async def test_a_plan_holds_as_many_of_a_family_as_its_limit(
    registrations: RegistrationStore,
) -> None:
    """Source: Q-01."""
    first, second, third = wishes(3)
    other_plan = a_registration("9", unit=ELSEWHERE, plan_id="next")
    assert await registrations.add(first, limit=2)
    assert await registrations.add(other_plan, limit=2)
    assert await registrations.add(second, limit=2)
    assert not await registrations.add(third, limit=2)
    assert await registrations.cancel([first.number], LATER)
    assert await registrations.add(third, limit=2)


async def test_cancelling_keeps_the_record_and_frees_the_unit(
    registrations: RegistrationStore,
) -> None:
    """Source: S0-58, S0-59."""
    (wish,) = wishes(1)
    assert await registrations.add(wish, limit=1)
    assert await registrations.cancel(["1"], LATER)
    cancelled = replace(wish, state=RegistrationState.CANCELLED, cancelled_at=LATER)
    again = replace(wish, number="2")
    assert await registrations.add(again, limit=1)
    assert await registrations.of_family("family") == [again, cancelled]


@pytest.mark.parametrize("numbers", [["1", "2"], ["2", "1"], ["1", "nowhere"]])
async def test_either_all_are_cancelled_or_none(
    registrations: RegistrationStore, numbers: list[str]
) -> None:
    """Source: S0-54."""
    first, second = wishes(2)
    assert await registrations.add(first, limit=None)
    assert await registrations.add(second, limit=None)
    assert await registrations.cancel(["2"], NOW)
    assert not await registrations.cancel(numbers, LATER)
    assert await registrations.find("1") == first
    kept = await registrations.find("2")
    assert kept is not None
    assert kept.cancelled_at == NOW


async def test_a_paper_is_found_by_the_code_it_carries(registrations: RegistrationStore) -> None:
    """Source: S0-48."""
    first, second, third = wishes(3)
    first, second = replace(first, check_code=CODE), replace(second, check_code=CODE[::-1])
    for wish in (first, second, third):
        assert await registrations.add(wish, limit=None)
    assert await registrations.of_check_code(CODE) == first
    assert await registrations.cancel([first.number], LATER)
    found = await registrations.of_check_code(CODE)
    assert found is not None
    assert (found.number, found.live) == (first.number, False)
    assert await registrations.of_check_code("") is None
    assert await registrations.of_check_code("0" * 20) is None


async def test_a_check_code_is_given_once(registrations: RegistrationStore) -> None:
    first, second = (replace(wish, check_code=CODE) for wish in wishes(2))
    assert await registrations.add(first, limit=None)
    assert not await registrations.add(second, limit=None)
    assert await registrations.of_check_code(CODE) == first


async def test_registrations_without_a_code_stand_beside_each_other(
    registrations: RegistrationStore,
) -> None:
    for wish in wishes(2):
        assert await registrations.add(wish, limit=None)
    assert len(await registrations.of_family("family")) == 2
