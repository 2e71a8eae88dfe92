"""Work that no message asks for: in this process, while it serves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from bot.wiring import Resources
from domain.shared.errors import UnavailableError
from domain.shared.notices import Notice

__all__ = ["jobs", "send_notices"]

_SWEEP_SECONDS: Final = 15 * 60
_NOTICE_SECONDS: Final = 5

log = structlog.get_logger(__name__)


@asynccontextmanager
async def jobs(house: Resources) -> AsyncIterator[None]:
    """Run the jobs for as long as the block lasts."""
    running = [
        asyncio.create_task(_every(_SWEEP_SECONDS, house.sweep, "sweep_failed")),
        asyncio.create_task(_every(_NOTICE_SECONDS, lambda: send_notices(house), "notices_failed")),
    ]
    try:
        yield
    finally:
        for job in running:
            job.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def send_notices(house: Resources) -> int:
    """Send the notices that are due, one after another; return how many have left.

    An attempt is counted before the work and for good, so that a notice that breaks its sender
    holds up nobody. One that may have left is sent again rather than lost.

    Source: S0-71, S0-72.
    """
    left = 0
    while notice := await _claimed(house):
        try:
            await house.sms.tell(notice.phone, notice.kind, notice.values)
        except UnavailableError:
            log.warning("notice_not_sent", notice=notice.id, attempts=notice.attempts)
            continue
        async with house.open_work() as work:
            await work.notices.sent(notice.id)
            await work.commit()
        left += 1
    return left


async def _claimed(house: Resources) -> Notice | None:
    async with house.open_work() as work:
        notice = await work.notices.claim(now=house.clock.now())
        await work.commit()
    return notice


async def _every(seconds: float, job: Callable[[], Awaitable[object]], fault: str) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await job()
        except Exception as error:  # noqa: BLE001 (the job loop: one failed round is not the last)
            log.warning(fault, error=type(error).__name__)
