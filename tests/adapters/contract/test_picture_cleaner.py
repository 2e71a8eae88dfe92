"""One suite for whoever makes pictures harmless. Source: S0-23."""

import pytest
from PIL import Image

from adapters.pictures import PressedPictures
from domain.shared.pictures import (
    LARGEST_PICTURE,
    PictureCleaner,
    PictureFault,
    PictureUnfitError,
)
from tests.support.pictures import drawn


@pytest.fixture
def cleaner() -> PictureCleaner:
    return PressedPictures()


async def test_what_comes_back_is_another_file_of_the_same_picture(cleaner: PictureCleaner) -> None:
    raw = drawn(Image.new("RGB", (40, 30), "red"))
    clean = await cleaner.clean(raw)
    assert clean != raw
    assert clean.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("raw", "fault"),
    [(b"words", PictureFault.UNREADABLE), (bytes(LARGEST_PICTURE + 1), PictureFault.TOO_LARGE)],
)
async def test_what_is_not_taken_says_why(
    cleaner: PictureCleaner, raw: bytes, fault: PictureFault
) -> None:
    with pytest.raises(PictureUnfitError) as raised:
        await cleaner.clean(raw)
    assert raised.value.fault is fault
