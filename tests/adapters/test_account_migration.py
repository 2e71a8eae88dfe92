"""What the revision of accounts does to consents that hung on a WeChat. Source: S0-68, S0-82."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, inspect

import adapters.sql

BEFORE, AFTER = "0008", "0009"
THEN, LATER = datetime(2026, 3, 11, 12), datetime(2026, 3, 12, 12)  # noqa: DTZ001 (as it is stored)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'anju.db'}")
    with engine.connect() as connection:
        config = Config(Path(adapters.sql.__file__).parent / "migrations" / "alembic.ini")
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        connection.info["config"] = config
        yield connection
    engine.dispose()


def add(connection: Connection, table: str, **values: object) -> None:
    names = ", ".join(values)
    blanks = ", ".join("?" * len(values))
    text = f"INSERT INTO {table} ({names}) VALUES ({blanks})"  # noqa: S608 (of a test)
    connection.exec_driver_sql(text, tuple(map(str, values.values())))


def recover(connection: Connection, name: str, openid: str, *, done: bool) -> None:
    account = {"account_id": "account"} if done else {}
    add(
        connection,
        "recoveries",
        id=name,
        openid=openid,
        person_id="person",
        state="done" if done else "failed",
        opened_at=THEN,
        faced_at=THEN,
        secrets="x",
        **account,
    )


def agree(connection: Connection, actor: str, document: str, at: datetime = THEN) -> None:
    add(connection, "consents", actor=actor, document=document, version=1, text_hash="a", at=at)


def test_consents_to_face_checks_go_to_the_account_or_to_the_recovery(
    connection: Connection,
) -> None:
    recover(connection, "r-done", "alice", done=True)
    recover(connection, "r-failed", "bob", done=False)
    agree(connection, "alice", "consent-face")
    agree(connection, "bob", "consent-face")
    agree(connection, "alice", "consent-face", LATER)
    agree(connection, "account", "agreement-user")
    command.upgrade(connection.info["config"], AFTER)
    actors = connection.exec_driver_sql("SELECT actor FROM consents ORDER BY serial")
    # Of the third nobody knows any more which face check it was for.
    assert actors.scalars().all() == ["account", "r-failed", "alice", "account"]


def test_going_back_takes_the_columns_away(connection: Connection) -> None:
    config = connection.info["config"]
    command.upgrade(config, AFTER)
    for table in ("pages", "tickets"):
        columns = {column["name"] for column in inspect(connection).get_columns(table)}
        assert "account_id" in columns
    command.downgrade(config, BEFORE)
    for table in ("pages", "tickets"):
        columns = {column["name"] for column in inspect(connection).get_columns(table)}
        assert "account_id" not in columns
