"""What makes a file for the printer out of a sheet."""

from dataclasses import replace

import pypdfium2 as pdfium
import pytest

from adapters.pdf import TypstPrinter, font_file
from domain.shared.errors import UnavailableError
from domain.shared.papers import PaperPrinter
from tests.support.papers import a_sheet


@pytest.fixture
def printer() -> PaperPrinter:
    return TypstPrinter(font_file())


async def test_a_sheet_becomes_one_page_of_paper(printer: PaperPrinter) -> None:
    """Source: S0-48."""
    made = pdfium.PdfDocument(await printer.pdf(a_sheet()))
    assert len(made) == 1
    width, height = (round(points * 25.4 / 72) for points in made[0].get_size())
    assert (width, height) == (210, 297)


async def test_different_sheets_become_different_papers(printer: PaperPrinter) -> None:
    sheet = a_sheet()
    other = replace(sheet, number=(sheet.number[0], "DJ202603110000025"))
    assert await printer.pdf(sheet) != await printer.pdf(other)


async def test_a_printer_without_its_font_is_unavailable_rather_than_wrong() -> None:
    with pytest.raises(UnavailableError):
        await TypstPrinter(None).pdf(a_sheet())
