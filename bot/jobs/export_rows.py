"""What stands in the files that officers fetch: one row a case, masked unless it may be seen."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Final

from domain.filings.model import Family, FamilyState
from domain.plans.model import PlanBook, PlanState
from domain.plans.offers import Offer
from domain.registrations.exports import ExportSubject, ListedFamily, ListedRegistration
from domain.registrations.model import RegistrationState
from domain.shared.clock import china_time
from domain.shared.idents import Masked, mask
from domain.shared.tables import Column, Row

__all__ = [
    "COLUMNS",
    "FAMILY_STATES",
    "PLAN_STATES",
    "REGISTRATION_STATES",
    "TITLES",
    "family_row",
    "registration_row",
    "unit_rows",
]

TITLES: Final[Mapping[ExportSubject, str]] = {
    ExportSubject.REGISTRATIONS: "登记",
    ExportSubject.UNITS: "房源",
    ExportSubject.FAMILIES: "备案家庭",
}

REGISTRATION_STATES: Final[Mapping[RegistrationState, str]] = {
    RegistrationState.REGISTERED: "已登记",
    RegistrationState.CANCELLED: "已取消",
}
FAMILY_STATES: Final[Mapping[FamilyState, str]] = {
    FamilyState.VALID: "有效",
    FamilyState.CANCELLED: "已注销",
}
PLAN_STATES: Final[Mapping[PlanState, str]] = {
    PlanState.COMING: "未开始",
    PlanState.OPEN: "登记中",
    PlanState.CLOSED: "已截止",
}

_FAMILY: Final = (
    Column("备案编号", 22),
    Column("所在区", 10),
    Column("备案套型", 20),
    Column("轮候分组", 12),
    Column("备案日期", 12),
)

COLUMNS: Final[Mapping[ExportSubject, tuple[Column, ...]]] = {
    ExportSubject.REGISTRATIONS: (
        Column("登记编号", 20),
        Column("状态", 8),
        Column("计划", 32),
        Column("项目", 20),
        Column("登记套型", 10),
        *_FAMILY,
        Column("姓名", 12),
        Column("身份证号", 22),
        Column("手机号", 14),
        Column("登记时间", 20),
        Column("取消时间", 20),
    ),
    ExportSubject.UNITS: (
        Column("计划", 32),
        Column("计划状态", 10),
        Column("项目", 20),
        Column("所在区", 10),
        Column("项目地址", 32),
        Column("套型", 10),
        Column("最小面积", 10),
        Column("最大面积", 10),
        Column("租金单价", 10),
        Column("套数", 8),
        Column("已登记", 8),
    ),
    ExportSubject.FAMILIES: (*_FAMILY, Column("状态", 8), Column("人数", 6), Column("绑定账号", 8)),
}


def registration_row(listed: ListedRegistration, book: PlanBook, *, masked: bool) -> Row:
    """Return the row of one registration."""
    one, family, person = listed.registration, listed.family, listed.person
    return (
        one.number,
        REGISTRATION_STATES[one.state],
        book.plan(one.plan_id).name,
        book.project(one.project_id).name,
        one.unit_type.value,
        *(_of_family(family, masked=masked) if family else ("",) * len(_FAMILY)),
        _shown(person.name if person else "", Masked.NAME, masked=masked),
        _shown(person.id_number if person else "", Masked.ID_NUMBER, masked=masked),
        _shown(one.phone.removeprefix("+86"), Masked.PHONE, masked=masked),
        _moment(one.created_at),
        _moment(one.cancelled_at),
    )


def family_row(listed: ListedFamily, *, masked: bool) -> Row:
    """Return the row of one family."""
    family = listed.family
    return (
        *_of_family(family, masked=masked),
        FAMILY_STATES[family.state],
        str(len(family.members)),
        str(listed.bound),
    )


def unit_rows(offer: Offer, live: Mapping[str, int], now: datetime) -> Iterator[Row]:
    """Yield the rows of one plan's units."""
    state = "草稿" if offer.draft else PLAN_STATES[offer.plan.state_at(now)]
    for project in offer.projects:
        for unit in offer.units_of(project.id):
            yield (
                offer.plan.name,
                state,
                project.name,
                project.district,
                project.address,
                unit.unit_type.value,
                f"{unit.area_from:f}",
                f"{unit.area_to:f}",
                f"{unit.rent_rate:f}",
                str(unit.count),
                str(live.get(unit.id, 0)),
            )


def _of_family(family: Family, *, masked: bool) -> Row:
    return (
        _shown(family.number, Masked.FILING_NUMBER, masked=masked),
        family.district,
        "、".join(family.unit_types),
        family.group,
        _day(family.filed_at),
    )


def _shown(value: str, as_: Masked, *, masked: bool) -> str:
    return mask(value, as_) if masked and value else value


def _moment(at: datetime | None) -> str:
    return f"{china_time(at):%Y-%m-%d %H:%M:%S}" if at else ""


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
