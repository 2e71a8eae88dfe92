"""The bell that is rung when something to be told was written down.

It saves waiting, no more: whoever misses it finds the work at the next sweep.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

from bot.settings import Settings

__all__ = ["Bell"]


class _Rope(Protocol):
    """What it hangs on."""

    async def pull(self) -> None: ...

    def heard(self) -> AbstractAsyncContextManager[None]: ...

    async def aclose(self) -> None: ...


class Bell:
    """Wakes whoever sends pushes, in this process or in a worker. Ended by `aclose`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._woken = asyncio.Event()
        self._rope: _Rope | None = None
        self._hanging = asyncio.Lock()
        self._due = False
        self._ringer: asyncio.Task[None] | None = None

    @classmethod
    def open(cls, settings: Settings) -> "Bell":
        """Hang it: through Redis where there is one, else in this process."""
        return cls(settings)

    def ring(self) -> None:
        """Ring, without waiting; what is rung while a ring is under way is one ring more."""
        self._due = True
        if self._ringer is None or self._ringer.done():
            self._ringer = asyncio.create_task(self._ring())

    async def wait(self, seconds: float) -> None:
        """Return when it rings, or after so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what others ring, for as long as the block lasts."""
        async with (await self._hung()).heard():
            yield

    def wake(self) -> None:
        """Let whoever waits here go on."""
        self._woken.set()

    async def aclose(self) -> None:
        """Take it down."""
        if self._ringer is not None:
            self._ringer.cancel()
            await asyncio.gather(self._ringer, return_exceptions=True)
        if self._rope is not None:
            await self._rope.aclose()

    async def _ring(self) -> None:
        rope = await self._hung()
        while self._due:
            self._due = False
            await rope.pull()

    async def _hung(self) -> _Rope:
        """Return the rope, hung when it is first needed, while citizens go on being answered."""
        async with self._hanging:
            if self._rope is None:
                self._rope = await asyncio.to_thread(_rope, self._settings, self.wake)
        return self._rope


def _rope(settings: Settings, wake: Callable[[], None]) -> _Rope:
    from bot.wiring.rope import Rope  # noqa: PLC0415 (8 MB, and few processes need them at once)

    return Rope(settings, wake)
