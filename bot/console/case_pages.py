"""What the pages about people and cases show: masked, whoever looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bot.jobs.export_rows import FAMILY_STATES, REGISTRATION_STATES
from domain.accounts.model import AccountState
from domain.plans.model import PlanBook
from domain.registrations.exports import ListedFamily
from domain.registrations.model import Registration
from domain.registrations.search import AccountCase, SoughtKind
from domain.shared.idents import Masked, mask
from domain.shared.records import Act

__all__ = [
    "AccountShown",
    "ActShown",
    "FamilyShown",
    "RegistrationShown",
    "account_shown",
    "acts_shown",
    "family_shown",
    "kinds_shown",
    "registration_shown",
]

_KINDS: Final = {
    SoughtKind.REGISTRATION: "登记编号",
    SoughtKind.FILING: "备案编号",
    SoughtKind.PHONE: "手机号",
    SoughtKind.PHONE_TAIL: "手机号后四位",
    SoughtKind.ID_NUMBER: "身份证号",
    SoughtKind.NAME: "姓名",
}


_ACTS: Final = {
    "registrations:registration:create": "登记",
    "registrations:registration:cancel": "取消登记",
    "registrations:registration:view": "工作人员查看",
}
_FRONTS: Final = {"chat": "微信", "h5": "网页", "console": "后台", "command": "命令行"}


@dataclass(frozen=True, slots=True)
class ActShown:
    """What somebody did about a record."""

    at: datetime
    words: str
    front: str


@dataclass(frozen=True, slots=True)
class RegistrationShown:
    """A registration, masked."""

    number: str
    state: str
    live: bool
    plan: str
    project: str
    unit_type: str
    phone: str
    created_at: datetime
    cancelled_at: datetime | None
    notice_version: int


@dataclass(frozen=True, slots=True)
class FamilyShown:
    """A family, masked."""

    id: str
    number: str
    district: str
    unit_types: str
    group: str
    state: str
    live: bool
    members: Sequence[tuple[str, str, str]]
    filed_at: date | None
    bound: int


@dataclass(frozen=True, slots=True)
class AccountShown:
    """An account with whose it is, masked."""

    id: str
    phone: str
    name: str
    id_number: str
    filing: str
    family_id: str
    state: str
    live: bool
    created_at: datetime
    used_at: datetime | None


def acts_shown(acts: Sequence[Act]) -> list[ActShown]:
    """Return what was done about a record, in words."""
    return [
        ActShown(act.at, _ACTS.get(act.tag, act.tag), _FRONTS.get(act.front, act.front))
        for act in acts
    ]


def registration_shown(one: Registration, book: PlanBook) -> RegistrationShown:
    """Return what a page tells about a registration."""
    return RegistrationShown(
        number=one.number,
        state=REGISTRATION_STATES[one.state],
        live=one.live,
        plan=book.plan(one.plan_id).name,
        project=book.project(one.project_id).name,
        unit_type=one.unit_type.value,
        phone=mask(one.phone, Masked.PHONE),
        created_at=one.created_at,
        cancelled_at=one.cancelled_at,
        notice_version=one.notice_version,
    )


def family_shown(listed: ListedFamily) -> FamilyShown:
    """Return what a page tells about a family."""
    family = listed.family
    return FamilyShown(
        id=family.id,
        number=mask(family.number, Masked.FILING_NUMBER),
        district=family.district,
        unit_types="、".join(family.unit_types),
        group=family.group,
        state=FAMILY_STATES[family.state],
        live=family.state.value == "valid",
        members=[
            (one.relation, mask(one.name, Masked.NAME), mask(one.id_number, Masked.ID_NUMBER))
            for one in family.members
        ],
        filed_at=family.filed_at,
        bound=listed.bound,
    )


def account_shown(case: AccountCase) -> AccountShown:
    """Return what a page tells about an account."""
    account, person, family = case.account, case.person, case.family
    live = account.state is AccountState.ACTIVE
    return AccountShown(
        id=account.id,
        phone=mask(account.phone, Masked.PHONE) if account.phone else "",
        name=mask(person.name, Masked.NAME) if person else "",
        id_number=mask(person.id_number, Masked.ID_NUMBER) if person else "",
        filing=mask(family.number, Masked.FILING_NUMBER) if family else "",
        family_id=family.id if family else "",
        state="使用中" if live else "已注销",
        live=live,
        created_at=account.created_at,
        used_at=account.used_at,
    )


def kinds_shown(kinds: Sequence[SoughtKind]) -> str:
    """Return what was looked for, in words."""
    return "、".join(_KINDS[kind] for kind in kinds)
