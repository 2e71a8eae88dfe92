"""Who works in the console: adding, roles, resetting, shutting out."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_body
from bot.console.guard import Seat, needs
from bot.console.look import HOME, ROLE_WORDS, show
from bot.console.sign_in import START_PATH
from bot.wiring import SqlWork
from dialogs.engine.excuses import excuse
from domain.officers.model import (
    LINK_LIFE,
    RIGHTS,
    InvalidLoginError,
    Officer,
    OfficerId,
    Right,
    Role,
)
from domain.officers.service import LoginTakenError, NoRoleError, OfficerService

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/officers"

router: Final = APIRouter()

_Seat = Annotated[Seat, needs(Right.OFFICERS)]
_FORM_BYTES: Final = 4096


@router.get(PATH, response_class=HTMLResponse)
async def show_officers(seat: _Seat) -> Response:
    return await _list(seat)


@router.post(PATH, response_class=HTMLResponse)
async def add_officer(seat: _Seat) -> Response:
    typed, roles = await _typed(seat.request)
    async with seat.open_work() as work:
        try:
            officer, token = await _service(seat, work).add(
                login=typed.get("login", ""), name=typed.get("name", ""), roles=roles
            )
        except (InvalidLoginError, NoRoleError, LoginTakenError) as error:
            fault = excuse(error, seat.house.clock.now())
            return await _list(seat, fault=fault, typed=typed, chosen=roles)
        await work.commit()
    return _link(seat, officer, token)


@router.get(f"{PATH}/{{officer_id}}", response_class=HTMLResponse)
async def show_officer(seat: _Seat, officer_id: str) -> Response:
    async with seat.open_work() as work:
        officer = await _service(seat, work).find(OfficerId(officer_id))
        sessions = await seat.house.officer_sign_in(work).sessions(officer.id)
    return show(seat, "officer.html", one=officer, sessions=sessions, roles=ROLE_WORDS)


@router.post(f"{PATH}/{{officer_id}}/roles", response_class=HTMLResponse)
async def change_roles(seat: _Seat, officer_id: str) -> Response:
    _, roles = await _typed(seat.request)
    async with seat.open_work() as work:
        await _service(seat, work).change_roles(OfficerId(officer_id), roles)
        await work.commit()
    return _back(officer_id)


@router.post(f"{PATH}/{{officer_id}}/disable", response_class=HTMLResponse)
async def disable_officer(seat: _Seat, officer_id: str) -> Response:
    async with seat.open_work() as work:
        await _service(seat, work).disable(OfficerId(officer_id))
        await work.commit()
    return _back(officer_id)


@router.post(f"{PATH}/{{officer_id}}/enable", response_class=HTMLResponse)
async def enable_officer(seat: _Seat, officer_id: str) -> Response:
    async with seat.open_work() as work:
        service = _service(seat, work)
        token = await service.enable(OfficerId(officer_id))
        officer = await service.find(OfficerId(officer_id))
        await work.commit()
    return _link(seat, officer, token)


@router.post(f"{PATH}/{{officer_id}}/reset", response_class=HTMLResponse)
async def reset_officer(seat: _Seat, officer_id: str) -> Response:
    async with seat.open_work() as work:
        service = _service(seat, work)
        officer = await service.find(OfficerId(officer_id))
        token = await service.reset(officer.id)
        await work.commit()
    return _link(seat, officer, token)


@router.post(f"{PATH}/{{officer_id}}/end-sessions", response_class=HTMLResponse)
async def end_sessions(seat: _Seat, officer_id: str) -> Response:
    async with seat.open_work() as work:
        await _service(seat, work).end_sessions(OfficerId(officer_id))
        await work.commit()
    return _back(officer_id)


def _service(seat: Seat, work: SqlWork) -> OfficerService:
    return seat.house.officers(work, seat.officer.id)


async def _typed(request: Request) -> tuple[Mapping[str, str], frozenset[Role]]:
    """Return what was typed, and the roles that were ticked: several boxes of one name."""
    body = await read_body(request.receive, most=_FORM_BYTES)
    boxes = parse_qsl(body.decode(errors="replace"), max_num_fields=20)
    known = {role.value for role in Role}
    roles = frozenset(Role(word) for name, word in boxes if name == "role" and word in known)
    return {name: word[:80] for name, word in boxes}, roles


async def _list(
    seat: Seat,
    *,
    fault: str = "",
    typed: Mapping[str, str] | None = None,
    chosen: frozenset[Role] = frozenset(),
) -> HTMLResponse:
    async with seat.open_work() as work:
        officers = await _service(seat, work).all()
    return show(
        seat,
        "officers.html",
        status=422 if fault else 200,
        officers=officers,
        roles=ROLE_WORDS,
        rights=RIGHTS,
        fault=fault,
        typed=typed or {},
        chosen=chosen,
    )


def _link(seat: Seat, officer: Officer, token: str) -> HTMLResponse:
    address = f"{seat.house.public_url}{START_PATH}/{token}"
    hours = int(LINK_LIFE.total_seconds() // 3600)
    return show(seat, "officer_link.html", one=officer, address=address, hours=hours)


def _back(officer_id: str) -> Response:
    return RedirectResponse(f"{PATH}/{officer_id}", status_code=303)
