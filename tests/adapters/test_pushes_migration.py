"""What the revision of pushes does to notices that wait, and what going back does to pushes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

import adapters.sql
from adapters.sql.work import engine_for
from domain.shared.pushes import PUSH_LIFE, Push, PushKind
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, open_work

NOW = FakeClock().now()
WRITTEN = NOW - timedelta(hours=1, microseconds=1)
NOTICE = Push(PushKind.RECOVERED, ("139****5678", "01234567"), phone="+8619900000001")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "anju.db"


@pytest.fixture
def connection(file: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def move(connection: Connection, *, to: str, back: bool = False) -> None:
    config = Config(Path(adapters.sql.__file__).parent / "migrations" / "alembic.ini")
    config.attributes["connection"] = connection
    (command.downgrade if back else command.upgrade)(config, to)
    connection.commit()


def keep_notice(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO notices (kind, phone, told, at, due_at, attempts)"
            " VALUES ('recovered', :phone, :told, :at, :due_at, 2)"
        ),
        {
            "phone": CIPHER.seal_text(NOTICE.phone or ""),
            "told": CIPHER.seal_text('["139****5678", "01234567"]'),
            "at": WRITTEN.replace(tzinfo=None),
            "due_at": NOW.replace(tzinfo=None),
        },
    )
    connection.commit()


async def test_a_notice_that_waits_goes_on_waiting_as_a_push(
    connection: Connection, file: Path
) -> None:
    move(connection, to="0007")
    keep_notice(connection)
    move(connection, to="head")
    connection.close()
    engine = engine_for(f"sqlite:///{file}")
    async with open_work(engine) as work:
        assert await work.pushes.claim(now=NOW - timedelta(seconds=1)) == []
        [claim] = await work.pushes.claim(now=NOW)
        assert (claim.attempts, claim.strikes) == (3, 1)
        assert claim.push() == NOTICE
        await work.pushes.put_off(claim, until=NOW, reason="")
        assert await work.pushes.expire(now=WRITTEN + PUSH_LIFE - timedelta(seconds=1)) == 0
        assert await work.pushes.expire(now=WRITTEN + PUSH_LIFE) == 1
    await engine.dispose()


def test_going_back_keeps_what_certainly_has_not_left(connection: Connection) -> None:
    move(connection, to="0007")
    keep_notice(connection)
    keep_notice(connection)
    move(connection, to="0008")
    connection.exec_driver_sql("UPDATE pushes SET left_by = 'sms' WHERE serial = 1")
    connection.commit()
    move(connection, to="0007", back=True)
    [row] = connection.exec_driver_sql("SELECT kind, phone, told, attempts FROM notices").all()
    assert (row.kind, row.attempts) == ("recovered", 2)
    assert CIPHER.open_text(row.phone) == NOTICE.phone
    assert '"01234567"' in CIPHER.open_text(row.told)
