"""The simulator's page as a citizen uses it: by what is written on it."""

from dataclasses import dataclass

from playwright.async_api import Locator, Page

__all__ = ["ChatPage"]


@dataclass(frozen=True, slots=True)
class ChatPage:
    """One open simulator in a browser."""

    page: Page

    async def open(self, url: str) -> None:
        """Open the simulator of the app at this address and wait until it can be used."""
        await self.page.goto(f"{url}/simulator")
        await self.page.wait_for_selector("body[data-ready]")

    async def settle(self) -> None:
        """Wait until every answer has come."""
        await self.page.wait_for_selector('body[data-waiting="0"]')

    async def follow(self) -> str:
        """Follow the account; return what it says."""
        await self.page.get_by_role("button", name="关注公众号").click()
        return await self.heard()

    async def say(self, text: str) -> str:
        """Type and send; return the newest answer."""
        await self.page.get_by_role("textbox", name="消息").fill(text)
        await self.page.get_by_role("button", name="发送", exact=True).click()
        return await self.heard()

    async def tap(self, label: str) -> str:
        """Tap the newest link with these words; return the newest answer."""
        await self.chat.get_by_role("link", name=label).last.click()
        return await self.heard()

    async def heard(self) -> str:
        """Return the words of the newest line of the account, once it is there."""
        await self.settle()
        return (await self.from_account.last.inner_text()).removeprefix("公众号：").strip()

    @property
    def chat(self) -> Locator:
        """The open chat."""
        return self.page.get_by_role("log")

    @property
    def from_account(self) -> Locator:
        """The lines in which the account answered: a notice may come at any moment between them."""
        return self.chat.locator('[data-from="bot"]:not(:has(.article-kind))')

    @property
    def from_citizen(self) -> Locator:
        """The lines that the citizen sent."""
        return self.chat.locator('[data-from="me"]')

    @property
    def panel(self) -> Locator:
        """The tester's tools beside the phone."""
        return self.page.get_by_role("complementary", name="测试工具")

    @property
    def opened_page(self) -> Locator:
        """The in-app page, if one is open."""
        return self.page.get_by_role("dialog")
