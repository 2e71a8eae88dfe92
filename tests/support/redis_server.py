"""A Redis server that tests reach, and servers of a test's own that may be hurt.

The shared server is never stopped, flushed or set up by a test: each test process takes one of its
numbered databases for itself. What must be killed, paused, flushed or put back is started from the
installed binary on a free port and a folder of its own.
"""

import asyncio
import atexit
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

__all__ = ["RedisServer", "empty_redis", "free_port", "running"]

_URL: Final = os.environ.get(  # noqa: TID251 (tests read it, the program does not)
    "ANJU_TEST_REDIS_URL", "redis://127.0.0.1:6379"
)
_IN_CI: Final = bool(os.environ.get("CI"))  # noqa: TID251 (as above)

_DATABASES: Final = 15
_TAKEN_SECONDS: Final = 3600
_SECONDS_TO_START: Final = 20

_ours: list[str] = []


# The shared server


async def empty_redis() -> str:
    """Return the URL of a database of the shared server that is empty, and this process's alone.

    Without a server the test is skipped aloud, or fails where CI promises one.
    """
    if not _ours:
        _ours.append(_take())
    async with Redis.from_url(_ours[0]) as client:
        keys = [key async for key in client.scan_iter(count=1000)]
        if keys:
            await client.unlink(*keys)
    return _ours[0]


def _take() -> str:
    """Take a database that no other run uses; given back at the end."""
    register = BlockingRedis.from_url(_database(0), socket_timeout=2, decode_responses=True)
    us = f"{socket.gethostname()} {os.getpid()}"
    try:
        for number in range(1, _DATABASES + 1):
            taken = f"anju-tests:{number}"
            if _is_dead(register.get(taken)):
                register.delete(taken)
            if register.set(taken, us, nx=True, ex=_TAKEN_SECONDS):
                atexit.register(register.delete, taken)
                return _database(number)
    except RedisError as error:
        _missing(f"no Redis at {urlsplit(_URL).hostname}: {type(error).__name__}")
    return _missing("every database of the shared Redis is taken")


def _is_dead(run: object) -> bool:
    """Tell whether a run of this machine was killed before it could give its database back."""
    host, _, process = str(run or "").partition(" ")
    return host == socket.gethostname() and not Path(f"/proc/{process}").exists()


def _database(number: int) -> str:
    return urlsplit(_URL)._replace(path=f"/{number}").geturl()


def _missing(reason: str) -> NoReturn:
    if _IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


# A server of one's own


class RedisServer:
    """A server on a folder that outlives it, always at the same address.

    Parameters
    ----------
    folder
        Its data and its log.
    options
        Lines of a ``redis.conf``, added to what a production server has.
    """

    def __init__(self, folder: Path, *options: str, sentinel: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._sentinel = sentinel
        folder.mkdir(parents=True, exist_ok=True)
        kept = () if sentinel else ("save ''", "appendonly yes", "appendfsync always")
        lines = (f"port {self.port}", "bind 127.0.0.1", f"dir {folder}", *kept, *options)
        self._file = folder / "redis.conf"
        self._file.write_text("\n".join(lines), "utf-8")

    async def start(self) -> None:
        """Start it and wait until it takes commands."""
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(_binary(), str(self._file), *(["--sentinel"] if self._sentinel else [])),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(_SECONDS_TO_START):
            while not await self._answers():
                assert self.process.returncode is None, (self.folder / "log").read_text("utf-8")
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        """End it as a power cut would: ``kill -9``."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        await self.process.wait()

    async def restart(self) -> None:
        """Kill it and start it again on what it kept."""
        await self.kill()
        await self.start()

    def pause(self) -> None:
        """Let it hang: connections are taken, nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    async def do(self, *command: str) -> object:
        """Have it carry out a command, as an administrator would."""
        async with Redis(port=self.port, socket_timeout=5) as client:
            return await client.execute_command(*command)

    async def kept(self) -> Path:
        """Return a copy of what it has on its disk now."""
        await self.do("BGREWRITEAOF")
        async with asyncio.timeout(_SECONDS_TO_START):
            while await self._rewriting():  # noqa: ASYNC110 (another process rewrites)
                await asyncio.sleep(0.01)
        copy = self.folder.with_name(f"{self.folder.name}-older")
        return Path(shutil.copytree(self.folder / "appendonlydir", copy))

    async def put_back(self, copy: Path) -> None:
        """Kill it and start it on older data."""
        await self.kill()
        shutil.rmtree(self.folder / "appendonlydir")
        shutil.copytree(copy, self.folder / "appendonlydir")
        await self.start()

    async def _rewriting(self) -> bool:
        async with Redis(port=self.port) as client:
            told = await client.info("persistence")
        return bool(told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])

    async def _answers(self) -> bool:
        with suppress(RedisError, OSError):
            return await self.do("PING") is not None
        return False


@asynccontextmanager
async def running(
    folder: Path, *options: str, sentinel: bool = False
) -> AsyncIterator[RedisServer]:
    """Lend a started server; whatever became of it, nothing of it is left."""
    server = RedisServer(folder, *options, sentinel=sentinel)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


def free_port() -> int:
    """Return a port that nobody is given by chance: it must stay free while we restart."""
    for port in _ports():
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError


_given: list[int] = []


def _ports() -> Sequence[int]:
    """Return ports below those that the system gives out, each process its own, none twice."""
    first = 11_000 + os.getpid() * 37 % 8_000
    _given.append(first + len(_given))
    return range(_given[-1], 20_000)


def _binary() -> str:
    found = shutil.which("redis-server")
    if found is None:
        _missing("redis-server is not installed")
    return found
