"""Pictures as citizens send them, and as nobody should."""

import io

from PIL import Image

from adapters.simulated import Line

__all__ = ["WALL", "KeptPictures", "drawn"]


def drawn(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


WALL = drawn(Image.new("RGB", (800, 500), "white"))
"""Nothing to be seen."""


class KeptPictures:
    """A platform that has some pictures, on a line that may be cut."""

    def __init__(self, kept: dict[str, bytes]) -> None:
        self.kept = kept
        self.line = Line()

    async def fetch(self, media_id: str) -> bytes | None:
        """Return a picture."""
        await self.line.reach()
        return self.kept.get(media_id)
