"""Pictures that citizens send: fetched, and made harmless, before anybody looks at them."""

from enum import StrEnum
from typing import Final, Protocol

from domain.shared.errors import InvalidError

__all__ = [
    "LARGEST_PICTURE",
    "MOST_PIXELS",
    "PictureCleaner",
    "PictureFault",
    "PictureSource",
    "PictureUnfitError",
]

LARGEST_PICTURE: Final = 8 * 1024 * 1024
"""Bytes."""

MOST_PIXELS: Final = 24_000_000
"""Width times height."""


class PictureFault(StrEnum):
    """Why a picture is not taken."""

    TOO_LARGE = "too-large"
    """More bytes or pixels than we take."""
    UNREADABLE = "unreadable"
    """No JPEG and no PNG, or a broken one."""


class PictureUnfitError(InvalidError):
    """A picture that cannot be taken.

    Parameters
    ----------
    fault
        What is wrong with it.
    """

    code = "picture-unfit"

    def __init__(self, fault: PictureFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class PictureSource(Protocol):
    """Where the platform keeps what citizens send."""

    async def fetch(self, media_id: str) -> bytes | None:
        """Return a picture as it was sent; ``None`` once it is gone, after three days.

        At most one byte more than `LARGEST_PICTURE` is read.

        Raises
        ------
        UnavailableError
            The platform is silent.
        """


class PictureCleaner(Protocol):
    """Makes a picture harmless."""

    async def clean(self, raw: bytes) -> bytes:
        """Return the picture drawn anew as a JPEG: upright, and with nothing but its pixels.

        What it carried besides (where and with what it was taken, other files) is gone.

        Raises
        ------
        PictureUnfitError
            It is too large, or no JPEG or PNG that can be drawn.
        UnavailableError
            It could not be tried.
        """
