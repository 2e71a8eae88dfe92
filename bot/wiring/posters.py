"""What a command needs that makes posters, beside processes that serve."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from adapters.pdf import font_file
from adapters.qr_poster import TypstPosters
from adapters.simulated_scenes import SimulatedSceneCodes
from adapters.sql.work import SqlWork
from adapters.system import SystemClock, SystemRandomness
from adapters.wechat_scenes import WechatSceneCodes
from bot.settings import Settings
from bot.wiring.platform import open_platform
from bot.wiring.records import Records, open_records
from domain.posters.service import PosterService

__all__ = ["PosterRoom", "open_poster_room", "poster_press"]


def poster_press(settings: Settings) -> TypstPosters:
    """Return who makes files of posters, with the account's logo."""
    return TypstPosters(font_file(), settings.wechat.logo)


@dataclass(frozen=True, slots=True)
class PosterRoom:
    """Records, the platform's codes and the press."""

    records: Records
    codes: SimulatedSceneCodes | WechatSceneCodes
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
        codes: SimulatedSceneCodes | WechatSceneCodes
        if settings.sandboxed:
            codes = SimulatedSceneCodes(settings.server.base_url)
        else:
            platform = await opened.enter_async_context(open_platform(settings))
            codes = WechatSceneCodes(platform.api)
        yield PosterRoom(records, codes, poster_press(settings))
