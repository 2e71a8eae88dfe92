"""The first page after signing in: where one may go, and what happens right now."""

from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from bot.console.guard import Seat, signed_in
from bot.console.live import Live
from bot.console.look import HOME, show

__all__ = ["router"]

router: Final = APIRouter()


@router.get(HOME, response_class=HTMLResponse)
async def show_home(seat: Annotated[Seat, signed_in()]) -> Response:
    return show(seat, "home.html")


@router.get(f"{HOME}/live", response_class=HTMLResponse)
async def show_live(seat: Annotated[Seat, signed_in(watching=True)]) -> Response:
    live: Live = seat.request.app.state.live
    return show(seat, "live.html", figures=await live.seen_by(seat.officer))
