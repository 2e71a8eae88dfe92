"""What came of a poster: figures, a chart, a table, and the same as a file.

Each figure is defined once, by `domain.posters.model.Counted`; page, chart and file are made from
the same days.
"""

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from bot.console.charts import drawn, picture
from bot.console.guard import Seat, needs
from bot.console.look import show
from bot.console.posters import FIGURE_WORDS, FILE_HEADERS, PATH, SIZE_WORDS, gone, on_record
from bot.poster_words import target_name
from domain.officers.model import Right
from domain.posters.model import DayFigures, Poster, PosterNotFoundError, total
from domain.posters.service import ScanService

__all__ = ["router", "table_of"]

_TOTAL: Final = "合计"

_Officer = Annotated[Seat, needs(Right.POSTERS)]

router: Final = APIRouter(prefix=f"{PATH}/{{poster_id}}")


@router.get("", response_class=HTMLResponse)
async def show_poster(seat: _Officer, poster_id: str) -> Response:
    try:
        poster, book = await on_record(seat, poster_id)
    except PosterNotFoundError:
        return gone(seat)
    days = await _days(seat, poster)
    return show(
        seat,
        "posters/show.html",
        poster=poster,
        path=f"{PATH}/{quote(poster.id, safe='')}",
        leads_to=target_name(poster.target, book),
        now=seat.house.clock.now(),
        sizes=SIZE_WORDS,
        names=FIGURE_WORDS,
        total=total(days),
        table=table_of(days),
    )


@router.get("/chart.svg")
async def show_chart(seat: _Officer, poster_id: str) -> Response:
    try:
        poster, _ = await on_record(seat, poster_id)
    except PosterNotFoundError:
        return Response(status_code=404)
    days = await _days(seat, poster)
    series = [
        (str(name), [one.figures[place] for one in days]) for place, name in enumerate(FIGURE_WORDS)
    ]
    return picture(drawn([f"{one.day:%m-%d}" for one in days], series))


@router.get("/figures.csv")
async def download_figures(seat: _Officer, poster_id: str) -> Response:
    try:
        poster, _ = await on_record(seat, poster_id)
    except PosterNotFoundError:
        return gone(seat)
    file = io.StringIO(newline="")
    csv.writer(file).writerows(table_of(await _days(seat, poster)))
    name = quote(f"海报统计-{poster.title}.csv")
    headers = FILE_HEADERS | {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    # Excel takes a file without this mark for GBK.
    made = file.getvalue().encode("utf-8-sig")
    return Response(made, media_type="text/csv; charset=utf-8", headers=headers)


def table_of(days: Sequence[DayFigures]) -> list[list[str]]:
    """Return the figures as a table: the names, the newest day first, and the sum below."""
    return [
        ["日期", *map(str, FIGURE_WORDS)],
        *([str(one.day), *map(str, one.figures)] for one in reversed(days)),
        [_TOTAL, *map(str, total(days))],
    ]


async def _days(seat: Seat, poster: Poster) -> list[DayFigures]:
    async with seat.open_work() as work:
        return await ScanService(work, seat.house.clock).by_day(poster)
