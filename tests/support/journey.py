"""The whole bot behind the simulator, and a citizen who walks its way in a browser."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from playwright.async_api import FrameLocator, Page, expect
from sqlalchemy import select

from adapters.sql.schema import METADATA
from bot.main import create_app
from bot.wiring import Resources
from tests.support.chat_page import ChatPage
from tests.support.chromium import PHONE, serve
from tests.support.clock import FakeClock
from tests.support.town import Town, lay_out

__all__ = ["Stage", "Walker", "number_in", "open_stage"]

_SETTLED = "body[data-ready]"


@dataclass(frozen=True, slots=True)
class Stage:
    """A served bot with the demo's plans, and the clock it lives by."""

    url: str
    app: FastAPI
    clock: FakeClock

    async def codes(self) -> list[str]:
        """Return the codes that were sent to anybody's phone, newest first."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            inbox = await client.get("/simulator/sms")
        return [message["code"] for message in inbox.json()]

    async def registrations(self) -> dict[str, str]:
        """Return the state of every registration on record, by its number."""
        table = METADATA.tables["registrations"]
        house: Resources = self.app.state.house
        async with house.engine.connect() as connection:
            rows = await connection.execute(select(table.c.number, table.c.state))
            return {row.number: row.state for row in rows}

    async def walker(self, page: Page, name: str = "周安然") -> "Walker":
        """Open the simulator and take up a citizen's phone."""
        await page.clock.set_fixed_time(self.clock.now())  # what the phone shows, too
        walker = Walker(self, ChatPage(page))
        await walker.chat.open(self.url)
        await walker.become(name)
        return walker


@asynccontextmanager
async def open_stage(folder: Path) -> AsyncIterator[Stage]:
    """Serve the bot on an empty folder."""
    await lay_out(folder)
    town = Town(folder)
    app = create_app(town.settings, clock=town.clock, chance=town.chance)
    async with serve(app) as url:
        yield Stage(url, app, town.clock)


@dataclass(frozen=True, slots=True)
class Walker:
    """A tester with the simulator open, by what is written on it."""

    stage: Stage
    chat: ChatPage

    @property
    def page(self) -> Page:
        """The browser's page."""
        return self.chat.page

    @property
    def inside(self) -> FrameLocator:
        """The page that is open inside the chat."""
        return self.page.frame_locator("#webview-frame")

    # The tester's tools

    async def _tools(self) -> None:
        """Get at the tools; on a phone they are in a drawer."""
        if self.page.viewport_size != PHONE:
            return
        covered = await self.chat.opened_page.is_visible()
        name = "测试工具" if covered else "市民和测试工具"
        await self.page.get_by_role("button", name=name, exact=True).click()
        await expect(self.chat.panel).to_be_visible()

    async def _put_away(self) -> None:
        """Close the drawer, if there is one and it is still open."""
        if self.page.viewport_size == PHONE and await self.chat.panel.is_visible():
            await self.page.get_by_role("button", name="收起测试工具").click()

    async def become(self, name: str) -> None:
        """Take up another citizen's phone."""
        await self._tools()
        await self.chat.panel.get_by_role("button", name=name, exact=False).first.click()
        await self._put_away()

    async def scan(self, project: str) -> str:
        """Scan a poster."""
        await self._tools()
        await self.chat.panel.get_by_role("button", name=f"扫一扫：{project}").click()
        return await self.chat.heard()

    async def put_in(self, fact: str) -> None:
        """Let the tools type what this citizen would type."""
        await self._tools()
        await self.chat.panel.get_by_role("button", name=f"把{fact}填进输入框").click()
        await self._put_away()

    async def put_in_code(self) -> None:
        """Let the newest text message type its code."""
        code = (await self.stage.codes())[0]
        await self.page.get_by_role("button", name=f"把验证码 {code} 填进输入框").first.click()

    async def redeliver(self) -> str:
        """Let the platform send the last message once more; return what the tools say of it."""
        await self._tools()
        await self.chat.panel.get_by_role("button", name="重发上一条").click()
        note = self.page.locator("#platform-note")
        await expect(note).not_to_be_empty()
        words = await note.inner_text()
        await self._put_away()
        return words

    async def reload(self) -> None:
        """Load the whole page anew, as somebody whose phone lost it."""
        await self.page.reload()
        await self.page.wait_for_selector(_SETTLED)

    # What a citizen does

    async def send(self) -> str:
        """Send what was put in."""
        await self.page.get_by_role("button", name="发送", exact=True).click()
        return await self.chat.heard()

    async def give(self, fact: str) -> str:
        """Put in a fact and send it."""
        await self.put_in(fact)
        return await self.send()

    async def give_code(self) -> str:
        """Put in the code and send it."""
        await self.put_in_code()
        return await self.send()

    async def open_link(self, label: str) -> None:
        """Open the newest link with these words inside the chat."""
        await self.chat.chat.get_by_role("link", name=label).last.click()
        await expect(self.inside.get_by_role("heading", level=1)).to_be_visible()

    async def send_off(self, heading: str) -> None:
        """Send the open form off and wait for the page that answers."""
        await self.inside.get_by_role("button", name="提交").click()
        await expect(self.inside.get_by_text(heading).first).to_be_visible()

    async def back_to_chat(self) -> None:
        """Leave the open page by its own button."""
        await self.inside.get_by_role("button", name="回到聊天").click()
        await expect(self.chat.opened_page).to_be_hidden()

    # The way, leg by leg

    async def come_to_a_unit(self) -> None:
        """Scan, choose, and want to register."""
        await self.scan("青禾家园")
        await self.chat.tap("二居室")
        await self.chat.tap("去登记")

    async def open_an_account(self) -> None:
        """Agree, give the phone and the code."""
        await self.chat.tap("同意")
        await self.give("手机号")
        await self.give_code()

    async def prove_the_name(self) -> None:
        """Fill in the page and go on."""
        await self.open_link("点这里填写")
        await self.put_in("姓名")
        await self.put_in("身份证号")
        await self.send_off("填好了")
        await self.back_to_chat()
        await self.chat.say("继续")

    async def bind_the_family(self) -> None:
        """Give the filing number and the code."""
        await self.give("备案编号")
        await self.give_code()

    async def register(self) -> str:
        """Read, look, confirm; return the registration's number."""
        await self.chat.tap("我已阅读并同意")
        return number_in(await self.chat.tap("确定"))


def number_in(words: str) -> str:
    """Return the only registration number in some words."""
    numbers: set[str] = set(re.findall(r"DJ\d{15}", words))
    assert len(numbers) == 1, words
    return numbers.pop()
