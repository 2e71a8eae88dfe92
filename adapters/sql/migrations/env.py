"""What Alembic runs: on the connection that `adapters.sql.schema` lends, or on its own."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection

from adapters.sql.base import UtcDateTime
from adapters.sql.schema import METADATA
from adapters.sql.work import engine_for


def _render(kind: str, element: object, _: object) -> Any:
    """Write our own column type as what it is in the database."""
    if kind == "type" and isinstance(element, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        # All or nothing, on SQLite too: a start that was killed half-way is simply repeated.
        transactional_ddl=True,
        render_as_batch=True,
        render_item=_render,
    )
    context.run_migrations()


async def _migrate_alone() -> None:
    engine = engine_for(context.config.get_main_option("sqlalchemy.url") or "")
    async with engine.begin() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


_lent = context.config.attributes.get("connection")
if _lent is None:
    asyncio.run(_migrate_alone())
else:
    _migrate(_lent)
