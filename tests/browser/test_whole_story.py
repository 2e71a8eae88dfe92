"""From an officer's table to a citizen's question to a person, and back to the poster's figures.

Three browsers: an officer's, an agent's, a citizen's phone.

Source: S0-61, S1-57, S1-58.
"""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Page, expect

from domain.officers.model import Role
from domain.plans.cells import Heading
from tests.support.chromium import DESKTOP, open_page
from tests.support.console import signed_in_browser
from tests.support.journey import Stage, open_stage
from tests.support.plan_tables import a_row, as_xlsx

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def officer(chromium: Browser) -> AsyncIterator[Page]:
    async with open_page(chromium, DESKTOP) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def agent(chromium: Browser) -> AsyncIterator[Page]:
    async with open_page(chromium, DESKTOP) as page:
        yield page


async def import_a_plan(officer: Page, stage: Stage) -> str:
    """Bring a plan in from Excel, published; return the name of its project."""
    row = a_row(stage.clock.now())
    await officer.goto(f"{stage.url}/console/plans")
    await officer.get_by_role("link", name="从表格导入新计划").click()
    file = {"name": "第九批.xlsx", "mimeType": WORKBOOK, "buffer": as_xlsx(row)}
    await officer.get_by_label("表格文件").set_input_files(file)  # type: ignore[arg-type] # as it says
    await officer.get_by_role("button", name="上传并检查").click()
    await officer.get_by_label("导入后马上发布给市民").check()
    await officer.get_by_role("button", name="确认导入").click()
    await expect(officer.get_by_text("未开始").first).to_be_visible()
    await stage.app.state.house.look()
    return row[Heading.PROJECT]


async def make_a_poster(officer: Page, stage: Stage, project: str) -> tuple[str, str]:
    """Make its poster; return what an independent reader reads, and where its figures are."""
    await officer.goto(f"{stage.url}/console/posters/new")
    await officer.get_by_label("扫码后到哪里").select_option(label=project)
    await officer.get_by_label("标题").fill("新项目来了")
    await officer.get_by_role("button", name="做这张海报").click()
    await expect(officer.get_by_role("heading", name="新项目来了")).to_be_visible()
    async with officer.expect_download(timeout=60_000) as coming:
        await officer.get_by_role("link", name="下载 A4 PNG", exact=True).click()
    file = await (await coming.value).path()
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(file.read_bytes())).convert("L"))
    await stage.app.state.house.look()
    return code.text, officer.url


async def help_a_citizen(agent: Page, words: str, answer: str) -> None:
    await agent.get_by_role("button", name="第 1 位").click()
    await expect(agent.get_by_role("log")).to_contain_text(words)
    await agent.get_by_role("button", name="接待（t）").click()
    await agent.get_by_label("回复市民").fill(answer)
    await agent.get_by_label("回复市民").press("Enter")
    await expect(agent.get_by_role("log")).to_contain_text("已送达")


async def test_a_table_a_poster_a_scan_a_person_and_the_same_question_again(
    stage: Stage, officer: Page, agent: Page, phone: Page
) -> None:
    await signed_in_browser(officer, stage.url, stage.app, Role.OPERATOR)
    project = await import_a_plan(officer, stage)
    scanned, figures = await make_a_poster(officer, stage, project)

    await signed_in_browser(agent, stage.url, stage.app, Role.AGENT)
    await agent.goto(f"{stage.url}/console/talk")
    await expect(agent.get_by_text("更新于")).to_be_visible()

    await phone.goto(scanned.replace("http://anju.test", stage.url))
    await expect(phone.locator("#chat").get_by_text(project).first).to_be_visible()
    walker = await stage.walker(phone)
    question = (await walker.chat.say("注册")).splitlines()[0]
    await walker.chat.say("人工")
    await walker.chat.say("要带什么材料")
    await help_a_citizen(agent, "要带什么材料", "带身份证就可以")
    await expect(phone.get_by_role("log").last).to_contain_text("带身份证就可以")
    end = agent.get_by_role("button", name="结束（e）")
    await end.click()
    await end.click()
    await expect(phone.get_by_role("log").last).to_contain_text("人工服务已结束")
    assert question in await walker.chat.say("继续")

    await officer.goto(figures)
    await expect(officer.locator("dl.figures dd").first).to_have_text("1")
