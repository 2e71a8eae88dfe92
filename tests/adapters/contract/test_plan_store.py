from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.plans import PlanCache, SqlPlans
from adapters.sql.registrations import SqlRegistrations
from domain.filings.model import UnitType
from domain.plans.model import PlanBook
from domain.plans.service import PlanStore
from domain.registrations.service import RegistrationStore
from tests.support.allotment import (
    NOW,
    MemoryPlans,
    MemoryRegistrations,
    a_plan,
    a_project,
    a_registration,
    a_unit,
)
from tests.support.allotment_sql import keep_plans
from tests.support.sql import CIPHER, DATABASES, fresh_engine

PLANS = [a_plan(limit=2), a_plan("coming", opens=6)]
PROJECTS = [a_project("second"), a_project("first")]
UNITS = [a_unit("two", "second"), a_unit("one", "second", UnitType.ONE)]
Stores = tuple[PlanStore, RegistrationStore]


@pytest.fixture(params=["memory", *DATABASES])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "memory":
        registrations = MemoryRegistrations()
        yield MemoryPlans(PlanBook.of(PLANS, PROJECTS, UNITS), registrations), registrations
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        await keep_plans(session, PLANS, PROJECTS, UNITS)
        yield SqlPlans(session, PlanCache()), SqlRegistrations(session)
        await session.close()


async def test_the_book_holds_everything_as_it_was_kept(stores: Stores) -> None:
    """Source: S0-31, S0-32, S0-35."""
    book = await stores[0].book()
    assert book == PlanBook.of(PLANS, PROJECTS, UNITS)
    assert [project.id for project in book.projects("plan")] == ["second", "first"]
    assert [unit.id for unit in book.units("second")] == ["two", "one"]


async def test_live_registrations_are_counted_by_unit(stores: Stores) -> None:
    """Source: Q-10."""
    plans, registrations = stores
    for number, unit in (("1", UNITS[0]), ("2", UNITS[0]), ("3", UNITS[1])):
        row = a_registration(number, unit=unit, family_id=number)
        assert await registrations.add(row, limit=None)
    assert await registrations.cancel(["1"], NOW)
    assert await plans.counts(NOW) == {"two": 1, "one": 1}


async def test_a_count_is_never_older_than_a_second(stores: Stores) -> None:
    plans, registrations = stores
    assert await plans.counts(NOW) == {}
    assert await registrations.add(a_registration(unit=UNITS[0]), limit=None)
    assert await plans.counts(NOW + timedelta(seconds=1)) == {"two": 1}
