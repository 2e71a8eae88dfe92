"""The state of the database's schema: is it ours, and how to bring it up to date."""

import asyncio
from contextlib import AsyncExitStack, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.sql import (
    documents,
    editions,
    escalation,
    exports,
    figures,
    notices,
    officers,
    people,
    plans,
    posters,
    profiles,
    pushes,
    questions,
    records,
    recoveries,
    refusals,
    registrations,
    replies,
    revisions,
    schedule,
    service,
    shared_secrets,
    talk_pictures,
    turn_counts,
)
from adapters.sql.base import Base
from adapters.sql.engine import engine_for, translated
from domain.shared.errors import RefusedError

__all__ = ["HEAD", "METADATA", "Standing", "is_current", "standing", "upgrade"]

HEAD: Final = "0018"
"""The newest revision. Written here so that a start need not load Alembic to know it."""

_ROW_MODULES: Final = (
    documents,
    editions,
    escalation,
    exports,
    figures,
    notices,
    officers,
    people,
    plans,
    posters,
    profiles,
    pushes,
    questions,
    records,
    recoveries,
    refusals,
    registrations,
    replies,
    revisions,
    schedule,
    service,
    shared_secrets,
    talk_pictures,
    turn_counts,
)
"""Whoever wants the whole schema must have loaded every row class."""

METADATA: Final[MetaData] = Base.metadata

_UPGRADES: Final = 0x616E6A75
"""The lock of whoever changes the schema: the letters «anju»."""

_OTHERS_SECONDS: Final = 60
"""How long we wait for another process that is changing the schema."""

_PAUSE_SECONDS: Final = 0.1
"""How long we wait before we ask again for what cannot be waited for."""

_TABLE_SECONDS: Final = 10
"""How long we wait for a table that is in use; meanwhile its users wait behind us."""


_AHEAD: Final = (
    "数据库结构比这个版本新，请改用新版本的 anju。"
    " The database's schema is newer than this release: use the newer anju."
)


class Standing(StrEnum):
    """How a database's schema stands to this release."""

    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"


async def standing(engine: AsyncEngine) -> Standing:
    """Tell how the database's schema stands to the one that this release needs.

    Raises
    ------
    UnavailableError
        The database is silent.
    """
    with translated():
        async with engine.connect() as connection:
            return _stands(await connection.run_sync(_revision))


async def is_current(engine: AsyncEngine) -> bool:
    """Tell whether the database has the schema that this release needs; see `standing`."""
    return await standing(engine) is Standing.CURRENT


async def upgrade(url: str) -> None:
    """Bring the schema up to date, all or nothing; of several at once, one does the work.

    Raises
    ------
    UnavailableError
        The database is silent, or another process has been changing the schema for a minute.
    RefusedError
        A newer release has changed the schema before.
    """
    engine = engine_for(url, connections=1, statement_seconds=0)
    try:
        async with AsyncExitStack() as opened:
            with translated():
                connection = await opened.enter_async_context(engine.begin())
                await _wait_for_others(connection)
            if _stands(await connection.run_sync(_revision)) is Standing.AHEAD:
                raise RefusedError(_AHEAD)
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def _wait_for_others(connection: AsyncConnection) -> None:
    """Let one process after another change the schema; the end of the transaction lets the next."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(_OTHERS_SECONDS * 1000)}")
        await _write_ahead(connection)
        # The driver begins no transaction of its own before a change of the schema.
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_OTHERS_SECONDS}s'")
    await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADES})")
    await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_TABLE_SECONDS}s'")


async def _write_ahead(connection: AsyncConnection) -> None:
    """Have a SQLite file keep a write-ahead log, for good.

    Of two who ask for it at once SQLite refuses one without letting it wait.
    """
    for _ in range(int(_OTHERS_SECONDS / _PAUSE_SECONDS)):
        with suppress(OperationalError):
            await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    await connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _stands(revision: str | None) -> Standing:
    """Tell from a revision's number: a greater one was made by a release newer than this."""
    if revision == HEAD:
        return Standing.CURRENT
    return Standing.AHEAD if (revision or "") > HEAD else Standing.BEHIND


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
