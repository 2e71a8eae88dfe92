"""Papers and posters set by Typst; loaded with the first of them."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

import qrcode
import typst
from qrcode.image.svg import SvgPathImage

from domain.shared.papers import Sheet

__all__ = ["pressed", "printed"]

_PAPER: Final = Path(__file__).with_name("paper.typ")
_POSTER: Final = Path(__file__).with_name("poster.typ")


def printed(font: Path, sheet: Sheet) -> bytes:
    """Return a sheet as PDF; to be called where it may take a few milliseconds."""
    # Made to be kept (ISO 19005-2), and to be read aloud (ISO 14289-1).
    try:
        return _made(font, sheet, ["a-2a", "ua-1"])
    except typst.TypstError:
        # Both forbid a character that the font lacks. Better a box than no paper.
        return _made(font, sheet, [])


def pressed(
    font: Path, words: Mapping[str, object], url: str, *, ppi: float | None, made_at: datetime
) -> bytes:
    """Return a poster as PNG of so many dots an inch, or as PDF without them.

    Parameters
    ----------
    words
        What `poster.typ` names, but for the code of the address.
    """
    compiler = _compiler(_POSTER, font, {"poster": {**words, "code": _code(url)}})
    if ppi is not None:
        return _bytes(compiler.compile(format="png", ppi=ppi))
    return _bytes(compiler.compile(format="pdf", timestamp=made_at.replace(microsecond=0)))


def _made(font: Path, sheet: Sheet, standards: "list[typst.PDFStandard]") -> bytes:
    compiler = _compiler(_PAPER, font, {"sheet": asdict(sheet)})
    return _bytes(
        compiler.compile(format="pdf", pdf_standards=standards, timestamp=sheet.printed_at)
    )


def _compiler(template: Path, font: Path, words: Mapping[str, object]) -> typst.Compiler:
    return typst.Compiler(
        _read(template),
        font_paths=_only(font),
        ignore_system_fonts=True,
        sys_inputs={name: json.dumps(value, default=str) for name, value in words.items()},
    )


def _bytes(made: object) -> bytes:
    if not isinstance(made, bytes):
        raise TypeError(type(made))
    return made


def _code(url: str) -> str:
    """Return the code as an SVG; nearly a third of it may be hidden, as the logo does in part."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_H, border=4)
    code.add_data(url)
    return code.make_image(image_factory=SvgPathImage).to_string().decode()


@cache
def _read(template: Path) -> bytes:
    return template.read_bytes()


@cache
def _only(font: Path) -> typst.Fonts:
    """Return the one font and none of the machine's, so that prints look alike everywhere."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font.parent)]
    )
