from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.plans.model import (
    Countdown,
    Milestone,
    PlanBook,
    PlanId,
    PlanNotFoundError,
    PlanState,
    ProjectId,
    ProjectNotFoundError,
    UnitNotFoundError,
    countdown,
    monthly_rent,
)
from tests.support.allotment import NOW, a_book, a_plan, a_project, a_unit

PLAN = a_plan()
TICK = timedelta(microseconds=1)
MOMENTS = st.timedeltas(timedelta(days=-60), timedelta(days=60)).map(lambda away: NOW + away)
CENTS = st.decimals(Decimal("0.01"), Decimal(1000), places=2)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (PLAN.opens_at - TICK, PlanState.COMING),
        (PLAN.opens_at, PlanState.OPEN),
        (PLAN.closes_at - TICK, PlanState.OPEN),
        (PLAN.closes_at, PlanState.CLOSED),
    ],
)
def test_a_plan_is_open_from_its_opening_up_to_but_not_at_its_closing(
    moment: datetime, state: PlanState
) -> None:
    """Source: S0-39."""
    assert PLAN.state_at(moment) is state


@given(earlier=MOMENTS, later=MOMENTS)
def test_a_plan_never_goes_back_to_an_earlier_state(earlier: datetime, later: datetime) -> None:
    order = list(PlanState)
    first, second = sorted((earlier, later))
    assert order.index(PLAN.state_at(first)) <= order.index(PLAN.state_at(second))


@given(MOMENTS)
def test_a_countdown_ends_exactly_at_the_next_milestone(moment: datetime) -> None:
    """Source: Q-09."""
    to, left = countdown(PLAN, moment)
    match to:
        case Milestone.OPENS:
            assert left > timedelta(0)
            assert moment + left == PLAN.opens_at
        case Milestone.CLOSES:
            assert left > timedelta(0)
            assert moment + left == PLAN.closes_at
        case Milestone.CLOSED:
            assert moment >= PLAN.closes_at
            assert left == timedelta(0)


def test_a_countdown_of_an_open_plan_runs_to_its_closing() -> None:
    assert countdown(PLAN, NOW) == Countdown(Milestone.CLOSES, timedelta(days=4))


@pytest.mark.parametrize(
    ("area", "rate", "rent"),
    [("55", "47", "2585"), ("33.5", "47", "1575"), ("33.4", "45", "1503"), ("0.01", "30", "0")],
)
def test_a_month_costs_area_times_rate_rounded_half_up_to_the_yuan(
    area: str, rate: str, rent: str
) -> None:
    assert monthly_rent(Decimal(area), Decimal(rate)) == Decimal(rent)


@given(area=CENTS, rate=CENTS)
def test_a_rent_is_whole_yuan_within_half_a_yuan(area: Decimal, rate: Decimal) -> None:
    rent = monthly_rent(area, rate)
    assert rent == rent.to_integral_value()
    assert -Decimal("0.5") < rent - area * rate <= Decimal("0.5")


def test_a_book_lists_plans_with_the_newest_opening_first() -> None:
    """Source: S0-31."""
    plans = [a_plan("old", opens=-40), a_plan("coming", opens=6), a_plan("open")]
    assert [plan.id for plan in PlanBook.of(plans, [], []).plans()] == ["coming", "open", "old"]


def test_a_book_finds_what_it_holds_by_every_road() -> None:
    """Source: S0-32, S0-35, S0-61."""
    plan, project, unit = a_plan(), a_project(), a_unit()
    other = replace(a_project("other"), scene="elsewhere")
    book = PlanBook.of([plan], [project, other], [unit])
    assert book.plan(plan.id) == plan
    assert book.projects(plan.id) == (project, other)
    assert book.project(project.id) == book.project_by_scene(project.scene) == project
    assert book.units(project.id) == (unit,)
    assert book.units(other.id) == ()
    assert book.unit(unit.id) == unit


def test_a_plan_without_projects_has_an_empty_list() -> None:
    assert a_book(a_plan(), None, a_plan("empty")).projects("empty") == ()


def test_what_a_book_does_not_hold_is_not_found() -> None:
    book = a_book()
    for look, error in (
        (book.plan, PlanNotFoundError),
        (book.projects, PlanNotFoundError),
        (book.project, ProjectNotFoundError),
        (book.units, ProjectNotFoundError),
        (book.project_by_scene, ProjectNotFoundError),
        (book.unit, UnitNotFoundError),
    ):
        with pytest.raises(error):
            look("nowhere")


def test_a_book_refuses_projects_and_units_that_hang_in_the_air() -> None:
    with pytest.raises(PlanNotFoundError):
        PlanBook.of([], [a_project()], [])
    with pytest.raises(ProjectNotFoundError):
        PlanBook.of([a_plan()], [], [a_unit()])


def test_a_book_keeps_its_own_copy_of_what_it_was_made_from() -> None:
    plans, projects, units = [a_plan()], [a_project()], [a_unit()]
    book = PlanBook.of(plans, projects, units)
    plans.append(replace(a_plan("late"), id=PlanId("late")))
    projects.append(replace(a_project("late"), id=ProjectId("late")))
    units.clear()
    assert [plan.id for plan in book.plans()] == ["plan"]
    assert [project.id for project in book.projects("plan")] == ["project"]
    assert [unit.id for unit in book.units("project")] == ["unit"]
