"""Before anybody is served: may we, and how to make it so."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Final, TypeVar

import structlog

from adapters import demo
from adapters.cipher import Cipher
from adapters.pdf import font_file
from adapters.sql import schema
from adapters.sql.base import SqlSession
from adapters.sql.work import cautions, engine_for, safety
from adapters.system import SystemClock
from bot.settings import Settings, data_key
from domain.shared.errors import UnavailableError

__all__ = ["VERSION", "StartRefusedError", "check", "load_demo", "migrate"]

_T = TypeVar("_T")

log = structlog.get_logger(__name__)

VERSION: Final = version("anju")
"""Which release this is. Source: S0-65."""

_NO_FONT = (
    "缺少登记表所需的中文字体，请先安装 requirements-fonts.lock（见运营手册）。 "
    "The font of printed papers is missing: install requirements-fonts.lock first."
)
_SCHEMA_BEHIND = (
    "数据库结构不是这个版本的，请先运行 anju migrate。 "
    "The database's schema is not this release's: run `anju migrate` first."
)


_NO_DATABASE = (
    "连不上数据库，请检查 ANJU_DATABASE__URL 和数据库服务。 "
    "The database does not answer: check ANJU_DATABASE__URL and the database server."
)
_NO_REDIS = (
    "连不上 Redis，请检查 ANJU_REDIS__URL 和 Redis 服务。 "
    "Redis does not answer: check ANJU_REDIS__URL and the Redis server."
)
_NO_REDIS_URL = (
    "ANJU_REDIS__URL 写法不对，请看 settings.toml 的 [redis]。 "
    "ANJU_REDIS__URL is no Redis URL: see [redis] in settings.toml."
)
_PATIENCE_SECONDS: Final = 10.0
"""Where everything is started at once, as after a power cut, stores come a moment later."""

_BETWEEN_SECONDS: Final = 0.3


class StartRefusedError(Exception):
    """Citizens must not be served like this; the words say why and what to do."""


async def check(settings: Settings, *, patience: float = _PATIENCE_SECONDS) -> None:
    """Find out whether citizens may be served.

    Parameters
    ----------
    patience
        For how many seconds to wait for a store that does not answer.

    Raises
    ------
    StartRefusedError
        Serving them would go wrong.
    """
    if not settings.sandboxed and font_file() is None:
        raise StartRefusedError(_NO_FONT)
    objections = [
        *await _of_database(settings, patience),
        *(await _of_redis(settings.redis.url, patience) if settings.redis.url else ()),
    ]
    if objections and not settings.sandboxed:
        raise StartRefusedError("\n".join(objections))


async def _of_database(settings: Settings, patience: float) -> list[str]:
    """Return what speaks against the database; refuse one that is silent or behind."""
    engine = engine_for(settings.database.url, connections=1)
    try:
        standing = await _awaited(lambda: schema.standing(engine), patience, _NO_DATABASE)
        if standing is schema.Standing.BEHIND:
            raise StartRefusedError(_SCHEMA_BEHIND)
        if standing is schema.Standing.AHEAD:
            # Between migrating and the last restart older processes serve on: revisions add.
            log.warning("schema_newer_than_this_release")
        for caution in await cautions(engine):
            log.warning("standby_not_synchronous", note=caution)
        return await safety(engine)
    finally:
        await engine.dispose()


async def _of_redis(url: str, patience: float) -> list[str]:
    """Return what speaks against a Redis; refuse one that is silent."""
    from adapters.redis import client as redis  # noqa: PLC0415 (only where it is used)

    try:
        client = redis.client_for(url)
    except ValueError as error:
        raise StartRefusedError(_NO_REDIS_URL) from error
    try:
        return await _awaited(lambda: redis.safety(client), patience, _NO_REDIS)
    finally:
        await redis.close(client)


async def _awaited(ask: Callable[[], Awaitable[_T]], patience: float, silent: str) -> _T:
    """Ask until there is an answer, for so long at most."""
    until = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await ask()
        except UnavailableError as error:
            if asyncio.get_running_loop().time() > until:
                raise StartRefusedError(silent) from error
        await asyncio.sleep(_BETWEEN_SECONDS)


async def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date."""
    await schema.upgrade(settings.database.url)


async def load_demo(settings: Settings) -> None:
    """Load the demo data; what is there already stays."""
    engine = engine_for(settings.database.url)
    session = SqlSession(engine, Cipher(data_key(settings)))
    try:
        await demo.load_demo(session, SystemClock().now(), settings.server.base_url)
        await session.commit()
    finally:
        await session.close()
        await engine.dispose()
