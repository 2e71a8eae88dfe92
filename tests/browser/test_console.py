"""Officers sign in in a real browser, on a phone and at a desk."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from domain.officers.model import Role
from domain.shared.records import Act
from tests.support.chromium import open_page
from tests.support.console import sign_in_page, signed_in_browser
from tests.support.easy import reads_well
from tests.support.journey import Stage, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SIZES: list[ViewportSize] = [{"width": 360, "height": 780}, {"width": 1280, "height": 900}]


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(params=SIZES, ids=["phone", "desk"], loop_scope="module")
async def page(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Page]:
    async with open_page(chromium, request.param) as page:
        yield page


def faults_of(page: Page) -> list[str]:
    """Collect what the browser complains about: a policy that is broken, a file that is missing."""
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


async def to_my_logins(page: Page) -> None:
    if (page.viewport_size or SIZES[0])["width"] < 960:
        await page.get_by_role("button", name="菜单").click()
    await page.get_by_role("link", name="我的登录").click()


async def test_an_officer_signs_in_looks_around_and_signs_out(page: Page, stage: Stage) -> None:
    faults = faults_of(page)
    await page.goto(f"{stage.url}/console/my-logins")
    await expect(page.get_by_role("heading", name="登录安居后台")).to_be_visible()
    await reads_well(page)
    await sign_in_page(page, stage.url, stage.app, Role.ADMINISTRATOR)
    await expect(page.get_by_role("heading", name="您好，演示管理员")).to_be_visible()
    await reads_well(page)
    await to_my_logins(page)
    await expect(page.get_by_text("就是这里")).to_be_visible()
    await reads_well(page)
    if (page.viewport_size or SIZES[0])["width"] < 960:
        await page.get_by_role("button", name="菜单").click()
    await page.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_role("heading", name="登录安居后台")).to_be_visible()
    assert faults == []


@pytest.mark.parametrize("room", ["officers", "audit", "connection", "no-such-room"])
async def test_a_room_reads_well_on_a_phone_and_at_a_desk(
    page: Page, stage: Stage, room: str
) -> None:
    await signed_in_browser(page, stage.url, stage.app, *Role)
    async with stage.app.state.house.open_work() as work:
        for number in range(60):
            at = stage.clock.now()
            await work.acts.add(Act("accounts:session:begin", f"a{number:031}", "x", at, "chat"))
        await work.commit()
    stage.app.state.refused.note("signature", 403)
    await stage.app.state.refused.aclose()
    faults = faults_of(page)
    await page.goto(f"{stage.url}/console/{room}")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    if room == "connection":
        await expect(page.get_by_text("更新于")).to_be_visible()
        await expect(page.get_by_text("ANJU_WECHAT__APP_ID", exact=True)).to_be_visible()
    await reads_well(page)
    assert [one for one in faults if room != "no-such-room"] == []


async def test_figures_come_by_themselves_and_say_how_old_they_are(
    page: Page, stage: Stage
) -> None:
    faults = faults_of(page)
    await signed_in_browser(page, stage.url, stage.app, Role.OPERATOR)
    await expect(page.get_by_text("今天的消息")).to_be_visible()
    await reads_well(page)
    async with stage.app.state.house.open_work() as work:
        await work.turn_counts.add(date(2026, 3, 11), 1234)
        await work.commit()
    stage.clock.forward(5)
    await expect(page.get_by_text("1,234")).to_be_visible()
    async with stage.app.state.house.open_work() as work:
        await work.officer_sessions.forget(before=stage.clock.now())
        await work.commit()
    # Whoever is signed out is led away, whatever they were looking at.
    await expect(page.get_by_role("heading", name="登录安居后台")).to_be_visible()
    assert [one for one in faults if "401" not in one] == []


async def test_a_new_officer_sets_up_from_the_link(page: Page, stage: Stage) -> None:
    await page.goto(f"{stage.url}/console")
    house = stage.app.state.house
    async with house.open_work() as work:
        _, token = await house.officers(work, "operator").add(
            login="wangyan", name="王妍", roles=[Role.AGENT]
        )
        await work.commit()
    await page.goto(f"{stage.url}/console/start/{token}")
    picture = page.get_by_role("img", name="动态口令的二维码")
    assert await picture.evaluate("one => one.complete && one.naturalWidth") > 100
    await reads_well(page)
    seed = (await page.locator(".seed").inner_text()).replace(" ", "")
    await page.get_by_label("新密码", exact=True).fill("qinghe-yuecai-72")
    await page.get_by_label("再输一次新密码").fill("qinghe-yuecai-72")
    code = house.officer_proofs.codes.code_at(seed, stage.clock.now())
    await page.get_by_label("手机上显示的 6 位数字").fill(code)
    await page.get_by_role("button", name="完成设置").click()
    await expect(page.get_by_role("heading", name="设置好了，请记下备用码")).to_be_visible()
    await reads_well(page)
    await page.get_by_role("link", name="我记下了").click()
    await expect(page.get_by_role("heading", name="您好，王妍")).to_be_visible()
