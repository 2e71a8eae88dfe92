"""A doorbell: a bounded Redis stream as taskiq's broker, on one server, Sentinel and Cluster alike.

Rings are not acknowledged and so never pend: whoever is rung for and does not come is found out by
the sweep over the records, which is what is relied on. So a ring may be lost, with Redis itself or
with the worker that took it, and nothing needs to be recovered.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import structlog
from redis.exceptions import RedisClusterException, RedisError, ResponseError
from taskiq import BrokerMessage
from taskiq.abc.broker import AsyncBroker

from adapters.redis.client import Client, client_for, close
from domain.shared.errors import UnavailableError

__all__ = ["KEPT_RINGS", "STREAM", "StreamBroker"]

STREAM: Final = "anju:bell"
KEPT_RINGS: Final = 1000
"""How long the stream grows, give or take a node of it."""

_GROUP: Final = "workers"
_CONSUMER: Final = "worker"
"""One name for all: without pending rings it tells nobody apart, and none is left behind."""

_TASK: Final = b"task"
_BLOCK_MS: Final = 2000
_LISTEN_SECONDS: Final = 4.0
_REST_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class StreamBroker(AsyncBroker):
    """Hands each task to one of the workers that listen at the moment or soon will.

    Parameters
    ----------
    url
        As `client_for` takes it.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._ringing = client_for(url)

    async def kick(self, message: BrokerMessage) -> None:
        """Append a task to the stream; `UnavailableError` if Redis does not answer."""
        try:
            await self._ringing.xadd(
                STREAM, {_TASK: message.message}, maxlen=KEPT_RINGS, approximate=True
            )
        except (RedisError, RedisClusterException, OSError) as error:
            raise UnavailableError(type(error).__name__) from error

    async def listen(self) -> AsyncGenerator[bytes, None]:
        """Yield tasks as they come, for ever; wait where Redis is away."""
        listening = client_for(self._url, seconds=_LISTEN_SECONDS)
        silent = False
        try:
            while True:
                try:
                    tasks = await self._heard(listening)
                except (RedisError, RedisClusterException, OSError) as error:
                    _be_called_off(error)
                    if not silent:
                        log.warning("bell_silent", error=type(error).__name__)
                    silent = True
                    await asyncio.sleep(_REST_SECONDS)
                    continue
                silent = False
                for task in tasks:
                    yield task
        finally:
            await close(listening)

    async def shutdown(self) -> None:
        """Hang up."""
        await super().shutdown()
        await close(self._ringing)

    async def _heard(self, listening: Client) -> list[bytes]:
        try:
            streams: Any = await listening.xreadgroup(
                _GROUP, _CONSUMER, {STREAM: ">"}, count=KEPT_RINGS, block=_BLOCK_MS, noack=True
            )
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            # At the first start, and after a Redis that lost everything.
            await listening.xgroup_create(STREAM, _GROUP, id="0", mkstream=True)
            return []
        return [entry[_TASK] for _, entries in streams or () for _, entry in entries]


def _be_called_off(error: BaseException) -> None:
    """End where we were called off in the very moment in which a wait ran out.

    The client tells of a wait that ran out even then; going on would mean to listen for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error
