"""Pictures made harmless: drawn anew in a process of their own, or refused with the reason.

Source: S0-23.
"""

import asyncio
import io
import random
import struct
import sys
import zlib

import pytest
from PIL import Image, PngImagePlugin

from adapters import pictures
from adapters.picture_press import UNREADABLE, press
from adapters.pictures import PressedPictures
from domain.shared.errors import UnavailableError
from domain.shared.pictures import LARGEST_PICTURE, PictureFault, PictureUnfitError
from tests.support.pictures import drawn

GPS_TAG = 0x8825
ORIENTATION_TAG = 0x0112


def a_photo(side: int = 64) -> Image.Image:
    return Image.effect_mandelbrot((side, side), (-2, -1.5, 1, 1.5), 60).convert("RGB")


def opened(file: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(file))
    picture.load()
    return picture


async def fault_of(raw: bytes) -> PictureFault:
    with pytest.raises(PictureUnfitError) as raised:
        await PressedPictures().clean(raw)
    return raised.value.fault


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
async def test_a_picture_is_drawn_anew(kind: str) -> None:
    raw = drawn(a_photo(), kind)
    clean = await PressedPictures().clean(raw)
    assert clean != raw
    assert (opened(clean).format, opened(clean).size) == ("JPEG", (64, 64))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO"])
async def test_no_other_kind_of_picture_is_opened(kind: str) -> None:
    assert await fault_of(drawn(a_photo(), kind)) is PictureFault.UNREADABLE


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xd8\xff",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"SIMPLE  =                    T" + b" " * 2850,
        b"PK\x03\x04" + bytes(60),
    ],
)
async def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    assert await fault_of(raw) is PictureFault.UNREADABLE


async def test_half_a_picture_is_refused() -> None:
    raw = drawn(a_photo(200))
    assert await fault_of(raw[: len(raw) // 2]) is PictureFault.UNREADABLE


def test_what_a_picture_carried_besides_its_pixels_is_gone() -> None:
    exif = Image.Exif()
    exif.get_ifd(GPS_TAG)[1] = "N"
    exif[0x010F] = "honey-maker"
    photo = drawn(a_photo(), exif=exif, comment=b"honey-comment", icc_profile=b"honey-profile")
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "honey-text")
    for raw in (photo, drawn(a_photo(), "PNG", pnginfo=notes), photo + b"PK\x03\x04 honey-zip"):
        assert b"honey" in raw
        clean = press(raw)
        assert b"honey" not in clean
        assert not opened(clean).getexif()
        assert set(opened(clean).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_photo_taken_sideways_is_put_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    assert opened(press(drawn(Image.new("RGB", (60, 40)), exif=exif))).size == (40, 60)


def test_what_is_see_through_becomes_white() -> None:
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert opened(press(drawn(clear, "PNG"))).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_pictures_of_any_colours_can_be_drawn(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(press(drawn(Image.new(mode, (30, 20)), kind))).mode == "RGB"


def test_a_large_picture_is_made_smaller() -> None:
    size = opened(press(drawn(Image.new("RGB", (5000, 2500))))).size
    assert size == (2400, 1200)


async def test_more_bytes_than_we_take_are_not_even_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "_pressed", None)
    assert await fault_of(bytes(LARGEST_PICTURE + 1)) is PictureFault.TOO_LARGE


async def test_more_pixels_than_we_take_are_never_drawn() -> None:
    assert await fault_of(a_flood(30_000, 30_000)) is PictureFault.TOO_LARGE
    assert await fault_of(a_flood(6_001, 4_000)) is PictureFault.TOO_LARGE


async def test_words_that_blow_up_are_refused() -> None:
    bomb = a_flood(4_900, 4_890, notes=zlib.compress(bytes(20_000_000), 9))
    assert await fault_of(bomb) is PictureFault.UNREADABLE


async def test_the_press_gets_no_more_memory_than_it_is_lent() -> None:
    greedy = (
        "from adapters import picture_press as p; p.press = lambda raw: bytes(10**9); "
        "raise SystemExit(p.main())"
    )
    press = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", greedy, stdin=asyncio.subprocess.DEVNULL
    )
    assert await press.wait() == UNREADABLE


async def test_the_press_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}
    start = asyncio.create_subprocess_exec

    async def watched(*command: str, **options: object) -> asyncio.subprocess.Process:
        given.update(options, command=command)
        return await start(*command, **options)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setenv("ANJU_SECURITY__DATA_KEY", "honey")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    await PressedPictures().clean(drawn(a_photo()))
    assert given["env"] == {}
    assert given["command"] == (sys.executable, "-I", "-m", "adapters.picture_press")


async def test_no_time_to_draw_is_unavailable_and_no_bad_picture() -> None:
    with pytest.raises(UnavailableError):
        await PressedPictures(seconds=0.001).clean(drawn(a_photo()))


async def test_many_at_once_wait_for_their_turn() -> None:
    presses = PressedPictures()
    clean = await asyncio.gather(*(presses.clean(drawn(a_photo())) for _ in range(6)))
    assert len(set(clean)) == 1


def test_ten_thousand_damaged_pictures_are_drawn_or_refused() -> None:
    """Damage is tried in this process: what breaks the press would break the test."""
    chance = random.Random(20261121)  # noqa: S311 (repeatable damage)
    wholes = [drawn(a_photo(24)), drawn(a_photo(24), "PNG")]
    for number in range(10_000):
        raw = bytearray(wholes[number % 2])
        for _ in range(chance.randint(1, 8)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        try:
            clean = press(bytes(raw))
        except Exception:  # noqa: BLE001, S112 (as the press itself: refused, whatever the reason)
            continue
        assert clean != bytes(raw)
        assert clean.startswith(b"\xff\xd8\xff")


def a_flood(width: int, height: int, *, notes: bytes = b"") -> bytes:
    """Return a tiny PNG that says it is huge; ``notes`` are compressed text to be blown up."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        summed = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + summed

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    text = chunk(b"zTXt", b"Comment\x00\x00" + notes) if notes else b""
    return b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
