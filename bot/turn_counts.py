"""Messages a day and what happened at each question, written down every few seconds.

A message itself costs nothing for it: each process adds what it took since it last did, and once
more before it ends. What one took that is killed is not counted: these are figures, not records.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from bot import metrics
from bot.passages import Passages
from bot.wiring import Resources
from domain.shared.clock import china_time

__all__ = ["EVERY_SECONDS", "add_up", "counting"]

EVERY_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def counting(house: Resources, passages: Passages) -> AsyncIterator[None]:
    """Count for as long as the block lasts."""
    ending = asyncio.Event()
    task = asyncio.create_task(_count(house, passages, ending, metrics.taken()))
    try:
        yield
    finally:
        # Called off in the middle of a write, it would leave its connection behind.
        ending.set()
        await asyncio.gather(task, return_exceptions=True)


async def add_up(house: Resources, since: int) -> int:
    """Write down how many messages came since there were so many; return how many there are."""
    taken = metrics.taken()
    if taken > since:
        async with house.open_work() as work:
            today = china_time(house.clock.now()).date()
            await work.turn_counts.add(today, taken - since)
            await work.commit()
    return taken


async def _count(house: Resources, passages: Passages, ending: asyncio.Event, written: int) -> None:
    while not ending.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY_SECONDS):
                await ending.wait()
        try:
            written = await add_up(house, written)
            await passages.keep(house)
        except Exception as error:  # noqa: BLE001 (the job loop: one failed round is not the last)
            log.warning("turns_not_counted", error=type(error).__name__)
