"""The personal centre in a real browser of a phone's size: what I tell, take away and close.

Every stage leaves a picture in the test's own folder. Source: S0-18, S0-20, S0-66 to S0-72,
S0-76 to S0-82; Q-31.
"""

import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Frame, Page, expect
from sqlalchemy import select

from adapters.sql.schema import METADATA
from bot.wiring import Resources
from tests.support.easy import is_easy, reads_well
from tests.support.journey import Stage, Walker, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PASSWORD = "qinghe-yuecai-72"  # noqa: S105 (of a citizen who is not real)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def walker(stage: Stage, phone: Page) -> Walker:
    """A citizen on a phone, signed up, with a name and a family."""
    walker = await stage.walker(phone)
    await walker.chat.follow()
    await walker.chat.say("备案认证")
    await walker.open_an_account()
    await walker.prove_the_name()
    await walker.bind_the_family()
    return walker


def shot(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / "shots"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.png"


async def look(walker: Walker, tmp_path: Path, name: str) -> Frame:
    """Judge the page that is open inside the chat, and keep its picture."""
    frame = walker.page.frames[-1]
    await is_easy(frame)
    await walker.page.screenshot(path=shot(tmp_path, name))
    return frame


async def test_the_phones_to_call_are_told_in_the_chat_and_shown_masked(
    walker: Walker, tmp_path: Path
) -> None:
    await walker.chat.say("我的")
    await reads_well(walker.page)
    assert "还没有填写" in await walker.chat.tap("常用联系人电话")
    await walker.chat.say("13712345678")
    assert "137****5678" in await walker.chat.tap("保存")
    assert "姓名" in await walker.chat.say("紧急联系人")
    await walker.chat.say("周大海")
    await walker.chat.tap("父母")
    await walker.chat.say("13812345678")
    await walker.page.screenshot(path=shot(tmp_path, "emergency"))
    assert "138****5678" in await walker.chat.tap("保存")
    mine = await walker.chat.say("我的")
    assert "137****5678" in mine
    assert "周某某（父母）" in mine
    assert "138****5678" in mine
    await reads_well(walker.page)
    await walker.page.screenshot(path=shot(tmp_path, "my-details"))


async def test_co_residents_are_listed_added_changed_and_removed(
    walker: Walker, tmp_path: Path
) -> None:
    await walker.chat.say("同住人")
    await walker.chat.tap("加一位")
    await walker.chat.tap("子女")
    await walker.open_link("点这里填写")
    await look(walker, tmp_path, "co-resident")
    inside = walker.inside
    await inside.get_by_label("姓名").fill("沈小树")
    await inside.get_by_label("身份证号").fill("110101201501010012")
    await inside.get_by_role("button", name="提交").click()
    await expect(inside.get_by_label("身份证号")).to_have_attribute("aria-invalid", "true")
    await look(walker, tmp_path, "co-resident-mended")
    await inside.get_by_label("身份证号").fill("11010019860412001X")
    await walker.send_off("这是您自己的身份证号")
    await inside.get_by_label("身份证号").fill("110101201501010011")
    await walker.send_off("填好了")
    await look(walker, tmp_path, "co-resident-thanks")
    await walker.back_to_chat()
    listed = await walker.chat.say("继续")
    assert "沈某某" in listed
    assert "110101201501010011" not in listed
    await walker.chat.say("完成")
    assert "共 1 位" in await walker.chat.tap("保存")


async def test_a_password_is_set_on_a_page_of_its_own(walker: Walker, tmp_path: Path) -> None:
    await walker.chat.say("修改密码")
    await walker.give_code()
    await walker.open_link("点这里填写")
    await look(walker, tmp_path, "password")
    await walker.inside.get_by_label("新密码", exact=True).fill(PASSWORD)
    await walker.inside.get_by_label("再输一次新密码").fill(PASSWORD)
    await look(walker, tmp_path, "password-judged")
    await walker.send_off("填好了")
    await walker.back_to_chat()
    assert "新密码设好了" in await walker.chat.say("继续")


async def test_all_that_is_kept_is_fetched_once(walker: Walker, tmp_path: Path) -> None:
    await walker.chat.say("我的数据")
    await walker.chat.tap("导出我的信息")
    await walker.give_code()
    await walker.open_link("点这里下载")
    await look(walker, tmp_path, "export")
    async with walker.page.expect_download() as arriving:
        await walker.inside.get_by_role("button", name="下载").click()
    download = await arriving.value
    packed = zipfile.ZipFile(await download.path())
    kept = json.loads(packed.read(max(packed.namelist())))
    assert "11010019860412001X" in json.dumps(kept, ensure_ascii=False)
    await reads_exported_page(walker.page, packed, tmp_path)


async def reads_exported_page(page: Page, packed: zipfile.ZipFile, tmp_path: Path) -> None:
    """Open the page for people in a tab of its own, as from a phone's files."""
    file = tmp_path / "mine.html"
    file.write_bytes(packed.read(min(packed.namelist())))
    tab = await page.context.new_page()
    await tab.goto(file.as_uri())
    await expect(tab.get_by_role("heading", name="我的信息", level=1)).to_be_visible()
    await reads_well(tab)
    await tab.screenshot(path=shot(tmp_path, "exported"), full_page=True)
    await tab.close()


async def test_a_link_that_was_used_up_says_so(walker: Walker, tmp_path: Path) -> None:
    await walker.chat.say("导出")
    await walker.give_code()
    await walker.open_link("点这里下载")
    async with walker.page.expect_download():
        await walker.inside.get_by_role("button", name="下载").click()
    await walker.page.get_by_role("button", name="关闭").click()
    await walker.open_link("点这里下载")
    await expect(walker.inside.get_by_role("heading", level=1)).to_contain_text("已经下载过")
    await look(walker, tmp_path, "export-used")


async def test_consent_is_withdrawn_and_the_account_closed_with_a_code(
    walker: Walker, tmp_path: Path
) -> None:
    await walker.chat.say("撤回同意")
    await walker.chat.tap("1. 撤回同意")
    assert "已撤回同意" in await walker.give_code()
    walker.stage.clock.forward(3600)  # four codes an hour
    await walker.chat.say("登录")
    await walker.give("手机号")
    await walker.give_code()
    await walker.chat.tap("同意并继续")
    told = await walker.chat.say("注销账号")
    for words in ("不能恢复", "依法保留", "最多 24 小时", "最多 30 天"):
        assert words in told
    await walker.page.screenshot(path=shot(tmp_path, "closing"))
    await walker.chat.tap("我要注销")
    assert "账号已注销" in await walker.give_code()
    await reads_well(walker.page)
    await walker.page.screenshot(path=shot(tmp_path, "closed"))
    house: Resources = walker.stage.app.state.house
    async with house.engine.connect() as connection:
        for table in ("people", "families", "profiles", "openid_links", "pages"):
            rows = await connection.execute(select(METADATA.tables[table]))
            assert rows.all() == [], table
