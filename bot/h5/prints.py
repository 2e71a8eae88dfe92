"""The printable paper of a registration.

Source: S0-48, S0-49, S0-60; Q-32.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot.h5.look import say, show
from dialogs.desk import Desk
from domain.filings.model import Family
from domain.identity.model import Person
from domain.plans.model import Plan, Project, Unit, monthly_rent
from domain.registrations.model import Registration
from domain.registrations.service import RegistrationNotFoundError
from domain.shared.errors import NeedsError
from domain.shared.idents import Masked, mask
from domain.shared.pages import PRINT_PATH, LinkBrokenError, LinkExpiredError
from domain.shared.records import OpenId
from domain.shared.work import OpenWork

__all__ = ["House", "Paper", "paper_of", "router"]

router: Final = APIRouter()

_NOBODY: Final = OpenId("")
_FRONT: Final = "h5"


class House(Protocol):
    """What the page needs of the application: ``app.state.house``."""

    def open_work(self) -> AbstractAsyncContextManager[OpenWork]:
        """Open a work."""

    def desk(self, work: OpenWork, openid: OpenId, front: str) -> Desk:
        """Build the services of one citizen on an open work."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A registration in the words that are printed. Who it is about is masked.

    ``states`` are what became of it and when, oldest first.
    """

    operator: str
    number: str
    check_digit: str
    applicant: str
    phone: str
    family: str
    district: str
    plan: str
    project: str
    address: str
    unit_type: str
    area: str
    rent: str
    choosing: tuple[datetime, datetime]
    notice: str
    states: tuple[tuple[str, datetime], ...]
    live: bool
    demo: bool
    printed_at: datetime


def paper_of(  # noqa: PLR0913 (a paper brings these together; all are named)
    *,
    registration: Registration,
    plan: Plan,
    project: Project,
    unit: Unit,
    family: Family,
    person: Person | None,
    operator: str,
    now: datetime,
) -> Paper:
    """Return what is printed about a registration."""
    return Paper(
        operator=operator,
        number=registration.number,
        check_digit=registration.number[-1],
        applicant=mask(person.name, Masked.NAME) if person else "",
        phone=mask(registration.phone, Masked.PHONE),
        family=mask(family.number, Masked.FILING_NUMBER),
        district=family.district,
        plan=plan.name,
        project=project.name,
        address=project.address,
        unit_type=registration.unit_type.value,
        area=_span(unit.area_from, unit.area_to),
        rent=_span(*(monthly_rent(area, unit.rent_rate) for area in _areas(unit))),
        choosing=(project.choosing_from, project.choosing_to),
        notice=f"第 {registration.notice_version} 版，文本指纹 {registration.notice_hash[:12]}",
        states=_states(registration),
        live=registration.live,
        demo=plan.demo,
        printed_at=now,
    )


def _areas(unit: Unit) -> tuple[Decimal, Decimal]:
    return unit.area_from, unit.area_to


def _span(low: Decimal, high: Decimal) -> str:
    """Return ``55–59``, or one number when both are the same."""
    return _plain(low) if low == high else f"{_plain(low)}–{_plain(high)}"


def _plain(number: Decimal) -> str:
    """Return a number with a comma at the thousands and without idle zeros."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _states(registration: Registration) -> tuple[tuple[str, datetime], ...]:
    registered = ("已登记", registration.created_at)
    if registration.cancelled_at is None:
        return (registered,)
    return (registered, ("已取消", registration.cancelled_at))


@router.get(PRINT_PATH + "/{token}", response_class=HTMLResponse)
async def show_registration(token: str, request: Request) -> HTMLResponse:
    house: House = request.app.state.house
    try:
        async with house.open_work() as work:
            openid, number = house.desk(work, _NOBODY, _FRONT).pages.read_print_link(token)
            return await _print(house.desk(work, openid, _FRONT), number)
    except LinkExpiredError:
        return say(
            "这个打印链接过期了",
            "为了保护您的信息，打印链接只在 24 小时内有效。您的登记不受影响。",
            status=410,
            steps=("回到聊天，发送“我的登记”", "选这一条登记，再选“打印”，就有新的链接"),
        )
    except LinkBrokenError:
        return say(
            "这个链接打不开",
            "链接可能没有复制完整，也可能不是给您的。您的登记不受影响。",
            status=403,
            steps=("回到聊天，发送“我的登记”", "选要打印的登记，再选“打印”，重新打开链接"),
        )
    except (NeedsError, RegistrationNotFoundError):
        return say(
            "没有找到这条登记",
            "可能是您已经退出登录，或者换了备案家庭。",
            status=403,
            steps=("回到聊天，发送“登录”，登录登记时用的账号", "再发送“我的登记”查看"),
        )


async def _print(desk: Desk, number: str) -> HTMLResponse:
    """Return the paper of a citizen's own registration; nobody else's is found."""
    citizen = await desk.citizen()
    account, family = citizen.signed_in(), citizen.filed()
    registration = await desk.registrations.find(account, family, number)
    book = await desk.plans.book()
    paper = paper_of(
        registration=registration,
        plan=book.plan(registration.plan_id),
        project=book.project(registration.project_id),
        unit=book.unit(registration.unit_id),
        family=family,
        person=citizen.person,
        operator=desk.office.operator,
        now=desk.clock.now(),
    )
    return show("print.html", paper=paper)
