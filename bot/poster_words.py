"""What stands on a poster, worded once for every size.

Source: S0-32, S0-33, S0-35, S0-61.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from dialogs.catalog import FLOWS
from dialogs.plans.words import area
from domain.plans.model import (
    Plan,
    PlanBook,
    PlanNotFoundError,
    Project,
    ProjectNotFoundError,
    Unit,
)
from domain.posters.model import Poster, Target, TargetKind
from domain.posters.sheet import PosterSheet, Publisher, plan_of
from domain.shared.clock import china_time

__all__ = ["SERVICES", "caption_for", "plan_name", "sheet_of", "target_name"]

SERVICES: Final = {flow.id: flow.title for flow in FLOWS if flow.words}
"""What a citizen may begin by a word of its own may be begun by a poster too."""

_GONE: Final = "已下线"
_MOST_DISTRICTS: Final = 4


def caption_for(kind: TargetKind) -> str:
    """Return what a poster invites to where its maker worded nothing."""
    return {
        TargetKind.PLAN: "微信扫一扫，看全部项目并登记",
        TargetKind.PROJECT: "微信扫一扫，看房源并登记",
        TargetKind.SERVICE: "微信扫一扫，马上办理",
        TargetKind.PERSON: "微信扫一扫，联系人工客服",
    }[kind]


def plan_name(target: Target, book: PlanBook) -> str:
    """Return the name of the plan that a poster is about; ``""`` if it is about none."""
    try:
        plan = plan_of(target, book)
    except (PlanNotFoundError, ProjectNotFoundError):
        return _GONE
    return plan.name if plan else ""


def target_name(target: Target, book: PlanBook) -> str:
    """Return in words where a poster leads."""
    match target.kind:
        case TargetKind.PLAN:
            return f"计划：{plan_name(target, book)}"
        case TargetKind.PROJECT:
            plan = plan_name(target, book)
            return f"项目：{plan if plan == _GONE else book.project(target.id).name}"
        case TargetKind.SERVICE:
            return f"服务：{SERVICES.get(target.id, _GONE)}"
        case TargetKind.PERSON:
            return "人工客服"


def sheet_of(poster: Poster, book: PlanBook, publisher: Publisher) -> PosterSheet:
    """Word a poster, with the facts as they are now.

    Raises
    ------
    PlanNotFoundError, ProjectNotFoundError
        What it is about is no longer on record.
    """
    plan = plan_of(poster.target, book)
    notes = [
        "" if plan is None or not plan.demo else "演示数据，没有参考价值。",
        "" if poster.expires_at is None else f"二维码有效期至 {_moment(poster.expires_at)}。",
    ]
    return PosterSheet(
        operator=publisher.operator,
        title=poster.title,
        subtitle=plan.name if plan and poster.title != plan.name else "",
        rows=tuple(_rows(poster.target, book, plan)),
        url=poster.code.url,
        caption=poster.caption,
        how=f"打开微信，扫描二维码，关注“{publisher.account_name}”公众号即可办理",
        hotline=f"咨询电话 {publisher.hotline}",
        small="".join(notes),
        made_at=poster.made_at,
    )


def _rows(target: Target, book: PlanBook, plan: Plan | None) -> Sequence[tuple[str, str]]:
    if plan is None:
        return ()
    window = ("登记时间", _window(plan))
    if target.kind is TargetKind.PROJECT:
        return (*_of_project(book.project(target.id), book), window)
    projects = book.projects(plan.id)
    flats = sum(unit.count for one in projects for unit in book.units(one.id))
    districts = [*dict.fromkeys(one.district for one in projects)]
    more = "等" if len(districts) > _MOST_DISTRICTS else ""
    return (
        ("项目", f"{len(projects)} 个，房源 {flats:,} 套"),
        ("地区", "、".join(districts[:_MOST_DISTRICTS]) + more),
        window,
    )


def _of_project(project: Project, book: PlanBook) -> Sequence[tuple[str, str]]:
    units = book.units(project.id)
    offers = "\n".join(f"{one.unit_type} {area(one)}，{one.count:,} 套" for one in units)
    facts = (("地区", project.district), ("地址", project.address), ("房源", offers))
    return (*(fact for fact in facts if fact[1]), *([("租金", _rent(units))] if units else ()))


def _rent(units: Sequence[Unit]) -> str:
    rates = [unit.rent_rate for unit in units]
    return f"{_span(min(rates), max(rates))} 元/㎡·月"


def _span(least: Decimal, most: Decimal) -> str:
    ends = [f"{one:,.2f}".rstrip("0").rstrip(".") for one in (least, most)]
    return "–".join(dict.fromkeys(ends))


def _window(plan: Plan) -> str:
    first, last = _moment(plan.opens_at), _moment(plan.closes_at)
    year = f"{china_time(plan.opens_at).year}年"
    return f"{first} 至 {last.removeprefix(year)}"


def _moment(moment: datetime) -> str:
    there = china_time(moment)
    return f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}"
