"""How officers come in: password and one-time code, and before that the set-up by a link."""

import base64
import io
import re
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.guard import SIGN_IN_PATH, give_token, must_be_ours
from bot.console.look import HOME, page, say
from bot.wiring import DEMO_OFFICERS, DEMO_PASSWORD, DEMO_SEED, Resources
from dialogs.engine.excuses import excuse
from domain.accounts.passwords import WeakPasswordError
from domain.officers.model import OfficerStart
from domain.officers.sign_in import WrongOneTimeCodeError, WrongSignInError
from domain.shared.errors import DomainError
from domain.shared.pages import LinkBrokenError, LinkExpiredError
from domain.shared.throttle import ThrottledError

__all__ = ["START_PATH", "router"]

START_PATH: Final = f"{HOME}/start"

router: Final = APIRouter()

_INSIDE: Final = re.compile(rf"{HOME}(/[A-Za-z0-9_-]+)*")
_LONGEST: Final = 200


@router.get(SIGN_IN_PATH, response_class=HTMLResponse)
async def show_sign_in(request: Request, to: str = HOME) -> Response:
    return _sign_in_page(request, to=to)


@router.post(SIGN_IN_PATH, response_class=HTMLResponse)
async def take_sign_in(request: Request) -> Response:
    must_be_ours(request)
    house: Resources = request.app.state.house
    typed = await _typed(request)
    async with house.open_work() as work:
        try:
            token = await house.officer_sign_in(work).sign_in(
                login=typed.get("login", ""),
                password=typed.get("password", ""),
                code=typed.get("code", ""),
                browser=_browser(request),
            )
        except (WrongSignInError, ThrottledError) as error:
            # What was wrong left a trace that must stay.
            await work.commit()
            status = 429 if isinstance(error, ThrottledError) else 422
            fault = excuse(error, house.clock.now())
            return _sign_in_page(request, to=typed.get("to", HOME), fault=fault, status=status)
        await work.commit()
    answer = RedirectResponse(_inside(typed.get("to", HOME)), status_code=303)
    give_token(request, answer, token)
    return answer


@router.get(START_PATH + "/{token}", response_class=HTMLResponse)
async def show_start(token: str, request: Request) -> Response:
    house: Resources = request.app.state.house
    async with house.open_work() as work:
        try:
            start = await house.officer_sign_in(work).starting(token)
        except (LinkBrokenError, LinkExpiredError) as error:
            return _closed(request, error)
    return _start_page(request, start)


@router.post(START_PATH + "/{token}", response_class=HTMLResponse)
async def take_start(token: str, request: Request) -> Response:
    must_be_ours(request)
    house: Resources = request.app.state.house
    typed = await _typed(request)
    async with house.open_work() as work:
        sign_in = house.officer_sign_in(work)
        try:
            start = await sign_in.starting(token)
        except (LinkBrokenError, LinkExpiredError) as error:
            return _closed(request, error)
        if typed.get("password") != typed.get("again"):
            return _start_page(request, start, fault="两次填写的密码不一样，请再填一次。")
        try:
            enrolled = await sign_in.enrol(
                token,
                password=typed.get("password", ""),
                code=typed.get("code", ""),
                browser=_browser(request),
            )
        except LinkBrokenError as error:
            return _closed(request, error)
        except (WeakPasswordError, WrongOneTimeCodeError) as error:
            return _start_page(request, start, fault=excuse(error, house.clock.now()))
        await work.commit()
    answer = page(request, "back_up.html", codes=enrolled.back_up)
    give_token(request, answer, enrolled.token)
    return answer


async def _typed(request: Request) -> dict[str, str]:
    return {name: value[:_LONGEST] for name, value in (await read_form(request)).items()}


def _sign_in_page(request: Request, *, to: str, fault: str = "", status: int = 200) -> HTMLResponse:
    house: Resources = request.app.state.house
    sandboxed = house.settings.sandboxed
    demo = DEMO_OFFICERS if sandboxed else ()
    code = house.officer_proofs.codes.code_at(DEMO_SEED, house.clock.now()) if sandboxed else ""
    return page(
        request,
        "sign_in.html",
        status=status,
        to=_inside(to),
        fault=fault,
        demo=demo,
        demo_password=DEMO_PASSWORD if sandboxed else "",
        demo_code=code,
    )


def _start_page(request: Request, start: OfficerStart, *, fault: str = "") -> HTMLResponse:
    house: Resources = request.app.state.house
    address = house.officer_proofs.codes.address(start.seed, start.officer.login)
    return page(
        request,
        "start.html",
        status=422 if fault else 200,
        start=start,
        picture=_picture(address),
        seed=" ".join(re.findall("....", start.seed)),
        fault=fault,
    )


def _closed(request: Request, error: DomainError) -> HTMLResponse:
    late = isinstance(error, LinkExpiredError)
    return say(
        request,
        "这个链接过期了" if late else "这个链接不能用",
        "设置链接 24 小时内有效，而且只能用一次。请让管理员重新给您一个。",
        status=410 if late else 404,
    )


def _inside(path: str) -> str:
    """Return where to go after signing in: a page of ours, whatever was asked for."""
    right = _INSIDE.fullmatch(path) and not path.startswith((SIGN_IN_PATH, START_PATH))
    return path if right else HOME


def _browser(request: Request) -> str:
    return request.headers.get("user-agent", "")


def _picture(words: str) -> str:
    """Return a QR code as an address that holds the whole picture."""
    import qrcode  # noqa: PLC0415 (4 MB, and few processes ever need them)

    code = qrcode.QRCode(box_size=5, border=2)
    code.add_data(words)
    png = io.BytesIO()
    code.make_image().save(png)
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
