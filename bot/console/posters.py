"""The room of the posters: making them, printing them, retiring them.

Source: S0-61.
"""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from bot.bodies import read_form
from bot.console.guard import Seat, needs
from bot.console.look import HOME, say, show
from bot.poster_forms import EXAMPLE_ID, PosterForm, choices, example
from bot.poster_words import caption_for, sheet_of, target_name
from bot.posters import Print, file_name, pressed, publisher_of, zipped
from bot.wiring import SqlWork
from dialogs.engine.excuses import excuse
from domain.officers.model import Right
from domain.plans.model import PlanBook, PlanState
from domain.posters.model import Figures, Poster, PosterId, PosterNotFoundError, TargetKind
from domain.posters.service import PosterService, ScanService
from domain.posters.sheet import PosterFormat, PosterSize
from domain.shared.errors import DomainError, NotFoundError

__all__ = ["FIGURE_WORDS", "FILE_HEADERS", "PATH", "SIZE_WORDS", "gone", "on_record", "router"]

PATH: Final = f"{HOME}/posters"
FILE_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
FIGURE_WORDS: Final = Figures("扫码", "新关注", "注册", "登记")  # type: ignore[arg-type] # their names, in the same places
SIZE_WORDS: Final = {
    PosterSize.A4: "A4",
    PosterSize.A3: "A3",
    PosterSize.ROLLUP: "易拉宝（80×200 厘米）",
}

_A_PAGE: Final = 50
_TYPES: Final = {PosterFormat.PNG: "image/png", PosterFormat.PDF: "application/pdf"}

_Officer = Annotated[Seat, needs(Right.POSTERS)]

router: Final = APIRouter(prefix=PATH)


