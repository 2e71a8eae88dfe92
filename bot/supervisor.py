"""Many processes on one socket: begun together, begun again when one dies, ended together.

Each serves for itself and shares nothing but PostgreSQL and Redis. They are forked from a process
that has loaded the program and opened nothing, so that one that died is back within a moment.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Final, TypeAlias

import structlog

__all__ = ["Beat", "Supervisor", "Work", "figures"]

Beat: TypeAlias = Callable[[], bool]
"""What a worker calls about once a second, first when it serves; false: whom it serves is gone."""

Work: TypeAlias = Callable[[Beat], None]
"""What a worker does until SIGTERM."""

_LOOK_SECONDS: Final = 0.2
_SILENT_SECONDS: Final = 10.0
"""A worker that does not beat for so long answers nobody: twice what the platform waits."""

_START_SECONDS: Final = 60.0
_LONGEST_REST: Final = 1.0
"""A fork costs little, and citizens whose only worker has died again wait for no more than this."""

_SHORT_LIFE: Final = 5.0
_FORKING: Final = get_context("fork")

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Worker:
    fork: ForkProcess
    pulse: Connection
    begun: float
    heard: float
    serving: bool = False

    @property
    def silent(self) -> bool:
        """Whether it has not been heard of for too long."""
        patience = _SILENT_SECONDS if self.serving else _START_SECONDS
        return time.monotonic() - self.heard > patience


class Supervisor:
    """Keeps workers at work.

    SIGTERM and SIGINT end them all; SIGHUP puts a new one into the place of each, one after
    another, with nobody turned away meanwhile.

    Parameters
    ----------
    works
        What they do, one for each.
    stop_seconds
        How long a worker may take to end in good order.
    started
        Called once all of them are at work.
    buried
        Called with the id of each process that has ended.
    """

    def __init__(
        self,
        works: Sequence[Work],
        *,
        stop_seconds: float,
        started: Callable[[], None],
        buried: Callable[[int], None],
    ) -> None:
        self._works = works
        self._places: list[_Worker | None] = [None] * len(works)
        self._rests = [0.0] * len(works)
        self._due = [0.0] * len(works)
        self._stop_seconds = stop_seconds
        self._started = started
        self._buried = buried
        self._announced = False
        self._ending = False
        self._renewing = False

    def run(self) -> bool:
        """Keep them at work until a signal ends them; return whether all of them ever served."""
        with self._told():
            while not self._ending:
                self._fill()
                self._listen()
                self._judge()
                if self._renewing:
                    self._renew()
            self._end()
        return self._announced

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Listen to signals."""

        def end(*_: object) -> None:
            self._ending = True

        def renew(*_: object) -> None:
            self._renewing = True

        told = {signal.SIGTERM: end, signal.SIGINT: end, signal.SIGHUP: renew}
        before = {number: signal.signal(number, handler) for number, handler in told.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _fill(self) -> None:
        """Begin a worker in every place that is empty and has rested."""
        now = time.monotonic()
        for place, worker in enumerate(self._places):
            if worker is None and self._due[place] <= now:
                self._places[place] = self._begin(place)

    def _begin(self, place: int) -> _Worker:
        ours, theirs = _FORKING.Pipe(duplex=False)
        fork = _FORKING.Process(target=_live, args=(self._works[place], theirs, os.getpid()))
        fork.start()
        theirs.close()
        now = time.monotonic()
        return _Worker(fork, ours, now, now)

    def _listen(self) -> None:
        """Wait a moment for a beat or a death."""
        alive = [worker for worker in self._places if worker]
        waited: list[Connection | int] = [worker.fork.sentinel for worker in alive]
        waited += [worker.pulse for worker in alive]
        if not waited:
            time.sleep(_LOOK_SECONDS)
            return
        ready = connection.wait(waited, _LOOK_SECONDS)
        for worker in alive:
            if worker.pulse in ready:
                _hear(worker)
        if not self._announced and all(worker and worker.serving for worker in self._places):
            self._announced = True
            self._started()

    def _judge(self) -> None:
        """Bury the dead, and kill those that are as good as dead."""
        for place, worker in enumerate(self._places):
            if worker is None:
                continue
            if worker.fork.is_alive() and worker.silent:
                log.error("worker_silent", pid=worker.fork.pid)
                worker.fork.kill()
                worker.fork.join()
            if not worker.fork.is_alive():
                self._bury(place, worker)

    def _bury(self, place: int, worker: _Worker) -> None:
        log.warning("worker_ended", pid=worker.fork.pid, code=worker.fork.exitcode)
        self._forget(worker)
        self._places[place] = None
        if not self._announced and not worker.serving:
            # Nobody has been promised anything yet: whoever started us shall know that it is wrong.
            self._ending = True
        now = time.monotonic()
        short = now - worker.begun < _SHORT_LIFE
        self._rests[place] = min(max(2 * self._rests[place], 0.5), _LONGEST_REST) if short else 0.0
        self._due[place] = now + self._rests[place]

    def _renew(self) -> None:
        """Put a new worker into each place; the old one goes when the new one serves."""
        self._renewing = False
        for place, old in enumerate(self._places):
            new = self._begin(place)
            while new.fork.is_alive() and not new.serving and not new.silent:
                if new.pulse.poll(_LOOK_SECONDS):
                    _hear(new)
            if not new.serving or self._ending:
                log.error("worker_not_renewed", pid=new.fork.pid)
                self._stop([new])
                return
            self._places[place] = new
            if old:
                self._stop([old])

    def _end(self) -> None:
        self._stop([worker for worker in self._places if worker])

    def _stop(self, workers: Sequence[_Worker]) -> None:
        """End workers in good order, and those that take too long without it."""
        for worker in workers:
            worker.fork.terminate()
        until = time.monotonic() + self._stop_seconds
        for worker in workers:
            worker.fork.join(max(until - time.monotonic(), 0))
            if worker.fork.is_alive():
                log.error("worker_not_ended", pid=worker.fork.pid)
                worker.fork.kill()
                worker.fork.join()
            self._forget(worker)

    def _forget(self, worker: _Worker) -> None:
        if worker.fork.pid is not None:
            self._buried(worker.fork.pid)
        worker.pulse.close()
        worker.fork.close()


def _live(work: Work, pulse: Connection, parent: int) -> None:
    """Do the work in a process of its own."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    os.set_blocking(pulse.fileno(), False)

    def beat() -> bool:
        # Whether anybody hears it shows elsewhere: who has lost its parent belongs to another.
        with suppress(OSError):
            pulse.send_bytes(b".")
        return os.getppid() == parent

    work(beat)


def _hear(worker: _Worker) -> None:
    try:
        while worker.pulse.poll():
            worker.pulse.recv_bytes()
            worker.heard = time.monotonic()
            worker.serving = True
    except EOFError:
        worker.fork.join(_LOOK_SECONDS)


@contextmanager
def figures() -> Iterator[Path]:
    """Lend a folder in which processes put their figures together."""
    folder = tempfile.mkdtemp(prefix="anju-figures-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
