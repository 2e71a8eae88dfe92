"""How the official account is connected: what to paste where, what is wrong, who was refused.

Source: S0-01, S0-11.
"""

from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.connecting import REFUSED_WORDS, check, is_ours, publish, values
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from bot.wiring import WechatSaidNoError
from domain.officers.model import Right
from domain.shared.errors import UnavailableError

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/connection"

router: Final = APIRouter()

_Seat = Annotated[Seat, needs(Right.CONNECTION)]
_Watching = Annotated[Seat, needs(Right.CONNECTION, watching=True)]

_CALL: Final = "这是一次试呼叫：安居后台的“人工客服”有人等时，会这样通知您。"

_OUTCOMES: Final = {
    "pushed": ("good", "菜单已发布，手机上最迟 24 小时内更新（重新关注可立即看到）。"),
    "refused": ("bad", "平台拒绝了菜单，请看下面“接入检查”里的原因。"),
    "silent": ("bad", "平台没有答复，请过一会儿再试。"),
    "nobody": ("warn", "现在用的是沙箱自带的公众号，没有菜单可以发布。"),
}


@router.get(PATH, response_class=HTMLResponse)
async def show_connection(seat: _Seat, outcome: str = "") -> Response:
    settings = seat.house.settings
    head, *lines = values(settings)
    return show(
        seat,
        "connection.html",
        head=head,
        lines=[line.strip().partition("：") for line in lines],
        menu=settings.menu,
        targets=seat.house.outside.staff.targets,
        ours=is_ours(settings),
        outcome=_OUTCOMES.get(outcome),
    )


@router.get(f"{PATH}/check", response_class=HTMLResponse)
async def show_check(seat: _Seat) -> Response:
    """Ask the platform; a part of the page of its own, since that takes its time."""
    findings = [finding async for finding in check(seat.house.settings)]
    return show(seat, "connection_check.html", findings=findings)


@router.get(f"{PATH}/refused", response_class=HTMLResponse)
async def show_refused(seat: _Watching) -> Response:
    async with seat.open_work() as work:
        refusals = await work.refusals.last()
    return show(seat, "connection_refused.html", refusals=refusals, words=REFUSED_WORDS)


@router.post(f"{PATH}/menu", response_class=HTMLResponse)
async def push_menu(seat: _Seat) -> Response:
    outcome = await _pushed(seat)
    return RedirectResponse(f"{PATH}?outcome={outcome}", status_code=303)


@router.post(f"{PATH}/staff", response_class=HTMLResponse)
async def call_staff(seat: _Seat) -> Response:
    """Call everybody who is called when citizens wait unseen, to see that it works."""
    staff = seat.house.outside.staff
    reached = [await staff.call(target, _CALL) for target in range(staff.targets)]
    async with seat.open_work() as work:
        await seat.act(work, "escalation:staff:test", "staff")
        await work.commit()
    return show(seat, "connection_staff.html", reached=reached)


async def _pushed(seat: Seat) -> str:
    settings = seat.house.settings
    if not is_ours(settings):
        return "nobody"
    try:
        await publish(settings)
    except WechatSaidNoError:
        return "refused"
    except UnavailableError:
        return "silent"
    async with seat.open_work() as work:
        await seat.act(work, "connection:menu:push", settings.wechat.app_id)
        await work.commit()
    return "pushed"
