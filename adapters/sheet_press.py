"""A program that reads a table and writes its rows as JSON: ``python adapters/sheet_press.py``.

It starts quickly, holds nothing worth stealing, and needs nothing of ours: whoever sends a table
may have built it to break the program that reads it.
"""

import csv
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

__all__ = ["main", "press"]

_MEMORY_BYTES: Final = 900 * 1024 * 1024
_CPU_SECONDS: Final = 15
_UNPACKED_BYTES: Final = 150 * 1024 * 1024
_MEMBERS: Final = 500
_MOST_COLUMNS: Final = 100

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_EXPLANATIONS: Final = "说明"

_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_CELL: Final = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"([A-Z]{1,3}[0-9]{1,7})\"")
_MACROS: Final = re.compile(r"vbaproject|macrosheets|\.bin$", re.IGNORECASE)
_PRINTER: Final = re.compile(r"printersettings", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DELIMITERS: Final = (",", "\t", ";")


class _UnfitError(Exception):
    def __init__(self, fault: str, place: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.place = place


def press(raw: bytes, most_rows: int) -> tuple[str, list[list[str]]]:
    """Return the name of the table in a file, and its rows.

    Raises
    ------
    Exception
        Of many kinds: whatever the libraries make of a broken file.
    """
    if raw.startswith(_OLE):
        raise _UnfitError("old-format")
    title, rows = _of_workbook(raw, most_rows) if raw.startswith(_ZIP) else ("", _of_text(raw))
    while rows and not any(rows[-1]):
        rows.pop()
    if len(rows) > most_rows:
        raise _UnfitError("too-many-rows")
    if not rows:
        raise _UnfitError("empty")
    return title, rows


def main() -> int:
    """Press what comes in; say as JSON what came of it."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    told: dict[str, object]
    try:
        title, rows = press(sys.stdin.buffer.read(), int(sys.argv[1]))
        told = {"title": title, "rows": rows}
    except _UnfitError as unfit:
        told = {"fault": unfit.fault, "place": unfit.place}
    except MemoryError:
        told = {"fault": "blown-up", "place": ""}
    except Exception:  # noqa: BLE001 (a broken file may raise anything; the caller is told)
        told = {"fault": "unreadable", "place": ""}
    sys.stdout.write(json.dumps(told))
    return 0


def _of_workbook(raw: bytes, most_rows: int) -> tuple[str, list[list[str]]]:
    _look_inside(raw)
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    shown = [
        one.name
        for one in workbook.sheets_metadata
        if one.typ is SheetTypeEnum.WorkSheet and one.visible is SheetVisibleEnum.Visible
    ]
    if any(one.typ is SheetTypeEnum.MacroSheet for one in workbook.sheets_metadata):
        raise _UnfitError("macros")
    title = next((name for name in shown if name != _EXPLANATIONS), None)
    if title is None:
        raise _UnfitError("empty")
    sheet = workbook.get_sheet_by_name(title)
    rows = sheet.to_python(skip_empty_area=False, nrows=most_rows + 1)
    return title, [[_words(cell) for cell in row[:_MOST_COLUMNS]] for row in rows]


def _look_inside(raw: bytes) -> None:
    """Refuse a workbook that unpacks to far more than it is, or that calculates."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        members = packed.infolist()
        if len(members) > _MEMBERS:
            raise _UnfitError("blown-up")
        if sum(member.file_size for member in members) > _UNPACKED_BYTES:
            raise _UnfitError("blown-up")
        for member in members:
            if _MACROS.search(member.filename) and not _PRINTER.search(member.filename):
                raise _UnfitError("macros")
        for member in members:
            if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
                _refuse_formulas(packed.read(member))


def _refuse_formulas(sheet: bytes) -> None:
    found = _FORMULA.search(sheet)
    if found:
        cells = _CELL.findall(sheet, max(0, found.start() - 2_000), found.start())
        raise _UnfitError("formulas", cells[-1].decode() if cells else "")


def _words(cell: Any) -> str:
    """Return a cell as its reader sees it, whatever the workbook keeps."""
    match cell:
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case date():
            return f"{cell:%Y-%m-%d}"
        case time():
            return f"{cell:%H:%M}"
        case float():
            plain = f"{Decimal(repr(cell)):f}"
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case _:
            return str(cell)


def _of_text(raw: bytes) -> list[list[str]]:
    text = _decoded(raw)
    if _CONTROL.search(text):
        raise _UnfitError("unreadable")
    csv.field_size_limit(len(text) + 1)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    return [row[:_MOST_COLUMNS] for row in lines]


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _UnfitError("encoding")


def _delimiter(text: str) -> str:
    """Return what parts the cells: whatever stands most often in the first lines."""
    first = "".join(_first_lines(text))
    return max(_DELIMITERS, key=first.count)


def _first_lines(text: str) -> Iterator[str]:
    for _, line in zip(range(10), io.StringIO(text), strict=False):
        yield line


if __name__ == "__main__":
    sys.exit(main())
