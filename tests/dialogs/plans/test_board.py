"""The board of plans: the same words for everybody, for a second, and never too many."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialogs.engine.messages import Option, Start
from dialogs.plans.board import EVERY_TYPE, Board, board_of
from domain.filings.model import UnitType
from domain.plans.model import Plan, PlanBook, PlanKind
from tests.support.allotment import NOW, a_book, a_plan, a_project, a_unit

EARLIER = Option("更早的计划", start=Start("browse", {"past": "yes"}))


def plans(*, coming: int = 0, now_open: int = 0, over: int = 0) -> list[Plan]:
    """Return so many plans of each state, the newest of each first."""
    days = [5.0 + n for n in range(coming)][::-1] + [-1.0 - n / 100 for n in range(now_open)]
    days += [-20.0 - n for n in range(over)]
    return [a_plan(f"plan-{day}", opens=day) for day in days]


def board_with(*some: Plan) -> Board:
    return Board(PlanBook.of(some, [], []), NOW, {})


def values(options: tuple[Option, ...]) -> list[str]:
    return [option.value for option in options]


def test_open_plans_come_first_then_coming_ones_then_those_that_are_over() -> None:
    some = plans(coming=2, now_open=2, over=2)
    shown = board_with(*some).plans()
    assert values(shown) == [plan.id for plan in (*some[2:4], *some[:2], *some[4:])]
    assert "登记中" in shown[0].label
    assert "未开始" in shown[2].label
    assert "已截止" in shown[4].label


def test_a_special_plan_is_not_among_the_quick_ones() -> None:
    [plan] = plans(now_open=1)
    assert board_with(replace(plan, kind=PlanKind.SPECIAL)).plans() == ()


def test_what_may_be_registered_for_is_all_that_only_open_offers() -> None:
    some = plans(coming=1, now_open=2, over=1)
    assert values(board_with(*some).plans(only_open=True)) == [plan.id for plan in some[1:3]]


@pytest.mark.parametrize("over", [0, 7])
def test_a_page_of_plans_is_shown_whole(over: int) -> None:
    assert EARLIER not in board_with(*plans(now_open=1, over=over)).plans()


@pytest.mark.parametrize(("ahead", "kept"), [(1, 6), (6, 1), (7, 0), (20, 0)])
def test_years_of_plans_that_are_over_do_not_bury_the_others(ahead: int, kept: int) -> None:
    some = plans(now_open=ahead, over=200)
    shown = board_with(*some).plans()
    assert values(shown[:-1]) == [plan.id for plan in some[: ahead + kept]]
    assert shown[-1] == EARLIER


def test_all_that_are_over_are_still_to_be_seen() -> None:
    some = plans(now_open=1, over=200)
    assert values(board_with(*some).past()) == [plan.id for plan in some[1:]]


def test_a_project_without_a_unit_of_the_family_is_not_offered() -> None:
    board = Board(a_book(), NOW, {})
    [unit] = a_book().units("project")
    other = next(one for one in UnitType if one is not unit.unit_type)
    assert values(board.projects("plan", EVERY_TYPE)) == ["project"]
    assert board.projects("plan", frozenset({other})) == ()
    assert board.units(a_project(), frozenset({other})) == ()


def test_units_tell_how_many_have_registered() -> None:
    board = Board(a_book(), NOW, {a_unit().id: 12})
    assert "已登记12户" in board.units(a_project(), EVERY_TYPE)[0].label


def test_a_board_hangs_for_a_second_and_for_everybody() -> None:
    book, counts = a_book(), {"unit": 1}
    second = NOW.replace(microsecond=0)
    hangs = board_of(book, second, counts)
    assert board_of(book, second + timedelta(milliseconds=999), counts) is hangs
    assert board_of(book, second + timedelta(seconds=1), counts) is not hangs


def test_a_changed_book_or_new_counts_get_a_new_board() -> None:
    book, counts = a_book(), {"unit": 1}
    hangs = board_of(book, NOW, counts)
    assert board_of(a_book(), NOW, counts) is not hangs
    assert board_of(book, NOW, {"unit": 1}) is not hangs
