"""Look at plans, the projects in them, and the units in those.

Source: S0-02, S0-04, S0-05, S0-31 to S0-37, S0-40.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Menu, Option, Start
from dialogs.plans.board import EVERY_TYPE, Board, another_project, board_of, plans_words
from dialogs.plans.words import area, choosing, rent, standing, unit_name
from domain.filings.model import UnitType
from domain.plans.model import Plan
from domain.shared.conversations import Json

__all__ = ["Browse"]

_MINE: Mapping[str, Json] = MappingProxyType({"mine": "yes"})


async def _board(desk: Desk) -> Board:
    return board_of(await desk.plans.book(), desk.clock.now())


async def _filed_types(answers: Answers, desk: Desk) -> frozenset[UnitType]:
    """Return the unit types to show: the family's own, or all."""
    if not answers.given("mine"):
        return EVERY_TYPE
    return frozenset((await desk.citizen()).filed().unit_types)


async def _plans(answers: Answers, desk: Desk) -> Sequence[Option]:
    board = await _board(desk)
    if answers.given("past"):
        return board.past()
    return board.plans(only_open=bool(answers.given("mine")))


async def _plan_page(answers: Answers, desk: Desk) -> str:
    return plans_words(await _plans(answers, desk))


async def _projects(answers: Answers, desk: Desk) -> Sequence[Option]:
    types = await _filed_types(answers, desk)
    return (await _board(desk)).projects(answers[Browse.plan], types)


async def _project_page(answers: Answers, desk: Desk) -> str:
    board = await _board(desk)
    plan = board.book.plan(answers[Browse.plan])
    return board.projects_words(plan, await _projects(answers, desk))


async def _offers(answers: Answers, desk: Desk) -> Sequence[Option]:
    types = await _filed_types(answers, desk)
    book = await desk.plans.book()
    board = board_of(book, desk.clock.now(), await desk.plans.counts())
    return board.units(book.project(answers[Browse.project]), types)


async def _unit_page(answers: Answers, desk: Desk) -> str:
    board = await _board(desk)
    return board.project_page(board.book.project(answers[Browse.project]))


async def _detail(answers: Answers, desk: Desk) -> str:
    book = await desk.plans.book()
    unit = book.unit(answers[Browse.unit])
    project = book.project(unit.project_id)
    plan = book.plan(project.plan_id)
    return (
        f"{unit_name(project, unit)}\n"
        f"建筑面积：{area(unit)}\n租金：{unit.rent_rate:.0f} 元/㎡·月，{rent(unit)}\n"
        f"房源：{unit.count} 套　已登记：{await desk.plans.registered(unit.id)} 户\n"
        f"选房时间：{choosing(project)}\n登记：{standing(plan, desk.clock.now())}"
        f"{_demo_mark(plan)}"
    )


def _demo_mark(plan: Plan) -> str:
    return "\n（演示数据，没有参考价值）" if plan.demo else ""


async def _next(answers: Answers, _desk: Desk) -> Sequence[Option]:
    return (
        Option("去登记", start=Start("register", {"unit": answers[Browse.unit]})),
        Option("看本项目其他房源", say="返回"),
        *_another_project(answers),
    )


def _another_project(answers: Answers) -> Sequence[Option]:
    return (another_project(answers[Browse.plan], mine=bool(answers.given("mine"))),)


class Browse(Flow, id="browse", version=1, title="快速配租"):
    """Plan, project, unit; every page leads on and back."""

    reading = True
    review = False
    words = (
        "快速配租",
        "公租房",
        "公共租赁住房",
        "我要登记",
        "多元业务",
        "业务办理",
        "配租登记计划",
        "继续选房登记",
        "配租",
    )
    vague = ("登记", "房子", "看房", "租房", "房源", "项目")
    shortcuts = MappingProxyType({"只看我能登记的": _MINE, "我能登记的": _MINE})

    plan = Choose(_plans, _plan_page, title="计划", resets=("project", "unit"))
    project = Choose(_projects, _project_page, title="项目", resets=("unit",))
    unit = Choose(_offers, _unit_page, title="房源", also=_another_project)
    page = Menu(_next, _detail)
