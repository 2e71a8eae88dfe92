"""The room of kept replies: what agents insert with `/`, every version kept."""

from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from dialogs.engine.excuses import excuse
from domain.escalation.replies import CannedReplyService
from domain.officers.model import Right
from domain.shared.errors import DomainError

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/replies"

router: Final = APIRouter()

Editor = Annotated[Seat, needs(Right.CONTENT_CHANGE)]


@router.get(PATH, response_class=HTMLResponse)
async def show_replies(seat: Editor) -> Response:
    """List the kept replies, with a form for a new one."""
    return await _listed(seat)


@router.get(f"{PATH}/{{key}}", response_class=HTMLResponse)
async def show_reply(seat: Editor, key: str) -> Response:
    """Show one with all its versions."""
    return await _one(seat, key)


@router.post(PATH, response_class=HTMLResponse)
async def save_reply(seat: Editor) -> Response:
    """Append a version."""
    form = await read_form(seat.request)
    key, after = form.get("key", ""), form.get("after", "0")
    try:
        async with seat.open_work() as work:
            await CannedReplyService(work, seat.house.clock).save(
                key=key if key.isalnum() else seat.house.chance.token()[:16].lower(),
                after=int(after) if after.isdecimal() else 0,
                title=form.get("title", ""),
                text=form.get("text", ""),
                by=seat.officer.id,
                retired=form.get("act") == "retire",
            )
            await work.commit()
    except DomainError as error:
        refused = excuse(error, seat.house.clock.now())
        if key:
            return await _one(seat, key, refused)
        return await _listed(seat, refused, form)
    return RedirectResponse(PATH, status_code=303)


async def _listed(seat: Seat, refused: str = "", form: dict[str, str] | None = None) -> Response:
    async with seat.open_work() as work:
        kept = await work.canned.current()
    status = 422 if refused else 200
    return show(
        seat, "replies/list.html", status=status, replies=kept, refused=refused, form=form or {}
    )


async def _one(seat: Seat, key: str, refused: str = "") -> Response:
    async with seat.open_work() as work:
        versions = await work.canned.versions(key)
        names = {str(one.id): one.name for one in await work.officers.all()}
    if not versions:
        return show(seat, "say.html", title="没有这条常用语", words="请回到列表再看。", status=404)
    return show(
        seat,
        "replies/one.html",
        status=409 if refused else 200,
        versions=versions,
        names=names,
        refused=refused,
    )
