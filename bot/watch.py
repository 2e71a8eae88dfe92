"""Watching: every message's course is counted and traced, and changes elsewhere are looked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from time import perf_counter
from typing import Final, TypeAlias

import structlog

from bot import metrics
from bot.course import Course, Outcome, begin
from bot.traces import Traces
from bot.wechat.render import Bubble
from bot.wechat.wire import Delivery
from bot.wiring import VERSION, Resources
from domain.shared.errors import UnavailableError
from domain.shared.pushes import PushState

__all__ = ["LOOK_SECONDS", "looking", "store_of", "watched"]

LOOK_SECONDS: Final = 0.4
"""How long another process's change of plans or texts may stay unseen here."""

_LAST_LOOK_SECONDS: Final = 2.0
_OUTBOX_LOOKS: Final = 25
"""What is to leave is counted at every so many looks: about every ten seconds."""

_STORES: Final = {
    "aiosqlite": "records",
    "asyncpg": "records",
    "redis": "conversations",
    "sqlalchemy": "records",
    "sqlite3": "records",
}

Answer: TypeAlias = Callable[[Delivery], Awaitable[Bubble]]

log = structlog.get_logger(__name__)


def watched(answer: Answer, traces: Traces | None) -> Answer:
    """Return the same answering, with each message's course noted."""

    async def watching(delivery: Delivery) -> Bubble:
        kind = delivery.said.kind.value
        course = begin(kind)
        metrics.heard(kind)
        end = traces.begin(course) if traces else None
        started = perf_counter()
        try:
            return await answer(delivery)
        except BaseException as error:
            _note(course, error)
            raise
        finally:
            metrics.turned(course, perf_counter() - started)
            if end:
                end()

    return watching


def _note(course: Course, error: BaseException) -> None:
    silent = isinstance(error, UnavailableError)
    course.outcome = Outcome.UNAVAILABLE if silent else Outcome.FAULT
    if silent:
        metrics.store_failed(store_of(error))


def store_of(error: BaseException) -> str:
    """Tell who was silent: records, conversations, or somebody outside."""
    while error.__cause__ is not None:
        error = error.__cause__
    return _STORES.get(type(error).__module__.partition(".")[0], "outside")


@asynccontextmanager
async def looking(
    house: Resources, running: Callable[[], int] = lambda: 0, *, outbox: bool = False
) -> AsyncIterator[None]:
    """Look around for as long as the block lasts.

    Parameters
    ----------
    running
        Tells how many turns are under way.
    outbox
        Whether to count what is to leave as well: whoever sends it does.
    """
    ending = asyncio.Event()
    task = asyncio.create_task(_look(house, running, ending, outbox=outbox))
    try:
        yield
    finally:
        # Called off in the middle of a look, it would leave its connection behind.
        ending.set()
        await asyncio.wait({task}, timeout=_LAST_LOOK_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _look(
    house: Resources, running: Callable[[], int], ending: asyncio.Event, *, outbox: bool
) -> None:
    silent = False
    for looked in count(1):
        metrics.sample(version=VERSION, running=running())
        try:
            await house.look()
            if outbox and looked % _OUTBOX_LOOKS == 0:
                await _count_outbox(house)
        except Exception as error:  # noqa: BLE001 (a round that failed is not the last)
            if not silent:
                log.warning("records_silent", error=type(error).__name__)
                metrics.store_failed(store_of(error))
            silent = True
        else:
            if silent:
                log.info("records_back")
            silent = False
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await ending.wait()
        if ending.is_set():
            return


async def _count_outbox(house: Resources) -> None:
    async with house.open_work() as work:
        tally = await work.pushes.tally()
    metrics.outbox(waiting=tally.get(PushState.WAITING, 0), parked=tally.get(PushState.PARKED, 0))
