"""What a command needs that makes posters, beside processes that serve."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass

from adapters.pdf import font_file
from adapters.platform.sandbox import Carrier
from adapters.qr_poster import TypstPosters
from adapters.sql.work import SqlWork, engine_for
from adapters.system import SystemClock, SystemRandomness
from adapters.wechat_api import WechatApi
from adapters.wechat_scenes import WechatSceneCodes
from bot.settings import Settings
from bot.wiring.outside import InSandbox, open_sandbox_platform, wechat_access
from bot.wiring.platform import open_platform
from bot.wiring.records import Records, open_records
from bot.wiring.stores import open_secrets
from domain.posters.service import PosterService
from domain.shared.records import OpenId
from domain.shared.windows import Window

__all__ = ["PosterRoom", "open_poster_room", "poster_press"]


def poster_press(settings: Settings) -> TypstPosters:
    """Return who makes files of posters, with the account's logo."""
    return TypstPosters(font_file(), settings.wechat.logo)


@dataclass(frozen=True, slots=True)
class PosterRoom:
    """Records, the platform's codes and the press."""

    records: Records
    codes: WechatSceneCodes
    press: TypstPosters

    def posters(self, work: SqlWork) -> PosterService:
        """Return what officers may do about posters, on an open work."""
        clock, chance = SystemClock(), SystemRandomness()
        return PosterService(work, self.codes, clock, chance, front="command")


@asynccontextmanager
async def open_poster_room(settings: Settings) -> AsyncIterator[PosterRoom]:
    """Lend the room; whether the schema is ours is for the caller to ask."""
    async with AsyncExitStack() as opened:
        records = await opened.enter_async_context(open_records(settings))
        if settings.sandboxed:
            api = await opened.enter_async_context(_played(settings, records))
        else:
            api = (await opened.enter_async_context(open_platform(settings))).api
        yield PosterRoom(records, WechatSceneCodes(api), poster_press(settings))


@asynccontextmanager
async def _played(settings: Settings, records: Records) -> AsyncIterator[WechatApi]:
    """Lend the way to the platform that the sandbox plays."""
    # A work holds the records' one connection.
    engine = engine_for(settings.database.url, connections=1)
    try:
        in_sandbox = InSandbox(engine, records.cipher, _unseen)
        _, platform = await open_sandbox_platform(
            settings, records.clock, records.chance, in_sandbox
        )
        async with (
            aclosing(await open_secrets(settings, records.cipher)) as secrets,
            aclosing(
                WechatApi(wechat_access(settings), secrets, records.clock, Carrier(platform))
            ) as api,
        ):
            yield api
    finally:
        await engine.dispose()


async def _unseen(_: OpenId) -> Sequence[Window]:
    """Say that nobody was there: a command looks into no talk."""
    return ()
