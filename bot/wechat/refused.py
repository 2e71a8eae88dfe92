"""Refused calls at the callback are written down, at most one row a second, whoever calls.

What is refused costs its caller nothing, so it must cost us little: calls are counted in memory,
by their kind, and a single task writes the counts one after the other. A good call costs nothing.
"""

import asyncio
from dataclasses import replace
from typing import Final

import structlog

from bot.wiring import Resources
from domain.shared.errors import DomainError
from domain.shared.refusals import Refusal

__all__ = ["RefusedCalls"]

_BETWEEN_SECONDS: Final = 1.0
_KINDS: Final = 32
"""How many kinds may wait: there are about ten, and no caller can invent one."""

log = structlog.get_logger(__name__)


class RefusedCalls:
    """Counts refusals and writes them down. Ended by `aclose`.

    Parameters
    ----------
    house
        Where they are kept, and the time.
    between_seconds
        How long one row waits for the one before.
    """

    def __init__(self, house: Resources, *, between_seconds: float = _BETWEEN_SECONDS) -> None:
        self._house = house
        self._between = between_seconds
        self._waiting: dict[tuple[str, int], Refusal] = {}
        self._writer: asyncio.Task[None] | None = None

    def note(self, kind: str, status: int) -> None:
        """Count a refused call; never waits, never raises."""
        known = self._waiting.get((kind, status))
        if known is None and len(self._waiting) >= _KINDS:
            return
        now = self._house.clock.now()
        self._waiting[kind, status] = (
            replace(known, at=now, times=known.times + 1) if known else Refusal(now, kind, status)
        )
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())

    async def aclose(self) -> None:
        """Write what waits, at once, and end."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        while self._waiting:
            await self._write_one()

    async def _write_all(self) -> None:
        while self._waiting:
            await self._write_one()
            await asyncio.sleep(self._between)

    async def _write_one(self) -> None:
        refusal = self._waiting.pop(next(iter(self._waiting)))
        try:
            async with self._house.open_work() as work:
                await work.refusals.add(refusal)
                await work.commit()
        except DomainError as error:
            log.warning("refusal_not_written", error=type(error).__name__)
