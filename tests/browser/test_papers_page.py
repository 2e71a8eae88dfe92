"""Papers in a real browser on a phone: read, scanned, checked, opened as PDF."""

from collections.abc import AsyncIterator
from io import BytesIO

import pypdfium2 as pdfium
import pytest
import pytest_asyncio
import zxingcpp
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Page, expect

from domain.registrations.model import RegistrationState
from tests.support.allotment import a_registration
from tests.support.chromium import serve
from tests.support.papers import CODE, NUMBER, PUBLIC_URL, PapersHouse

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

LARGE = 18
TALL = 60


@pytest.fixture
def house() -> PapersHouse:
    return PapersHouse(a_registration(NUMBER, check_code=CODE))


@pytest_asyncio.fixture(loop_scope="module")
async def site(house: PapersHouse) -> AsyncIterator[str]:
    async with serve(house.app) as url:
        yield url


async def is_easy_to_read(page: Page) -> None:
    """Hold a page to the figures for old eyes and thumbs."""
    faults = (await Axe().run(page)).response["violations"]
    assert not faults, [(one["id"], one["help"]) for one in faults]
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= (page.viewport_size or {"width": 0})["width"]
    sizes = await page.evaluate(
        "[...document.querySelectorAll('main p, main dt, main dd, main li, main input')]"
        ".map(one => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert sizes
    assert min(sizes) >= LARGE
    for target in await page.locator("main button:visible, main a.button").all():
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= TALL


async def test_a_paper_is_read_on_a_phone(house: PapersHouse, site: str, phone: Page) -> None:
    """Source: S0-48."""
    await phone.goto(site + house.link())
    await expect(phone.get_by_text(NUMBER).first).to_be_visible()
    await is_easy_to_read(phone)


async def test_a_camera_reads_the_page_and_comes_to_the_check(
    house: PapersHouse, site: str, phone: Page
) -> None:
    """Source: S0-48."""
    await phone.goto(site + house.link())
    photo = Image.open(BytesIO(await phone.get_by_role("img").screenshot()))
    [found] = zxingcpp.read_barcodes(photo)
    assert found.text.startswith(f"{PUBLIC_URL}/p/")
    await phone.goto(found.text.replace(PUBLIC_URL, site))
    await expect(phone.get_by_role("heading", level=1)).to_contain_text("真的")
    await expect(phone.get_by_text(NUMBER)).to_be_visible()
    await is_easy_to_read(phone)


async def test_the_button_leads_to_the_pdf(house: PapersHouse, site: str, phone: Page) -> None:
    """Source: S0-48."""
    await phone.goto(site + house.link())
    address = await phone.get_by_role("link", name="PDF").evaluate("link => link.href")
    answer = await phone.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    assert (await answer.body()).startswith(b"%PDF-")


async def test_printing_leaves_the_buttons_out(house: PapersHouse, site: str, phone: Page) -> None:
    await phone.goto(site + house.link())
    await phone.emulate_media(media="print")
    await expect(phone.get_by_role("button", name="打印")).to_be_hidden()
    await expect(phone.get_by_role("link", name="PDF")).to_be_hidden()
    await expect(phone.get_by_role("img")).to_be_visible()


@pytest.mark.parametrize("state", RegistrationState)
async def test_the_page_is_printed_on_one_sheet(phone: Page, state: RegistrationState) -> None:
    house = PapersHouse(a_registration(NUMBER, state=state, check_code=CODE))
    async with serve(house.app) as site:
        await phone.goto(site + house.link())
        printed = await phone.pdf(prefer_css_page_size=True)
    assert len(pdfium.PdfDocument(printed)) == 1


async def test_a_code_is_typed_wrong_and_then_right(site: str, phone: Page) -> None:
    """Source: S0-48."""
    await phone.goto(f"{site}/p")
    await phone.get_by_label("校验码").fill("1234")
    await phone.get_by_role("button", name="核验").click()
    await expect(phone.get_by_role("alert")).to_be_visible()
    await is_easy_to_read(phone)
    await phone.get_by_label("校验码").fill("0123 4567 8901 2345 6789")
    await phone.get_by_role("button", name="核验").click()
    await expect(phone.get_by_role("heading", level=1)).to_contain_text("真的")


async def test_an_unknown_code_gets_a_page_that_says_what_to_do(site: str, phone: Page) -> None:
    await phone.goto(f"{site}/p/{'9' * 20}")
    await expect(phone.get_by_role("list")).to_be_visible()
    await is_easy_to_read(phone)
