"""A plan's table as an officer fills it in, as rows, as text and as a workbook."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from xlsxwriter import Workbook

from domain.plans.cells import TITLES, Heading
from domain.shared.clock import china_time

__all__ = ["a_row", "as_csv", "as_xlsx"]


def a_row(now: datetime, **changed: str) -> dict[Heading, str]:
    """Return a row of a plan that opens tomorrow; changed fields by their names."""

    def day(days: int) -> str:
        return f"{china_time(now + timedelta(days=days)):%Y-%m-%d}"

    row = {
        Heading.PLAN: "第九批公租房快速配租",
        Heading.OPENS: day(1),
        Heading.CLOSES: day(10),
        Heading.CHOOSING_FROM: day(20),
        Heading.CHOOSING_TO: day(25),
        Heading.LIMIT: "2",
        Heading.PROJECT: "梧桐里",
        Heading.DISTRICT: "海淀区",
        Heading.ADDRESS: "海淀区梧桐路 1 号院",
        Heading.PROJECT_FROM: "",
        Heading.PROJECT_TO: "",
        Heading.SUMMARY: "近地铁，精装修。",
        Heading.TYPE: "一居室",
        Heading.AREA_FROM: "39",
        Heading.AREA_TO: "43",
        Heading.RENT: "48",
        Heading.COUNT: "120",
    }
    return row | {Heading[name.upper()]: value for name, value in changed.items()}


def as_csv(*rows: Mapping[Heading, str], encoding: str = "utf-8-sig") -> bytes:
    """Return rows as text, under their heading."""
    lines = [list(TITLES), *([row[title] for title in TITLES] for row in rows)]
    return "\r\n".join(",".join(line) for line in lines).encode(encoding)


def as_xlsx(*rows: Mapping[Heading, str]) -> bytes:
    """Return rows as a workbook, under their heading."""
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("房源")
    lines: Sequence[Sequence[str]] = [
        list(TITLES),
        *([row[title] for title in TITLES] for row in rows),
    ]
    for number, line in enumerate(lines):
        for column, cell in enumerate(line):
            sheet.write_string(number, column, cell)
    book.close()
    return file.getvalue()
