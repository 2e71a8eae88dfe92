"""A citizen asks for a person in mid-form, an agent in a second browser helps, the form goes on.

Source: S1-57, S1-58, S4-78.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.wiring import Resources
from domain.escalation.handovers import LineKind
from domain.escalation.pictures import WantedPicture
from domain.officers.model import Role
from tests.support.chromium import DESKTOP, PHONE, open_page
from tests.support.console import signed_in_browser
from tests.support.easy import reads_well
from tests.support.journey import Stage, open_stage
from tests.support.pictures import WALL

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def desk(chromium: Browser) -> AsyncIterator[Page]:
    async with open_page(chromium, DESKTOP) as page:
        yield page


async def sit_down(stage: Stage, page: Page, *roles: Role) -> None:
    """Sign an agent in and open the room; wait until the desk knows it."""
    await signed_in_browser(page, stage.url, stage.app, *roles)
    async with page.expect_response(lambda answer: answer.url.endswith("/talk/here")):
        await page.goto(f"{stage.url}/console/talk")
    await expect(page.get_by_text("更新于")).to_be_visible()


async def heard(stage: Stage, openid: str) -> list[str]:
    house: Resources = stage.app.state.house
    assert house.stand_ins
    found = await house.stand_ins.platform.outbox(openid)
    return [str(one["text"]) for one in reversed(found)]


async def keep_picture(stage: Stage) -> None:
    """Have the one who talks send a picture, and have it fetched."""
    house: Resources = stage.app.state.house
    now = house.clock.now()
    async with house.open_work() as work:
        [live] = await work.handovers.live()
        said = (live.id, LineKind.CITIZEN, "［图片］")
        line = await work.handovers.add_line(*said, at=now, media_id="media")
        assert line
        wanted = WantedPicture(line.id, live.id, "media")
        assert await work.talk_pictures.keep(wanted, WALL, at=now)
        await work.commit()


async def test_a_person_is_asked_for_helps_and_the_form_goes_on_at_the_same_question(
    stage: Stage, phone: Page, desk: Page
) -> None:
    await sit_down(stage, desk, Role.AGENT)
    await reads_well(desk)
    walker = await stage.walker(phone)
    await walker.chat.follow()
    question = await walker.chat.say("注册")
    assert "第 1 位" in await walker.chat.say("人工")
    await walker.chat.say("这个协议是什么意思")
    row = desk.get_by_role("button", name="第 1 位")
    await row.click()
    await expect(desk.get_by_role("log")).to_contain_text("这个协议是什么意思")
    await reads_well(desk)
    await desk.keyboard.press("t")
    await expect(desk.get_by_label("回复市民")).to_be_visible()
    await desk.get_by_label("回复市民").fill("看过同意就可以")
    await desk.get_by_label("回复市民").press("Enter")
    await expect(desk.get_by_role("log")).to_contain_text("看过同意就可以")
    await expect(desk.get_by_role("log")).to_contain_text("已送达")
    await reads_well(desk)
    await expect(phone.get_by_role("log").last).to_contain_text("看过同意就可以")
    await keep_picture(stage)
    picture = desk.get_by_role("img", name="发来的图片")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("async (one) => { await one.decode(); return one.naturalWidth; }")
    await reads_well(desk)
    end = desk.get_by_role("button", name="结束（e）")
    await end.click()
    await end.click()
    await expect(desk.get_by_text("已结束，市民会收到通知和评价。")).to_be_visible()
    await expect(phone.get_by_role("log").last).to_contain_text("人工服务已结束")
    assert "谢谢您的评价" in await walker.chat.say("5")
    assert question.splitlines()[0] in await walker.chat.say("继续")


async def test_a_kept_reply_is_found_by_its_letters_and_its_blank_must_be_filled(
    stage: Stage, phone: Page, desk: Page
) -> None:
    await sit_down(stage, desk, Role.AGENT, Role.OPERATOR)
    await desk.goto(f"{stage.url}/console/replies")
    await desk.get_by_label("标题").fill("选房材料")
    await desk.get_by_label("内容").fill("选房请带〔证件〕。")
    await desk.get_by_role("button", name="添加").click()
    await expect(desk.get_by_text("第 1 版")).to_be_visible()
    await reads_well(desk)
    await desk.goto(f"{stage.url}/console/talk")
    walker = await stage.walker(phone)
    await walker.chat.follow()
    assert "第 1 位" in await walker.chat.say("人工")
    await desk.get_by_role("button", name="第 1 位").click()
    await desk.get_by_role("button", name="接待（t）").click()
    box = desk.get_by_label("回复市民")
    await expect(box).to_be_visible()
    await box.press("/")
    await desk.get_by_label("找常用语：打字或拼音首字母").fill("xfcl")
    await desk.get_by_label("找常用语：打字或拼音首字母").press("Enter")
    await expect(box).to_have_value("选房请带〔证件〕。")
    await box.press("Enter")
    await expect(desk.get_by_text("没有填")).to_be_visible()
    await expect(box).to_have_value("选房请带〔证件〕。")
    # The blank is selected: what is typed takes its place.
    await desk.keyboard.type("身份证")
    await expect(box).to_have_value("选房请带身份证。")
    await box.press("Enter")
    await expect(desk.get_by_role("log")).to_contain_text("选房请带身份证。")
    await expect(phone.get_by_role("log").last).to_contain_text("选房请带身份证。")


async def test_keys_open_a_sheet_and_never_while_chinese_is_composed(
    stage: Stage, phone: Page, desk: Page
) -> None:
    await sit_down(stage, desk, Role.AGENT)
    composed = """() => document.body.dispatchEvent(
        new KeyboardEvent("keydown", {key: "?", bubbles: true, isComposing: true}))"""
    await desk.evaluate(composed)
    sheet = desk.get_by_role("dialog", name="本页按键")
    await expect(sheet).to_be_hidden()
    await desk.locator("body").press("?")
    await expect(sheet).to_be_visible()
    await reads_well(desk)
    await desk.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    walker = await stage.walker(phone)
    await walker.chat.follow()
    await walker.chat.say("人工")
    await desk.get_by_role("button", name="第 1 位").click()
    await expect(desk.get_by_role("button", name="接待（t）")).to_be_visible()
    await desk.keyboard.press("t")
    box = desk.get_by_label("回复市民")
    await expect(box).to_be_visible()
    await box.fill("还没写完")
    sent = """(box) => box.dispatchEvent(
        new KeyboardEvent("keydown", {key: "Enter", bubbles: true, isComposing: true}))"""
    await box.evaluate(sent)
    await box.press("?")
    await expect(box).to_have_value("还没写完?")


async def test_the_desk_works_on_a_phone(stage: Stage, chromium: Browser, phone: Page) -> None:
    size = {"width": 360, "height": 780}
    async with open_page(chromium, {**PHONE, **size}) as desk:  # type: ignore[typeddict-item] # sizes
        await sit_down(stage, desk, Role.AGENT)
        walker = await stage.walker(phone)
        await walker.chat.follow()
        await walker.chat.say("人工")
        await reads_well(desk)
        await desk.get_by_role("button", name="第 1 位").click()
        await desk.get_by_role("button", name="接待（t）").click()
        await desk.get_by_label("回复市民").fill("您好")
        await desk.get_by_role("button", name="发送", exact=True).click()
        await expect(desk.get_by_role("log")).to_contain_text("已送达")
        await reads_well(desk)
        await desk.get_by_role("button", name="返回列表").click()
        await expect(desk.get_by_role("heading", name="我在接待")).to_be_visible()
