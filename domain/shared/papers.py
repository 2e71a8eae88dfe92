"""A paper in the words that are printed: worded once, laid out as a page and as a PDF."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["CheckMark", "PaperPrinter", "Sheet", "SheetSection"]


@dataclass(frozen=True, slots=True)
class SheetSection:
    """Some rows under a heading, each a name and what it is."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CheckMark:
    """How whoever holds the paper finds out whether it is authentic.

    ``code`` is its name and itself, in groups as it is read aloud. ``picture`` is an SVG that a
    camera reads, and ``caption`` says what that picture is.
    """

    code: tuple[str, str]
    words: str
    picture: str
    caption: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper of one page, top to bottom.

    ``stamps`` stand out below the title; ``number`` is its name and itself.
    """

    office: str
    title: str
    stamps: tuple[str, ...]
    number: tuple[str, str]
    number_note: str
    check: CheckMark | None
    sections: tuple[SheetSection, ...]
    notes: tuple[str, ...]
    printed_at: datetime


class PaperPrinter(Protocol):
    """What makes a file for the printer out of a sheet."""

    async def pdf(self, sheet: Sheet) -> bytes:
        """Return a PDF that brings its font along and whose text can be selected and read aloud.

        Raises
        ------
        UnavailableError
            It cannot print here: the font is missing.
        """
