"""One-time pages: what does not belong in a chat is typed here, once.

Opening a page changes nothing; sending it off counts once.

Source: S0-08, S0-09, S0-21 to S0-24, S0-65; Q-31.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.bodies import read_form
from bot.h5.look import say, show
from bot.h5.openers import UnrecognisedError, must_be_of
from bot.wiring import Resources
from dialogs.desk import Desk
from dialogs.engine.excuses import excuse
from dialogs.engine.kinds import UnfitError
from dialogs.engine.outside import Secure
from dialogs.engine.talk import Catalog
from domain.shared.errors import DomainError
from domain.shared.pages import (
    FORM_PATH,
    LinkBrokenError,
    LinkExpiredError,
    LinkUsedError,
    OneTimePage,
)
from domain.shared.records import OpenId

__all__ = ["edition", "router"]

router: Final = APIRouter()

_NOBODY: Final = OpenId("")
_LONGEST: Final = 200
_EDITION: Final = "_edition"
"""The box in which a page says of which edition it is; nobody sees it."""


class _OutdatedError(Exception):
    """The page asks what this release does not, or in other words."""


@dataclass(frozen=True, slots=True)
class _Box:
    """One box as it is shown, with what was typed and what is wrong with it."""

    name: str
    label: str
    hint: str
    hidden: bool
    autocomplete: str
    metered: bool
    value: str = ""
    fault: str = ""


@router.get(FORM_PATH + "/{token}", response_class=HTMLResponse)
async def show_form(token: str, request: Request) -> Response:
    house: Resources = request.app.state.house
    async with house.open_work() as work:
        try:
            page = await house.desk(work, _NOBODY, "h5").pages.read(token)
            must_be_of(request, page.openid)
            return _form(_step(request, page), {}, {})
        except UnrecognisedError as error:
            return error.answer
        except (LinkBrokenError, LinkExpiredError, LinkUsedError) as error:
            return _closed(error)
        except _OutdatedError:
            return _outdated()


@router.post(FORM_PATH + "/{token}", response_class=HTMLResponse)
async def take_form(token: str, request: Request) -> Response:
    house: Resources = request.app.state.house
    typed = {name: value[:_LONGEST] for name, value in (await read_form(request)).items()}
    async with house.open_work() as work:
        try:
            page = await house.desk(work, _NOBODY, "h5").pages.read(token)
            await work.let_go()
            must_be_of(request, page.openid)
            step = _step(request, page)
            _must_be_current(step, typed)
            faults = _faults(step, typed)
            if faults:
                return _form(step, typed, faults)
            desk = house.desk(work, page.openid, "h5")
            refused = await _taken(page, step, typed, desk, token)
            # A refusal may have left a trace that must stay.
            await work.commit()
            return refused or _thanks()
        except UnrecognisedError as error:
            return error.answer
        except (LinkBrokenError, LinkExpiredError, LinkUsedError) as error:
            return _closed(error)
        except _OutdatedError:
            return _outdated()


def _thanks() -> HTMLResponse:
    return say("填好了", "已收到，并加密保存。", status=200, steps=("回到聊天", "回复“继续”"))


async def _taken(
    page: OneTimePage, step: Secure, typed: Mapping[str, str], desk: Desk, token: str
) -> HTMLResponse | None:
    """Accept what was typed and use the page up; a page again where it is not accepted."""
    try:
        answer = await step.accept({**step.read(typed), **page.about}, desk)
    except UnfitError as unfit:
        return _form(step, typed, {}, unfit.sentence)
    except DomainError as error:
        return _form(step, typed, {}, excuse(error, desk.clock.now()))
    await desk.pages.fill(token, answer)
    return None


def _step(request: Request, page: OneTimePage) -> Secure:
    """Return the question a page asks; a page of a question that is gone is outdated."""
    flows: Catalog = request.app.state.flows
    step = flows.step(page.flow, page.step)
    if not isinstance(step, Secure):
        raise _OutdatedError
    return step


def edition(step: Secure) -> str:
    """Return the edition of a question's page: another one as soon as it asks for anything else.

    Source: S0-65.
    """
    asked = [(box.name, box.label, box.hint, box.hidden, box.repeats) for box in step.fields]
    return hashlib.sha256(repr((step.title, asked)).encode()).hexdigest()[:12]


def _must_be_current(step: Secure, typed: Mapping[str, str]) -> None:
    # A page that was opened before an update must not have its answers read by the new questions.
    if typed.get(_EDITION, edition(step)) != edition(step):
        raise _OutdatedError


def _outdated() -> HTMLResponse:
    """Ask to reopen the page. Nothing was used up: the same link leads to the new edition."""
    return say(
        "这个页面有更新",
        "服务刚刚升级，您打开的是之前的页面，刚才填的没有提交，之前填过的都还在。",
        status=409,
        steps=("关闭这个页面，回到聊天", "回复“继续”", "重新点链接，再填一次"),
    )


def _faults(step: Secure, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with each box, so that all is mended at once."""
    faults = {}
    for box in step.fields:
        value = typed.get(box.name, "")
        try:
            box.kind.parse(value)
        except UnfitError as unfit:
            faults[box.name] = unfit.sentence if value.strip() else f"请填写{box.label}。"
        if box.repeats and typed.get(box.name) != typed.get(box.repeats):
            faults[box.name] = "两次填写的不一样，请再填一次。"
    return faults


def _form(
    step: Secure, typed: Mapping[str, str], faults: Mapping[str, str], fault: str = ""
) -> HTMLResponse:
    boxes = [
        _Box(
            box.name,
            box.label,
            box.hint,
            box.hidden,
            box.autocomplete,
            box.metered,
            value="" if box.hidden else typed.get(box.name, ""),
            fault=faults.get(box.name, ""),
        )
        for box in step.fields
    ]
    several = f"有 {len(faults)} 处要改，请看红字。" if faults else ""
    status = 422 if faults or fault else 200
    return show(
        "form.html",
        status=status,
        title=step.title,
        boxes=boxes,
        fault=fault or several,
        button=step.button,
        edition=edition(step),
    )


def _closed(error: LinkBrokenError | LinkExpiredError | LinkUsedError) -> HTMLResponse:
    match error:
        case LinkUsedError():
            return say(
                "这一页已经提交过了",
                "您填的内容已经收到，不用再填。",
                status=410,
                steps=("回到聊天", "回复“继续”"),
            )
        case LinkExpiredError():
            return say(
                "这个页面过期了",
                "为了安全，页面只在 10 分钟内有效。之前填过的都还在。",
                status=410,
                steps=("回到聊天，回复“继续”", "点新的链接再填一次"),
            )
        case _:
            return say(
                "这个链接打不开",
                "链接可能没有复制完整，也可能不是给您的。",
                status=403,
                steps=("回到聊天，回复“继续”", "点新的链接"),
            )