@router.get("", response_class=HTMLResponse)
async def list_posters(seat: _Officer, page: int = 1) -> Response:
    async with seat.open_work() as work:
        posters = (await work.posters.read()).posters()
        book = await work.plans.book()
        last = max(1, -(-len(posters) // _A_PAGE))
        at = min(max(1, page), last)
        posters = posters[(at - 1) * _A_PAGE : at * _A_PAGE]
        totals = await ScanService(work, seat.house.clock).totals(posters)
    now = seat.house.clock.now()
    return show(
        seat,
        "posters/list.html",
        posters=[
            (one, target_name(one.target, book), figures)
            for one, figures in zip(posters, totals, strict=True)
        ],
        names=FIGURE_WORDS,
        plans=[one for one in book.plans() if one.state_at(now) is not PlanState.CLOSED],
        sizes=SIZE_WORDS,
        now=now,
        page=at,
        last=last,
    )


@router.get("/new", response_class=HTMLResponse)
async def new_poster(seat: _Officer) -> Response:
    async with seat.open_work() as work:
        book = await work.plans.book()
        new_id = _service(seat, work).new_id()
    return _form(seat, book, PosterForm(poster_id=new_id))


@router.post("/new", response_class=HTMLResponse)
async def make_poster(seat: _Officer) -> Response:
    form = PosterForm.of(await read_form(seat.request))
    async with seat.open_work() as work:
        book = await work.plans.book()
        try:
            target = form.target(book)
            made = await _service(seat, work).make(
                target,
                title=form.title,
                caption=form.caption or caption_for(target.kind),
                by=seat.officer.id,
                poster_id=PosterId(form.poster_id) if form.poster_id else None,
            )
            await work.commit()
        except DomainError as error:
            words = excuse(error, seat.house.clock.now())
            return _form(seat, book, form, fault=words, status=422)
    return RedirectResponse(f"{PATH}/{quote(made.id, safe='')}", status_code=303)


@router.get("/new/preview", response_class=HTMLResponse)
async def preview_words(seat: _Officer) -> Response:
    form = PosterForm.of(seat.request.query_params)
    async with seat.open_work() as work:
        book = await work.plans.book()
    try:
        form.poster(book, seat.house.clock.now())
    except DomainError as error:
        return show(seat, "posters/preview.html", fault=excuse(error, seat.house.clock.now()))
    return show(seat, "posters/preview.html", fault="", address=form.address)


@router.get("/new/preview.png")
async def preview_new(seat: _Officer) -> Response:
    form = PosterForm.of(seat.request.query_params)
    async with seat.open_work() as work:
        book = await work.plans.book()
    try:
        poster = form.poster(book, seat.house.clock.now())
    except DomainError:
        return Response(status_code=404)
    return await _preview(seat, poster, book)


@router.post("/batch")
async def make_batch(seat: _Officer) -> Response:
    boxes = await read_form(seat.request)
    try:
        wanted = Print(PosterSize(boxes.get("size", "")), PosterFormat(boxes.get("format", "")))
    except ValueError:
        return RedirectResponse(PATH, status_code=303)
    plan_id, now = boxes.get("plan", ""), seat.house.clock.now()
    async with seat.open_work() as work:
        book = await work.plans.book()
        caption = caption_for(TargetKind.PROJECT)
        try:
            posters = await _service(seat, work).for_projects_of(
                plan_id, caption=caption, by=seat.officer.id
            )
            await work.commit()
        except DomainError as error:
            return _said(seat, "没有做成", excuse(error, now), status=422)
    name = f"{book.plan(plan_id).name}-{wanted.size}.zip"
    publisher = publisher_of(seat.house.settings)
    parts = zipped(seat.house.press, posters, book, publisher, wanted)
    return StreamingResponse(parts, media_type="application/zip", headers=_attached(name))


@router.get("/{poster_id}/preview.png")
async def preview_poster(seat: _Officer, poster_id: str) -> Response:
    try:
        poster, book = await on_record(seat, poster_id)
        return await _preview(seat, poster, book)
    except NotFoundError:
        return Response(status_code=404)


@router.get("/{poster_id}/file/{size}.{kind}")
async def download(seat: _Officer, poster_id: str, size: str, kind: str) -> Response:
    try:
        wanted = Print(PosterSize(size), PosterFormat(kind))
        poster, book = await on_record(seat, poster_id)
        publisher = publisher_of(seat.house.settings)
        made = await pressed(seat.house.press, poster, book, publisher, wanted)
    except (ValueError, NotFoundError):
        return gone(seat)
    headers = _attached(file_name(poster, wanted))
    return Response(made, media_type=_TYPES[wanted.kind], headers=headers)


@router.post("/{poster_id}/retire", response_class=HTMLResponse)
async def retire(seat: _Officer, poster_id: str) -> Response:
    async with seat.open_work() as work:
        try:
            await _service(seat, work).retire(PosterId(poster_id), by=seat.officer.id)
        except PosterNotFoundError:
            return gone(seat)
        await work.commit()
    return RedirectResponse(f"{PATH}/{quote(poster_id, safe='')}", status_code=303)


async def on_record(seat: Seat, poster_id: str) -> tuple[Poster, PlanBook]:
    """Return a poster and what posters are about; `PosterNotFoundError` if there is none."""
    async with seat.open_work() as work:
        return (await work.posters.read()).poster(poster_id), await work.plans.book()


def gone(seat: Seat) -> Response:
    """Say that there is no such poster, or none whose target is still on record."""
    return _said(seat, "没有找到", "没有找到这张海报，或者它对应的项目已经下线。", status=404)


def _service(seat: Seat, work: SqlWork) -> PosterService:
    house = seat.house
    return PosterService(work, house.outside.scene_codes, house.clock, house.chance)


def _said(seat: Seat, title: str, words: str, *, status: int) -> Response:
    return say(seat.request, title, words, status=status, officer=seat.officer)


def _form(
    seat: Seat, book: PlanBook, form: PosterForm, *, fault: str = "", status: int = 200
) -> Response:
    return show(
        seat,
        "posters/new.html",
        status=status,
        form=form,
        groups=choices(book, seat.house.clock.now()),
        fault=fault,
    )


async def _preview(seat: Seat, poster: Poster, book: PlanBook) -> Response:
    if poster.id == EXAMPLE_ID:
        poster = example(poster, seat.house.public_url)
    sheet = sheet_of(poster, book, publisher_of(seat.house.settings))
    made = await seat.house.press.preview(sheet, PosterSize.A4)
    return Response(made, media_type="image/png", headers=FILE_HEADERS)


def _attached(name: str) -> dict[str, str]:
    return FILE_HEADERS | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
