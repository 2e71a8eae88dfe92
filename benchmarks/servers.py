"""The servers of a run: private, on free ports, each on the core that it is given.

Nothing that is there already is touched; whatever was started is ended, and its folder removed.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.platform import ACCOUNT, APP_ID, ENCODING_AES_KEY, TOKEN

__all__ = [
    "BOTH",
    "OTHERS",
    "SERVER",
    "Bot",
    "bot",
    "folder",
    "peer",
    "postgres",
    "redis",
    "worked",
]

_CORES: Final = sorted(os.sched_getaffinity(0))
SERVER: Final = frozenset(_CORES[:1])
"""The core of what is measured."""
OTHERS: Final = frozenset(_CORES[-1:])
"""The core of all that it needs, the generator among them."""
BOTH: Final = SERVER | OTHERS

DATA_KEY: Final = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
_START_SECONDS: Final = 60.0
_ROOT: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot that serves: its port, the environment it was given, the processes that answer."""

    port: int
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes]"

    @property
    def workers(self) -> list[int]:
        """The processes that answer: the children, or the process itself."""
        return _children(self.process.pid) or [self.process.pid]

    @property
    def resident(self) -> int:
        """Bytes of memory of the largest process that answers, shared or not."""
        return max(_memory(pid, "Rss") for pid in self.workers)

    @property
    def share(self) -> int:
        """Bytes of memory that a worker costs: of all and their supervisor, divided by them.

        What several processes share is counted once, as the kernel's «Pss» does.
        """
        workers = self.workers
        return sum(_memory(pid, "Pss") for pid in {self.process.pid, *workers}) // len(workers)


@dataclass(frozen=True, slots=True)
class Records:
    """A PostgreSQL: the URL of its database, and its first process."""

    url: str
    pid: int


def worked(pid: int) -> float:
    """Return the seconds of processor that a process has taken."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def worked_by_all(pid: int) -> float:
    """Return the seconds of processor that a process and its children have taken.

    Those that have ended by now are counted too.
    """
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:15]
    own = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return own + sum(worked_by_all(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _memory(pid: int, figure: str) -> int:
    """Return the bytes of a process by a figure of the kernel's: ``Rss`` or ``Pss``."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith(f"{figure}:")]
    return int(kilobytes) * 1024


@contextmanager
def folder() -> Iterator[Path]:
    """Lend a folder that is gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="anju-bench-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def redis(place: Path, cores: frozenset[int] = OTHERS) -> Iterator[str]:
    """Lend a Redis with an append-only file, as production needs one; its URL."""
    port, home = _free_port(), place / f"redis-{time.monotonic_ns()}"
    home.mkdir()
    options = ("--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction")
    command = ("redis-server", "--port", str(port), "--dir", str(home), *options)
    with _running(command, cores):
        _await(lambda: socket.create_connection(("127.0.0.1", port)).close())
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgres(place: Path, cores: frozenset[int] = OTHERS) -> Iterator[Records]:
    """Lend a PostgreSQL that keeps what it commits, with an empty database."""
    port, home = _free_port(), place / f"postgres-{time.monotonic_ns()}"
    home.mkdir(mode=0o700)
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if user:
        shutil.chown(home, user)
    binaries = _postgres_binaries()
    made = (binaries / "initdb", "-D", home, "-U", "postgres", "-A", "trust", "--no-sync")
    subprocess.run(  # noqa: S603 (the installed program)
        [*map(str, made), "-E", "UTF8", "--locale=C"],
        check=True, user=user, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    settings = {
        "port": port, "unix_socket_directories": home, "fsync": "on", "synchronous_commit": "on",
        "shared_buffers": "256MB", "max_wal_size": "4GB", "log_min_messages": "fatal",
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [binaries / "postgres", "-D", home, *options]
    with _running(command, cores, user=user, stderr=subprocess.DEVNULL) as process:
        asyncio.run(_answering(f"postgresql://postgres@127.0.0.1:{port}/postgres"))
        yield Records(f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres", process.pid)


@contextmanager
def bot(  # noqa: PLR0913 (a builder: each has a usual value)
    place: Path,
    *,
    database: Records,
    redis: str,
    workers: int = 1,
    cores: frozenset[int] = SERVER,
    before: Callable[[], object] = lambda: None,
) -> Iterator[Bot]:
    """Lend the whole bot on these stores, migrated and with the demo's plans.

    Parameters
    ----------
    before
        Called when the records are ready and nobody serves yet.
    """
    port = _free_port()
    environment = {
        **os.environ,  # noqa: TID251 (what it was started with)
        "ANJU_SETTINGS": str(_ROOT / "settings.toml"),
        "ANJU_SERVER__PORT": str(port),
        "ANJU_SERVER__DRAIN_SECONDS": "0",
        "ANJU_DATABASE__URL": database.url,
        "ANJU_REDIS__URL": redis,
        "ANJU_SECURITY__DATA_KEY": DATA_KEY,
        "ANJU_WECHAT__TOKEN": TOKEN,
        "ANJU_WECHAT__APP_ID": APP_ID,
        "ANJU_WECHAT__ENCODING_AES_KEY": ENCODING_AES_KEY,
        "ANJU_WECHAT__ORIGINAL_ID": ACCOUNT,
        "ANJU_LOGS__LEVEL": "error",
        "PYTHONPATH": str(_ROOT),
    }
    anju = (sys.executable, "-m", "bot.cli")
    subprocess.run(  # noqa: S603 (ourselves)
        [*anju, "demo"], check=True, env=environment, cwd=place, stdout=subprocess.DEVNULL
    )
    before()
    serving = (*anju, "serve", *(("--workers", str(workers)) if workers > 1 else ()))
    with _running(serving, cores, env=environment, cwd=place) as process:
        _await(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close())
        yield Bot(port, environment, process)


@contextmanager
def peer(
    name: str, *, redis: str = "", cores: frozenset[int] = SERVER
) -> Iterator[tuple[int, int]]:
    """Lend a peer; its port and its process."""
    port = _free_port()
    environment = {**os.environ, "PEER_PORT": str(port), "PEER_REDIS": redis}  # noqa: TID251 (as above)
    program = (sys.executable, "-m", f"benchmarks.peers.{name}")
    with _running(program, cores, env=environment, cwd=_ROOT) as process:
        _await(lambda: socket.create_connection(("127.0.0.1", port)).close())
        yield port, process.pid


@contextmanager
def _running(  # noqa: PLR0913 (a builder: each has a usual value)
    command: Sequence[object],
    cores: frozenset[int],
    *,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stderr: int | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603 (what is named above)
        [str(part) for part in command],
        stdout=subprocess.DEVNULL, stderr=stderr, user=user, env=env, cwd=cwd,
    )  # fmt: skip
    os.sched_setaffinity(process.pid, cores)  # before it has made a thread or a child
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(ask: Callable[[], object]) -> None:
    """Ask until it answers."""
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            ask()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


async def _answering(url: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            await (await asyncpg.connect(url)).close()
        except (OSError, asyncpg.PostgresError):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)
        else:
            return


def _postgres_binaries() -> Path:
    found = shutil.which("postgres")
    installed = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not installed:
        raise SystemExit("PostgreSQL's programs are missing: install the package `postgresql`")
    return installed[-1]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port
