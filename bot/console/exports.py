"""Files that officers ask for: made in the background, looked after, fetched by whoever asked."""

from collections.abc import AsyncIterator
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.files import streamed
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from bot.jobs.export_rows import TITLES
from domain.officers.model import Right
from domain.registrations.exports import Export, ExportState, ExportSubject, may_fetch
from domain.registrations.service_exports import ExportUnderWayError, ReasonMissingError
from domain.shared.clock import china_time
from domain.shared.errors import InvalidError
from domain.shared.tables import TableForm

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/exports"

router: Final = APIRouter()

_Choice = TypeVar("_Choice", ExportSubject, TableForm)

_STATES: Final = {
    ExportState.WAITING: "排队中",
    ExportState.RUNNING: "正在生成",
    ExportState.DONE: "已完成",
    ExportState.FAILED: "没有完成",
}


@router.get(PATH, response_class=HTMLResponse)
async def show_exports(seat: Annotated[Seat, needs(Right.EXPORT)], plan: str = "") -> Response:
    return await _page(seat, "exports/list.html", plan=plan)


@router.get(PATH + "/progress", response_class=HTMLResponse)
async def show_progress(
    seat: Annotated[Seat, needs(Right.EXPORT, watching=True)],
) -> Response:
    return await _page(seat, "exports/progress.html")


@router.post(PATH, response_class=HTMLResponse)
async def ask(seat: Annotated[Seat, needs(Right.EXPORT)]) -> Response:
    form = await read_form(seat.request)
    masked = form.get("unmasked") != "yes" or not seat.may(Right.REVEAL)
    async with seat.open_work() as work:
        try:
            await seat.house.exports(work, seat.officer.id).ask(
                _chosen(ExportSubject, form.get("subject", "")),
                _chosen(TableForm, form.get("form", "")),
                plan_id=form.get("plan") or None,
                masked=masked,
                reason=form.get("reason", ""),
            )
        except ReasonMissingError:
            await work.undo()
            fault = "导出不遮挡的信息，请写明理由，至少 4 个字。"
            return await _page(seat, "exports/list.html", fault=fault, plan=form.get("plan", ""))
        except ExportUnderWayError:
            await work.undo()
            fault = "您还有一份文件正在生成，请等它完成再导出下一份。"
            return await _page(seat, "exports/list.html", fault=fault, plan=form.get("plan", ""))
        await work.commit()
    return RedirectResponse(PATH, status_code=303)


@router.post(PATH + "/{export_id}/again", response_class=HTMLResponse)
async def again(seat: Annotated[Seat, needs(Right.EXPORT)], export_id: str) -> Response:
    async with seat.open_work() as work:
        await seat.house.exports(work, seat.officer.id).again(export_id)
        await work.commit()
    return RedirectResponse(PATH, status_code=303)


@router.get(PATH + "/{export_id}/file", response_class=Response)
async def fetch(seat: Annotated[Seat, needs(Right.EXPORT)], export_id: str) -> Response:
    async with seat.open_work() as work:
        export = await seat.house.exports(work, seat.officer.id).fetch(export_id)
        await work.commit()
    made = f"{china_time(export.asked_at):%Y%m%d-%H%M}"
    name = f"{TITLES[export.subject]}-{made}" + ("" if export.masked else "-未遮挡")
    return streamed(_pieces(seat, export), export.form, name)


async def _pieces(seat: Seat, export: Export) -> AsyncIterator[bytes]:
    """Yield a file's pieces; each is read when the one before has left."""
    number = 0
    while True:
        async with seat.open_work() as work:
            piece = await work.exports.piece(export, number)
        if piece is None:
            return
        yield piece
        number += 1


async def _page(seat: Seat, template: str, *, fault: str = "", plan: str = "") -> Response:
    now = seat.house.clock.now()
    async with seat.open_work() as work:
        mine = await seat.house.exports(work, seat.officer.id).mine()
        offers = await seat.house.offers(work, seat.officer.id).all()
    plans = {str(offer.plan.id): offer.plan.name for offer in offers if not offer.draft}
    shown = [
        {
            "export": one,
            "title": TITLES[one.subject],
            "plan": plans.get(one.plan_id or "", ""),
            "state": _STATES[one.state],
            "may_fetch": may_fetch(one, seat.officer.id, now),
            "gone": one.state is ExportState.DONE and now >= one.expires_at,
        }
        for one in mine
    ]
    return show(
        seat,
        template,
        status=422 if fault else 200,
        exports=shown,
        under_way=any(one.under_way for one in mine),
        plans=plans,
        plan=plan,
        subjects=TITLES,
        fault=fault,
        may_reveal=seat.may(Right.REVEAL),
    )


def _chosen(choices: type[_Choice], said: str) -> _Choice:
    """Return what was chosen in a list; only a form that is not ours says anything else."""
    try:
        return choices(said)
    except ValueError:
        raise InvalidError from None
