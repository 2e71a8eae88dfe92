"""Posters as PNG and PDF, set by Typst: one template for every size."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from domain.posters.sheet import PosterFormat, PosterSheet, PosterSize
from domain.shared.errors import UnavailableError

__all__ = ["TypstPosters"]

_LOGO: Final = Path(__file__).with_name("poster_logo.svg")

_MILLIMETRES: Final[Mapping[PosterSize, tuple[int, int]]] = {
    PosterSize.A4: (210, 297),
    PosterSize.A3: (297, 420),
    PosterSize.ROLLUP: (800, 2000),
}
_DOTS_PER_INCH: Final[Mapping[PosterSize, int]] = {
    PosterSize.A4: 300,
    PosterSize.A3: 300,
    # Seen from two metres; finer would be a hundred megapixels.
    PosterSize.ROLLUP: 100,
}
_PREVIEW_PIXELS: Final = 480
"""How wide a preview is."""

_MILLIMETRES_PER_INCH: Final = 25.4


class TypstPosters:
    """The `PosterPress` that runs in this process, in a thread, one poster at a time.

    The largest takes a hundred megabytes while it is drawn.

    Parameters
    ----------
    font
        The Chinese font, as `adapters.pdf.font_file` finds it.
    logo
        The account's picture, PNG, JPEG or SVG, for the middle of the code; ``None``: our own.
    """

    def __init__(self, font: Path | None, logo: Path | None = None) -> None:
        self._logo = [*(logo or _LOGO).read_bytes()]
        self._font = font
        self._turn = asyncio.Semaphore(1)

    async def press(self, sheet: PosterSheet, size: PosterSize, kind: PosterFormat) -> bytes:
        """Return the file for the printer; see the port."""
        ppi = _DOTS_PER_INCH[size] if kind is PosterFormat.PNG else None
        return await self._made(sheet, size, ppi)

    async def preview(self, sheet: PosterSheet, size: PosterSize) -> bytes:
        """Return a small PNG for a screen."""
        width, _ = _MILLIMETRES[size]
        return await self._made(sheet, size, _PREVIEW_PIXELS * _MILLIMETRES_PER_INCH / width)

    async def _made(self, sheet: PosterSheet, size: PosterSize, ppi: float | None) -> bytes:
        if self._font is None:
            raise UnavailableError("font")
        async with self._turn:
            return await asyncio.to_thread(self._set, self._font, sheet, size, ppi)

    def _set(self, font: Path, sheet: PosterSheet, size: PosterSize, ppi: float | None) -> bytes:
        from adapters.typesetting import pressed  # noqa: PLC0415 (few processes ever make one)

        width, height = _MILLIMETRES[size]
        words = asdict(sheet) | {"width": width, "height": height, "logo": self._logo}
        return pressed(font, words, sheet.url, ppi=ppi, made_at=sheet.made_at)
