"""The service under test: real processes on real ports, and a balancer that knows who is there."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.chaos.history import Event, Fault, Probe
from benchmarks.chaos.servers import children, free_port, has_port, pid_alive
from benchmarks.chaos.wire import NothingError, call

__all__ = ["LAUNCHER", "ROOT", "Fleet", "Web"]

ROOT: Final = Path(__file__).resolve().parents[2]
LAUNCHER: Final = ("-m", "benchmarks.chaos.launch")
_SECONDS_TO_START: Final = 240.0
_SECONDS_TO_RENEW: Final = 20.0
_SECONDS_TO_END: Final = 15.0
_GLANCE_SECONDS: Final = 0.05


@dataclass
class Web:
    """One place in which a process serves, or works in the background (without a port).

    ``supervisor`` is Anju's own, which begins the process again whenever it dies; ``pid`` is the
    process that was there last.
    """

    number: int
    command: tuple[str, ...]
    environment: Mapping[str, str]
    logs: Path
    record: Callable[[Event], None]
    port: int = 0
    clock: Path | None = None
    up: bool = False
    ending: bool = False
    pid: int = 0
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    supervisor: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it listens."""
        environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **self.environment}
        if self.port:
            environment["ANJU_SERVER__PORT"] = str(self.port)
        with (self.logs / f"web-{self.number}.log").open("ab") as log:
            self.supervisor = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "TERM", *self.command),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        await self.back()

    async def back(self) -> None:
        """Wait until a process is in this place, another than the last one, and listens."""
        until, dead = time.monotonic() + _SECONDS_TO_START, self.pid
        while not await self._listens(dead):
            if self.supervisor is None or self.supervisor.returncode is not None:
                raise RuntimeError(f"web {self.number} ended at its start: see {self.logs}")
            if time.monotonic() > until:
                raise RuntimeError(f"web {self.number} does not start: see {self.logs}")
            await asyncio.sleep(_GLANCE_SECONDS)
        self.ending = False
        self.up = True

    async def _listens(self, dead: int) -> bool:
        there = [pid for pid in self._children() if pid != dead]
        if there and there[-1] != self.pid:
            self.pid = there[-1]
            self.record(Probe(time.monotonic_ns(), f"pid {self.pid}", self.number))
        if not there or not self.port:
            return bool(there)
        with suppress(NothingError):
            return (await call(self.port, "/healthz", patience=1)).ok
        return False

    def _children(self) -> list[int]:
        return children(self.supervisor.pid) if self.supervisor else []

    @property
    def alive(self) -> bool:
        """Whether the process that was there last still is."""
        return bool(self.pid) and pid_alive(self.pid)

    def send(self, sent: signal.Signals) -> None:
        """Send the process a signal, if it still is."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sent)

    async def kill(self) -> None:
        """End the process as a power cut would; its supervisor begins another."""
        self.ending = True
        self.up = False
        self.send(signal.SIGKILL)
        while self.alive:
            await asyncio.sleep(0.01)

    async def renew(self) -> None:
        """Have another process put into this place, with nobody turned away meanwhile.

        Where the new one does not come up, as the stores are away, the old one stays.
        """
        self.ending = True
        if self.supervisor and self.supervisor.returncode is None:
            self.supervisor.send_signal(signal.SIGHUP)
        until = time.monotonic() + _SECONDS_TO_RENEW
        while self.alive and time.monotonic() < until:
            await asyncio.sleep(_GLANCE_SECONDS)
        if not self.alive:
            await self.back()
        self.ending = False

    async def stop(self, within: float) -> None:
        """End it with its supervisor, kindly where that does not take too long."""
        self.ending = True
        self.up = False
        if self.supervisor is None or self.supervisor.returncode is not None:
            return
        everybody = self._children()
        self.send(signal.SIGCONT)
        self.supervisor.terminate()
        try:
            async with asyncio.timeout(within):
                await self.supervisor.wait()
        except TimeoutError:
            for pid in everybody:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.supervisor.kill()
            await self.supervisor.wait()

    def memory(self) -> float:
        """Return what it holds, in MB of resident memory; 0 if it is gone."""
        with suppress(OSError):
            status = Path(f"/proc/{self.pid}/status").read_text()
            return next(
                int(line.split()[1]) / 1024
                for line in status.splitlines()
                if line.startswith("VmRSS")
            )
        return 0.0


@dataclass
class Fleet:
    """Several web processes, the background worker, and whoever looks whether they live.

    Parameters
    ----------
    record
        Is told when a process dies without an order of ours: a failpoint's crash.
    """

    webs: list[Web]
    workers: list[Web]
    record: Callable[[Event], None]
    chance: random.Random
    _watching: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    def of(  # noqa: PLR0913 (all are named)
        cls,
        size: int,
        environment: Mapping[str, str],
        *,
        folder: Path,
        plant: Sequence[str],
        record: Callable[[Event], None],
        chance: random.Random,
        worker: bool,
        skewed: bool,
    ) -> "Fleet":
        """Plan a fleet; the last web process lives by a clock of its own if ``skewed``."""
        webs = []
        for number in range(size):
            clock = folder / f"clock-{number}" if skewed and number == size - 1 else None
            options = () if clock is None else ("--clock", str(clock))
            if clock:
                clock.write_text("0")
            command = (sys.executable, *LAUNCHER, *options, *plant, "serve")
            webs.append(Web(number, command, environment, folder, record, free_port(), clock))
        command = (sys.executable, *LAUNCHER, *plant, "worker")
        workers = [Web(90, command, environment, folder, record)] if worker else []
        return cls(webs, workers, record, chance)

    async def start(self) -> None:
        """Start everybody, and look after them."""
        await asyncio.gather(*(web.start() for web in self.all))
        self._watching = [asyncio.create_task(self._watch(web)) for web in self.all]

    @property
    def all(self) -> list[Web]:
        """Every process."""
        return [*self.webs, *self.workers]

    def who_has(self, port: int) -> Web | None:
        """Return the web process at this end of a connection; ``None`` if it is gone."""
        return next((web for web in self.webs if has_port(web.pid, port)), None)

    def choose(self, *, but: int = -1) -> Web:
        """Return who shall have the next request: one that listened last, if anybody did."""
        there = [web for web in self.webs if web.up and web.number != but]
        return self.chance.choice(there or self.webs)

    async def stop(self) -> None:
        """End everybody kindly."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await asyncio.gather(*(web.stop(_SECONDS_TO_END) for web in self.all))

    async def _watch(self, web: Web) -> None:
        """Write down when a process dies without our doing, and when there is another."""
        while True:
            await asyncio.sleep(_GLANCE_SECONDS)
            if web.ending or web.alive:
                continue
            web.up = False
            self.record(Fault(time.monotonic_ns(), "web crash", on=True, worker=web.number))
            async with web.busy:
                if not web.alive:
                    await web.back()
            web.up = True
            self.record(Fault(time.monotonic_ns(), "web crash", on=False, worker=web.number))
