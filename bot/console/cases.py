"""Finding people and cases by what they say on the phone; masked, and every look is kept.

Source: S0-29, S0-44, S0-51, S0-76, S0-77.
"""

from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from bot.bodies import read_form
from bot.console.case_pages import (
    account_shown,
    acts_shown,
    family_shown,
    kinds_shown,
    registration_shown,
)
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from bot.h5.sheets import CHECK_PATH
from domain.officers.model import Right
from domain.registrations.service_exports import ReasonMissingError
from domain.registrations.service_search import Revealed
from domain.shared.errors import InvalidError

__all__ = ["FAMILIES_PATH", "PATH", "router"]

PATH: Final = f"{HOME}/cases"
FAMILIES_PATH: Final = f"{HOME}/families"

router: Final = APIRouter()

_LONGEST: Final = 60
_NO_REASON: Final = "请写明查看的理由，至少 4 个字；理由里不要写个人信息。"


@router.get(PATH, response_class=HTMLResponse)
async def show_search(seat: Annotated[Seat, needs(Right.CASES)]) -> Response:
    return show(seat, "cases/search.html", found=None, typed="")


@router.post(PATH, response_class=HTMLResponse)
async def search(seat: Annotated[Seat, needs(Right.CASES)]) -> Response:
    # By form and not by address: what was looked for must stand in no log and no history.
    typed = (await read_form(seat.request)).get("words", "")[:_LONGEST]
    async with seat.open_work() as work:
        found = await seat.house.cases(work, seat.officer.id).search(typed)
        book = await work.plans.book()
        await work.commit()
    return show(
        seat,
        "cases/search.html",
        found=found,
        typed=typed,
        kinds=kinds_shown(found.kinds),
        registrations=[registration_shown(one, book) for one in found.registrations],
        accounts=[account_shown(one) for one in found.accounts],
        families=[family_shown(one) for one in found.families],
        may_see_families=seat.may(Right.FAMILIES),
    )


@router.get(PATH + "/registrations/{number}", response_class=HTMLResponse)
async def show_registration(seat: Annotated[Seat, needs(Right.CASES)], number: str) -> Response:
    async with seat.open_work() as work:
        case = await seat.house.cases(work, seat.officer.id).registration(number)
        book = await work.plans.book()
        await work.commit()
    code = case.registration.check_code
    return show(
        seat,
        "cases/registration.html",
        shown=registration_shown(case.registration, book),
        family=family_shown(case.family) if case.family else None,
        account=account_shown(case.account) if case.account else None,
        acts=acts_shown(case.acts),
        paper=f"{CHECK_PATH}/{code}" if code else "",
        may_see_families=seat.may(Right.FAMILIES),
    )


@router.get(PATH + "/accounts/{account_id}", response_class=HTMLResponse)
async def show_account(seat: Annotated[Seat, needs(Right.CASES)], account_id: str) -> Response:
    return await _account_page(seat, account_id)


@router.post(PATH + "/accounts/{account_id}/reveal", response_class=HTMLResponse)
async def reveal(seat: Annotated[Seat, needs(Right.REVEAL)], account_id: str) -> Response:
    form = await read_form(seat.request)
    what = _revealed(form.get("field", ""))
    async with seat.open_work() as work:
        cases = seat.house.cases(work, seat.officer.id)
        try:
            value = await cases.reveal_of_account(account_id, what, form.get("reason", ""))
        except ReasonMissingError:
            await work.undo()
            return await _account_page(seat, account_id, fault=_NO_REASON)
        await work.commit()
    return await _account_page(seat, account_id, revealed={what.value: value})


@router.get(FAMILIES_PATH, response_class=HTMLResponse)
async def show_families(seat: Annotated[Seat, needs(Right.FAMILIES)], after: str = "") -> Response:
    async with seat.open_work() as work:
        page = await seat.house.cases(work, seat.officer.id).families(after[:64])
        await work.commit()
    return show(
        seat,
        "cases/families.html",
        families=[family_shown(one) for one in page.items],
        after=page.after,
        begun=bool(after),
    )


@router.get(FAMILIES_PATH + "/{family_id}", response_class=HTMLResponse)
async def show_family(seat: Annotated[Seat, needs(Right.FAMILIES)], family_id: str) -> Response:
    return await _family_page(seat, family_id)


@router.post(FAMILIES_PATH + "/{family_id}/reveal", response_class=HTMLResponse)
async def reveal_family(seat: Annotated[Seat, needs(Right.REVEAL)], family_id: str) -> Response:
    form = await read_form(seat.request)
    async with seat.open_work() as work:
        cases = seat.house.cases(work, seat.officer.id)
        try:
            number = await cases.reveal_filing(family_id, form.get("reason", ""))
        except ReasonMissingError:
            await work.undo()
            return await _family_page(seat, family_id, fault=_NO_REASON)
        await work.commit()
    return await _family_page(seat, family_id, revealed=number)


async def _account_page(
    seat: Seat, account_id: str, *, fault: str = "", revealed: dict[str, str] | None = None
) -> Response:
    async with seat.open_work() as work:
        case, registrations = await seat.house.cases(work, seat.officer.id).account(account_id)
        book = await work.plans.book()
        await work.commit()
    return show(
        seat,
        "cases/account.html",
        status=422 if fault else 200,
        account=account_shown(case),
        registrations=[registration_shown(one, book) for one in registrations],
        revealed=revealed or {},
        fault=fault,
        may_reveal=seat.may(Right.REVEAL),
        may_see_families=seat.may(Right.FAMILIES),
    )


async def _family_page(
    seat: Seat, family_id: str, *, fault: str = "", revealed: str = ""
) -> Response:
    async with seat.open_work() as work:
        cases = seat.house.cases(work, seat.officer.id)
        family, accounts, registrations = await cases.family(family_id)
        book = await work.plans.book()
        await work.commit()
    return show(
        seat,
        "cases/family.html",
        status=422 if fault else 200,
        family=family_shown(family),
        accounts=[account_shown(one) for one in accounts],
        registrations=[registration_shown(one, book) for one in registrations],
        revealed=revealed,
        fault=fault,
        may_reveal=seat.may(Right.REVEAL),
        may_see_cases=seat.may(Right.CASES),
    )


def _revealed(said: str) -> Revealed:
    try:
        return Revealed(said)
    except ValueError:
        raise InvalidError from None
