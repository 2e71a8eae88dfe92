"""The embedded conversation store as a file and as a part of one process."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.conversations import EmbeddedConversations
from domain.shared.conversations import (
    FLOOD_MESSAGES,
    FLOOD_SECONDS,
    Answered,
    FloodedError,
    Mine,
)
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from tests.support.clock import FakeClock

LI = OpenId("li" + "0" * 26)

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from adapters.sql.conversations import EmbeddedConversations
from adapters.system import SystemClock

async def live() -> None:
    store = EmbeddedConversations(Path(sys.argv[1]), SystemClock())
    for number in range(100):
        openid = sys.argv[2] + str(number % 10)
        claim = await store.claim(f"k{number}", openid, wait=1)
        await store.finish(claim, payload=b"p%d" % number, reply=b"r%d" % number)
    await store.claim("open", sys.argv[2] + "9", wait=1)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(live())
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EmbeddedConversations]:
    store = EmbeddedConversations(tmp_path / "talk.db", FakeClock())
    yield store
    await store.aclose()


async def claimed(store: EmbeddedConversations, key: str, openid: OpenId = LI) -> Mine:
    claim = await store.claim(key, openid, wait=1)
    assert isinstance(claim, Mine)
    return claim


async def test_what_was_finished_outlives_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "var" / "talk.db"
    died = subprocess.run(  # noqa: ASYNC221, S603 (our own program; nothing else runs meanwhile)
        [sys.executable, "-c", KILLED, str(file), LI], check=False, timeout=60
    )
    assert died.returncode == -signal.SIGKILL
    store = EmbeddedConversations(file, FakeClock())
    try:
        last = OpenId(f"{LI}9")
        assert await store.peek(last) == b"p99"
        for number in range(100):
            answered = await store.claim(f"k{number}", last, wait=1)
            assert answered == Answered(b"r%d" % number)
        again = await store.claim("open", last, wait=1)
        assert isinstance(again, Mine)
        assert again.payload == b"p99"
    finally:
        await store.aclose()


async def test_a_second_store_on_the_same_file_is_refused(
    store: EmbeddedConversations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda file, **kw: impatient(file, timeout=0, **kw))
    with pytest.raises(UnavailableError):
        EmbeddedConversations(tmp_path / "talk.db", FakeClock())
    assert await store.peek(LI) is None


async def test_a_place_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError):
        EmbeddedConversations(tmp_path / "file" / "talk.db", FakeClock())


async def test_a_fault_of_the_disk_saves_nothing_and_lets_the_next_turn_in(
    store: EmbeddedConversations,
) -> None:
    claim = await store.claim("k1", LI, wait=1)
    assert isinstance(claim, Mine)
    store._connection.execute("DROP TABLE replies")  # noqa: SLF001 (a disk cannot be broken kindly)
    with pytest.raises(UnavailableError):
        await store.finish(claim, payload=b"p", reply=b"r")
    assert store.busy_citizens == 0
    store._connection.execute("CREATE TABLE replies (key TEXT PRIMARY KEY, reply BLOB, at REAL)")  # noqa: SLF001 (as above)
    again = await store.claim("k1", LI, wait=1)
    assert isinstance(again, Mine)
    assert (again.revision, again.payload) == (0, None)


async def test_twenty_thousand_citizens_leave_nothing_behind(store: EmbeddedConversations) -> None:
    async def talk(number: int) -> None:
        openid = OpenId(f"o{number:027d}")
        claim = await store.claim(f"k{number}", openid, wait=60)
        assert isinstance(claim, Mine)
        await asyncio.sleep(0)
        if number % 3:
            await store.finish(claim, payload=b"p", reply=b"r")
        else:
            await store.abandon(claim)

    async with asyncio.TaskGroup() as citizens:
        for number in range(20_000):
            citizens.create_task(talk(number))
    assert store.busy_citizens == 0
    assert len(store._turns) == 0  # noqa: SLF001 (what must not leak is inside)


async def test_old_replies_are_forgotten_and_conversations_stay(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    store = EmbeddedConversations(tmp_path / "talk.db", clock)
    for number in range(3):
        claim = await store.claim(f"k{number}", LI, wait=1)
        assert isinstance(claim, Mine)
        await store.finish(claim, payload=b"p", reply=b"r")
        clock.forward(3600)
    assert await store.forget(before=clock.now() - timedelta(hours=2)) == 1
    assert await store.forget(before=clock.now() - timedelta(hours=2)) == 0
    assert await store.claim("k1", LI, wait=1) == Answered(b"r")
    again = await store.claim("k0", LI, wait=1)
    assert isinstance(again, Mine)
    assert again.payload == b"p"
    await store.aclose()


async def test_a_flood_ends_with_its_ten_seconds_and_nobody_is_remembered_for_it(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    store = EmbeddedConversations(tmp_path / "talk.db", clock)
    for number in range(FLOOD_MESSAGES):
        await store.abandon(await claimed(store, f"k{number}"))
    with pytest.raises(FloodedError) as flooded:
        await store.claim("more", LI, wait=1)
    clock.moment = flooded.value.until
    await store.abandon(await claimed(store, "more"))
    assert len(store._lately._counts) == 1  # noqa: SLF001 (what must not grow is inside)
    clock.forward(FLOOD_SECONDS)
    await store.abandon(await claimed(store, "k", OpenId("oAnother")))
    assert len(store._lately._counts) == 1  # noqa: SLF001 (as above)
    await store.aclose()


async def test_many_replies_are_forgotten_in_bites(store: EmbeddedConversations) -> None:
    for number in range(1200):
        claim = await store.claim(f"k{number}", OpenId(f"o{number}"), wait=1)
        assert isinstance(claim, Mine)
        await store.finish(claim, payload=b"p", reply=b"r")
    breaths = 0

    async def breathe() -> None:
        nonlocal breaths
        while True:
            breaths += 1
            await asyncio.sleep(0)

    breathing = asyncio.create_task(breathe())
    later = FakeClock().now() + timedelta(days=1)
    assert await store.forget(before=later) == 1200
    breathing.cancel()
    assert breaths >= 2
