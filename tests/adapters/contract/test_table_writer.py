"""Tables are written piece by piece, and no program makes anything else of their cells."""

import csv
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sheets import PressedTables, StreamedTables
from domain.shared.tables import Column, Row, TableForm, TableWriter, inert

COLUMNS = (Column("编号"), Column("姓名"))
ROWS = [("DJ20260311000001", "曹某某"), ("1101052019000123", "=cmd|' /C calc'!A0")]


@pytest.fixture
def writer() -> TableWriter:
    return StreamedTables()


async def in_batches(rows: Sequence[Row], size: int = 1) -> AsyncIterator[Sequence[Row]]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


async def written(writer: TableWriter, form: TableForm, rows: Sequence[Row]) -> bytes:
    pieces = writer.write(form, "登记", COLUMNS, in_batches(rows))
    return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("form", list(TableForm))
async def test_what_is_written_is_read_again(writer: TableWriter, form: TableForm) -> None:
    table = await PressedTables().read(await written(writer, form, ROWS))
    read = [tuple(cell.strip() for cell in row) for row in table.rows]
    assert read == [("编号", "姓名"), ROWS[0], ("1101052019000123", "'=cmd|' /C calc'!A0")]


@pytest.mark.parametrize("form", list(TableForm))
async def test_a_table_without_rows_has_its_heading(writer: TableWriter, form: TableForm) -> None:
    table = await PressedTables().read(await written(writer, form, []))
    assert table.rows == (("编号", "姓名"),)


async def test_text_says_how_it_is_encoded(writer: TableWriter) -> None:
    raw = await written(writer, TableForm.CSV, ROWS)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")


async def test_long_numbers_stay_words_in_text_and_in_workbooks(writer: TableWriter) -> None:
    raw = await written(writer, TableForm.CSV, [("1101052019000123", "007")])
    assert list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))[1] == [
        "1101052019000123\t",
        "007\t",
    ]
    table = await PressedTables().read(
        await written(writer, TableForm.XLSX, [("1101052019000123", "007")])
    )
    assert table.rows[1] == ("1101052019000123", "007")


async def test_rows_leave_before_the_next_are_asked_for(writer: TableWriter) -> None:
    asked = 0

    async def endless() -> AsyncIterator[Sequence[Row]]:
        nonlocal asked
        while True:
            asked += 1
            yield ROWS

    pieces = writer.write(TableForm.CSV, "登记", COLUMNS, endless())
    for expected in range(3):
        assert await anext(pieces)
        assert asked == expected


async def test_a_workbook_leaves_nothing_behind(
    writer: TableWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "anju-table-4194304-killed").mkdir()
    (tmp_path / "anju-table-4194304-killed" / "sheet").write_text("rest", "utf-8")
    assert await written(writer, TableForm.XLSX, ROWS)
    assert not list(tmp_path.glob("*"))  # noqa: ASYNC240 (a look at an empty folder)


async def test_explanations_stand_before_the_table(writer: TableWriter) -> None:
    pieces = writer.write(
        TableForm.XLSX, "房源", COLUMNS, in_batches(ROWS), notes=[("列", "怎样填")]
    )
    table = await PressedTables().read(b"".join([piece async for piece in pieces]))
    assert table.title == "房源"


@given(st.text())
def test_no_cell_begins_as_a_formula(cell: str) -> None:
    assert not inert(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert inert(cell).endswith(cell)
