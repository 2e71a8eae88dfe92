"""Importing a plan from a table: template, preview, one button, and the table back with its faults.

The file itself is kept nowhere. Its rows wait, sealed, for an hour, for the officer who sent them.

Source: S0-02, S0-32, S0-35.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import OversizedError, read_form, read_upload
from bot.console.files import streamed
from bot.console.guard import Seat, needs
from bot.console.look import show
from bot.console.plan_pages import as_citizens_see, changes_shown, objections_shown
from bot.console.plans import PATH as PLANS
from bot.console.sheet_words import NOTES, place_of, problem, unfit
from domain.officers.model import Right
from domain.plans.cells import TITLES, CellFault
from domain.plans.offers import ChangeKind
from domain.plans.proposals import Proposal, rows_of
from domain.plans.service_offers import NameTakenError, OfferRefusedError, UploadGoneError
from domain.plans.sheets import Reading, read_plan
from domain.shared.tables import (
    LARGEST_TABLE,
    Column,
    Row,
    Table,
    TableFault,
    TableForm,
    TableUnfitError,
)

__all__ = ["PATH", "router"]

PATH: Final = f"{PLANS}/import"

router: Final = APIRouter()

_KEPT: Final = timedelta(hours=1)
_SHOWN: Final = 200
"""Faults on the page; the table that goes back has them all."""

_COLUMNS: Final = tuple(Column(title.value, 20) for title in TITLES)
_EXAMPLES: Final = (
    (
        *("2026年第六批公租房快速配租", "2026-04-01 09:00", "2026-04-15 17:00"),
        *("2026-05-05 09:00", "2026-05-10 17:00", "2"),
        *("示例家园", "朝阳区", "朝阳区示例路 1 号院", "2026-05-05 09:00", "2026-05-06 17:00"),
        *("近地铁，精装修，拎包入住。", "一居室", "39", "43", "48", "120"),
    ),
    (*[""] * 12, "二居室", "55", "59", "47", "80"),
    (
        *[""] * 6,
        *("示例雅苑", "丰台区", "丰台区示例街 8 号", "", ""),
        *("小区有幼儿园和社区医院。", "零居室", "31", "34", "45", "60"),
    ),
)


@dataclass(frozen=True, slots=True)
class _Upload:
    """The rows of a file that an officer has handed in, and which plan they are for."""

    id: str
    plan_id: str | None
    table: Table

    def to_bytes(self) -> bytes:
        return json.dumps(self.plan_id).encode() + b"\n" + self.table.to_bytes()

    @classmethod
    def from_bytes(cls, upload_id: str, kept: bytes) -> "_Upload":
        about, _, table = kept.partition(b"\n")
        return cls(upload_id, json.loads(about), Table.from_bytes(table))


@router.get(PLANS + "/template.{form}", response_class=Response)
async def fetch_template(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], form: str) -> Response:
    wanted = TableForm.CSV if form == "csv" else TableForm.XLSX
    pieces = seat.house.table_writer.write(
        wanted, "房源", _COLUMNS, _at_once(_EXAMPLES), notes=NOTES
    )
    return streamed(pieces, wanted, "计划导入模板")


@router.get(PATH, response_class=HTMLResponse)
async def show_import(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan: str = "") -> Response:
    return await _import_page(seat, plan)


@router.post(PATH, response_class=HTMLResponse)
async def take_file(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)]) -> Response:
    try:
        raw, boxes = await read_upload(seat.request, most=LARGEST_TABLE)
    except OversizedError:
        return await _import_page(seat, "", fault=unfit(TableUnfitError(TableFault.TOO_LARGE)))
    plan_id = boxes.get("plan", "")
    try:
        table = await seat.house.table_reader.read(raw)
    except TableUnfitError as error:
        return await _import_page(seat, plan_id, fault=unfit(error))
    upload = _Upload(seat.house.chance.token(), plan_id or None, table)
    now = seat.house.clock.now()
    await seat.house.secrets.put(_key(seat, upload.id), upload.to_bytes(), expires_at=now + _KEPT)
    return await _preview(seat, upload)


@router.post(PATH + "/{upload_id}", response_class=HTMLResponse)
async def confirm(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], upload_id: str) -> Response:
    form = await read_form(seat.request)
    upload = await _upload(seat, upload_id)
    proposal = read_plan(upload.table).proposal
    if proposal is None:
        return await _preview(seat, upload)
    async with seat.open_work() as work:
        offers = seat.house.offers(work, seat.officer.id)
        try:
            offer = await offers.import_table(upload.plan_id, proposal, seen=form.get("seen", ""))
            if form.get("publish") == "yes" and offer.draft:
                imported = await offers.find(offer.plan.id)
                offer = await offers.publish(offer.plan.id, seen=imported.fingerprint)
        except OfferRefusedError:
            await work.undo()
            return await _preview(seat, upload)
        await work.commit()
    now = seat.house.clock.now()
    await seat.house.secrets.drop(_key(seat, upload_id), now=now)
    return RedirectResponse(f"{PLANS}/{offer.plan.id}", status_code=303)


@router.get(PATH + "/{upload_id}/problems.{form}", response_class=Response)
async def fetch_problems(
    seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], upload_id: str, form: str
) -> Response:
    upload = await _upload(seat, upload_id)
    wanted = TableForm.CSV if form == "csv" else TableForm.XLSX
    columns, rows = _with_problems(upload.table, read_plan(upload.table).faults)
    pieces = seat.house.table_writer.write(wanted, "房源", columns, _at_once(rows))
    return streamed(pieces, wanted, "需要改正的表格")


@router.get(PLANS + "/{plan_id}/table.{form}", response_class=Response)
async def fetch_table(
    seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan_id: str, form: str
) -> Response:
    async with seat.open_work() as work:
        offer = await seat.house.offers(work, seat.officer.id).find(plan_id)
    wanted = TableForm.CSV if form == "csv" else TableForm.XLSX
    rows = list(rows_of(offer))
    pieces = seat.house.table_writer.write(wanted, "房源", _COLUMNS, _at_once(rows), notes=NOTES)
    return streamed(pieces, wanted, offer.plan.name)


async def _import_page(seat: Seat, plan_id: str, *, fault: str = "") -> Response:
    offer = None
    if plan_id:
        async with seat.open_work() as work:
            offer = await seat.house.offers(work, seat.officer.id).find(plan_id)
    return show(seat, "plans/import.html", status=422 if fault else 200, offer=offer, fault=fault)


async def _preview(seat: Seat, upload: _Upload) -> Response:
    """Show what would change, or everything that is wrong."""
    reading = read_plan(upload.table)
    if reading.proposal is None:
        return _faults_page(seat, upload, reading)
    return await _changes_page(seat, upload, reading.proposal)


def _faults_page(seat: Seat, upload: _Upload, reading: Reading) -> Response:
    shown = [(place_of(one), problem(one)) for one in reading.faults[:_SHOWN]]
    return show(
        seat,
        "plans/faults.html",
        status=422,
        upload=upload,
        sheet=upload.table.title,
        faults=shown,
        count=len(reading.faults),
    )


async def _changes_page(seat: Seat, upload: _Upload, proposal: Proposal) -> Response:
    async with seat.open_work() as work:
        offers = seat.house.offers(work, seat.officer.id)
        try:
            weighed = await offers.weigh_table(upload.plan_id, proposal)
        except NameTakenError:
            fault = "已经有同名的计划了。要更新它，请到它的页面里点「用表格更新」；否则请改名称"
            return await _import_page(seat, upload.plan_id or "", fault=fault)
    objections = objections_shown(weighed)
    return show(
        seat,
        "plans/changes.html",
        status=422 if objections else 200,
        upload=upload,
        offer=weighed.wanted,
        counted={kind.value: weighed.counted(kind) for kind in ChangeKind},
        changes=changes_shown(weighed)[:_SHOWN],
        objections=objections[:_SHOWN],
        pages=as_citizens_see(weighed.wanted, weighed.live, seat.house.clock.now()),
        seen=weighed.seen,
    )


async def _upload(seat: Seat, upload_id: str) -> _Upload:
    """Return what the officer has handed in; `UploadGoneError` after an hour."""
    now = seat.house.clock.now()
    kept = await seat.house.secrets.get(_key(seat, upload_id), now=now)
    if kept is None:
        raise UploadGoneError
    return _Upload.from_bytes(upload_id, kept)


def _key(seat: Seat, upload_id: str) -> str:
    return f"sheets:upload:{seat.officer.id}:{upload_id}"


async def _at_once(rows: Sequence[Row]) -> AsyncIterator[Sequence[Row]]:
    yield rows


def _with_problems(
    table: Table, faults: Sequence[CellFault]
) -> tuple[list[Column], list[list[str]]]:
    """Return the table as it came, with a column that says what is wrong in each row."""
    said: dict[int, list[str]] = {}
    for fault in faults:
        said.setdefault(fault.row, []).append(problem(fault))
    width = max(len(row) for row in table.rows)
    rows = [
        [*row, *[""] * (width - len(row)), "；".join(said.get(number, ()))]
        for number, row in enumerate(table.rows, start=1)
    ]
    heading = next((row for row in rows if row[0] in TITLES), rows[0])
    above = rows.index(heading)
    columns = [*(Column(title, 20) for title in heading[:-1]), Column("问题", 60)]
    return columns, rows[above + 1 :]
