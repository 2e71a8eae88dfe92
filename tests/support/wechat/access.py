"""The platform's API, made for tests: pointed at a server of our own on this machine."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.platform.sandbox import Carrier, SandboxPlatform
from adapters.sql.sandbox import Arrivals
from adapters.stand_ins import sandbox_platform
from adapters.wechat_api import WechatAccess, WechatApi
from domain.shared.clock import Clock
from domain.shared.records import OpenId
from domain.shared.throttle import SecretStore
from domain.shared.windows import Window
from tests.support.chance import SeededRandomness
from tests.support.sql import CIPHER
from tests.support.wechat.server import APP_ID, SECRET, WechatServer
from tests.support.works import MemorySecrets

__all__ = ["Played", "api_at", "played_at"]


@asynccontextmanager
async def api_at(
    server: WechatServer,
    *,
    clock: Clock | None = None,
    secrets: SecretStore | None = None,
    secret: str = SECRET,
    base: str = "",
) -> AsyncIterator[WechatApi]:
    """Lend an access to the account, with the right secret unless another is given."""
    api = WechatApi(
        WechatAccess(APP_ID, secret, base or server.http.base),
        secrets or MemorySecrets(),
        clock or server.clock,
    )
    try:
        yield api
    finally:
        await api.aclose()


@dataclass(frozen=True, slots=True)
class Played:
    """One process's way to the platform that all processes of the sandbox share."""

    platform: SandboxPlatform
    api: WechatApi


@asynccontextmanager
async def played_at(
    engine: AsyncEngine,
    clock: Clock,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    *,
    windows: Callable[[OpenId], Awaitable[Sequence[Window]]] | None = None,
) -> AsyncIterator[Played]:
    """Lend what a process of the sandbox has of the platform, on some records."""

    async def nobody(_: OpenId) -> Sequence[Window]:
        return ()

    access = WechatAccess(APP_ID, SECRET, "https://api.test")
    platform = sandbox_platform(
        await Arrivals.open(engine, CIPHER),
        windows or nobody,
        access,
        public_url="http://anju.test",
        labels=labels or {},
        lasting=False,
        clock=clock,
        chance=SeededRandomness(),
    )
    async with aclosing(WechatApi(access, MemorySecrets(), clock, Carrier(platform))) as api:
        yield Played(platform, api)
