"""One transaction over every store, on a real SQLite file and a real PostgreSQL database."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.schema import upgrade
from adapters.sql.work import engine_for
from domain.shared.deliveries import Delivered
from domain.shared.errors import UnavailableError
from domain.shared.pages import OneTimePage
from domain.shared.records import AccountId, Act, Effect, OpenId
from tests.support.clock import FakeClock
from tests.support.sql import fresh_engine, open_work, written

NOON = FakeClock().now()
ACT = Act("plans:plan:open", "officer", "plan-1", NOON, "command")

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from adapters.sql.work import engine_for
from domain.shared.records import Act
from tests.support.clock import FakeClock
from tests.support.sql import fresh_engine, open_work

async def live() -> None:
    async with fresh_engine(Path(sys.argv[1])) as engine:
        for number in range(20):
            async with open_work(engine) as work:
                await work.acts.add(Act("t:t:t", "a", "told", FakeClock().now(), "chat", str(number)))
                await work.commit()
        async with open_work(engine) as work:
            await work.acts.add(Act("t:t:t", "a", "untold", FakeClock().now(), "chat"))
            os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(live())
"""  # noqa: E501 (a program inside a string)


async def acts_on(engine: AsyncEngine, object_id: str = "plan-1") -> list[Act]:
    async with open_work(engine) as work:
        return await work.acts.about(object_id)


async def write_and_raise(engine: AsyncEngine, error: Exception) -> None:
    async with open_work(engine) as work:
        await work.acts.add(ACT)
        await work.deliveries.add(Delivered("k", OpenId("o"), b"r", NOON))
        raise error


async def test_a_work_that_is_not_used_opens_no_connection(engine: AsyncEngine) -> None:
    used: list[object] = []
    event.listen(engine.sync_engine, "engine_connect", used.append)
    async with open_work(engine) as work:
        assert not work.changed
        await work.let_go()
        await work.commit()
    assert not used


async def test_what_is_committed_lasts(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.acts.add(ACT)
        assert work.changed
        await work.commit()
        assert not work.changed
    assert await acts_on(engine) == [ACT]


async def test_what_is_not_committed_is_undone(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.acts.add(ACT)
    assert await acts_on(engine) == []


async def test_a_fault_undoes_everything_and_passes_on(engine: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        await write_and_raise(engine, ZeroDivisionError())
    assert await acts_on(engine) == []
    async with open_work(engine) as work:
        assert await work.deliveries.find("k") is None


async def test_a_cancelled_turn_undoes_everything_and_returns_its_connection(
    engine: AsyncEngine,
) -> None:
    wrote = asyncio.Event()

    async def turn() -> None:
        async with open_work(engine) as work:
            await work.acts.add(ACT)
            wrote.set()
            await asyncio.Event().wait()

    for _ in range(20):  # more often than there are connections
        task = asyncio.create_task(turn())
        await wrote.wait()
        wrote.clear()
        task.cancel()
        await asyncio.wait([task])
    assert await acts_on(engine) == []


async def test_a_work_goes_on_after_a_commit_and_after_letting_go(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        assert await work.acts.about("plan-1") == []
        await work.let_go()
        await work.acts.add(ACT)
        await work.commit()
        await work.acts.add(replace(ACT, object_id="plan-2"))
        await work.commit()
    assert await acts_on(engine) == [ACT]
    assert len(await acts_on(engine, "plan-2")) == 1


async def test_what_is_undone_is_gone_and_the_work_goes_on(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.acts.add(ACT)
        await work.undo()
        assert not work.changed
        await work.acts.add(replace(ACT, note="kept"))
        await work.commit()
    assert await acts_on(engine) == [replace(ACT, note="kept")]


async def test_letting_go_of_what_was_written_is_a_mistake(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.acts.add(ACT)
        with pytest.raises(RuntimeError):
            await work.let_go()


async def test_letting_go_frees_the_connection_for_others(engine: AsyncEngine) -> None:
    works = [open_work(engine) for _ in range(20)]
    for work in works:
        await work.acts.about("plan-1")
        await work.let_go()


async def test_a_reader_is_not_kept_waiting_by_a_writer(engine: AsyncEngine) -> None:
    async with open_work(engine) as writer, open_work(engine) as reader:
        await writer.acts.add(ACT)
        assert await reader.acts.about("plan-1") == []
        await writer.commit()
        assert await reader.acts.about("plan-1") == [ACT]


async def test_sixty_four_writers_at_once_all_get_their_turn(engine: AsyncEngine) -> None:
    async def write(number: int) -> None:
        async with open_work(engine) as work:
            await work.acts.about("plan-1")
            await work.acts.add(replace(ACT, note=str(number)))
            await work.commit()

    await asyncio.gather(*map(write, range(64)))
    assert {act.note for act in await acts_on(engine)} == {str(number) for number in range(64)}


async def test_a_database_that_another_keeps_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.engine._PRAGMAS", ("PRAGMA busy_timeout = 0",))
    async with fresh_engine(tmp_path) as engine:
        keeper = sqlite3.connect(tmp_path / "anju.db")
        keeper.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError):
            await write_and_raise(engine, AssertionError())
        keeper.close()
        assert await acts_on(engine) == []


async def test_a_full_house_is_unavailable_rather_than_endless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.engine._POOL_WAIT_SECONDS", 0.05)
    async with fresh_engine(tmp_path) as engine, AsyncExitStack() as guests:
        for _ in range(8):
            guest = await guests.enter_async_context(open_work(engine))
            await guest.acts.about("plan-1")
        with pytest.raises(UnavailableError):
            await acts_on(engine)
        await guest.let_go()
        assert await acts_on(engine) == []


async def test_a_fault_of_the_line_leaves_the_work_as_our_own_error(engine: AsyncEngine) -> None:
    with pytest.raises(UnavailableError):
        await write_and_raise(engine, OperationalError("", {}, OSError()))
    assert await acts_on(engine) == []


async def test_a_file_is_kept_safe(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'anju.db'}"
    await upgrade(url)
    engine = engine_for(url)
    async with engine.connect() as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2)):
            found = await connection.execute(text(f"PRAGMA {pragma}"))
            assert found.scalar_one() == value
    await engine.dispose()


async def test_references_are_checked(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        with pytest.raises(IntegrityError):
            await work.accounts.link(OpenId("o"), AccountId("nobody"), NOON)


def test_what_was_committed_outlives_a_kill(tmp_path: Path) -> None:
    died = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60
    )
    assert died.returncode == -signal.SIGKILL

    async def read() -> tuple[list[Act], list[Act]]:
        engine = engine_for(f"sqlite:///{tmp_path / 'anju.db'}")
        try:
            return await acts_on(engine, "told"), await acts_on(engine, "untold")
        finally:
            await engine.dispose()

    told, untold = asyncio.run(read())
    assert [act.note for act in told] == [str(number) for number in range(20)]
    assert untold == []


async def test_what_citizens_said_and_heard_lies_sealed(engine: AsyncEngine) -> None:
    honey = ["陈演示蜂蜜", "11010019900307109X"]
    page = OneTimePage(OpenId("o"), "d", "f", "s", NOON, NOON.replace(year=2030))
    async with open_work(engine) as work:
        await work.pages.add("t", page)
        assert await work.pages.consume("t", {"name": honey[0], "number": honey[1]}, now=NOON)
        await work.effects.add(Effect("d", "f", "0", " ".join(honey), NOON))
        await work.commit()
    kept = await written(engine)
    assert b"effects" in kept
    for word in honey:
        assert word.encode() not in kept
        assert ascii(word)[1:-1].encode() not in kept
