"""What the revision of papers does to registrations that are older than it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, insert, inspect

import adapters.sql
from adapters.sql.registrations import RegistrationRow
from adapters.sql.work import engine_for
from tests.support.allotment import a_registration, a_unit
from tests.support.sql import CIPHER, open_work

OLD = a_registration("1", unit=a_unit())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "anju.db"


@pytest.fixture
def connection(file: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def move(connection: Connection, *, to: str) -> None:
    config = Config(Path(adapters.sql.__file__).parent / "migrations" / "alembic.ini")
    config.attributes["connection"] = connection
    (command.downgrade if to == "0004" and columns(connection) else command.upgrade)(config, to)
    connection.commit()


def columns(connection: Connection) -> set[str]:
    look = inspect(connection)
    if not look.has_table("registrations"):
        return set()
    return {column["name"] for column in look.get_columns("registrations")}


def keep_old(connection: Connection) -> None:
    kept = {
        "number": OLD.number,
        "family_id": OLD.family_id,
        "account_id": OLD.account_id,
        "plan_id": OLD.plan_id,
        "project_id": OLD.project_id,
        "unit_id": OLD.unit_id,
        "unit_type": OLD.unit_type.value,
        "state": OLD.state.value,
        "notice_version": OLD.notice_version,
        "notice_hash": OLD.notice_hash,
        "phone": CIPHER.seal_text(OLD.phone),
        "created_at": OLD.created_at,
    }
    connection.execute(insert(RegistrationRow).values(kept))
    connection.commit()


async def test_an_older_registration_is_kept_and_has_no_code(
    connection: Connection, file: Path
) -> None:
    move(connection, to="0004")
    assert "check_code" not in columns(connection)
    keep_old(connection)
    move(connection, to="0005")
    connection.close()
    engine = engine_for(f"sqlite:///{file}")
    async with open_work(engine) as work:
        assert await work.registrations.find(OLD.number) == OLD
    await engine.dispose()


def test_going_back_keeps_registrations_and_their_rules(connection: Connection) -> None:
    move(connection, to="0004")
    keep_old(connection)
    before = rules(connection)
    move(connection, to="0005")
    move(connection, to="0004")
    assert rules(connection) == before
    assert connection.exec_driver_sql("SELECT number FROM registrations").scalars().all() == ["1"]


def rules(connection: Connection) -> dict[str, list[str]]:
    """Return what the database was told of the table and its indexes, the order of words aside."""
    found = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'registrations' AND sql IS NOT NULL"
    )
    return {name: sorted(re.findall(r"\w+|'.*?'", sql)) for name, sql in found}
