"""Looking for work, again and again, for as long as a process lives."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from bot.jobs.desk import attend
from bot.jobs.exports import EXPORT_LOOK_SECONDS, make_exports
from bot.jobs.notices import NOTICE_JOBS
from bot.jobs.outbox import deliver
from bot.jobs.schedule import JOBS, run_due
from bot.wiring import Resources

__all__ = ["LOOK_SECONDS", "jobs"]

LOOK_SECONDS: Final = 5.0
"""How long work may lie that nobody was rung for."""

_LAST_SECONDS: Final = 10.0
"""How long work under way may take when we are told to end."""

log = structlog.get_logger(__name__)


@asynccontextmanager
async def jobs(house: Resources) -> AsyncIterator[None]:
    """Do what is due for as long as the block lasts; then end what is under way, and no more.

    A file that is being written is left to whoever comes next.
    """
    ending = asyncio.Event()

    def going() -> bool:
        return not ending.is_set()

    async def outbox() -> None:
        await house.bell.wait(LOOK_SECONDS)
        if going():
            await deliver(house, going)

    async def schedule() -> None:
        due = (*JOBS, *NOTICE_JOBS)
        await _after(LOOK_SECONDS, ending, lambda: attend(house))
        if going():
            await run_due(house, due)

    async def exports() -> None:
        await _after(EXPORT_LOOK_SECONDS, ending, lambda: make_exports(house, going))

    async with house.bell.listening():
        rounds = [
            asyncio.create_task(_rounds(outbox, going, "outbox_failed")),
            asyncio.create_task(_rounds(schedule, going, "schedule_failed")),
            asyncio.create_task(_rounds(exports, going, "exports_failed")),
        ]
        try:
            yield
        finally:
            ending.set()
            house.bell.wake()
            await asyncio.wait(rounds, timeout=_LAST_SECONDS)
            for one in rounds:
                one.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)


async def _after(
    seconds: float, ending: asyncio.Event, work: Callable[[], Awaitable[object]]
) -> None:
    """Work after so many seconds, unless we are told to end before."""
    await _pause(ending, seconds)
    if not ending.is_set():
        await work()


async def _pause(ending: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until we are told to end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ending.wait()


async def _rounds(
    work: Callable[[], Awaitable[object]], going: Callable[[], bool], fault: str
) -> None:
    while going():
        try:
            await work()
        except Exception as error:  # noqa: BLE001 (the job loop: one failed round is not the last)
            log.warning(fault, error=type(error).__name__)
