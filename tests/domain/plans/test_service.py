import pytest

from domain.filings.model import UnitType
from domain.plans.model import ProjectNotFoundError
from domain.plans.service import PlanService
from tests.support.allotment import AllotmentWork, a_book, a_registration, a_unit
from tests.support.clock import FakeClock

ONE, TWO = a_unit("one", unit_type=UnitType.ONE), a_unit("two")


async def a_crowd() -> PlanService:
    """Return a service over two live registrations of one unit, one of the other."""
    work = AllotmentWork(a_book(units=[ONE, TWO]))
    for number, family_id, unit in (("1", "a", TWO), ("2", "b", TWO), ("3", "b", ONE)):
        row = a_registration(number, unit=unit, family_id=family_id)
        assert await work.registrations.add(row, limit=None)
    return PlanService(work, FakeClock())


async def test_a_unit_tells_how_many_families_registered_for_it() -> None:
    """Source: Q-10."""
    plans = await a_crowd()
    assert [await plans.registered(unit.id) for unit in (ONE, TWO)] == [1, 2]


async def test_nobody_has_registered_for_a_unit_that_we_do_not_know() -> None:
    assert await (await a_crowd()).registered("nowhere") == 0


async def test_a_project_counts_all_its_units_together() -> None:
    """Source: Q-10."""
    assert await (await a_crowd()).registered_in("project") == 3


async def test_an_unknown_project_is_not_counted_but_missed() -> None:
    plans = await a_crowd()
    with pytest.raises(ProjectNotFoundError):
        await plans.registered_in("nowhere")


async def test_browsing_leaves_no_trace() -> None:
    work = AllotmentWork()
    plans = PlanService(work, FakeClock())
    assert (await plans.book()).plan("plan")
    assert await plans.registered("unit") == 0
    assert work.acts.rows == []
    assert work.consents.rows == []
