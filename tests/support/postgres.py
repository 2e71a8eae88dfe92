"""A PostgreSQL server that tests reach, and the database of this test process on it.

The server is never stopped or set up by a test. Each process makes one database, at the first
wish, by the revisions; each test begins with all its tables empty.
"""

import asyncio
import atexit
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, NoReturn
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import delete

from adapters.sql.schema import METADATA, upgrade

__all__ = ["empty_database", "fresh_records", "server_url"]

_URL: Final = os.environ.get(  # noqa: TID251 (tests read it, the program does not)
    "ANJU_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres"
)
_WORKER: Final = os.environ.get("PYTEST_XDIST_WORKER", "main")  # noqa: TID251 (as above)
_IN_CI: Final = bool(os.environ.get("CI"))  # noqa: TID251 (as above)

_NAME: Final = f"anju_test_{_WORKER}_{os.getpid()}"
"""Several runs may share the server; what a killed one left behind is known by its process."""

_made: list[str] = []


def server_url(database: str) -> str:
    """Return the URL of a database on the server, as the settings have it."""
    return urlsplit(_URL)._replace(scheme="postgresql+asyncpg", path=f"/{database}").geturl()


async def fresh_records() -> str:
    """Return the URL of a database that has every table and no row.

    Without a server the test is skipped aloud, or fails where CI promises one.
    """
    if not _made:
        await _make(_NAME)
        atexit.register(lambda: asyncio.run(_drop(_NAME)))
        await upgrade(server_url(_NAME))
        _made.append(_NAME)
        return server_url(_NAME)
    connection = await _connect(_NAME)
    # A thousand times faster than a new database, and forty times than a TRUNCATE.
    emptied = [str(delete(table)) for table in reversed(METADATA.sorted_tables)]
    try:
        await connection.execute(";".join([_SOON, _NO_SANDBOX, *emptied, _COUNT_ANEW]))
    finally:
        await connection.close()
    return server_url(_NAME)


@asynccontextmanager
async def empty_database() -> AsyncIterator[str]:
    """Lend the URL of a database without any table."""
    name = f"{_NAME}_empty"
    await _make(name)
    try:
        yield server_url(name)
    finally:
        await _drop(name)


_SOON: Final = "SET lock_timeout = '5s'; SET client_min_messages = 'warning'"
_NO_SANDBOX: Final = """
    DO $$ BEGIN
        IF to_regclass('sandbox_platform') IS NOT NULL THEN
            DELETE FROM sandbox_arrivals;
            DELETE FROM sandbox_platform;
        END IF;
    END $$"""
"""No revision makes them: the first town of stand-ins did."""

_COUNT_ANEW: Final = (
    "SELECT setval(oid, 1, false) FROM pg_class"
    " WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
)


async def _connect(database: str = "") -> "asyncpg.Connection[asyncpg.Record]":
    parts = urlsplit(_URL)._replace(scheme="postgresql")
    url = parts._replace(path=f"/{database}") if database else parts
    try:
        return await asyncpg.connect(url.geturl(), timeout=5)
    except OSError:
        _miss()


def _miss() -> NoReturn:
    if _IN_CI:
        pytest.fail("PostgreSQL is required in CI: set ANJU_TEST_DATABASE_URL")
    pytest.skip("PostgreSQL is missing: set ANJU_TEST_DATABASE_URL to run tests on it")


async def _make(name: str) -> None:
    connection = await _connect()
    try:
        for (left,) in await connection.fetch(
            r"SELECT datname FROM pg_database WHERE datname LIKE 'anju\_test\_%'"
        ):
            if not _is_running(left):
                await connection.execute(f'DROP DATABASE IF EXISTS "{left}" WITH (FORCE)')
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


async def _drop(name: str) -> None:
    connection = await _connect()
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


def _is_running(database: str) -> bool:
    """Tell whether the test process of a database may still live; elsewhere it may."""
    found = re.search(r"_(\d+)(_empty)?$", database)
    if found is None or urlsplit(_URL).hostname not in {"127.0.0.1", "localhost"}:
        return True
    with suppress(PermissionError):
        try:
            os.kill(int(found[1]), 0)
        except ProcessLookupError:
            return False
    return True
