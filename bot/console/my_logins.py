"""Where an officer is signed in, and how to end that."""

from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.guard import SIGN_IN_PATH, Seat, give_token, signed_in
from bot.console.look import HOME, show

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/my-logins"

router: Final = APIRouter()


@router.get(PATH, response_class=HTMLResponse)
async def show_logins(seat: Annotated[Seat, signed_in()]) -> Response:
    async with seat.open_work() as work:
        sessions = await seat.house.officer_sign_in(work).sessions(seat.officer.id)
        left = await work.officers.back_ups_left(seat.officer.id)
    return show(seat, "my_logins.html", sessions=sessions, present=seat.session.id, left=left)


@router.post(f"{PATH}/end", response_class=HTMLResponse)
async def end_login(seat: Annotated[Seat, signed_in()]) -> Response:
    session_id = (await read_form(seat.request)).get("session", "")
    async with seat.open_work() as work:
        await seat.house.officer_sign_in(work).end(seat.officer.id, session_id)
        await work.commit()
    return RedirectResponse(PATH, status_code=303)


@router.post(f"{HOME}/sign-out", response_class=HTMLResponse)
async def sign_out(seat: Annotated[Seat, signed_in()]) -> Response:
    async with seat.open_work() as work:
        await seat.house.officer_sign_in(work).end(seat.officer.id, seat.session.id)
        await work.commit()
    answer = RedirectResponse(SIGN_IN_PATH, status_code=303)
    give_token(seat.request, answer, "")
    return answer
