"""Changing the schema behind everybody's back."""

from collections.abc import Sequence

import asyncpg

from bot.settings import Settings


async def run_ddl(settings: Settings, statements: Sequence[str]) -> None:
    """Run some statements on the records of a planted service."""
    connection = await asyncpg.connect(settings.database.url.replace("+asyncpg", ""))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
