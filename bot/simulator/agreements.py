"""The article in which a citizen agrees to notices, as the simulator plays it."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.h5.openers import NAMED_COOKIE
from bot.simulator.look import page
from bot.simulator.phone import Gesture, GestureKind
from bot.simulator.sandbox import Sandbox
from bot.wiring import AGREE_PATH

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)


@router.get(AGREE_PATH)
async def show_agreements(request: Request) -> HTMLResponse:
    sandbox: Sandbox = request.app.state.sandbox
    agreed = await sandbox.platform.agreed(_openid(request))
    notices = [(one, agreed.get(one.template, 0)) for one in sandbox.agreements]
    return page("agree.html", account_name=sandbox.account_name, notices=notices)


@router.post(AGREE_PATH)
async def take_answer(
    request: Request,
    template: Annotated[str, Form(max_length=64)],
    answer: Annotated[GestureKind, Form()],
) -> Response:
    sandbox: Sandbox = request.app.state.sandbox
    asked = template in {one.template for one in sandbox.agreements}
    if not asked or answer not in {GestureKind.AGREE, GestureKind.REFUSE}:
        raise HTTPException(404)
    await sandbox.phone.send(Gesture(_openid(request), answer, text=template))
    return RedirectResponse(AGREE_PATH, status_code=303)


def _openid(request: Request) -> str:
    """Return who holds the phone, as the simulator's browser says it."""
    openid = request.cookies.get(NAMED_COOKIE)
    if not openid:
        raise HTTPException(403, "请从模拟微信的聊天里打开这一页。")
    return openid
