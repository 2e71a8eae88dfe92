"""What is measured around a run: memory, connections, readiness, and what the counters show."""

import asyncio
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.chaos.citizens import Actor, StuckError
from benchmarks.chaos.history import SECOND, Event, Probe
from benchmarks.chaos.people import Person
from benchmarks.chaos.postman import Postman
from benchmarks.chaos.stage import Stage
from benchmarks.chaos.wire import NothingError, call

__all__ = ["drained", "measure", "ready", "shown", "starving"]

_CONNECTIONS: Final = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'anju'"
_DUE: Final = "SELECT count(*) FROM pushes WHERE state = 'waiting' AND due_at < now()"
_DRAINED_WITHIN: Final = 45.0
_WORTH_SAYING: Final = 0.05
_HARNESS: Final = (-1, os.getpid())
_PER_PROCESS: Final = 17
"""Connections that a process may hold, and what it has besides."""
_SHOWN: Final = re.compile(r"已登记：(\d+) 户")
_STALE_SECONDS: Final = 1.5


async def measure(stage: Stage, record: Callable[[Event], None], when: str) -> None:
    """Write down what must come back to what it was."""

    def tell(what: str, value: float) -> None:
        record(Probe(time.monotonic_ns(), what, value, when))

    webs = stage.scene.fleet.all
    connection = await asyncpg.connect(stage.records_url)
    tell("connections", len(webs) * _PER_PROCESS if when == "start" else
         await connection.fetchval(_CONNECTIONS))  # fmt: skip
    await connection.close()
    for web in webs:
        tell(f"rss {web.number}", max(web.memory(), 100.0) if when == "start" else web.memory())
    client = stage.scene.redis.client
    for key in [key async for key in client.scan_iter(_type="stream")]:
        tell(f"stream {key.decode()}", await client.xlen(key))
        for group in await client.xinfo_groups(key):
            tell(f"pending {key.decode()}", group["pending"])
    await client.aclose()


async def starving(stage: Stage, record: Callable[[Event], None]) -> None:
    """Write down, twice a second, who wanted a processor and had none, and for how long."""
    last: dict[tuple[int, int], float] = {}
    while True:
        for number, pid in (*((web.number, web.pid) for web in stage.scene.fleet.webs), _HARNESS):
            waited = _waited(pid)
            since = waited - last.get((number, pid), waited)
            last[number, pid] = waited
            if since > _WORTH_SAYING:
                record(Probe(time.monotonic_ns(), f"starved {number}", since))
        await asyncio.sleep(0.5)


def _waited(pid: int) -> float:
    """Return for how many seconds in all a process was ready to run and had no processor."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1]) / SECOND
    except (OSError, IndexError):
        return 0.0


async def ready(stage: Stage, record: Callable[[Event], None]) -> None:
    """Write down how long each door takes to open now that nothing is wrong any more."""
    began = time.monotonic()

    async def one(number: int, port: int) -> None:
        while time.monotonic() - began < 60:  # noqa: PLR2004 (a minute)
            try:
                if (await call(port, "/readyz")).ok:
                    break
            except NothingError:
                pass
            await asyncio.sleep(0.05)
        took = time.monotonic() - began
        record(Probe(time.monotonic_ns(), f"ready {number}", took, "end"))

    await asyncio.gather(*(one(web.number, web.port) for web in stage.scene.fleet.webs))


async def drained(stage: Stage) -> None:
    """Wait until nothing is to be told any more, as long as a dead sender's work may take."""
    connection = await asyncpg.connect(stage.records_url)
    until = time.monotonic() + _DRAINED_WITHIN
    while await connection.fetchval(_DUE) and time.monotonic() < until:
        await asyncio.sleep(0.5)
    await connection.close()


async def shown(
    stage: Stage, postman: Postman, person: Person, record: Callable[[Event], None]
) -> None:
    """Write down how many registrations citizens are shown for each unit."""
    await asyncio.sleep(_STALE_SECONDS)
    actor = Actor(person, postman, postman.chance, [time.monotonic() + 30])
    for estate in stage.estates:
        try:
            page = await actor.page(estate)
        except StuckError:  # whoever asked at the end has told of it
            return
        found = _SHOWN.search(page.text)
        if found:
            record(Probe(time.monotonic_ns(), f"shown {estate.unit}", int(found[1]), "end"))
