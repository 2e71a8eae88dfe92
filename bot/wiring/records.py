"""The records alone, for a command that looks at them while others serve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.cipher import Cipher
from adapters.sql.base import SqlSession
from adapters.sql.documents import ContentCache
from adapters.sql.plans import PlanCache
from adapters.sql.work import SqlWork, engine_for
from adapters.system import SystemClock, SystemRandomness
from bot.settings import Settings, data_key
from domain.shared.chance import Randomness
from domain.shared.clock import Clock

__all__ = ["Records", "open_records"]


@dataclass(frozen=True, slots=True)
class Records:
    """Records, the time, and what nobody may guess."""

    engine: AsyncEngine
    cipher: Cipher
    clock: Clock
    chance: Randomness

    def open_work(self) -> SqlWork:
        """Return a work; what it leaves to be told is found by the next sweep."""
        return SqlWork(SqlSession(self.engine, self.cipher), PlanCache(), ContentCache())


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[Records]:
    """Lend the records; whether their schema is ours is for the caller to ask."""
    engine = engine_for(settings.database.url, connections=1)
    try:
        yield Records(engine, Cipher(data_key(settings)), SystemClock(), SystemRandomness())
    finally:
        await engine.dispose()
