"""Tables for Excel, which takes what begins like a formula for one and would run it."""

import csv
import io
from collections.abc import Iterable
from typing import Final

__all__ = ["BOM", "csv_lines", "safe_cell"]

BOM: Final = "\ufeff"
"""By which Excel sees that a file is UTF-8."""

_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


def safe_cell(value: object) -> str:
    """Return what stands in a cell: words, never a formula.

    Source: OWASP, CSV injection.
    """
    words = str(value)
    return f"'{words}" if words.lstrip(" ").startswith(_BEGINS_A_FORMULA) else words


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as a CSV file has them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(map(safe_cell, row) for row in rows)
    return text.getvalue()
