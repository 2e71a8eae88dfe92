"""Where citizens go on and where they stop, question by question.

Page, chart and file show the figures of one definition: `domain.figures.model.StepFigures`.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.charts import drawn, picture
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from dialogs.engine.catalog import Catalog
from dialogs.engine.walk import REVIEW
from domain.figures.model import Event, StepFigures
from domain.figures.service import FigureService
from domain.officers.model import Right
from domain.shared.clock import china_time

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/figures"

_SPANS: Final = (7, 30, 90)
_MOST_WORDS: Final = 50
_COLUMNS: Final = (
    ("到达", Event.ARRIVED),
    ("往下走", Event.ANSWERED),
    ("返回上一步", Event.BACK),
    ("离开", Event.LEFT),
    ("找人工", Event.PERSON),
    ("没听懂", Event.MISSED),
    ("办成", Event.DONE),
)

_HEADS: Final = (*(name for name, _ in _COLUMNS), "停在这里", "往下走比例")

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class _Wish:
    """Which flow over which days; the last day is today."""

    flow: str
    days: int
    first: date
    last: date

    @property
    def query(self) -> str:
        """It as the query of an address."""
        return f"flow={self.flow}&days={self.days}"


@router.get(PATH, response_class=HTMLResponse)
async def show_funnel(seat: Annotated[Seat, needs(Right.FIGURES)]) -> Response:
    flows, wish = _flows(seat.request), _wish(seat)
    async with seat.open_work() as work:
        figures = await _figures(seat, wish)
        misheard = await work.figures.misheard(wish.flow, _MOST_WORDS)
    titles = _titles(flows, wish.flow)
    return show(
        seat,
        "figures.html",
        flows=[(flow.id, flow.title) for flow in flows.flows.values()],
        wish=wish,
        spans=_SPANS,
        columns=_HEADS,
        rows=[(titles.get(one.step, one.step), _row(one), one) for one in figures],
        misheard=[(titles.get(one.step, one.step), one) for one in misheard],
        changes=seat.may(Right.CONTENT_CHANGE),
        now=seat.house.clock.now(),
    )


@router.get(f"{PATH}.svg")
async def draw_funnel(seat: Annotated[Seat, needs(Right.FIGURES)]) -> Response:
    wish = _wish(seat)
    titles = _titles(_flows(seat.request), wish.flow)
    figures = await _figures(seat, wish)
    return picture(
        drawn(
            [titles.get(one.step, one.step) for one in figures],
            [
                ("到达", [one.arrived for one in figures]),
                ("往下走", [one[Event.ANSWERED] for one in figures]),
                ("停在这里", [one.stopped for one in figures]),
            ],
        )
    )


@router.get(f"{PATH}.csv")
async def save_funnel(seat: Annotated[Seat, needs(Right.FIGURES)]) -> Response:
    wish = _wish(seat)
    titles = _titles(_flows(seat.request), wish.flow)
    paper = io.StringIO()
    lines = csv.writer(paper)
    lines.writerow(["流程", "步骤", "名称", *_HEADS])
    for one in await _figures(seat, wish):
        # Names of flows, steps and columns are ours: nothing here can be taken for a formula.
        lines.writerow([one.flow, one.step, titles.get(one.step, one.step), *_row(one)])
    name = f"funnel-{wish.flow}-{wish.first}-{wish.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    # With its mark of byte order, or Excel takes it for GBK.
    return Response(paper.getvalue().encode("utf-8-sig"), media_type="text/csv", headers=headers)


@router.post(f"{PATH}/misheard", response_class=HTMLResponse)
async def drop_misheard(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)]) -> Response:
    form = await read_form(seat.request)
    flow, step, words = (form.get(name, "") for name in ("flow", "step", "words"))
    async with seat.open_work() as work:
        if await work.figures.drop_misheard(flow, step, words):
            await seat.act(work, "figures:misheard:drop", f"{flow}.{step}"[:64])
            await work.commit()
    known = flow if flow in _flows(seat.request).flows else ""
    return RedirectResponse(f"{PATH}?flow={known}", status_code=303)


def _flows(request: Request) -> Catalog:
    flows: Catalog = request.app.state.flows
    return flows


def _wish(seat: Seat) -> _Wish:
    """Read which figures are wanted; what makes no sense is taken for the usual."""
    query, flows = seat.request.query_params, _flows(seat.request).flows
    flow = query.get("flow", "")
    days = query.get("days", "")
    span = int(days) if days in map(str, _SPANS) else _SPANS[0]
    today = china_time(seat.house.clock.now()).date()
    return _Wish(
        flow if flow in flows else next(iter(flows)), span, today - timedelta(days=span - 1), today
    )


async def _figures(seat: Seat, wish: _Wish) -> list[StepFigures]:
    steps = _flows(seat.request).flows[wish.flow].steps
    async with seat.open_work() as work:
        service = FigureService(work, seat.house.clock)
        return await service.funnel(wish.first, wish.last, {wish.flow: [*steps]})


def _titles(flows: Catalog, flow: str) -> Mapping[str, str]:
    named = {name: step.title or name for name, step in flows.flows[flow].steps.items()}
    return {**named, REVIEW: "核对"}


def _row(one: StepFigures) -> Sequence[str | int]:
    counts = [one[event] for _, event in _COLUMNS]
    return (*counts, one.stopped, f"{one.went_on:.0%}")
