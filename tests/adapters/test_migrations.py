"""The schema that revisions make is the schema that the row classes mean."""

import asyncio
import re
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

import adapters.sql.schema
from adapters.sql.schema import HEAD, METADATA, Standing, is_current, standing, upgrade
from adapters.sql.work import engine_for
from domain.shared.errors import RefusedError, UnavailableError
from domain.shared.records import Act
from tests.support.clock import FakeClock
from tests.support.postgres import empty_database
from tests.support.sql import DATABASES, open_work

MIGRATIONS = Path(adapters.sql.__file__).parent / "migrations"
ACT = Act("plans:plan:open", "officer", "plan-1", FakeClock().now(), "command")


UPGRADE = """
import asyncio, sys
from adapters.sql.schema import upgrade
asyncio.run(upgrade(sys.argv[1]))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "anju.db"


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest, file: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{file}"
        return
    async with empty_database() as url:
        yield url


@pytest.fixture
async def empty(url: str) -> AsyncIterator[AsyncEngine]:
    engine = engine_for(url)
    yield engine
    await engine.dispose()


def schema_of(connection: Connection) -> dict[str, object]:
    """Return every table with its columns, constraints and indexes, in no order that matters."""
    look = inspect(connection)
    return {
        table: {
            "columns": plain(look.get_columns(table)),
            "primary key": plain(look.get_pk_constraint(table)),
            "foreign keys": plain(look.get_foreign_keys(table)),
            "unique": plain(look.get_unique_constraints(table)),
            "indexes": plain(look.get_indexes(table)),
            "checks": plain(look.get_check_constraints(table)),
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def plain(found: object) -> str:
    """Return what was found out, in words that can be compared."""
    if isinstance(found, list):
        return " ".join(sorted(map(plain, found)))
    if isinstance(found, dict):
        return str({key: plain(found[key]) for key in sorted(found)})
    return str(found)


async def schema(engine: AsyncEngine) -> dict[str, object]:
    async with engine.connect() as connection:
        return await connection.run_sync(schema_of)


def test_the_newest_revision_is_the_one_that_a_start_asks_for() -> None:
    script = ScriptDirectory.from_config(Config(MIGRATIONS / "alembic.ini"))
    assert script.get_heads() == [HEAD]


async def test_a_database_is_current_only_when_it_was_brought_up_to_date(
    empty: AsyncEngine, url: str
) -> None:
    assert not await is_current(empty)
    await upgrade(url)
    assert await is_current(empty)


@pytest.mark.parametrize(
    ("revision", "told"), [("0000", Standing.BEHIND), ("9999", Standing.AHEAD)]
)
async def test_a_schema_of_another_release_is_told_by_its_number(
    empty: AsyncEngine, url: str, revision: str, told: Standing
) -> None:
    assert await standing(empty) is Standing.BEHIND
    await upgrade(url)
    async with empty.begin() as connection:
        moved = text("UPDATE alembic_version SET version_num = :revision")
        await connection.execute(moved, {"revision": revision})
    assert await standing(empty) is told


async def test_a_schema_that_is_ahead_is_left_alone(empty: AsyncEngine, url: str) -> None:
    await upgrade(url)
    async with empty.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = await schema(empty)
    with pytest.raises(RefusedError):
        await upgrade(url)
    assert await schema(empty) == before
    assert await standing(empty) is Standing.AHEAD


def test_revisions_are_numbered_so_that_a_later_one_is_greater() -> None:
    script = ScriptDirectory.from_config(Config(MIGRATIONS / "alembic.ini"))
    newest_first = [one.revision for one in script.walk_revisions()]
    assert newest_first == sorted(newest_first, reverse=True)
    assert {len(revision) for revision in newest_first} == {4}


async def test_a_silent_database_is_unavailable_rather_than_outdated(
    empty: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.engine._POOL_WAIT_SECONDS", 0.05)
    engine = engine_for(empty.url.render_as_string(hide_password=False), connections=8)
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
    empty: AsyncEngine, url: str
) -> None:
    async with empty.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    meant = await schema(empty)
    async with empty.begin() as connection:
        await connection.run_sync(METADATA.drop_all)
    await upgrade(url)
    assert await schema(empty) == meant
    assert len(meant) > 20


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_file_keeps_the_words_that_only_it_knows(
    empty: AsyncEngine, url: str, file: Path
) -> None:
    async with empty.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    meant = words(file)
    async with empty.begin() as connection:
        await connection.run_sync(METADATA.drop_all)
    await upgrade(url)
    assert words(file) == meant
    assert any("AUTOINCREMENT" in told for told in meant.values())


def words(file: Path) -> dict[str, list[str]]:
    """Return what SQLite was told of every table and index, the order of its words aside."""
    connection = sqlite3.connect(file)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    kept = {name: sorted(re.findall(r"\w+|'.*?'", sql)) for name, sql in found}
    connection.close()
    kept.pop("alembic_version", None)
    return kept


async def test_upgrading_again_changes_nothing(empty: AsyncEngine, url: str) -> None:
    await upgrade(url)
    async with open_work(empty) as work:
        await work.acts.add(ACT)
        await work.commit()
    before = await schema(empty)
    await upgrade(url)
    assert await schema(empty) == before
    async with open_work(empty) as work:
        assert await work.acts.about("plan-1") == [ACT]


async def test_of_several_upgrades_at_once_all_end_well(empty: AsyncEngine, url: str) -> None:
    await asyncio.gather(*(upgrade(url) for _ in range(6)))
    assert await is_current(empty)


async def test_somebody_who_writes_for_longer_than_a_citizen_waits_is_waited_for(
    file: Path,
) -> None:
    writer = sqlite3.connect(file, isolation_level=None)
    writer.executescript("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(3.3, writer.close)
    url = f"sqlite:///{file}"
    await upgrade(url)
    engine = engine_for(url)
    assert await is_current(engine)
    await engine.dispose()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_of_several_processes_that_upgrade_at_once_all_end_well(
    empty: AsyncEngine, url: str
) -> None:
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, url) for _ in range(6)
    ]
    assert [await process.wait() for process in processes] == [0] * 6
    assert await is_current(empty)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_whoever_waits_too_long_for_another_says_so(
    empty: AsyncEngine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters.sql.schema, "_OTHERS_SECONDS", 0.05)
    monkeypatch.setattr(adapters.sql.schema, "_UPGRADES", 7)
    async with empty.begin() as other:
        await other.execute(select(func.pg_advisory_xact_lock(7)))
        with pytest.raises(UnavailableError):
            await upgrade(url)
    await upgrade(url)
    assert await is_current(empty)


async def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(
    empty: AsyncEngine, url: str
) -> None:
    async with empty.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE registrations (in_the_way TEXT)")
    before = await schema(empty)
    with pytest.raises(DBAPIError):
        await upgrade(url)
    assert await schema(empty) == before
    assert not await is_current(empty)
    async with empty.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE registrations")
    await upgrade(url)
    assert await is_current(empty)
