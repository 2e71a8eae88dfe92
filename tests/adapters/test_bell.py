"""The doorbell through Redis: heard by one worker, bounded, and hung up again after a loss."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from adapters.redis.bell import KEPT_RINGS, STREAM, StreamBroker
from bot.settings import Redis, Settings
from bot.wiring.bell import Bell
from bot.wiring.rope import TASK
from tests.support.redis_server import empty_redis, running


def bell_at(url: str) -> Bell:
    return Bell.open(Settings(redis=Redis(url=url)))


@asynccontextmanager
async def hung(url: str) -> AsyncIterator[Bell]:
    bell = bell_at(url)
    try:
        yield bell
    finally:
        await bell.aclose()


@pytest.fixture
async def url() -> str:
    return await empty_redis()


async def heard(bell: Bell, seconds: float = 10) -> bool:
    """Tell whether it rings before so long is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    await bell.wait(seconds)
    return loop.time() < until


async def test_a_worker_hears_what_another_process_rings(url: str) -> None:
    async with hung(url) as door, hung(url) as worker, worker.listening():
        door.ring()
        assert await heard(worker)


async def test_a_ring_before_the_first_worker_is_heard_when_it_comes(url: str) -> None:
    async with hung(url) as door, hung(url) as worker:
        door.ring()
        async with Client.from_url(url) as client, asyncio.timeout(10):
            while not await client.exists(STREAM):  # noqa: ASYNC110 (another connection writes)
                await asyncio.sleep(0.01)
        async with worker.listening():
            assert await heard(worker)


async def test_the_stream_stays_short_and_nothing_pends(url: str) -> None:
    broker = StreamBroker(url)

    async def nothing() -> None:
        pass

    ring = broker.register_task(nothing, task_name=TASK)
    for _ in range(3 * KEPT_RINGS):
        await ring.kiq()
    async with hung(url) as worker, worker.listening():
        assert await heard(worker)
    async with Client.from_url(url) as client:
        assert await client.xlen(STREAM) < KEPT_RINGS + 200
        assert (await client.xpending(STREAM, "workers"))["pending"] == 0
        assert len(await client.xinfo_consumers(STREAM, "workers")) == 1
    await broker.shutdown()


async def test_rings_at_once_are_few_rings(url: str) -> None:
    async with hung(url) as door:
        for _ in range(100):
            door.ring()
        assert door._ringer is not None  # noqa: SLF001 (nobody else waits for it)
        await door._ringer  # noqa: SLF001 (as above)
    async with Client.from_url(url) as client:
        assert await client.xlen(STREAM) == 1


async def test_it_is_heard_again_after_redis_was_flushed_and_after_it_was_away(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server, hung(server.url) as bell, bell.listening():
        bell.ring()
        assert await heard(bell)
        await server.do("FLUSHALL")
        assert await rung_until_heard(bell)
        await server.restart()
        assert await rung_until_heard(bell)


async def rung_until_heard(bell: Bell) -> bool:
    """Ring as often as it takes: a ring may be lost, as the sweep knows."""
    for _ in range(30):
        bell.ring()
        if await heard(bell, 0.5):
            return True
    return False


async def test_nobody_waits_for_a_redis_that_is_away() -> None:
    async with hung("redis://127.0.0.1:1/0") as bell:
        bell.ring()
        assert not await heard(bell, 0.1)


async def test_without_redis_it_rings_in_this_process() -> None:
    async with hung("") as bell, bell.listening():
        bell.ring()
        assert await heard(bell)
        assert not await heard(bell, 0.01)
