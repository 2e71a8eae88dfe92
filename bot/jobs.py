"""Work that no message asks for: in this process, while it serves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from bot.wiring import Resources

__all__ = ["jobs"]

_SWEEP_SECONDS: Final = 15 * 60

log = structlog.get_logger(__name__)


@asynccontextmanager
async def jobs(house: Resources) -> AsyncIterator[None]:
    """Run the jobs for as long as the block lasts."""
    sweeping = asyncio.create_task(_every(_SWEEP_SECONDS, house))
    try:
        yield
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)


async def _every(seconds: float, house: Resources) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await house.sweep()
        except Exception as error:  # noqa: BLE001 (the job loop: one failed round is not the last)
            log.warning("sweep_failed", error=type(error).__name__)
