"""Commands of many turns in one pipeline: everybody gets their own, whatever becomes of others."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.connection import Connection

from adapters.redis.client import client_for
from adapters.redis.gather import Gathered, Script
from domain.shared.errors import UnavailableError
from tests.support.redis_server import RedisServer, empty_redis, running

IN_TIME = 2.0
ECHO = Script("return ARGV[1]", "0" * 40)


@pytest.fixture
async def gathered() -> AsyncIterator[Gathered]:
    gathered = Gathered(client_for(await empty_redis()), probe="probe")
    yield gathered
    await gathered.aclose()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with running(tmp_path / "redis") as server:
        yield server


@pytest.fixture
async def hurt(server: RedisServer) -> AsyncIterator[Gathered]:
    """Lend the way to a server that may be hurt."""
    gathered = Gathered(client_for(server.url), probe="probe")
    assert await gathered.ask("PING")
    yield gathered
    await gathered.aclose()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lend the numbers of commands that were sent together."""
    sent: list[int] = []
    send = Connection.send_packed_command

    async def noted(self: Connection, command: bytes, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 (redis-py's own)
        sent.append(command.count(b"ECHO"))
        await send(self, command, check_health=check_health)

    monkeypatch.setattr(Connection, "send_packed_command", noted)
    return sent


async def test_commands_of_one_moment_go_together(gathered: Gathered, batches: list[int]) -> None:
    echoed = await asyncio.gather(*(gathered.ask("ECHO", str(number)) for number in range(32)))
    assert echoed == [b"%d" % number for number in range(32)]
    assert [size for size in batches if size] == [32]


async def test_what_is_asked_meanwhile_goes_with_the_next(
    gathered: Gathered, batches: list[int]
) -> None:
    async def ask_twice(number: int) -> None:
        await asyncio.sleep(0.0001 * number)
        for _ in range(2):
            assert await gathered.ask("ECHO", str(number)) == b"%d" % number

    await asyncio.gather(*(ask_twice(number) for number in range(100)))
    assert sum(batches) == 200
    assert len(batches) < 150


async def test_commands_arrive_in_the_order_in_which_they_were_asked(gathered: Gathered) -> None:
    asked = []
    for number in range(200):
        asked.append(asyncio.create_task(gathered.ask("RPUSH", "list", number)))
        if number % 7 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*asked)
    kept = await gathered.ask("LRANGE", "list", 0, -1)
    assert kept == [b"%d" % number for number in range(200)]


async def test_a_fault_of_one_is_nobody_elses(gathered: Gathered) -> None:
    await gathered.ask("RPUSH", "list", "x")
    answers = await asyncio.gather(
        gathered.ask("ECHO", "before"),
        gathered.ask("INCR", "list"),
        gathered.ask("ECHO", "after"),
        return_exceptions=True,
    )
    assert (answers[0], answers[2]) == (b"before", b"after")
    assert isinstance(answers[1], UnavailableError)
    assert "WRONGTYPE" in str(answers[1])


async def test_whoever_stops_waiting_shifts_nobodys_answer(gathered: Gathered) -> None:
    for _ in range(20):
        asked = [asyncio.create_task(gathered.ask("ECHO", str(n))) for n in range(20)]
        await asyncio.sleep(0)
        for task in asked[::3]:
            task.cancel()
        await asyncio.sleep(0)
        for task in asked[1::3]:
            task.cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert answers[2::3] == [b"%d" % n for n in range(2, 20, 3)]


async def test_a_script_that_redis_does_not_know_is_told_it(gathered: Gathered) -> None:
    script = Script.load("leave.lua")
    await gathered.ask("SCRIPT", "FLUSH")
    ran = [gathered.run(script, ("{a}lock", "{a}line"), ("nobody",)) for _ in range(3)]
    assert await asyncio.gather(*ran) == [0, 0, 0]
    assert await gathered.ask("SCRIPT", "EXISTS", script.digest) == [1]


async def test_a_cut_connection_is_mended_at_once(server: RedisServer, hurt: Gathered) -> None:
    for number in range(5):
        await server.do("CLIENT", "KILL", "TYPE", "normal")
        assert await hurt.ask("ECHO", str(number)) == b"%d" % number


async def until_refused(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.monotonic()
    with pytest.raises(UnavailableError):
        await ask()
    return time.monotonic() - began


async def test_all_who_asked_a_redis_that_dies_are_told(
    server: RedisServer, hurt: Gathered
) -> None:
    await server.kill()
    waited = [until_refused(lambda: hurt.ask("ECHO", "x")) for _ in range(10)]
    assert max(await asyncio.gather(*waited)) < IN_TIME
    assert hurt.resting


async def test_a_master_that_is_none_for_a_moment_is_waited_for(
    server: RedisServer, hurt: Gathered
) -> None:
    await server.do("REPLICAOF", "127.0.0.1", "1")
    asked = asyncio.create_task(hurt.ask("SET", "key", "value"))
    await asyncio.sleep(0.1)
    assert not asked.done()
    await server.do("REPLICAOF", "NO", "ONE")
    await asked
    assert await hurt.ask("GET", "key") == b"value"


async def test_a_master_that_stays_a_replica_is_told_in_time_and_left_in_peace(
    server: RedisServer, hurt: Gathered
) -> None:
    await server.do("REPLICAOF", "127.0.0.1", "1")
    assert await until_refused(lambda: hurt.ask("SET", "key", "value")) < IN_TIME
    assert hurt.resting
    await server.do("REPLICAOF", "NO", "ONE")
    async with asyncio.timeout(10):
        while hurt.resting:  # noqa: ASYNC110 (it asks by itself)
            await asyncio.sleep(0.02)
    await hurt.ask("SET", "key", "value")


async def test_a_redis_that_is_loading_is_waited_for() -> None:
    said: list[bytes] = []
    served: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        while await reader.readline():
            await reader.readline()
            await reader.readline()
            said.append(b"-LOADING the dataset\r\n" if len(said) < 3 else b"+PONG\r\n")
            writer.write(said[-1])
        writer.close()
        await writer.wait_closed()

    service = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = service.sockets[0].getsockname()[1]
    gathered = Gathered(Redis(port=port, driver_info=None, protocol=2), probe="probe")
    try:
        assert await gathered.ask("PING")
    finally:
        await gathered.aclose()
        service.close()
        await asyncio.gather(*(task for task in served if task))
    assert len(said) == 4


async def test_closing_tells_those_who_wait(server: RedisServer, hurt: Gathered) -> None:
    server.pause()
    asked = [asyncio.create_task(hurt.ask("ECHO", "x")) for _ in range(3)]
    await asyncio.sleep(0)
    asked += [asyncio.create_task(hurt.ask("ECHO", "x")) for _ in range(3)]
    await asyncio.sleep(0.01)
    await hurt.aclose()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, UnavailableError) for answer in answers)
    await until_refused(lambda: hurt.ask("ECHO", "x"))
