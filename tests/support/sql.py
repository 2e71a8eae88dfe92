"""Records in a real database: a SQLite file, or PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.cipher import Cipher
from adapters.sql.base import SqlSession
from adapters.sql.documents import ContentCache
from adapters.sql.plans import PlanCache
from adapters.sql.schema import METADATA
from adapters.sql.work import SqlWork, engine_for
from tests.support.postgres import fresh_records

__all__ = ["CIPHER", "DATABASES", "fresh_engine", "open_work", "written"]

CIPHER = Cipher(bytes(range(32)))

DATABASES = ("sqlite", "postgresql")
"""What every store must work on."""


@asynccontextmanager
async def fresh_engine(folder: Path, database: str = "sqlite") -> AsyncIterator[AsyncEngine]:
    """Lend an engine whose database has every table and no row."""
    if database == "postgresql":
        engine = engine_for(await fresh_records())
    else:
        file = folder / "anju.db"
        file.write_bytes(await _empty_records(folder))
        engine = engine_for(f"sqlite:///{file}")
    try:
        yield engine
    finally:
        await engine.dispose()


_EMPTY: list[bytes] = []
"""A file with every table: made once a process, for making it takes a third of a second."""


async def _empty_records(folder: Path) -> bytes:
    if not _EMPTY:
        file = folder / "empty.db"
        engine = engine_for(f"sqlite:///{file}")
        async with engine.begin() as connection:
            await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            await connection.run_sync(METADATA.create_all)
        async with engine.connect() as connection:
            # What is written lies beside the file until then.
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        await engine.dispose()
        _EMPTY.append(file.read_bytes())
        file.unlink()
    return _EMPTY[0]


def open_work(engine: AsyncEngine) -> SqlWork:
    """Return a work as a process does that has remembered nothing yet."""
    return SqlWork(SqlSession(engine, CIPHER), PlanCache(), ContentCache())


async def written(engine: AsyncEngine) -> bytes:
    """Return all that a database holds, as it is kept: a file's bytes, or every row's."""
    if engine.url.database and engine.dialect.name == "sqlite":
        folder = Path(engine.url.database).parent
        return b"".join(file.read_bytes() for file in folder.iterdir())
    found = [b""]
    async with engine.connect() as connection:
        for table in METADATA.sorted_tables:
            for row in await connection.execute(select(table)):
                found += [one if isinstance(one, bytes) else str(one).encode() for one in row]
            found.append(table.name.encode())
    return b"\n".join(found)
