"""A PostgreSQL that may forget what citizens were told is objected to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import text

from adapters.sql.engine import engine_for
from adapters.sql.safety import cautions, objections_to, safety
from benchmarks.chaos.servers import BINARIES, PrivatePostgres
from domain.shared.errors import UnavailableError
from tests.support.postgres import empty_database
from tests.support.sql import fresh_engine

SAFE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "synchronous_standby_names": "",
}


@pytest.mark.parametrize("value", ["on", "local", "remote_write", "remote_apply"])
def test_one_server_that_writes_before_it_answers_is_safe(value: str) -> None:
    assert objections_to(SAFE | {"synchronous_commit": value}) == []


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_what_loses_data_is_named_in_both_languages(name: str) -> None:
    (objection,) = objections_to(SAFE | {name: "off"})
    assert f"{name}=off" in objection.split("。")[0]
    assert f"PostgreSQL runs with {name}=off" in objection


@pytest.mark.parametrize(
    ("value", "safe"), [("local", False), ("remote_write", False), ("on", True)]
)
def test_a_standby_that_is_not_waited_for_is_objected_to(value: str, *, safe: bool) -> None:
    settings = SAFE | {"synchronous_standby_names": "other", "synchronous_commit": value}
    assert (objections_to(settings) == []) is safe


def test_every_reason_is_told() -> None:
    off = dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), "off")
    assert len(objections_to(SAFE | off)) == 3


async def test_the_server_is_asked_for_what_holds_for_us() -> None:
    async with empty_database() as url:
        engine = engine_for(url)
        assert await safety(engine) == []
        async with engine.begin() as connection:
            name = engine.url.database
            off = text(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
            await connection.execute(off)
        await engine.dispose()
        (objection,) = await safety(engine)
        assert "synchronous_commit=off" in objection
        await engine.dispose()


async def test_a_file_is_set_up_by_us_and_safe(tmp_path: Path) -> None:
    async with fresh_engine(tmp_path) as engine:
        assert await safety(engine) == []


async def test_a_standby_that_nobody_waits_for_is_told_of_at_the_start(tmp_path: Path) -> None:
    """Source: S0-71."""
    postgres = PrivatePostgres()
    try:
        await postgres.make()
        engine = engine_for(postgres.url)
        assert await cautions(engine) == []
        async with standby_of(postgres, tmp_path), asyncio.timeout(60):
            while not await cautions(engine):  # noqa: ASYNC110 (it tells nobody)
                await asyncio.sleep(0.05)
            await set_on(postgres, "ALTER SYSTEM SET synchronous_standby_names = '*'")
            while await cautions(engine):  # noqa: ASYNC110 (as above)
                await asyncio.sleep(0.05)
        await engine.dispose()
    finally:
        await postgres.discard()


@asynccontextmanager
async def standby_of(postgres: PrivatePostgres, folder: Path) -> AsyncIterator[None]:
    """Let somebody receive what a server writes, as a standby does."""
    url = urlsplit(postgres.url)
    receiving = await asyncio.create_subprocess_exec(
        *(str(BINARIES[0] / "pg_receivewal"), "-D", str(folder), "--no-loop"),
        *("-h", str(url.hostname), "-p", str(url.port), "-U", str(url.username)),
    )
    try:
        yield
    finally:
        receiving.kill()
        await receiving.wait()


async def set_on(postgres: PrivatePostgres, statement: str) -> None:
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(statement)
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def test_a_file_has_no_standby(tmp_path: Path) -> None:
    async with fresh_engine(tmp_path) as engine:
        assert await cautions(engine) == []


async def test_a_silent_server_is_unavailable() -> None:
    with pytest.raises(UnavailableError):
        await safety(engine_for("postgresql://nobody@127.0.0.1:1/nothing"))
