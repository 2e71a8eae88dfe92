"""A PostgreSQL and a Redis of our own, to be killed, stopped and put back in time.

Nobody else uses them: they live in a folder that goes away, on ports that nobody knows.
"""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import redis.asyncio as aioredis
from redis.exceptions import RedisError

__all__ = [
    "BINARIES",
    "PrivatePostgres",
    "PrivateRedis",
    "children",
    "free_port",
    "has_port",
    "missing",
    "pid_alive",
]

BINARIES: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_OWNER: Final = "postgres"
"""PostgreSQL refuses to be run by root."""
_SECONDS_TO_START: Final = 120.0
_POSTGRES_SETTINGS: Final = (
    "fsync=on",
    "synchronous_commit=on",
    "track_commit_timestamp=on",  # the checker asks when each row was committed
    "max_connections=120",
    "shared_buffers=64MB",
    "max_wal_size=192MB",
    "log_min_messages=fatal",
)


def missing() -> list[str]:
    """Return the programs that a run needs and this machine lacks."""
    lacking = [] if BINARIES else ["postgresql"]
    return lacking + ([] if shutil.which("redis-server") else ["redis-server"])


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port


def has_port(pid: int, port: int) -> bool:
    """Tell whether a process has a connection that leaves by this port of the machine."""
    inodes = {
        columns[9]
        for columns in map(str.split, Path("/proc/net/tcp").read_text("ascii").splitlines()[1:])
        if int(columns[1].partition(":")[2], 16) == port
    }
    try:
        doors = {door.readlink().name for door in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return False
    return any(f"socket:[{inode}]" in doors for inode in inodes)


def pid_alive(pid: int) -> bool:
    """Tell whether a process still is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _as_owner(*command: str) -> Sequence[str]:
    """Return a command as PostgreSQL lets itself be started; it ends with whoever starts it."""
    if os.geteuid() != 0:
        return ("setpriv", "--pdeathsig", "INT", *command)
    return (
        *("setpriv", f"--reuid={_OWNER}", f"--regid={_OWNER}", "--init-groups"),
        *("--pdeathsig", "INT", *command),
    )


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{command[0]}: {complaint.decode().strip()}")


@dataclass
class PrivatePostgres:
    """A PostgreSQL cluster in a folder of its own."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="anju-")))
    port: int = field(default_factory=free_port)
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it is, for asyncpg."""
        return f"postgresql://{_OWNER}@127.0.0.1:{self.port}/anju"

    @property
    def pid(self) -> int:
        """The postmaster's."""
        assert self._process  # noqa: S101 (started)
        return self._process.pid

    async def make(self) -> None:
        """Make the cluster, start it and make the database."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, _OWNER, _OWNER)
        await _run(
            *_as_owner(
                str(BINARIES[0] / "initdb"), "-D", str(self.folder / "data"), "-U", _OWNER,
                "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C",
            )
        )  # fmt: skip
        await self.start()
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user=_OWNER, database="postgres"
        )
        await connection.execute("CREATE DATABASE anju")
        await connection.close()

    async def start(self) -> float:
        """Start it and wait until it answers; return how many seconds that took."""
        began = time.monotonic()
        settings = [part for one in _POSTGRES_SETTINGS for part in ("-c", one)]
        self._process = await asyncio.create_subprocess_exec(
            *_as_owner(
                str(BINARIES[0] / "postgres"), "-D", str(self.folder / "data"),
                "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                "-k", str(self.folder), *settings,
            ),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        while not await self._answers():
            if time.monotonic() - began > _SECONDS_TO_START:
                raise RuntimeError("PostgreSQL does not start")
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user=_OWNER, database="postgres", timeout=2
            )
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True

    async def revive(self) -> None:
        """Start it again where it gave up by itself, as its unit file would."""
        await asyncio.sleep(0.5)
        if self._process and self._process.returncode is not None:
            (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
            await self.start()

    def send(self, sent: signal.Signals) -> None:
        """Send a signal to every process of the cluster, the backends too."""
        for pid in (self.pid, *children(self.pid)):
            if pid_alive(pid):
                os.kill(pid, sent)

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.send(signal.SIGKILL)
        if self._process:
            await self._process.wait()
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    async def discard(self) -> None:
        """End it and take its folder away."""
        if self._process and self._process.returncode is None:
            await self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class PrivateRedis:
    """A Redis that keeps an append-only file in a folder of its own."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="anju-")))
    port: int = field(default_factory=free_port)
    _process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process  # noqa: S101 (started)
        return self._process.pid

    @property
    def client(self) -> "aioredis.Redis":
        """A client that goes around every proxy; to be closed."""
        return aioredis.Redis(port=self.port, socket_timeout=5)

    async def start(self) -> float:
        """Start it and wait until it answers; return how many seconds that took."""
        began = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL"),
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
            "--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "everysec",
            "--save", "", "--maxmemory-policy", "noeviction",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        while not await self._answers():
            if time.monotonic() - began > _SECONDS_TO_START:
                raise RuntimeError("Redis does not start")
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def _answers(self) -> bool:
        client = self.client
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()

    def send(self, sent: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, sent)

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.send(signal.SIGKILL)
        if self._process:
            await self._process.wait()

    async def flush(self) -> None:
        """Forget everything."""
        client = self.client
        await client.flushall()
        await client.aclose()

    def copy(self) -> Path:
        """Copy what lies on disk now, as a replica that lags would have it."""
        kept = Path(tempfile.mkdtemp(prefix="anju-older-"))
        shutil.copytree(self.folder, kept, dirs_exist_ok=True)
        return kept

    async def put_back(self, older: Path) -> None:
        """Go back in time: what was copied then is what there is now."""
        await self.kill()
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(older, self.folder, dirs_exist_ok=True)
        shutil.rmtree(older)
        await self.start()

    async def discard(self) -> None:
        """End it and take its folder away."""
        if self._process and self._process.returncode is None:
            await self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def children(pid: int) -> list[int]:
    """Return the processes that one has begun, oldest first; none if it is gone."""
    try:
        begun = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return []
    return [int(one) for one in begun.split()]
