"""Is this paper authentic? For whoever was handed one; it tells no more than the paper itself.

Source: S0-48; Q-32.
"""

from contextlib import AbstractAsyncContextManager
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.h5.look import moment, say, show
from bot.h5.sheets import CHECK_PATH, about, demo_mark, states
from dialogs.desk import Desk
from dialogs.engine.excuses import SENTENCES
from domain.registrations.model import InvalidCheckCodeError, Paper, check_code
from domain.registrations.service_papers import PaperUnknownError
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from domain.shared.throttle import ThrottledError
from domain.shared.work import OpenWork

__all__ = ["House", "router"]

router: Final = APIRouter()

_NOBODY: Final = OpenId("")
_FRONT: Final = "h5"
_LONGEST: Final = 80
_NEIGHBOURS: Final = 64
"""One household has as many IPv6 addresses as it likes below this prefix."""


class House(Protocol):
    """What the pages need of the application: ``app.state.house``."""

    def open_work(self) -> AbstractAsyncContextManager[OpenWork]:
        """Open a work."""

    def desk(self, work: OpenWork, openid: OpenId, front: str) -> Desk:
        """Build the services of one citizen on an open work."""


@router.get(CHECK_PATH, response_class=HTMLResponse)
async def ask_for_code() -> HTMLResponse:
    return show("check_form.html", typed="", fault="")


@router.post(CHECK_PATH, response_class=HTMLResponse)
async def take_code(request: Request) -> Response:
    typed = (await read_form(request)).get("code", "")[:_LONGEST]
    try:
        return RedirectResponse(f"{request.url.path}/{check_code(typed)}", status_code=303)
    except InvalidCheckCodeError as error:
        fault = SENTENCES[error.code]
        return show("check_form.html", status=422, typed=typed, fault=fault)


@router.get(CHECK_PATH + "/{code}", response_class=HTMLResponse)
async def check_paper(code: str, request: Request) -> HTMLResponse:
    house: House = request.app.state.house
    try:
        async with house.open_work() as work:
            desk = house.desk(work, _NOBODY, _FRONT)
            paper = await desk.papers.check(code[:_LONGEST], asker=_asker(request))
    except PaperUnknownError:
        return say(
            "没有查到这张登记表",
            "校验码可能抄错了，这张登记表也可能不是我们出具的。",
            status=404,
            steps=("对照纸上的 20 位校验码，再查一次", "仍查不到时，请登记人从聊天里重新打印"),
        )
    except ThrottledError as error:
        return say(
            "查得太频繁了",
            f"为了保护登记信息，请在 {moment(error.until)} 之后再查。",
            status=429,
            steps=("到时间后，再打开这个页面",),
        )
    except UnavailableError:
        return say(
            "现在查不了",
            "系统正忙，这与登记表的真伪无关。",
            status=503,
            steps=("请过几分钟再打开这个页面",),
        )
    return _authentic(paper)


def _authentic(paper: Paper) -> HTMLResponse:
    state, since = states(paper.registration)[-1]
    return show(
        "check.html",
        demo=demo_mark(paper),
        live=paper.registration.live,
        state=state,
        since=since,
        number=paper.registration.number,
        sections=about(paper),
    )


def _asker(request: Request) -> str:
    """Return the network address that asks, as far as one household has one."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _NEIGHBOURS), strict=False))
    return host
