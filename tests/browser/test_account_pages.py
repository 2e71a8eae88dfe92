"""Passwords and a new phone in a real browser of a phone's size.

Source: S0-08, S0-12, S0-13, S0-18, S0-73, S0-74; Q-31.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import FrameLocator, Page, Route, expect

from tests.support.easy import is_easy
from tests.support.journey import Stage, Walker, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FIRST, SECOND = "qinghe-yuecai-72", "yuecai-qinghe-27"
NEW_PHONE = "13912345678"


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def walker(stage: Stage, phone: Page) -> Walker:
    walker = await stage.walker(phone)
    await walker.chat.follow()
    return walker


async def type_twice(page: FrameLocator, password: str) -> None:
    await page.get_by_label("新密码", exact=True).fill(password)
    await page.get_by_label("再输一次新密码").fill(password)


async def to_the_password_page(walker: Walker) -> None:
    await walker.chat.say("注册")
    await walker.open_an_account()
    await walker.chat.tap("设置登录密码")
    await walker.open_link("点这里填写")


async def sign_up_with_a_password(walker: Walker) -> None:
    await to_the_password_page(walker)
    await type_twice(walker.inside, FIRST)
    await walker.send_off("填好了")
    await walker.back_to_chat()
    assert "账号已建好" in await walker.chat.say("继续")


async def sign_out(walker: Walker) -> None:
    await walker.chat.say("退出登录")
    await walker.chat.tap("退出登录")


async def test_a_password_is_judged_while_it_is_typed_and_nothing_is_sent(walker: Walker) -> None:
    await to_the_password_page(walker)
    strength = walker.inside.get_by_role("status")
    await expect(strength).to_be_hidden()
    sent: list[str] = []
    walker.page.on("request", lambda request: sent.append(request.url))
    box = walker.inside.get_by_label("新密码", exact=True)
    for typed, said in (
        ("abc", "还差 5 位"),
        ("password1234", "很多人都用的词"),
        ("aaaaaaaaaaaa", "很弱"),
        (FIRST, "很强"),
    ):
        await box.fill("")
        await box.press_sequentially(typed)
        await expect(strength).to_contain_text(said)
    await box.fill("")
    await expect(strength).to_be_hidden()
    assert not [url for url in sent if "/simulator" not in url]


async def test_what_was_typed_before_the_script_came_is_judged_when_it_comes(
    walker: Walker, phone: Page
) -> None:
    script = asyncio.Event()

    async def late(route: Route) -> None:
        await script.wait()
        await route.continue_()

    await phone.route("**/strength.js", late)
    await to_the_password_page(walker)
    await walker.inside.get_by_label("新密码", exact=True).fill("abc")
    script.set()
    await expect(walker.inside.get_by_role("status")).to_contain_text("还差 5 位")


async def test_the_password_page_is_easy_to_read_and_to_hit(walker: Walker, phone: Page) -> None:
    await to_the_password_page(walker)
    await phone.goto(phone.frames[-1].url)
    await phone.get_by_label("新密码", exact=True).fill("abc")
    await is_easy(phone.main_frame)


async def test_a_citizen_signs_in_by_password_and_replaces_a_forgotten_one(
    walker: Walker, stage: Stage
) -> None:
    await sign_up_with_a_password(walker)
    await sign_out(walker)
    await walker.chat.say("登录")
    await walker.chat.tap("切换为密码登录")
    await walker.give("手机号")
    await walker.open_link("点这里填写")
    await walker.inside.get_by_label("密码").fill(SECOND)
    await walker.inside.get_by_role("button", name="登录账号").click()
    await expect(walker.inside.get_by_role("alert")).to_contain_text("没有对上")
    await expect(walker.inside.get_by_label("密码")).to_have_value("")
    await walker.inside.get_by_label("密码").fill(FIRST)
    await walker.inside.get_by_role("button", name="登录账号").click()
    await walker.back_to_chat()
    await walker.chat.say("继续")
    await walker.chat.tap("同意")
    await sign_out(walker)
    stage.clock.forward(61)
    await walker.chat.say("忘记密码")
    await walker.give("手机号")
    await walker.give_code()
    await walker.open_link("点这里填写")
    await type_twice(walker.inside, SECOND)
    await walker.send_off("填好了")
    await walker.back_to_chat()
    await walker.chat.say("继续")
    assert "新密码设好了" in await walker.chat.tap("同意")


async def test_a_citizen_changes_the_phone(walker: Walker) -> None:
    await sign_up_with_a_password(walker)
    await walker.chat.say("修改手机号")
    await walker.prove_the_name()
    await expect(walker.chat.from_account.last).to_contain_text("当前用户绑定账号为：11*****1X")
    await walker.open_link("点这里填写")
    await walker.put_in("身份证号")
    await walker.send_off("填好了")
    await walker.back_to_chat()
    await walker.chat.say("继续")
    await walker.chat.say(NEW_PHONE)
    await walker.give_code()
    assert "139****5678" in await walker.chat.tap("保存")
