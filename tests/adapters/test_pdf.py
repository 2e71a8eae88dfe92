"""The PDF of a paper: small, with its font, readable by people, programs and cameras.

It is read back by two programs that had no part in making it: PDFium, which is what Chromium shows
PDFs with, and poppler, which is what most Linux desktops do.
"""

import asyncio
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import PackageNotFoundError
from itertools import chain
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import zxingcpp

from adapters import pdf
from adapters.pdf import TypstPrinter, font_file
from domain.registrations.model import RegistrationState
from domain.shared.papers import Sheet, SheetSection
from tests.support.allotment import NOW, a_registration
from tests.support.papers import CODE, NUMBER, PUBLIC_URL, SECRETS, a_paper, a_sheet

LARGEST = 300_000


@pytest.fixture(scope="module")
def printer() -> TypstPrinter:
    return TypstPrinter(font_file())


def words_of(sheet: Sheet) -> list[str]:
    """Return everything that a sheet says, in its order."""
    assert sheet.check is not None
    rows = [word for section in sheet.sections for word in (section.title, *chain(*section.rows))]
    head = [sheet.office, sheet.title, *sheet.stamps, *sheet.number, sheet.number_note]
    return [*head, *rows, *sheet.check.code, sheet.check.words, *sheet.notes]


def solid(text: str) -> str:
    """Return a text without what only breaks its lines."""
    return re.sub(r"[\s\u00a0\ufffe\x02]", "", text)


def in_their_order(words: list[str], text: str) -> bool:
    at = 0
    for word in map(solid, words):
        at = text.find(word, at)
        if at < 0:
            return False
        at += len(word)
    return True


def chromium_reads(made: bytes) -> str:
    page = pdfium.PdfDocument(made)[0]
    return solid(page.get_textpage().get_text_range())


async def poppler_reads(file: Path) -> str:
    program = shutil.which("pdftotext")
    if program is None:
        if os.environ.get("CI") == "true":  # noqa: TID251 (tests read it, the program does not)
            pytest.fail("poppler is required in CI: install the package poppler-utils")
        pytest.skip("poppler is missing: install the package poppler-utils to run this test")
    reading = await asyncio.create_subprocess_exec(
        program, "-layout", file, "-", stdout=PIPE, stderr=PIPE
    )
    text, _ = await reading.communicate()
    return solid(text.decode())


@pytest.mark.parametrize("state", RegistrationState)
async def test_every_word_of_the_paper_can_be_selected_in_chromium(
    printer: TypstPrinter, state: RegistrationState
) -> None:
    """Source: S0-48, S0-60."""
    sheet = a_sheet(a_paper(a_registration(NUMBER, state=state, check_code=CODE)))
    made = await printer.pdf(sheet)
    assert in_their_order(words_of(sheet), chromium_reads(made))
    assert not [secret for secret in SECRETS if solid(secret) in chromium_reads(made)]
    assert len(made) < LARGEST


async def test_every_word_of_the_paper_can_be_selected_in_poppler(
    printer: TypstPrinter, tmp_path: Path
) -> None:
    """Source: S0-48."""
    sheet, file = a_sheet(), tmp_path / "paper.pdf"
    file.write_bytes(await printer.pdf(sheet))
    assert in_their_order(words_of(sheet), await poppler_reads(file))


async def test_a_camera_reads_where_to_check_the_paper(printer: TypstPrinter) -> None:
    """Source: S0-48."""
    page = pdfium.PdfDocument(await printer.pdf(a_sheet()))[0]
    photo = page.render(scale=2, grayscale=True).to_pil()
    [found] = zxingcpp.read_barcodes(photo)
    assert found.text == f"{PUBLIC_URL}/p/{CODE}"


async def test_only_the_characters_used_of_the_one_font_are_brought_along(
    printer: TypstPrinter,
) -> None:
    made = await printer.pdf(a_sheet())
    fonts = set(re.findall(rb"/BaseFont ?/([A-Z]{6}\+)?([\w-]+)", made))
    assert {name for _, name in fonts} == {b"NotoSansSC-Regular"}
    assert all(subset for subset, _ in fonts)
    source = font_file()
    assert source is not None
    assert len(made) < source.stat().st_size / 20


async def test_the_file_names_itself_its_issuer_its_language_and_its_day(
    printer: TypstPrinter,
) -> None:
    sheet = a_sheet()
    made = await printer.pdf(sheet)
    told = pdfium.PdfDocument(made).get_metadata_dict()
    assert (told["Title"], told["Author"]) == (sheet.title, sheet.office)
    assert told["CreationDate"].startswith(f"D:{NOW:%Y%m%d}")
    assert b"/Lang" in made
    for standard in (b"pdfaid:part>2<", b"pdfuaid:part>1<"):
        assert standard in made


async def test_the_same_sheet_is_the_same_file(printer: TypstPrinter) -> None:
    sheet = a_sheet()
    assert await printer.pdf(sheet) == await TypstPrinter(font_file()).pdf(sheet)
    later = replace(sheet, printed_at=NOW + timedelta(minutes=1))
    assert await printer.pdf(later) != await printer.pdf(sheet)


async def test_many_may_print_at_once(printer: TypstPrinter) -> None:
    numbers = [f"DJ{number:015}" for number in range(24)]
    made = await asyncio.gather(
        *(printer.pdf(replace(a_sheet(), number=("登记编号", number))) for number in numbers)
    )
    for number, one in zip(numbers, made, strict=True):
        assert number in chromium_reads(one)


@pytest.mark.parametrize(
    "hostile", ["#panic()", "*x* _y_ $z$", "`raw` @ref <label>", '"];#()', "\\"]
)
async def test_words_of_an_officer_cannot_become_markup(
    printer: TypstPrinter, hostile: str
) -> None:
    section = SheetSection(hostile, ((hostile, hostile),))
    made = await printer.pdf(replace(a_sheet(), title=hostile, sections=(section,)))
    assert chromium_reads(made).count(solid(hostile)) == 4


@pytest.mark.parametrize("rare", ["𠮷", "🏠", "\ue000", "\x07"])
async def test_a_character_that_the_font_lacks_costs_nobody_the_paper(
    printer: TypstPrinter, rare: str
) -> None:
    sheet = replace(a_sheet(), office=f"北京{rare}中心")
    assert NUMBER in chromium_reads(await printer.pdf(sheet))


async def test_a_paper_without_a_check_code_is_printed_without(printer: TypstPrinter) -> None:
    made = await printer.pdf(replace(a_sheet(), check=None))
    assert "校验码" not in chromium_reads(made)
    assert not zxingcpp.read_barcodes(pdfium.PdfDocument(made)[0].render().to_pil())


def test_the_font_is_found_without_running_what_carries_it() -> None:
    found = font_file()
    assert found is not None
    assert found.read_bytes()[:4] == b"\x00\x01\x00\x00"
    assert "zhplot" not in sys.modules


def test_without_the_package_there_is_no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(pdf, "files", absent)
    assert font_file() is None
