"""An event loop whose time is a number and whose choices are dice: the same seed, the same run.

Nothing here waits: when nobody can go on, the time jumps to whoever is due next. Of those who can
go on at once, the seed chooses who goes first. No thread and no socket exists in such a loop.

The idea is FoundationDB's simulator.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeVar

from domain.content.search import index_of

__all__ = ["SimulatedLoop", "StuckError", "run"]

_T = TypeVar("_T")

_MOST_STEPS: Final = 2_000_000


class StuckError(Exception):
    """Nobody can go on, and nobody ever will; or they go on for ever without getting anywhere."""


class _Leap:
    """Stands where a loop keeps its selector: instead of waiting, it moves the time."""

    def __init__(self, loop: "SimulatedLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[object]:
        """Let so many seconds pass at once."""
        if timeout is None:
            raise StuckError("everybody waits for somebody else")
        self._loop.moment += timeout
        return []

    def close(self) -> None:
        """Nothing is open."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """A loop on virtual time; ``moment`` is in seconds from its beginning."""

    _ready: deque[asyncio.Handle]

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.moment = 0.0
        self._dice = dice
        self._selector = _Leap(self)
        self._clock_resolution = 1e-9
        self._steps = 0
        self._graves: list[asyncio.Future[None]] = []
        self._over = False

    async def forever(self) -> None:
        """Never return, until all is over."""
        if self._over:
            raise asyncio.CancelledError
        grave: asyncio.Future[None] = self.create_future()
        self._graves.append(grave)
        await grave

    def end(self) -> None:
        """Let those go who wait for ever."""
        self._over = True
        for grave in self._graves:
            grave.cancel()

    def time(self) -> float:
        """Return the seconds since the beginning."""
        return self.moment

    def _process_events(self, event_list: object) -> None:
        """No event ever comes from outside."""

    def _write_to_self(self) -> None:
        """Nobody outside could wake it."""

    def _run_once(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise StuckError("they go on without end")
        # Which of them goes first is nobody's promise, so that nothing may rest on it.
        waiting = list(self._ready)
        self._dice.shuffle(waiting)
        self._ready.clear()
        self._ready.extend(waiting)
        super()._run_once()  # type: ignore[misc] # asyncio's own, untyped

    def run_in_executor(self, _: object, job: Any, *more: object) -> Any:
        """Refuse threads: they obey no dice. What only reckons is reckoned at once."""
        if isinstance(job, partial) and job.args[:1] == (index_of,):
            done = self.create_future()
            done.set_result(job())
            return done
        raise RuntimeError("a simulated turn must not leave the loop")


def run(main: Callable[[SimulatedLoop], Coroutine[Any, Any, _T]], dice: random.Random) -> _T:
    """Run a coroutine to its end on a loop of its own, then let go of whatever still waits."""
    loop = SimulatedLoop(dice)
    loop.set_exception_handler(lambda _, __: None)
    try:
        return loop.run_until_complete(main(loop))
    finally:
        _let_go(loop)
        loop.close()


def _let_go(loop: SimulatedLoop) -> None:
    loop.end()
    while left := asyncio.all_tasks(loop):
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
