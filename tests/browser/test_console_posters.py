"""An officer makes a poster, its picture is read by an independent reader, and it is scanned.

Source: S0-61.
"""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from bot.wiring import Resources
from domain.officers.model import Role
from tests.support.chromium import open_page
from tests.support.console import signed_in_browser
from tests.support.easy import reads_well
from tests.support.journey import Stage, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SIZES: list[ViewportSize] = [{"width": 360, "height": 780}, {"width": 1280, "height": 900}]
PATIENCE = 20_000
TITLE = "家门口的青禾家园"
LOADED = """async (one) => {
  await one.decode();
  return one.naturalWidth > 100;
}"""


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(params=SIZES, ids=["phone", "desk"], loop_scope="module")
async def page(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Page]:
    async with open_page(chromium, request.param) as page:
        page.set_default_timeout(PATIENCE)
        yield page


def faults_of(page: Page) -> list[str]:
    """Collect what the browser complains about: a policy that is broken, a file that is missing."""
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


def seen(picture: Image.Image) -> str:
    [found] = zxingcpp.read_barcodes(picture.convert("L"))
    return found.text


async def has_loaded(picture: Locator) -> None:
    assert await picture.evaluate(LOADED)


async def make(page: Page, stage: Stage) -> None:
    """Make a poster as an officer does, looking at it while it is worded."""
    await page.goto(f"{stage.url}/console/posters")
    await reads_well(page)
    await page.get_by_role("link", name="新做一张").click()
    await page.get_by_label("扫码后到哪里").select_option(label="青禾家园（演示）")
    await page.get_by_label("标题").fill(TITLE)
    preview = page.get_by_role("img", name="海报预览")
    await expect(preview).to_be_visible(timeout=PATIENCE)
    await page.wait_for_function(
        f"() => [...document.querySelectorAll('#preview img')].some({LOADED})"
    )
    await reads_well(page)
    await page.get_by_role("button", name="做这张海报").click()
    await expect(page.get_by_role("heading", name=TITLE)).to_be_visible(timeout=PATIENCE)


async def downloaded(page: Page, name: str) -> bytes:
    async with page.expect_download(timeout=60_000) as coming:
        await page.get_by_role("link", name=name, exact=True).click()
    file = await (await coming.value).path()
    return file.read_bytes()


async def test_a_poster_is_made_read_scanned_counted_and_retired(page: Page, stage: Stage) -> None:
    faults = faults_of(page)
    await signed_in_browser(page, stage.url, stage.app, Role.OPERATOR)
    await make(page, stage)
    for picture in ("海报的样子", "每天的扫码、新关注、注册和登记，数字见下表"):
        shown = page.get_by_role("img", name=picture)
        await shown.scroll_into_view_if_needed()
        await has_loaded(shown)
    await reads_well(page)
    address = page.url
    paper = pdfium.PdfDocument(await downloaded(page, "下载 A4 PDF"))[0]
    url = seen(paper.render(scale=2).to_pil())
    png = Image.open(io.BytesIO(await downloaded(page, "下载 易拉宝（80×200 厘米） PNG")))
    assert seen(png) == url

    house: Resources = stage.app.state.house
    await house.look()
    assert url.startswith("http://anju.test/simulator?scan=")
    await page.goto(url.replace("http://anju.test", stage.url))
    await expect(page.locator("#chat").get_by_text("青禾家园（演示）").first).to_be_visible(
        timeout=PATIENCE
    )
    await page.goto(address)
    await expect(page.locator("dl.figures dd").first).to_have_text("1", timeout=PATIENCE)
    first_row = page.locator("#days tbody tr").first
    assert (await first_row.inner_text()).split()[1:] == ["1", "1", "0", "0"]

    await page.get_by_role("button", name="停用这张海报").click()
    await expect(page.get_by_text("已停用")).to_be_visible(timeout=PATIENCE)
    await reads_well(page)
    assert faults == []


async def test_all_projects_of_a_plan_are_downloaded_at_once(page: Page, stage: Stage) -> None:
    await signed_in_browser(page, stage.url, stage.app, Role.OPERATOR)
    await page.goto(f"{stage.url}/console/posters")
    async with page.expect_download(timeout=60_000) as coming:
        await page.get_by_role("button", name="下载压缩包").click()
    file = await coming.value
    assert file.suggested_filename.endswith("-a4.zip")
    assert (await file.path()).read_bytes().startswith(b"PK")
