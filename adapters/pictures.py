"""Making a picture harmless, in a process of its own that may do little and not for long.

Whoever sends a picture may have built it to break the program that draws it. So another one draws:
without our secrets, with little memory and a few seconds, and it is gone afterwards.
"""

import asyncio
import sys
from typing import Final

from adapters.picture_press import TOO_LARGE, UNREADABLE
from domain.shared.errors import UnavailableError
from domain.shared.pictures import LARGEST_PICTURE, PictureFault, PictureUnfitError

__all__ = ["PressedPictures"]

_AT_ONCE: Final = 2
_PATIENCE_SECONDS: Final = 15.0
_JPEG: Final = b"\xff\xd8\xff"
_FAULTS: Final = {TOO_LARGE: PictureFault.TOO_LARGE, UNREADABLE: PictureFault.UNREADABLE}


class PressedPictures:
    """The `PictureCleaner` that has every picture drawn anew by `adapters.picture_press`."""

    def __init__(self, seconds: float = _PATIENCE_SECONDS) -> None:
        self._seconds = seconds
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def clean(self, raw: bytes) -> bytes:
        """Return the picture drawn anew."""
        if len(raw) > LARGEST_PICTURE:
            raise PictureUnfitError(PictureFault.TOO_LARGE)
        try:
            async with asyncio.timeout(self._seconds), self._places:
                ended, drawn = await _pressed(raw)
        except (OSError, TimeoutError) as error:
            raise UnavailableError("no time or no room to draw a picture") from error
        if ended != 0:
            # Ended by a signal: it asked for more memory or time than any honest picture does.
            raise PictureUnfitError(_FAULTS.get(ended, PictureFault.UNREADABLE))
        if not drawn.startswith(_JPEG) or len(drawn) > LARGEST_PICTURE:
            raise PictureUnfitError(PictureFault.UNREADABLE)
        return drawn


async def _pressed(raw: bytes) -> tuple[int, bytes]:
    """Return how the press ended, and what it drew."""
    press = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "adapters.picture_press",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        drawn, _ = await press.communicate(raw)
    finally:
        if press.returncode is None:
            press.kill()
            await press.wait()
    return press.returncode or 0, drawn
