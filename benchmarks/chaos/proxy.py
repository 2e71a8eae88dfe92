"""A bad line: a TCP proxy that cuts, slows, freezes and swallows on command.

One stands before PostgreSQL and one before Redis. What a proxy can do and a signal cannot: let a
COMMIT through and lose its answer, so that nobody knows what became of it.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

__all__ = ["Manner", "Proxy"]

_CHUNK: Final = 64 * 1024
_READ_SECONDS: Final = 0.3
_LINGER: Final = struct.pack("ii", 1, 0)
"""Closing then resets the connection instead of ending it."""


class Manner(StrEnum):
    """How the line behaves."""

    FAIR = "fair"
    REFUSE = "refuse"
    """New connections are reset at once, and so are those that stand."""
    FREEZE = "freeze"
    """Everything stays open and nothing gets through: half-open."""
    MUTE = "mute"
    """What is asked arrives; no answer comes back: one direction is lost."""
    SLOW = "slow"
    """Every answer waits."""


@dataclass(eq=False, slots=True)
class _Pair:
    """The two ends of one connection through us."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    cut_after: Callable[[bytes], bool] | None = None
    swallowing: bool = False

    def reset(self) -> None:
        """Break both ends without a word."""
        for end in (self.client, self.server):
            door = end.get_extra_info("socket")
            if door is not None:
                with suppress(OSError, ValueError):  # it is gone already
                    door.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            end.transport.abort()


@dataclass(eq=False)
class Proxy:
    """Listens on a port of this machine and passes on to another."""

    target: int
    port: int = 0
    manner: Manner = Manner.FAIR
    delay_seconds: float = 0.0
    swallowed: int = 0
    held: list[int] = field(default_factory=list)
    """From which port each request came that lay on the line."""
    _pairs: set[_Pair] = field(default_factory=set)
    _fair: asyncio.Event = field(default_factory=asyncio.Event)
    _swallow: tuple[bytes, ...] = ()
    _hold: tuple[bytes, ...] = ()
    _hold_seconds: float = 0.0
    _server: asyncio.Server | None = None

    @classmethod
    async def before(cls, target: int) -> Self:
        """Open a proxy before a port."""
        proxy = cls(target)
        proxy._fair.set()
        proxy._server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0, backlog=512)
        proxy.port = proxy._server.sockets[0].getsockname()[1]
        return proxy

    def behave(self, manner: Manner, *, delay_seconds: float = 0.0) -> None:
        """Change the manner, for connections that stand and for new ones."""
        self.manner, self.delay_seconds = manner, delay_seconds
        if manner in {Manner.FREEZE, Manner.MUTE}:
            self._fair.clear()
        else:
            self._fair.set()
        if manner is Manner.REFUSE:
            self.cut()

    def cut(self) -> None:
        """Reset every connection that stands; new ones are welcome."""
        for pair in tuple(self._pairs):
            pair.reset()

    def swallow_after(self, *words: bytes) -> None:
        """Let the next request that holds any of these through, and lose its answer for ever.

        The connection is reset when the answer comes: what was asked has been done by then.
        Without words nothing is swallowed any more.
        """
        self._swallow = words

    def hold(self, *words: bytes, seconds: float = 0.0) -> None:
        """Let the next request that holds any of these lie for a while, then pass it on.

        It arrives whatever has become of whoever asked, as packets do; everything else goes past.
        Without words nothing is held any more.
        """
        self._hold, self._hold_seconds = words, seconds

    async def aclose(self) -> None:
        """Close everything."""
        if self._server:
            self._server.close()
        self.cut()

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self.manner is Manner.REFUSE:
            _Pair(client, client).reset()
            return
        try:
            answers, server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _Pair(client, client).reset()
            return
        pair = _Pair(client, server)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._ask(reader, server, pair))
                both.create_task(self._answer(answers, client, pair))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._pairs.discard(pair)
            pair.reset()

    async def _ask(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, pair: _Pair
    ) -> None:
        while asked := await reader.read(_CHUNK):
            if self.manner is Manner.FREEZE:
                await self._fair.wait()
            if any(words in asked for words in self._swallow):
                self._swallow, pair.swallowing = (), True
            if any(words in asked for words in self._hold):
                await self._pass_on_late(asked, pair)
                continue
            server.write(asked)
            await server.drain()
        raise ConnectionResetError

    async def _pass_on_late(self, asked: bytes, pair: _Pair) -> None:
        self._hold = ()
        self.held.append(pair.client.get_extra_info("peername")[1])
        await asyncio.sleep(self._hold_seconds)
        pair.server.write(asked)
        await pair.server.drain()
        # Who asked may be long gone; what was asked is to be read before the line goes, too.
        await asyncio.sleep(_READ_SECONDS)

    async def _answer(
        self, answers: asyncio.StreamReader, client: asyncio.StreamWriter, pair: _Pair
    ) -> None:
        while answer := await answers.read(_CHUNK):
            if pair.swallowing:
                self.swallowed += 1
                raise ConnectionResetError
            if self.manner is Manner.SLOW:
                await asyncio.sleep(self.delay_seconds)
            await self._fair.wait()
            client.write(answer)
            await client.drain()
        raise ConnectionResetError
