"""An officer brings a plan in from Excel, and a citizen sees it; on a phone and at a desk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.jobs.exports import make_exports
from domain.officers.model import Role
from tests.support.chromium import DESKTOP, open_page
from tests.support.console import signed_in_browser
from tests.support.easy import reads_well
from tests.support.journey import Stage, open_stage
from tests.support.plan_tables import a_row, as_xlsx

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SIZES: list[ViewportSize] = [{"width": 360, "height": 780}, {"width": 1280, "height": 900}]
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(params=SIZES, ids=["phone", "desk"], loop_scope="module")
async def page(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Page]:
    async with open_page(chromium, request.param) as page:
        yield page


async def hand_in(page: Page, raw: bytes) -> None:
    file = {"name": "第九批.xlsx", "mimeType": WORKBOOK, "buffer": raw}
    await page.get_by_label("表格文件").set_input_files(file)  # type: ignore[arg-type] # as it says
    await page.get_by_role("button", name="上传并检查").click()


async def test_a_plan_comes_in_with_a_mistake_is_mended_and_reaches_a_citizen(
    page: Page, chromium: Browser, stage: Stage
) -> None:
    now = stage.clock.now()
    await signed_in_browser(page, stage.url, stage.app, Role.OPERATOR)
    await page.goto(f"{stage.url}/console/plans")
    await expect(page.get_by_role("heading", name="计划", exact=True)).to_be_visible()
    await reads_well(page)
    await page.get_by_role("link", name="从表格导入新计划").click()
    await reads_well(page)
    await hand_in(page, as_xlsx(a_row(now), a_row(now, type="大开间")))
    await expect(page.get_by_role("heading", name="有 1 处需要改正")).to_be_visible()
    await expect(page.get_by_text("第 3 行 M 列")).to_be_visible()
    await reads_well(page)
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="下载带「问题」列的表格").click()
    assert (await waiting.value).suggested_filename == "需要改正的表格.xlsx"
    await page.get_by_role("link", name="重新上传").click()
    await hand_in(page, as_xlsx(a_row(now), a_row(now, type="二居室")))
    await expect(page.get_by_role("heading", name="确认导入")).to_be_visible()
    await expect(page.locator(".said").first).to_contain_text("第九批公租房快速配租")
    await reads_well(page)
    await page.get_by_label("导入后马上发布给市民").check()
    await page.get_by_role("button", name="确认导入").click()
    await expect(page.get_by_role("heading", name="第九批公租房快速配租").first).to_be_visible()
    await expect(page.get_by_text("未开始").first).to_be_visible()
    await reads_well(page)
    await page.get_by_role("link", name="修改时间和名称").click()
    await reads_well(page)
    await page.get_by_label("每户最多登记").fill("3")
    await page.get_by_role("button", name="看看改完的样子").click()
    await expect(page.get_by_text("每户最多登记：2 → 3")).to_be_visible()
    await reads_well(page)
    await page.get_by_role("button", name="保存，市民马上看到").click()
    await expect(page.get_by_role("heading", name="第九批公租房快速配租").first).to_be_visible()
    async with open_page(chromium, DESKTOP) as other:
        await stage.app.state.house.look()
        walker = await stage.walker(other)
        await walker.chat.follow()
        assert "第九批公租房快速配租" in await walker.chat.say("快速配租")


async def test_an_officer_looks_for_a_family_and_fetches_a_file(page: Page, stage: Stage) -> None:
    await signed_in_browser(page, stage.url, stage.app, Role.OPERATOR, Role.REVIEWER)
    await page.goto(f"{stage.url}/console/cases")
    await reads_well(page)
    await page.get_by_label("查登记、账号或家庭").fill("1234")
    await page.get_by_role("button", name="查询").click()
    await expect(page.get_by_text("没有查到")).to_be_visible()
    await reads_well(page)
    await page.goto(f"{stage.url}/console/families")
    await reads_well(page)
    await page.goto(f"{stage.url}/console/exports")
    await reads_well(page)
    await page.get_by_label("内容").select_option(label="房源")
    await page.get_by_role("button", name="开始生成").click()
    await expect(page.get_by_text("排队中")).to_be_visible()
    assert await make_exports(stage.app.state.house) == 1
    # The page asks by itself.
    await expect(page.get_by_role("link", name="下载")).to_be_visible()
    await reads_well(page)
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="下载").click()
    assert (await waiting.value).suggested_filename.startswith("房源-")
