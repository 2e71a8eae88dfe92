"""The paper of a registration, for its family: a page to print, and a PDF.

Source: S0-48, S0-49, S0-60; Q-32.
"""

from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.h5.look import pdf, say, show
from bot.h5.openers import UnrecognisedError, must_be_of
from bot.h5.sheets import sheet_of
from dialogs.desk import Desk
from domain.registrations.service import RegistrationNotFoundError
from domain.shared.errors import DomainError, NeedsError, UnavailableError
from domain.shared.pages import PRINT_PATH, LinkBrokenError, LinkExpiredError
from domain.shared.papers import PaperPrinter, Sheet
from domain.shared.records import OpenId
from domain.shared.work import OpenWork

__all__ = ["House", "router"]

router: Final = APIRouter()

_NOBODY: Final = OpenId("")
_FRONT: Final = "h5"
_KEPT_BACK: Final = (
    LinkBrokenError,
    LinkExpiredError,
    NeedsError,
    RegistrationNotFoundError,
    UnavailableError,
)


class House(Protocol):
    """What the pages need of the application: ``app.state.house``."""

    @property
    def printer(self) -> PaperPrinter:
        """What makes PDFs."""

    def open_work(self) -> AbstractAsyncContextManager[OpenWork]:
        """Open a work."""

    def desk(self, work: OpenWork, openid: OpenId, front: str) -> Desk:
        """Build the services of one citizen on an open work."""


@router.get(PRINT_PATH + "/{token}.pdf", response_class=Response)
async def print_registration(token: str, request: Request) -> Response:
    house: House = request.app.state.house
    try:
        sheet = await _sheet(house, token, request)
        return pdf(await house.printer.pdf(sheet), name=f"登记表 {sheet.number[1]}.pdf")
    except UnrecognisedError as error:
        return error.answer
    except _KEPT_BACK as error:
        return _say_why(error)


@router.get(PRINT_PATH + "/{token}", response_class=HTMLResponse)
async def show_registration(token: str, request: Request) -> Response:
    house: House = request.app.state.house
    try:
        sheet = await _sheet(house, token, request)
        return show("print.html", sheet=sheet, pdf=f"{token}.pdf")
    except UnrecognisedError as error:
        return error.answer
    except _KEPT_BACK as error:
        return _say_why(error)


async def _sheet(house: House, token: str, request: Request) -> Sheet:
    """Return the paper that a link was made for, if it is still its citizen's own."""
    async with house.open_work() as work:
        openid, number = house.desk(work, _NOBODY, _FRONT).pages.read_print_link(token)
        must_be_of(request, openid)
        desk = house.desk(work, openid, _FRONT)
        citizen = await desk.citizen()
        paper = await desk.papers.of(citizen.signed_in(), citizen.filed(), number)
        return sheet_of(
            paper,
            operator=desk.office.operator,
            public_url=desk.office.public_url,
            now=desk.clock.now(),
        )


def _say_why(error: DomainError) -> HTMLResponse:
    match error:
        case LinkExpiredError():
            return say(
                "这个打印链接过期了",
                "为了保护您的信息，打印链接只在 24 小时内有效。您的登记不受影响。",
                status=410,
                steps=("回到聊天，发送“我的登记”", "选这一条登记，就有新的打印链接"),
            )
        case LinkBrokenError():
            return say(
                "这个链接打不开",
                "链接可能没有复制完整，也可能不是给您的。您的登记不受影响。",
                status=403,
                steps=("回到聊天，发送“我的登记”", "选要打印的登记，重新打开链接"),
            )
        case UnavailableError():
            return say(
                "现在打不开登记表",
                "系统正忙，您的登记不受影响。",
                status=503,
                steps=("请过几分钟再打开", "要 PDF 文件的话，也可以先打开登记表，再按“打印”保存"),
            )
        case _:
            return say(
                "没有找到这条登记",
                "可能是您已经退出登录，或者换了备案家庭。",
                status=403,
                steps=("回到聊天，发送“登录”，登录登记时用的账号", "再发送“我的登记”查看"),
            )
