"""The platform alone, for a command that asks it about the account."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from adapters.cipher import Cipher
from adapters.system import SystemClock
from adapters.wechat_account import WechatAccount
from adapters.wechat_api import WechatApi, WechatSaidNoError
from bot.settings import Settings, data_key
from bot.wiring.outside import wechat_access
from bot.wiring.stores import open_secrets

__all__ = ["Platform", "WechatSaidNoError", "open_platform"]


@dataclass(frozen=True, slots=True)
class Platform:
    """Our account there."""

    account: WechatAccount
    api: WechatApi

    async def try_token(self) -> None:
        """See whether the platform gives us a token; all processes then use it."""
        await self.api.token.fetch_now()

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far its clock is ahead of ours; ``None`` before its first answer."""
        return self.api.clock_ahead


@asynccontextmanager
async def open_platform(settings: Settings) -> AsyncIterator[Platform]:
    """Lend the account, with the token that those who serve use too."""
    async with (
        aclosing(await open_secrets(settings, Cipher(data_key(settings)))) as secrets,
        aclosing(WechatApi(wechat_access(settings), secrets, SystemClock())) as api,
    ):
        yield Platform(WechatAccount(api), api)
