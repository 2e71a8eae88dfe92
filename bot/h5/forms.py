"""One-time pages: what does not belong in a chat is typed here, once.

Opening a page changes nothing; sending it off counts once.

Source: S0-08, S0-09, S0-21 to S0-24; Q-31.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot.h5.look import say, show
from bot.wiring import Resources, SqlWork
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

__all__ = ["router"]

router: Final = APIRouter()

_NOBODY: Final = OpenId("")
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class _Box:
    """One box as it is shown, with what was typed and what is wrong with it."""

    name: str
    label: str
    hint: str
    hidden: bool
    autocomplete: str
    value: str = ""
    fault: str = ""


@router.get(FORM_PATH + "/{token}", response_class=HTMLResponse)
async def show_form(token: str, request: Request) -> HTMLResponse:
    house: Resources = request.app.state.house
    async with house.open_work() as work:
        try:
            page = await house.desk(work, _NOBODY, "h5").pages.read(token)
        except (LinkBrokenError, LinkExpiredError, LinkUsedError) as error:
            return _closed(error)
    return _form(_step(request, page), {}, {})


@router.post(FORM_PATH + "/{token}", response_class=HTMLResponse)
async def take_form(token: str, request: Request) -> HTMLResponse:
    house: Resources = request.app.state.house
    typed = {
        name: value[:_LONGEST]
        for name, value in (await request.form()).items()
        if isinstance(value, str)
    }
    async with house.open_work() as work:
        try:
            page = await house.desk(work, _NOBODY, "h5").pages.read(token)
            await work.let_go()
            step = _step(request, page)
            faults = _faults(step, typed)
            if faults:
                return _form(step, typed, faults)
            desk = house.desk(work, page.openid, "h5")
            return await _taken(step, typed, desk, token) or await _thanks(work)
        except (LinkBrokenError, LinkExpiredError, LinkUsedError) as error:
            return _closed(error)


async def _thanks(work: SqlWork) -> HTMLResponse:
    await work.commit()
    return say("填好了", "已收到，并加密保存。", status=200, steps=("回到聊天", "回复“继续”"))


async def _taken(
    step: Secure, typed: Mapping[str, str], desk: Desk, token: str
) -> HTMLResponse | None:
    """Accept what was typed and use the page up; a page again where it is not accepted."""
    try:
        answer = await step.accept(step.read(typed), desk)
    except UnfitError as unfit:
        return _form(step, typed, {}, unfit.sentence)
    except DomainError as error:
        return _form(step, typed, {}, excuse(error, desk.clock.now()))
    await desk.pages.fill(token, answer)
    return None


def _step(request: Request, page: OneTimePage) -> Secure:
    """Return the question a page asks; a page of a flow that is gone is broken."""
    flows: Catalog = request.app.state.flows
    step = flows.step(page.flow, page.step)
    if not isinstance(step, Secure):
        raise LinkBrokenError
    return step


def _faults(step: Secure, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with each box, so that all is mended at once."""
    faults = {}
    for box in step.fields:
        value = typed.get(box.name, "").strip()
        try:
            box.kind.parse(value)
        except UnfitError as unfit:
            faults[box.name] = unfit.sentence if value else f"请填写{box.label}。"
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
            value="" if box.hidden else typed.get(box.name, ""),
            fault=faults.get(box.name, ""),
        )
        for box in step.fields
    ]
    several = f"有 {len(faults)} 处要改，请看红字。" if faults else ""
    status = 422 if faults or fault else 200
    return show("form.html", status=status, title=step.title, boxes=boxes, fault=fault or several)


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
