"""Who opens a page: the simulator's browser says so here, as the platform does in production."""

from typing import Final
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from bot.h5.openers import NAMED_COOKIE
from bot.wiring import OPENER_PATH, Resources
from domain.shared.openers import OPENED_PATH

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)


@router.get(OPENER_PATH)
async def authorize(request: Request, redirect_uri: str, state: str) -> Response:
    house: Resources = request.app.state.house
    openid = request.cookies.get(NAMED_COOKIE)
    back = urlsplit(f"{house.public_url}{OPENED_PATH}").path
    if house.stand_ins is None or openid is None or urlsplit(redirect_uri).path != back:
        raise HTTPException(403)
    code = await house.stand_ins.platform.opens(openid)
    return RedirectResponse(f"{back}?{urlencode({'code': code, 'state': state})}", status_code=303)
