"""The platform's API, made for tests: pointed at a server of our own on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.wechat_api import WechatAccess, WechatApi
from domain.shared.clock import Clock
from domain.shared.throttle import SecretStore
from tests.support.wechat.account import APP_ID, SECRET
from tests.support.wechat.server import WechatServer
from tests.support.works import MemorySecrets

__all__ = ["api_at"]


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
