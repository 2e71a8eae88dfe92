"""The load generator: many kept-alive connections, each sending prebuilt requests one by one.

The timed part only writes bytes and cuts answers off the stream (about 15 µs a request, a fifth
of what the fastest server needs); bodies are kept and judged afterwards, every one.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

__all__ = ["Got", "Lines", "hammer"]

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Got:
    """What came back for one request: how long it took in seconds, the status, the body."""

    sent_at: float
    took: float
    status: int
    body: bytes


@dataclass(slots=True, eq=False)
class _Line(asyncio.Protocol):
    """One connection. ``over`` is told with each answer and sends what comes next."""

    over: Callable[["_Line", Got], None]
    closed: Callable[["_Line", Exception | None], None]
    transport: asyncio.Transport | None = None
    _received: bytearray = field(default_factory=bytearray)
    _sent_at: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # a stream has no other
        """Keep the way to write."""
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Tell that nothing more will come."""
        self.closed(self, error)

    def send(self, request: bytes) -> None:
        """Send one request; its answer must come before the next."""
        assert self.transport  # noqa: S101 (sent after connecting)
        self._sent_at = time.perf_counter()
        self.transport.write(request)

    def close(self) -> None:
        """Hang up."""
        assert self.transport  # noqa: S101 (closed after connecting)
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Cut one whole answer off the stream."""
        self._received += data
        head_end = self._received.find(_HEAD_END)
        if head_end < 0:
            return
        head = bytes(self._received[:head_end]).lower()
        at = head.index(_LENGTH) + len(_LENGTH)
        length = int(head[at : (head + b"\r").index(b"\r", at)])
        whole = head_end + len(_HEAD_END) + length
        if len(self._received) < whole:
            return
        body = bytes(self._received[head_end + len(_HEAD_END) : whole])
        del self._received[:whole]
        status = int(head[9:12])
        took = time.perf_counter() - self._sent_at
        self.over(self, Got(self._sent_at, took, status, body))


@dataclass(slots=True)
class _Hammer:
    """Several queues of requests, each on its own connection, each request after an answer."""

    queues: list[Sequence[bytes]]
    got: list[list[Got]]
    lines: dict[_Line, int] = field(default_factory=dict)
    left: int = 0
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def over(self, line: _Line, got: Got) -> None:
        number = self.lines[line]
        answers, queue = self.got[number], self.queues[number]
        answers.append(got)
        if len(answers) < len(queue):
            line.send(queue[len(answers)])
            return
        self.left -= 1
        if not self.left:
            self.done.set_result(None)

    def closed(self, line: _Line, error: Exception | None) -> None:
        if len(self.got[self.lines[line]]) < len(self.queues[self.lines[line]]):
            fault = error or ConnectionError("the server hung up")
            if not self.done.done():
                self.done.set_exception(fault)


async def hammer(port: int, queues: list[Sequence[bytes]]) -> tuple[float, list[list[Got]]]:
    """Send every queue over a connection of its own, as fast as answers come.

    Returns
    -------
    tuple[float, list[list[Got]]]
        Seconds from the first request to the last answer, and for each queue the answers in the
        order of its requests.
    """
    run = _Hammer(list(queues), [[] for _ in queues])
    loop = asyncio.get_running_loop()
    for number in range(len(queues)):
        _, line = await loop.create_connection(
            lambda: _Line(run.over, run.closed), port=port, host="127.0.0.1"
        )
        run.lines[line] = number
    run.left = len(queues)
    begun = time.perf_counter()
    for line, number in run.lines.items():
        line.send(run.queues[number][0])
    await run.done
    took = time.perf_counter() - begun
    for line in run.lines:
        line.close()
    return took, run.got


class Lines:
    """Connections for requests that come when they come: as many as are needed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Line] = []
        self._asked: dict[_Line, asyncio.Future[Got]] = {}

    async def ask(self, request: bytes) -> Got:
        """Send a request over a connection that nobody uses; return its answer."""
        line = self._idle.pop() if self._idle else await self._connect()
        answer = asyncio.get_running_loop().create_future()
        self._asked[line] = answer
        line.send(request)
        return await answer

    def close(self) -> None:
        """Hang up."""
        for line in self._idle:
            line.close()

    async def _connect(self) -> _Line:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(
            lambda: _Line(self._over, self._closed), host="127.0.0.1", port=self._port
        )
        return line

    def _over(self, line: _Line, got: Got) -> None:
        self._idle.append(line)
        self._asked.pop(line).set_result(got)

    def _closed(self, line: _Line, error: Exception | None) -> None:
        if line in self._idle:
            self._idle.remove(line)
        if line in self._asked:
            self._asked.pop(line).set_exception(error or ConnectionError("the server hung up"))
