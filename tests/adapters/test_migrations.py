"""The schema that revisions make is the schema that the row classes mean."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

import adapters.sql
from adapters.sql.schema import HEAD, METADATA, is_current, upgrade
from adapters.sql.work import engine_for
from domain.shared.errors import UnavailableError
from domain.shared.records import Act
from tests.support.clock import FakeClock
from tests.support.sql import open_work

MIGRATIONS = Path(adapters.sql.__file__).parent / "migrations"
ACT = Act("plans:plan:open", "officer", "plan-1", FakeClock().now(), "command")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "anju.db"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
async def empty(url: str) -> AsyncIterator[AsyncEngine]:
    engine = engine_for(url)
    yield engine
    await engine.dispose()


def schema(file: Path) -> dict[str, list[str]]:
    """Return what SQLite knows of every table and index, the order of its words aside."""
    connection = sqlite3.connect(file)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    kept = {name: sorted(re.findall(r"\w+|'.*?'", sql)) for name, sql in found}
    connection.close()
    kept.pop("alembic_version", None)
    return kept


def test_the_newest_revision_is_the_one_that_a_start_asks_for() -> None:
    script = ScriptDirectory.from_config(Config(MIGRATIONS / "alembic.ini"))
    assert script.get_heads() == [HEAD]


async def test_a_database_is_current_only_when_it_was_brought_up_to_date(
    empty: AsyncEngine, url: str
) -> None:
    assert not await is_current(empty)
    await upgrade(url)
    assert await is_current(empty)


async def test_an_older_schema_is_not_current(empty: AsyncEngine, url: str) -> None:
    await upgrade(url)
    async with empty.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert not await is_current(empty)


async def test_a_silent_database_is_unavailable_rather_than_outdated(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.work._POOL_WAIT_SECONDS", 0.05)
    engine = engine_for(url)
    guests = [await engine.connect() for _ in range(8)]
    with pytest.raises(UnavailableError):
        await is_current(engine)
    for guest in guests:
        await guest.close()
    await engine.dispose()


async def test_nothing_is_left_to_generate(empty: AsyncEngine, url: str) -> None:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return compare_metadata(context, METADATA)

    await upgrade(url)
    async with empty.connect() as connection:
        assert await connection.run_sync(compare) == []


async def test_revisions_make_exactly_what_the_row_classes_make(
    url: str, file: Path, tmp_path: Path
) -> None:
    await upgrade(url)
    meant = engine_for(f"sqlite:///{tmp_path / 'meant.db'}")
    async with meant.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await meant.dispose()
    assert schema(file) == schema(tmp_path / "meant.db")
    assert len(schema(file)) > 20


async def test_upgrading_again_changes_nothing(empty: AsyncEngine, url: str, file: Path) -> None:
    await upgrade(url)
    async with open_work(empty) as work:
        await work.acts.add(ACT)
        await work.commit()
    before = schema(file)
    await upgrade(url)
    assert schema(file) == before
    async with open_work(empty) as work:
        assert await work.acts.about("plan-1") == [ACT]


async def test_of_several_upgrades_at_once_all_end_well(empty: AsyncEngine, url: str) -> None:
    await asyncio.gather(*(upgrade(url) for _ in range(4)))
    assert await is_current(empty)


async def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(
    empty: AsyncEngine, url: str, file: Path
) -> None:
    async with empty.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE registrations (in_the_way TEXT)")
    before = schema(file)
    with pytest.raises(OperationalError):
        await upgrade(url)
    assert schema(file) == before
    assert not await is_current(empty)
    async with empty.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE registrations")
    await upgrade(url)
    assert await is_current(empty)
