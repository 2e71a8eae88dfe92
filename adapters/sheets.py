"""Tables as Excel, WPS and everybody else read and write them."""

import asyncio
import csv
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from domain.shared.errors import UnavailableError
from domain.shared.tables import (
    LARGEST_TABLE,
    MOST_ROWS,
    Column,
    Row,
    Table,
    TableFault,
    TableForm,
    TableUnfitError,
    inert,
)

__all__ = ["PressedTables", "StreamedTables"]

_AT_ONCE: Final = 2
_PATIENCE_SECONDS: Final = 30.0
_PRESS: Final = Path(__file__).with_name("sheet_press.py")

_SHEET_ROWS: Final = 1_048_575
"""Below the heading of one worksheet."""

_PIECE: Final = 512 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_GARBLED: Final = re.compile(r"0[0-9]+|[0-9]{11,}")
"""Excel takes these for numbers, and loses what stands behind the fifteenth figure."""

_FOLDER: Final = "anju-table-"


class PressedTables:
    """The `TableReader` that has every file read by `adapters.sheet_press`."""

    def __init__(self, seconds: float = _PATIENCE_SECONDS) -> None:
        self._seconds = seconds
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def read(self, raw: bytes) -> Table:
        """Return the table in a file."""
        if len(raw) > LARGEST_TABLE:
            raise TableUnfitError(TableFault.TOO_LARGE)
        try:
            async with asyncio.timeout(self._seconds), self._places:
                said = await _pressed(raw)
        except (OSError, TimeoutError) as error:
            raise UnavailableError("no time or no room to read a table") from error
        if not said:
            # Ended by a signal: it asked for more memory or time than any honest table does.
            raise TableUnfitError(TableFault.BLOWN_UP)
        told = json.loads(said)
        if "fault" in told:
            raise TableUnfitError(TableFault(told["fault"]), told["place"])
        return Table(told["title"], tuple(tuple(row) for row in told["rows"]))


class StreamedTables:
    """The `TableWriter` that holds one batch of rows at a time."""

    async def write(
        self,
        form: TableForm,
        title: str,
        columns: Sequence[Column],
        batches: AsyncIterator[Sequence[Row]],
        *,
        notes: Sequence[Row] = (),
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of the file, in pieces."""
        pieces = (
            _csv(columns, batches)
            if form is TableForm.CSV
            else _xlsx(title, columns, batches, notes)
        )
        async for piece in pieces:
            yield piece


async def _pressed(raw: bytes) -> bytes:
    """Return what the press says; nothing if it did not live to say it."""
    press = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_PRESS),
        str(MOST_ROWS),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        said, _ = await press.communicate(raw)
    finally:
        if press.returncode is None:
            press.kill()
            await press.wait()
    return said if press.returncode == 0 else b""


async def _csv(
    columns: Sequence[Column], batches: AsyncIterator[Sequence[Row]]
) -> AsyncIterator[bytes]:
    yield _BOM + _lines([[column.title for column in columns]])
    async for rows in batches:
        yield await asyncio.to_thread(_lines, rows)


def _lines(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(
        [_as_text(inert(cell)) for cell in row] for row in rows
    )
    return text.getvalue().encode()


def _as_text(cell: str) -> str:
    """Keep spreadsheets from making another number of it; the mark behind it is not seen."""
    return f"{cell}\t" if _GARBLED.fullmatch(cell) else cell


async def _xlsx(
    title: str,
    columns: Sequence[Column],
    batches: AsyncIterator[Sequence[Row]],
    notes: Sequence[Row],
) -> AsyncIterator[bytes]:
    _clear_away()
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))  # for its owner only
    try:
        book = _Book(folder, title, columns)
        book.explain(notes)
        async for rows in batches:
            await asyncio.to_thread(book.add, rows)
        await asyncio.to_thread(book.close)
        with book.file.open("rb") as written:
            while piece := await asyncio.to_thread(written.read, _PIECE):
                yield piece
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Book:
    """A workbook that keeps one row in memory; a full worksheet is followed by another."""

    def __init__(self, folder: Path, title: str, columns: Sequence[Column]) -> None:
        from xlsxwriter import Workbook  # noqa: PLC0415 (most processes never write one)

        self.file = folder / "table.xlsx"
        self._book = Workbook(
            str(self.file),
            {
                "constant_memory": True,
                "tmpdir": str(folder),
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self._words = self._book.add_format({"num_format": "@"})
        self._bold = self._book.add_format({"bold": True, "bg_color": "#E8F0EC"})
        self._title = title
        self._columns = columns
        self._sheets = 0
        self._row = _SHEET_ROWS

    def explain(self, notes: Sequence[Row]) -> None:
        """Write the explanations before the table."""
        if not notes:
            return
        sheet = self._book.add_worksheet("说明")
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, 9, 60)
        for row, cells in enumerate(notes):
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, cell, None if row else self._bold)

    def add(self, rows: Sequence[Row]) -> None:
        """Write rows."""
        for cells in rows:
            if self._row >= _SHEET_ROWS:
                self._begin_sheet()
            self._row += 1
            for column, cell in enumerate(cells):
                if cell:
                    self._sheet.write_string(self._row, column, inert(cell), self._words)

    def close(self) -> None:
        """Make the file whole."""
        if not self._sheets:
            self._begin_sheet()
        self._book.close()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        name = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        for number, column in enumerate(self._columns):
            self._sheet.set_column(number, number, column.width, self._words)
            self._sheet.write_string(0, number, column.title, self._bold)
        if self._sheets == 1:
            self._sheet.activate()


def _clear_away() -> None:
    """Remove what a process of this machine left behind that was killed while it wrote."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        pid = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists() and Path("/proc").exists():
            with suppress(OSError):
                shutil.rmtree(folder)
