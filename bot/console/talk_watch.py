"""Telling agents' pages at once that something has changed, whichever process changed it.

The records are looked at, no more than twice a second for all pages of a process together: that
needs nothing between hosts that could be silent, and no page is ever wrong for longer.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import orjson
from fastapi import Request

from bot.wiring import Resources
from domain.escalation.handovers import AWAY_AFTER
from domain.shared.errors import UnavailableError

__all__ = ["Watch", "events"]

_LOOK_SECONDS: Final = 0.5
_BEAT_SECONDS: Final = 10.0
_LIFE_SECONDS: Final = 240.0
"""After which a page asks anew: whoever has been signed out meanwhile hears nothing more."""


class Watch:
    """What stands in the records, as one process last saw it."""

    def __init__(self, house: Resources) -> None:
        self._house = house
        self._looked_at = -_LOOK_SECONDS
        self._seen = b""
        self._looking = asyncio.Lock()

    async def seen(self) -> bytes:
        """Return what pages compare: every live talk with its stamp, and who looks at what."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() - self._looked_at >= _LOOK_SECONDS:
                self._seen = await self._look()
                self._looked_at = loop.time()
        return self._seen

    async def _look(self) -> bytes:
        now = self._house.clock.now()
        async with self._house.open_work() as work:
            stamps = await work.handovers.stamps()
            here = await work.handovers.here(since=now - AWAY_AFTER)
        present = [[one.agent, one.looking_at, one.types(now)] for one in here]
        return orjson.dumps({"stamps": stamps, "here": present})


async def events(request: Request, watch: Watch) -> AsyncIterator[bytes]:
    """Yield server-sent events: what has changed, and a sign of life in between."""
    loop = asyncio.get_running_loop()
    # Whoever does not ask for a stream, as browsers' event sources do, is told once.
    streams = "text/event-stream" in request.headers.get("accept", "")
    ends_at, beats_at, told = loop.time() + _LIFE_SECONDS * streams, 0.0, b""
    yield b"retry: 1000\n\n"
    if not streams:
        yield _changed(await watch.seen())
    while loop.time() < ends_at and request.app.state.ready and not await request.is_disconnected():
        try:
            seen = await watch.seen()
        except UnavailableError:
            seen = told
        if seen != told:
            told, beats_at = seen, loop.time() + _BEAT_SECONDS
            yield _changed(seen)
        elif loop.time() >= beats_at:
            beats_at = loop.time() + _BEAT_SECONDS
            yield b"event: beat\ndata: \n\n"
        await asyncio.sleep(_LOOK_SECONDS)


def _changed(seen: bytes) -> bytes:
    return b"event: changed\ndata: " + seen + b"\n\n"
