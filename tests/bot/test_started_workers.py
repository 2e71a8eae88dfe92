"""Many processes on shared stores: they die, are renewed, and lose their stores; citizens do not.

Every process here is real, and so are PostgreSQL and Redis.

Source: S0-71, S0-72.
"""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from pathlib import Path

import httpx
import pytest

from benchmarks.chaos.servers import PrivatePostgres
from tests.support.postgres import fresh_records
from tests.support.redis_server import RedisServer, empty_redis, running
from tests.support.started import STEPS, Caller, StartedServer, crowd, started

_KEY = {"ANJU_SECURITY__DATA_KEY": "A" * 43 + "="}
_BUSY = re.compile(r"系统繁忙，您填的都在，请稍后再发一次（编号 [0-9A-F]{10}）")
_SECONDS = 20


@pytest.fixture
async def shared() -> dict[str, str]:
    """Return settings that name stores for many processes."""
    return {
        "ANJU_DATABASE__URL": await fresh_records(),
        "ANJU_REDIS__URL": await empty_redis(),
        **_KEY,
    }


@pytest.fixture
async def server(tmp_path: Path, shared: dict[str, str]) -> AsyncIterator[StartedServer]:
    async with started(tmp_path, workers=2, settings=shared) as server:
        yield server


async def eventually(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(_SECONDS):
        while not true():  # noqa: ASYNC110 (other processes do not tell)
            await asyncio.sleep(0.02)


def lives(process: int) -> bool:
    """Tell whether a process is there."""
    return Path(f"/proc/{process}").exists()


async def ask(server: StartedServer, words: str, who: str = "oAsks") -> str:
    """Say something over a line of its own; return what is answered."""
    post = server.platform.text(who, words)
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
        answer = await client.post("/wechat", params=post.query, content=post.body)
    assert answer.status_code == httpx.codes.OK
    seen = server.platform.open_reply(answer.content)
    assert seen
    return seen.text


# --- dying and being renewed --------------------------------------------------------------------


async def test_one_that_dies_is_replaced_and_the_others_go_on(server: StartedServer) -> None:
    first, second = server.workers()
    os.kill(first, signal.SIGKILL)
    for _ in range(10):
        with suppress(httpx.TransportError):  # what the dead one had taken; the platform repeats it
            assert "快速配租" in await ask(server, "菜单")
    await eventually(lambda: len(server.workers()) == 2)
    assert second in server.workers()
    assert first not in server.workers()
    assert "快速配租" in await ask(server, "菜单")


async def test_one_that_stands_still_is_replaced(server: StartedServer) -> None:
    stuck, _ = server.workers()
    os.kill(stuck, signal.SIGSTOP)
    await eventually(lambda: stuck not in server.workers() and len(server.workers()) == 2)


async def test_all_are_renewed_under_a_burst_and_no_message_is_lost(server: StartedServer) -> None:
    """Each message is sent once, over a line of its own, and must be answered at once."""
    before = set(server.workers())
    over = asyncio.Event()

    async def talk(number: int) -> int:
        said = 0
        while not over.is_set():
            assert "快速配租" in await ask(server, "菜单", f"oBurst{number}")
            said += 1
        return said

    talks = [asyncio.create_task(talk(number)) for number in range(8)]
    server.process.send_signal(signal.SIGHUP)
    await eventually(
        lambda: (
            any(talk.done() for talk in talks)
            or (before.isdisjoint(server.workers()) and len(server.workers()) == 2)
        )
    )
    over.set()
    assert all(await asyncio.gather(*talks))
    assert before.isdisjoint(server.workers())


async def test_none_outlives_whoever_began_it(server: StartedServer) -> None:
    workers = server.workers()
    server.process.kill()
    await eventually(lambda: not any(map(lives, workers)))


async def test_told_to_end_all_end_in_good_order(server: StartedServer) -> None:
    workers = server.workers()
    told = await server.end()
    assert server.process.returncode == 0
    assert not any(map(lives, workers))
    assert "Traceback" not in told


async def test_the_figures_of_all_are_told_by_any(server: StartedServer) -> None:
    for number in range(20):
        await ask(server, "菜单", f"oCounted{number}")
    for _ in range(4):
        async with httpx.AsyncClient(base_url=server.url) as client:
            page = (await client.get("/metrics")).text
        assert 'anju_messages_total{kind="text"} 20.0' in page


async def test_who_is_to_end_says_so_and_goes_on_for_a_moment(
    tmp_path: Path, shared: dict[str, str]
) -> None:
    settings = {**shared, "ANJU_SERVER__DRAIN_SECONDS": "5"}
    async with started(tmp_path, settings=settings) as server:
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_SECONDS), httpx.AsyncClient(base_url=server.url) as client:
            while (await client.get("/readyz")).status_code == httpx.codes.OK:
                pass
            assert (await client.get("/readyz")).status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert (await client.get("/healthz")).status_code == httpx.codes.OK
        assert "快速配租" in await ask(server, "菜单")
        assert "Traceback" not in await server.end()


