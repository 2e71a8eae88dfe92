"""Papers as PDF, set by Typst with the one font that our set-up brings along."""

import asyncio
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

from domain.shared.errors import UnavailableError
from domain.shared.papers import Sheet

__all__ = ["TypstPrinter", "font_file"]

_FONT_PACKAGE: Final = "zhplot"
_FONT_NAME: Final = "NotoSansSC-Regular.ttf"


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
        self._font = font

    async def pdf(self, sheet: Sheet) -> bytes:
        """Return a PDF; the same sheet gives the same bytes."""
        if self._font is None:
            raise UnavailableError(_FONT_NAME)
        return await asyncio.to_thread(_printed, self._font, sheet)


def _printed(font: Path, sheet: Sheet) -> bytes:
    from adapters.typesetting import printed  # noqa: PLC0415 (7 MB, and few ever print)

    return printed(font, sheet)
