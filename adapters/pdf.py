"""Papers as PDF, set by Typst with the one font that our set-up brings along."""

import asyncio
import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

import typst

from domain.shared.errors import UnavailableError
from domain.shared.papers import Sheet

__all__ = ["TypstPrinter", "font_file"]

_FONT_PACKAGE: Final = "zhplot"
_FONT_NAME: Final = "NotoSansSC-Regular.ttf"
_TEMPLATE: Final = Path(__file__).with_name("paper.typ")


def font_file() -> Path | None:
    """Return where the Chinese font lies; ``None`` where it was not installed.

    The package that carries it is asked for its files only, and never run.
    """
    try:
        found = [file for file in files(_FONT_PACKAGE) or () if file.name == _FONT_NAME]
    except PackageNotFoundError:
        return None
    return Path(str(found[0].locate())) if found else None


class TypstPrinter:
    """The `PaperPrinter` that runs in this process, in a thread: it takes a few milliseconds.

    Fonts of the machine are left alone, so that a paper looks the same wherever it is printed.
    """

    def __init__(self, font: Path | None) -> None:
        self._template = _TEMPLATE.read_bytes()
        self._fonts = None if font is None else _only(font)

    async def pdf(self, sheet: Sheet) -> bytes:
        """Return a PDF; the same sheet gives the same bytes."""
        if self._fonts is None:
            raise UnavailableError(_FONT_NAME)
        return await asyncio.to_thread(self._set, self._fonts, sheet)

    def _set(self, fonts: typst.Fonts, sheet: Sheet) -> bytes:
        # Made to be kept (ISO 19005-2), and to be read aloud (ISO 14289-1).
        try:
            return self._made(fonts, sheet, ["a-2a", "ua-1"])
        except typst.TypstError:
            # Both forbid a character that the font lacks. Better a box than no paper.
            return self._made(fonts, sheet, [])

    def _made(
        self, fonts: typst.Fonts, sheet: Sheet, standards: "list[typst.PDFStandard]"
    ) -> bytes:
        compiler = typst.Compiler(
            self._template,
            font_paths=fonts,
            ignore_system_fonts=True,
            sys_inputs={"sheet": json.dumps(asdict(sheet), default=str)},
        )
        made = compiler.compile(format="pdf", pdf_standards=standards, timestamp=sheet.printed_at)
        if not isinstance(made, bytes):
            raise TypeError(type(made))
        return made


def _only(font: Path) -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font.parent)]
    )
