"""The state of the database's schema: is it ours, and how to bring it up to date."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql import (
    notices,
    people,
    plans,
    profiles,
    records,
    recoveries,
    registrations,
    service,
)
from adapters.sql.base import Base
from adapters.sql.work import engine_for, translated

__all__ = ["HEAD", "METADATA", "is_current", "upgrade"]

HEAD: Final = "0005"
"""The newest revision. Written here so that a start need not load Alembic to know it."""

_ROW_MODULES: Final = (
    notices,
    people,
    plans,
    profiles,
    records,
    recoveries,
    registrations,
    service,
)
"""Whoever wants the whole schema must have loaded every row class."""

METADATA: Final[MetaData] = Base.metadata


async def is_current(engine: AsyncEngine) -> bool:
    """Tell whether the database has the schema that this release needs.

    Raises
    ------
    UnavailableError
        The database is silent.
    """
    with translated():
        async with engine.connect() as connection:
            return await connection.run_sync(_revision) == HEAD


async def upgrade(url: str) -> None:
    """Bring the schema up to date, all or nothing; of several at once, one does the work."""
    engine = engine_for(url)
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                # The driver begins no transaction of its own before a change of the schema.
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (0.2 s that only a migration should cost)
    from alembic.config import Config  # noqa: PLC0415 (as above)

    config = Config(Path(__file__).parent / "migrations" / "alembic.ini")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
