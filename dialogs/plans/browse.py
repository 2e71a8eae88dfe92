"""Look at plans, the projects in them, and the units in those.

Source: S0-02, S0-04, S0-05, S0-31 to S0-37, S0-40.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Menu, Option, Start
from dialogs.plans.words import (
    area,
    choosing,
    rent,
    standing,
    unit_line,
    unit_name,
    window,
)
from domain.filings.model import UnitType
from domain.plans.model import Plan, PlanKind, PlanState, Project, Unit
from domain.shared.conversations import Json

__all__ = ["Browse"]

_STATES = (PlanState.OPEN, PlanState.COMING, PlanState.CLOSED)
"""In the order in which citizens want to see them."""

_MINE: Mapping[str, Json] = MappingProxyType({"mine": "yes"})


async def _filed_types(answers: Answers, desk: Desk) -> frozenset[UnitType]:
    """Return the unit types to show: the family's own, or all."""
    if not answers.given("mine"):
        return frozenset(UnitType)
    return frozenset((await desk.citizen()).filed().unit_types)


async def _plans(answers: Answers, desk: Desk) -> Sequence[Option]:
    book, now = await desk.plans.book(), desk.clock.now()
    quick = [plan for plan in book.plans() if plan.kind is PlanKind.QUICK]
    shown = sorted(quick, key=lambda plan: _STATES.index(plan.state_at(now)))
    if answers.given("mine"):
        shown = [plan for plan in shown if plan.state_at(now) is PlanState.OPEN]
    return [
        Option(f"{plan.name} {standing(plan, now)}", value=plan.id, say=plan.name) for plan in shown
    ]


async def _plan_page(answers: Answers, desk: Desk) -> str:
    if not await _plans(answers, desk):
        return "现在没有正在登记的配租计划。回复“快速配租”看全部计划。"
    return "多元业务 › 公共租赁住房 › 业务办理 › 配租登记计划\n请选择要看的计划："


async def _units(answers: Answers, desk: Desk, project: Project) -> list[Unit]:
    types = await _filed_types(answers, desk)
    book = await desk.plans.book()
    return [unit for unit in book.units(project.id) if unit.unit_type in types]


async def _projects(answers: Answers, desk: Desk) -> Sequence[Option]:
    book = await desk.plans.book()
    return [
        Option(
            f"{project.name} {project.district} 选房{choosing(project)}",
            value=project.id,
            say=project.name,
        )
        for project in book.projects(answers[Browse.plan])
        if await _units(answers, desk, project)
    ]


async def _project_page(answers: Answers, desk: Desk) -> str:
    plan = (await desk.plans.book()).plan(answers[Browse.plan])
    if not await _projects(answers, desk):
        return f"{plan.name}\n这个计划里没有您家备案套型的房源。回复“返回”看其他计划。"
    return (
        f"{plan.name}（{standing(plan, desk.clock.now())}）\n"
        f"登记时间：{window(plan)}\n请选择项目进行登记："
    )


async def _offers(answers: Answers, desk: Desk) -> Sequence[Option]:
    project = (await desk.plans.book()).project(answers[Browse.project])
    return [
        Option(
            unit_line(unit, await desk.plans.registered(unit.id)),
            value=unit.id,
            say=unit_name(project, unit),
        )
        for unit in await _units(answers, desk, project)
    ]


async def _unit_page(answers: Answers, desk: Desk) -> str:
    book = await desk.plans.book()
    project = book.project(answers[Browse.project])
    plan = book.plan(project.plan_id)
    return (
        f"【{project.name}】\n{project.address}\n{project.summary}\n\n"
        f"{plan.name}\n{standing(plan, desk.clock.now())}；{choosing(project)}选房\n\n"
        "请选择房源，看详情和登记："
    )


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
    begun: dict[str, Json] = {"plan": answers.stored(Browse.plan)}
    if answers.given("mine"):
        begun["mine"] = "yes"
    return (
        Option("去登记", start=Start("register", {"unit": answers[Browse.unit]})),
        Option("看本项目其他房源", say="返回"),
        Option("换个项目", start=Start("browse", begun)),
    )


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
    unit = Choose(_offers, _unit_page, title="房源")
    page = Menu(_next, _detail)
