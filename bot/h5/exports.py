"""All that is kept of a citizen, fetched once through a one-time link.

Opening the page changes nothing; the button fetches the file and uses the link up.

Source: S0-60, S0-76 to S0-82; Q-31.
"""

from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.h5.bundle import bundle
from bot.h5.look import attached, say, show
from bot.h5.openers import UnrecognisedError, must_be_of
from dialogs.accounts.export_my_data import ExportMyData
from dialogs.desk import Desk
from domain.accounts.model import Account
from domain.shared.errors import DomainError, NeedsError, UnavailableError
from domain.shared.pages import (
    EXPORT_PATH,
    LinkBrokenError,
    LinkExpiredError,
    LinkUsedError,
)
from domain.shared.records import OpenId
from domain.shared.work import OpenWork

__all__ = ["House", "router"]

router: Final = APIRouter()

_NOBODY: Final = OpenId("")
_FRONT: Final = "h5"
_KEPT_BACK: Final = (
    LinkBrokenError,
    LinkExpiredError,
    LinkUsedError,
    NeedsError,
    UnavailableError,
)


class House(Protocol):
    """What the page needs of the application: ``app.state.house``."""

    def open_work(self) -> AbstractAsyncContextManager[OpenWork]:
        """Open a work."""

    def desk(self, work: OpenWork, openid: OpenId, front: str) -> Desk:
        """Build the services of one citizen on an open work."""


@router.get(EXPORT_PATH + "/{token}", response_class=HTMLResponse)
async def show_export(token: str, request: Request) -> Response:
    house: House = request.app.state.house
    try:
        async with house.open_work() as work:
            await _granted(house, work, token, request)
            return show("fetch.html", title="导出我的信息")
    except UnrecognisedError as error:
        return error.answer
    except _KEPT_BACK as error:
        return _say_why(error)


@router.post(EXPORT_PATH + "/{token}", response_class=Response)
async def fetch_export(token: str, request: Request) -> Response:
    house: House = request.app.state.house
    try:
        async with house.open_work() as work:
            desk, account = await _granted(house, work, token, request)
            packed = await bundle(desk, request.app.state.flows)
            await desk.pages.fill(token, answer=True)
            await desk.leaving.note_export(desk.openid, account)
            await work.commit()
            return attached(packed, media_type="application/zip", name="我的信息.zip")
    except UnrecognisedError as error:
        return error.answer
    except _KEPT_BACK as error:
        return _say_why(error)


async def _granted(
    house: House, work: OpenWork, token: str, request: Request
) -> tuple[Desk, Account]:
    """Return whose the link is, if they are still signed in to the account it was made for."""
    page = await house.desk(work, _NOBODY, _FRONT).pages.read(token)
    must_be_of(request, page.openid)
    desk = house.desk(work, page.openid, _FRONT)
    account = (await desk.citizen()).signed_in()
    if page.flow != ExportMyData.id or page.about.get("account") != account.id:
        raise LinkBrokenError
    return desk, account


def _say_why(error: DomainError) -> HTMLResponse:
    match error:
        case LinkUsedError():
            return say(
                "已经下载过了",
                "为了安全，一个链接只能下载一次。",
                status=410,
                steps=("要再下载一份，回到聊天发送“导出我的信息”",),
            )
        case LinkExpiredError():
            return say(
                "这个链接过期了",
                "为了安全，链接只在 10 分钟内有效。",
                status=410,
                steps=("回到聊天，发送“导出我的信息”",),
            )
        case UnavailableError():
            return say(
                "现在打不开",
                "系统正忙，您的信息都在。",
                status=503,
                steps=("请过几分钟再打开",),
            )
        case _:
            return say(
                "这个链接打不开",
                "链接可能没有复制完整、不是给您的，或者您已经退出登录。",
                status=403,
                steps=("回到聊天，发送“登录”", "再发送“导出我的信息”"),
            )
