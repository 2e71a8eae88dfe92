"""How plans, projects and units are said, wherever they are shown."""

from datetime import datetime
from decimal import Decimal

from dialogs.engine.times import day_and_time, month_and_day, span
from domain.plans.model import Milestone, Plan, Project, Unit, countdown, monthly_rent

__all__ = ["area", "choosing", "rent", "standing", "unit_line", "unit_name", "window"]


def standing(plan: Plan, now: datetime) -> str:
    """Return «登记中，还剩3天», «未开始，6天后开始» or «已截止». Source: S0-31."""
    milestone, left = countdown(plan, now)
    match milestone:
        case Milestone.OPENS:
            return f"未开始，{span(left)}后开始"
        case Milestone.CLOSES:
            return f"登记中，还剩{span(left)}"
        case Milestone.CLOSED:
            return "已截止"


def window(plan: Plan) -> str:
    """Return from when to when one may register."""
    return f"{day_and_time(plan.opens_at)} 至 {day_and_time(plan.closes_at)}"


def choosing(project: Project) -> str:
    """Return when flats of a project are chosen. Source: S0-33."""
    return f"{month_and_day(project.choosing_from)}至{month_and_day(project.choosing_to)}"


def _tidy(amount: Decimal) -> str:
    return f"{amount:,.2f}".rstrip("0").rstrip(".")


def _range(least: Decimal, most: Decimal) -> str:
    return _tidy(least) if least == most else f"{_tidy(least)}–{_tidy(most)}"


def area(unit: Unit) -> str:
    """Return «39–43㎡»."""
    return f"{_range(unit.area_from, unit.area_to)}㎡"


def rent(unit: Unit) -> str:
    """Return «约1,872–2,064元/月»."""
    least = monthly_rent(unit.area_from, unit.rent_rate)
    most = monthly_rent(unit.area_to, unit.rent_rate)
    return f"约{_range(least, most)}元/月"


def unit_name(project: Project, unit: Unit) -> str:
    """Return «青禾家园（演示）一居室»."""
    return f"{project.name}{unit.unit_type}"


def unit_line(unit: Unit, registered: int) -> str:
    """Return one line of a project's list. Source: S0-35."""
    return f"{unit.unit_type} {area(unit)} {rent(unit)} 已登记{registered}户"
