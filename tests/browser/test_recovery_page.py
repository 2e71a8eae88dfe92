"""An account is got back in a real browser, on a phone's screen. Source: S0-66 to S0-72."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.wiring import Resources
from domain.accounts.model import Proof, Purpose
from domain.shared.records import OpenId
from tests.support.easy import is_easy
from tests.support.journey import Stage, Walker, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ELSEWHERE = OpenId("oElsewhere00000000000000001")
OLD_PHONE, NEW_PHONE = "19900000001", "13912345678"


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


async def settle(stage: Stage) -> None:
    """Give 周安然 an account made on another phone, with the name confirmed."""
    house: Resources = stage.app.state.house
    async with house.open_work() as work:
        desk = house.desk(work, ELSEWHERE)
        proof = Proof(ELSEWHERE, f"+86{OLD_PHONE}", Purpose.SIGN_IN, "d", stage.clock.now())
        agreed = await desk.content.agreements()
        entered = await desk.accounts.enter(openid=ELSEWHERE, proof=proof, agreed=agreed)
        verified = await desk.identity.compare(ELSEWHERE, "周安然", "11010019860412001X")
        await desk.identity.confirm(entered.account.id, verified)
        await work.commit()


async def look(walker: Walker, picture: Path) -> None:
    """Judge the page that is open inside the chat, and keep its picture."""
    await is_easy(walker.page.frames[-1])
    await walker.page.screenshot(path=picture)


async def test_a_lost_account_is_got_back_on_a_phone(
    stage: Stage, phone: Page, tmp_path: Path
) -> None:
    await settle(stage)
    walker = await stage.walker(phone)
    await walker.chat.follow()
    await walker.chat.say("找回账号")
    await walker.open_link("点这里填写")
    await look(walker, tmp_path / "person.png")
    await walker.put_in("姓名")
    await walker.put_in("身份证号")
    await walker.send_off("填好了")
    await walker.back_to_chat()
    await walker.chat.say("继续")
    await walker.chat.tap("同意人脸识别")
    await walker.open_link("开始人脸识别")
    await look(walker, tmp_path / "face.png")
    await walker.inside.get_by_role("button", name="是本人，通过").click()
    await expect(walker.inside.get_by_role("heading", level=1)).to_contain_text("结束了")
    await look(walker, tmp_path / "face-ended.png")
    await walker.back_to_chat()
    assert "名下账号管理" in await walker.chat.say("继续")
    await walker.chat.tap("199****0001")
    await walker.chat.say(NEW_PHONE)
    code = (await stage.codes())[0]
    await walker.chat.say(code)
    assert "账号已找回并登录" in await walker.chat.tap("同意并登录")
    assert "139****5678" in await walker.chat.say("我的")
