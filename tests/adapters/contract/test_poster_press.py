"""One suite for whoever makes files of posters: any reader of codes reads them, at any size.

The codes are read by a library that had no part in drawing them.
"""

import io
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image

from adapters.pdf import font_file
from adapters.qr_poster import TypstPosters
from domain.posters.sheet import PosterFormat, PosterPress, PosterSheet, PosterSize
from domain.shared.errors import UnavailableError
from tests.support.allotment import NOW
from tests.support.pictures import drawn

URL = "http://weixin.qq.com/q/02AbCdEfGhIjKlMnOpQrStUvWxYz-_0123456789"
SHEET = PosterSheet(
    operator="北京保障房中心有限公司",
    title="青禾家园（演示）",
    subtitle="第四批快速配租",
    rows=(
        ("地区", "朝阳区"),
        ("地址", "朝阳区东坝乡青禾路 1 号院"),
        ("房源", "一居室 39–43㎡，120 套\n二居室 52–60㎡，1,040 套"),
        ("租金", "48 元/㎡·月"),
        ("登记时间", "2026年11月20日 09:00 至 11月27日 17:00"),
    ),
    url=URL,
    caption="微信扫一扫，看房源并登记",
    how="打开微信，扫描二维码，关注“北京保障房”公众号即可办理",
    hotline="咨询电话 010-81120588",
    small="演示数据，没有参考价值。",
    made_at=NOW,
)
FULL = replace(
    SHEET,
    title="某" * 30,
    caption="扫" * 40,
    rows=(*SHEET.rows, *((f"事项{number}", "很长的说明" * 14) for number in range(5))),
    url="http://127.0.0.1:8000/simulator?scan=" + "p" * 64,
)
BARE = replace(SHEET, rows=(), subtitle="", small="")

PIXELS = {
    PosterSize.A4: (2480, 3508),
    PosterSize.A3: (3508, 4961),
    PosterSize.ROLLUP: (3150, 7874),
}
MILLIMETRES = {
    PosterSize.A4: (210, 297),
    PosterSize.A3: (297, 420),
    PosterSize.ROLLUP: (800, 2000),
}
LARGEST = 3_000_000


@pytest.fixture(scope="module")
def press() -> PosterPress:
    return TypstPosters(font_file())


def read(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


@pytest.mark.parametrize("size", PosterSize)
@pytest.mark.parametrize("sheet", [SHEET, FULL, BARE], ids=["usual", "full", "bare"])
async def test_a_png_has_the_printers_size_and_its_code_is_read(
    press: PosterPress, size: PosterSize, sheet: PosterSheet
) -> None:
    made = await press.press(sheet, size, PosterFormat.PNG)
    picture = Image.open(io.BytesIO(made))
    assert (picture.format, picture.size) == ("PNG", PIXELS[size])
    assert read(picture) == [sheet.url]
    assert len(made) < LARGEST


@pytest.mark.parametrize("size", PosterSize)
@pytest.mark.parametrize("sheet", [SHEET, FULL, BARE], ids=["usual", "full", "bare"])
async def test_a_pdf_is_one_sheet_of_that_size_and_its_code_is_read(
    press: PosterPress, size: PosterSize, sheet: PosterSheet
) -> None:
    made = await press.press(sheet, size, PosterFormat.PDF)
    assert len(made) < LARGEST
    paper = pdfium.PdfDocument(made)
    assert len(paper) == 1
    width, height = paper[0].get_size()
    assert [round(side * 25.4 / 72) for side in (width, height)] == [*MILLIMETRES[size]]
    assert read(paper[0].render(scale=1200 / width).to_pil()) == [sheet.url]


async def test_every_word_stands_on_the_sheet(press: PosterPress) -> None:
    made = await press.press(SHEET, PosterSize.A4, PosterFormat.PDF)
    text = pdfium.PdfDocument(made)[0].get_textpage().get_text_range()
    said = "".join(text.split())
    facts = [word for row in SHEET.rows for word in row]
    words = (SHEET.operator, SHEET.title, SHEET.subtitle, *facts, SHEET.caption, SHEET.hotline)
    for word in (*words, SHEET.how, SHEET.small):
        assert "".join(word.split()) in said, word


@pytest.mark.parametrize("size", PosterSize)
async def test_a_preview_is_small_and_its_code_is_read(
    press: PosterPress, size: PosterSize
) -> None:
    picture = Image.open(io.BytesIO(await press.preview(SHEET, size)))
    assert picture.width == 480
    assert read(picture) == [URL]


async def test_the_same_sheet_gives_the_same_file(press: PosterPress) -> None:
    for kind in PosterFormat:
        first = await press.press(SHEET, PosterSize.A4, kind)
        assert await press.press(SHEET, PosterSize.A4, kind) == first


async def test_another_picture_may_stand_in_the_middle(tmp_path: Path) -> None:
    logo = tmp_path / "logo.jpg"
    logo.write_bytes(drawn(Image.new("RGB", (200, 200), "red")))
    press = TypstPosters(font_file(), logo)
    made = await press.press(SHEET, PosterSize.A4, PosterFormat.PNG)
    assert read(Image.open(io.BytesIO(made))) == [URL]
    ours = await TypstPosters(font_file()).press(SHEET, PosterSize.A4, PosterFormat.PNG)
    assert made != ours


async def test_without_the_font_there_is_no_poster() -> None:
    with pytest.raises(UnavailableError):
        await TypstPosters(None).press(SHEET, PosterSize.A4, PosterFormat.PDF)
