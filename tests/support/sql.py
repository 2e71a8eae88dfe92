"""Records on a real SQLite file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.cipher import Cipher
from adapters.sql.base import SqlSession
from adapters.sql.plans import ContentCache, PlanCache
from adapters.sql.schema import METADATA
from adapters.sql.work import SqlWork, engine_for

__all__ = ["CIPHER", "fresh_engine", "open_work"]

CIPHER = Cipher(bytes(range(32)))


@asynccontextmanager
async def fresh_engine(folder: Path) -> AsyncIterator[AsyncEngine]:
    """Lend an engine whose database has every table and no row."""
    engine = engine_for(f"sqlite:///{folder / 'anju.db'}")
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    try:
        yield engine
    finally:
        await engine.dispose()


def open_work(engine: AsyncEngine) -> SqlWork:
    """Return a work as a process does that has remembered nothing yet."""
    return SqlWork(SqlSession(engine, CIPHER), PlanCache(), ContentCache())
