"""What the bell hangs on: taskiq, in this process or through Redis.

Loaded when the bell is first rung or listened for: with what it brings along it takes 8 MB, and
most processes only answer citizens who look around.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from taskiq import InMemoryBroker
from taskiq.abc.broker import AsyncBroker
from taskiq.exceptions import SendTaskError
from taskiq.receiver import Receiver

from bot.settings import Settings

__all__ = ["TASK", "Rope"]

TASK: Final = "anju:wake"
"""By this name rings are known, whatever release hung the bell."""


_LAST_SECONDS: Final = 5.0
"""How long a wait for the next ring may go on when nobody listens any more."""


class Rope:
    """Carries rings to whoever listens, here or in a worker.

    Parameters
    ----------
    wake
        Called for each ring that arrives here.
    """

    def __init__(self, settings: Settings, wake: Callable[[], None]) -> None:
        async def woken() -> None:
            wake()

        self._broker = _broker(settings)
        self._task = self._broker.register_task(woken, task_name=TASK)

    async def pull(self) -> None:
        """Ring; a ring that gets lost is made good by the next sweep."""
        with suppress(SendTaskError):
            await self._task.kiq()

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """Hear what others ring, for as long as the block lasts."""
        if isinstance(self._broker, InMemoryBroker):
            yield
            return
        self._broker.is_worker_process = True
        end = asyncio.Event()
        receiver = Receiver(self._broker, max_async_tasks=1)
        ear = asyncio.create_task(receiver.listen(end))
        try:
            yield
        finally:
            end.set()
            await asyncio.wait({ear}, timeout=_LAST_SECONDS)
            ear.cancel()

    async def aclose(self) -> None:
        """Take it down."""
        await self._broker.shutdown()


def _broker(settings: Settings) -> AsyncBroker:
    if settings.redis.url:
        from adapters.redis.bell import StreamBroker  # noqa: PLC0415 (only where it is used)

        return StreamBroker(settings.redis.url)
    return InMemoryBroker(await_inplace=True, max_async_tasks=1)