# --- without Redis ------------------------------------------------------------------------------


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with running(tmp_path / "redis") as server:
        yield server


async def test_without_redis_every_message_is_answered_and_nothing_is_lost(
    tmp_path: Path, shared: dict[str, str], redis: RedisServer
) -> None:
    settings = {**shared, "ANJU_REDIS__URL": redis.url}
    server = StartedServer(tmp_path, tmp_path / "world.toml", workers=2, settings=settings)
    [caller] = crowd(server, 1)
    await server.start()
    try:
        for step in STEPS:
            await step(caller)
        await redis.kill()
        assert _BUSY.fullmatch(await caller.say("确定"))
        assert (await server.client.get("/readyz")).status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert (await server.client.get("/healthz")).status_code == httpx.codes.OK
        assert caller.post
        repeated = caller.post
        await redis.start()
        await ready(server)
        told = await caller.send(repeated)  # as the platform would
        assert "登记成功" in told
        assert len(await caller.registrations()) == 1
    finally:
        await server.kill()


async def test_a_redis_that_hangs_is_as_one_that_is_gone(
    tmp_path: Path, shared: dict[str, str], redis: RedisServer
) -> None:
    settings = {**shared, "ANJU_REDIS__URL": redis.url}
    async with started(tmp_path, workers=2, settings=settings) as server:
        assert "快速配租" in await ask(server, "菜单")
        redis.pause()
        assert _BUSY.fullmatch(await ask(server, "菜单"))
        assert (await server.client.get("/readyz")).status_code == httpx.codes.SERVICE_UNAVAILABLE
        redis.resume()
        await ready(server)
        assert "快速配租" in await ask(server, "菜单")


async def ready(server: StartedServer) -> None:
    """Wait until the server says that it is ready."""
    async with asyncio.timeout(_SECONDS):
        while (await server.client.get("/readyz")).status_code != httpx.codes.OK:  # noqa: ASYNC110 (as above)
            await asyncio.sleep(0.05)


# --- without PostgreSQL -------------------------------------------------------------------------


class _Records(PrivatePostgres):
    async def aclose(self) -> None:
        await self.discard()


@pytest.fixture
async def records(shared: dict[str, str]) -> AsyncIterator[_Records]:
    """Lend a PostgreSQL of the test's own."""
    assert shared  # which skips where there is none
    async with aclosing(_Records()) as server:
        await server.make()
        yield server


async def test_without_postgresql_citizens_browse_and_keep_what_they_filled_in(
    tmp_path: Path, shared: dict[str, str], records: _Records
) -> None:
    url = records.url.replace("postgresql://", "postgresql+asyncpg://")
    settings = {**shared, "ANJU_DATABASE__URL": url}
    server = StartedServer(tmp_path, tmp_path / "world.toml", workers=2, settings=settings)
    [caller, passer] = crowd(server, 2)
    await server.start()
    try:
        for step in STEPS:
            await step(caller)
        await passer.say("菜单")
        await records.kill()
        await browse(passer)
        assert "系统繁忙" in await caller.say("确定")
        assert (await server.client.get("/readyz")).status_code == httpx.codes.SERVICE_UNAVAILABLE
        await records.start()
        await ready(server)
        assert "登记成功" in await caller.say("确定")
        assert len(await caller.registrations()) == 1
    finally:
        await server.kill()


async def browse(passer: Caller) -> None:
    """Look at plans, projects and units, with how many families have registered."""
    assert "快速配租" in await passer.say("菜单")
    await passer.say("快速配租")
    while "已登记" not in passer.last.text:
        assert passer.last.taps, passer.last.text
        await passer.tap(passer.last.taps[0].text)
