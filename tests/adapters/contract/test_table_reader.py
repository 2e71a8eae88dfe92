"""Tables are read from whatever file people hand in; hostile files are refused with a reason."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import pytest
from xlsxwriter import Workbook

from adapters.sheets import PressedTables
from domain.shared.tables import (
    LARGEST_TABLE,
    MOST_ROWS,
    TableFault,
    TableReader,
    TableUnfitError,
)

ROWS = (("计划名称", "项目名称", "套数"), ("第六批", "青禾家园", "12"))
TEXT = "计划名称,项目名称,套数\r\n第六批,青禾家园,12\r\n"


@pytest.fixture
def reader() -> TableReader:
    return PressedTables()


def workbook(write: Callable[[Workbook], None]) -> bytes:
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True})
    write(book)
    book.close()
    return file.getvalue()


def filled(book: Workbook) -> None:
    notes = book.add_worksheet("说明")
    notes.write_string(0, 0, "怎样填")
    sheet = book.add_worksheet("房源")
    for row, cells in enumerate(ROWS):
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell)


async def unfit(reader: TableReader, raw: bytes) -> TableUnfitError:
    with pytest.raises(TableUnfitError) as caught:
        await reader.read(raw)
    return caught.value


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("gbk"),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", "\t").encode("gbk"),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace("\r\n", "\n").encode(),
        (TEXT + ",,\r\n\r\n").encode(),
    ],
    ids=["utf-8", "bom", "gbk", "tab", "tab-gbk", "utf-16", "semicolon", "lf", "blank-end"],
)
async def test_text_is_read_in_every_way_that_offices_write_it(
    reader: TableReader, raw: bytes
) -> None:
    table = await reader.read(raw)
    assert (table.title, table.rows) == ("", ROWS)


async def test_a_workbook_is_read_from_the_sheet_behind_the_explanations(
    reader: TableReader,
) -> None:
    table = await reader.read(workbook(filled))
    assert (table.title, table.rows) == ("房源", ROWS)


async def test_cells_are_read_as_people_see_them(reader: TableReader) -> None:
    def write(book: Workbook) -> None:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_number(1, 0, 48)
        sheet.write_number(1, 1, 39.5)
        sheet.write_datetime(1, 2, datetime(2026, 3, 1, 9, 30), day)  # noqa: DTZ001 (Excel knows no zones)
        sheet.write_datetime(1, 3, datetime(2026, 3, 1), day)  # noqa: DTZ001 (as above)

    table = await reader.read(workbook(write))
    assert table.rows[0] == ("", "", "", "")
    whole, part, moment, midnight = table.rows[1]
    assert (whole, part, moment) == ("48", "39.5", "2026-03-01 09:30")
    assert midnight.startswith("2026-03-01")


async def test_a_cell_that_calculates_is_refused_by_name(reader: TableReader) -> None:
    def write(book: Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "租金")
        sheet.write_formula(4, 1, "=HYPERLINK(A1)", None, "48")

    error = await unfit(reader, workbook(write))
    assert (error.fault, error.place) == (TableFault.FORMULAS, "B5")


async def test_macros_are_refused(reader: TableReader) -> None:
    raw = io.BytesIO(workbook(filled))
    with zipfile.ZipFile(raw, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    assert (await unfit(reader, raw.getvalue())).fault is TableFault.MACROS


async def test_a_file_that_blows_up_is_refused(reader: TableReader) -> None:
    raw = io.BytesIO()
    with (
        zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(160):
            sheet.write(bytes(1024 * 1024))
    assert len(raw.getvalue()) < LARGEST_TABLE
    assert (await unfit(reader, raw.getvalue())).fault is TableFault.BLOWN_UP


async def test_a_cell_at_the_far_end_of_the_world_brings_nobody_down(reader: TableReader) -> None:
    def write(book: Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "计划名称")
        sheet.write_string(1_048_575, 16_383, "x")

    error = await unfit(reader, workbook(write))
    assert error.fault in {TableFault.BLOWN_UP, TableFault.TOO_MANY_ROWS, TableFault.UNREADABLE}
    assert (await reader.read(TEXT.encode())).rows == ROWS


async def test_too_many_rows_are_refused(reader: TableReader) -> None:
    raw = b"a,b\r\n" * (MOST_ROWS + 1)
    assert (await unfit(reader, raw)).fault is TableFault.TOO_MANY_ROWS


async def test_too_many_bytes_are_refused(reader: TableReader) -> None:
    assert (await unfit(reader, b"a" * (LARGEST_TABLE + 1))).fault is TableFault.TOO_LARGE


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", TableFault.EMPTY),
        (b"\r\n,,\r\n", TableFault.EMPTY),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest", TableFault.OLD_FORMAT),
        (b"PK\x03\x04 not a zip at all", TableFault.UNREADABLE),
        (b"\x89PNG\r\n\x1a\n\x00\x00", TableFault.UNREADABLE),
        (b"\xff\xff\xff\xff", TableFault.ENCODING),
        (b'a,"b\r\n', TableFault.UNREADABLE),
    ],
)
async def test_what_is_no_table_is_refused_with_its_reason(
    reader: TableReader, raw: bytes, fault: TableFault
) -> None:
    assert (await unfit(reader, raw)).fault is fault
