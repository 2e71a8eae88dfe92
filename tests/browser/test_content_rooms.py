"""An officer changes what citizens read, in a real browser, on a phone and at a desk.

Source: S0-17, S2-14, S3-68, S4-77.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from domain.officers.model import Role
from tests.support.chromium import open_page
from tests.support.console import signed_in_browser
from tests.support.easy import reads_well
from tests.support.journey import Stage, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SIZES: list[ViewportSize] = [{"width": 360, "height": 780}, {"width": 1280, "height": 900}]
PATIENCE = 20_000


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(params=SIZES, ids=["phone", "desk"], loop_scope="module")
async def page(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Page]:
    async with open_page(chromium, request.param) as page:
        page.set_default_timeout(PATIENCE)
        yield page


async def test_an_officer_publishes_an_answer_that_citizens_then_find(
    page: Page, stage: Stage
) -> None:
    await signed_in_browser(page, stage.url, stage.app, Role.OPERATOR)
    await page.goto(f"{stage.url}/console/content")
    await reads_well(page)
    await page.get_by_role("link", name="租金怎么算？").click()
    await reads_well(page)
    await page.get_by_label("答案").fill("租金按面积和单价算，以合同为准。")
    await page.get_by_role("button", name="保存草稿并预览").click()
    draft = page.get_by_role("group", name="草稿在聊天里的样子")
    await expect(draft).to_contain_text("租金按面积和单价算，以合同为准。", timeout=PATIENCE)
    await expect(draft).to_contain_text("有帮助")
    await reads_well(page)
    await page.get_by_role("link", name="和现在的版本有什么不同").click()
    await expect(page.locator("ins").first).to_be_visible(timeout=PATIENCE)
    await reads_well(page)
    await page.go_back()
    await page.get_by_role("button", name="马上发布").click()
    await expect(page.get_by_role("button", name="恢复第 1 版")).to_be_visible(timeout=PATIENCE)
    await reads_well(page)
    house = stage.app.state.house
    await house.look()
    async with house.open_work() as work:
        found = (await work.documents.index()).find("请问租金怎么算呀").clear
    assert (found.answer, found.version) == ("租金按面积和单价算，以合同为准。", 2)


async def test_an_unanswered_question_is_seen_to(page: Page, stage: Stage) -> None:
    await signed_in_browser(page, stage.url, stage.app, Role.OPERATOR)
    async with stage.app.state.house.open_work() as work:
        await work.questions.miss("上车要准备什么材料", stage.clock.now())
        await work.commit()
    await page.goto(f"{stage.url}/console/questions")
    await reads_well(page)
    await page.get_by_role("link", name="加入同义词").click()
    await page.get_by_label("市民说").fill("上车")
    await page.get_by_label("当作").fill("登记")
    await reads_well(page)
    await page.get_by_role("button", name="加入同义词").click()
    await expect(page.get_by_text("没有答不上的问题。")).to_be_visible(timeout=PATIENCE)
    await expect(page.get_by_role("button", name="删除同义词 上车")).to_be_visible()
    await page.goto(f"{stage.url}/console/content/new?category=guide")
    await reads_well(page)
    await page.goto(f"{stage.url}/console/content/text/agreement-user/version/1")
    await reads_well(page)
