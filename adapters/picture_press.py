"""A program that reads a picture and writes it drawn anew: ``python -m adapters.picture_press``.

It starts quickly, and holds nothing worth stealing.
"""

import io
import resource
import sys
from typing import Final

from domain.shared.pictures import MOST_PIXELS

__all__ = ["TOO_LARGE", "UNREADABLE", "main", "press"]

TOO_LARGE: Final = 3
UNREADABLE: Final = 4

_FORMATS: Final = ("JPEG", "PNG")
_LONGEST_SIDE: Final = 2_400
_QUALITY: Final = 88

_MEMORY_BYTES: Final = 640 * 1024 * 1024
_CPU_SECONDS: Final = 6


class _TooLargeError(Exception):
    """More pixels than we draw."""


def press(raw: bytes) -> bytes:
    """Return a picture as a JPEG of at most 2,400 pixels a side: upright, opaque, nothing else.

    Raises
    ------
    Exception
        Of many kinds: whatever the drawing library makes of a broken picture.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 (only where this is the program)

    Image.MAX_IMAGE_PIXELS = None  # ours is stricter, and says so by its own word
    with Image.open(io.BytesIO(raw), formats=_FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise _TooLargeError
        picture.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        solid = upright.convert("RGBA")
    # A new sheet: what the old one carried besides its pixels is not copied.
    sheet = Image.new("RGB", solid.size, "white")
    sheet.paste(solid, mask=solid.getchannel("A"))
    drawn = io.BytesIO()
    sheet.save(drawn, "JPEG", quality=_QUALITY)
    return drawn.getvalue()


def main() -> int:
    """Press what comes in; return how it ended."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        drawn = press(sys.stdin.buffer.read())
    except _TooLargeError:
        return TOO_LARGE
    except Exception:  # noqa: BLE001 (a broken picture may raise anything; the caller is told)
        return UNREADABLE
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
