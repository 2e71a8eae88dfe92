"""Tables that people fill in and take away: rows of words, whatever file they come in.

Reading bytes and writing them is for adapters; what the words mean is for the subjects.
"""

import json
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, Self

from domain.shared.errors import InvalidError

__all__ = [
    "LARGEST_TABLE",
    "MOST_ROWS",
    "Column",
    "Row",
    "Table",
    "TableFault",
    "TableForm",
    "TableReader",
    "TableUnfitError",
    "TableWriter",
    "inert",
]

LARGEST_TABLE: Final = 10 * 1024 * 1024
"""Bytes of a file that is handed in."""

MOST_ROWS: Final = 50_000
"""Of a table that is handed in, its heading among them."""

Row = Sequence[str]
"""The cells of one row, from the first column on."""

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class TableFault(StrEnum):
    """Why a file is not taken as a table."""

    TOO_LARGE = "too-large"
    TOO_MANY_ROWS = "too-many-rows"
    BLOWN_UP = "blown-up"
    """Small as a file, huge when it is unpacked."""
    OLD_FORMAT = "old-format"
    """The older binary format, or locked with a password: the two look alike from outside."""
    MACROS = "macros"
    FORMULAS = "formulas"
    ENCODING = "encoding"
    """Text that is neither UTF-8 nor GBK."""
    UNREADABLE = "unreadable"
    EMPTY = "empty"


class TableUnfitError(InvalidError):
    """A file is not taken as a table.

    Parameters
    ----------
    fault
        Why.
    place
        Where in the table, such as ``B5``, if that can be said.
    """

    code = "table-unfit"

    def __init__(self, fault: TableFault, place: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.place = place


class TableForm(StrEnum):
    """What kind of file a table is written as."""

    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that is written; ``width`` is in characters."""

    title: str
    width: int = 16


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read: ``rows`` from the very first on, so that row 1 is ``rows[0]``.

    ``title`` is the worksheet's name, empty where a file has only one table.
    """

    title: str
    rows: tuple[tuple[str, ...], ...]

    def to_bytes(self) -> bytes:
        """Return what `from_bytes` takes back, packed."""
        return zlib.compress(json.dumps([self.title, self.rows], ensure_ascii=False).encode())

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        """Rebuild a table from `to_bytes`."""
        title, rows = json.loads(zlib.decompress(kept))
        return cls(title, tuple(tuple(row) for row in rows))


class TableReader(Protocol):
    """Makes rows of words of a file that somebody handed in."""

    async def read(self, raw: bytes) -> Table:
        """Return the table in a file; dates as ``2026-03-01 09:00``, numbers without ``.0``.

        Raises
        ------
        TableUnfitError
            It is not taken: too large, hostile, or no table at all.
        UnavailableError
            There is no room to read it now.
        """


class TableWriter(Protocol):
    """Writes a table of any length in flat memory."""

    def write(
        self,
        form: TableForm,
        title: str,
        columns: Sequence[Column],
        batches: AsyncIterator[Sequence[Row]],
        *,
        notes: Sequence[Row] = (),
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of the file, in pieces.

        Parameters
        ----------
        form
            What file it becomes.
        title
            What the table is called, where the file can say it.
        columns
            The heading.
        batches
            The rows, some at a time; each is forgotten when it is written. Every cell is kept as
            words: no program makes a formula or another number of them.
        notes
            A page of explanations before the table, where the file can have one.
        """


def inert(cell: str) -> str:
    """Return a cell as no spreadsheet takes it for a formula.

    Source: OWASP, CSV injection.
    """
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell
