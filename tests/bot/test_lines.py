"""Connections that do not come to the point are ended; the others notice nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from bot import serving

_SOON = 0.1
_SECONDS = 10


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("ok")(scope, receive, send)


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Listen as the service does, with little patience."""
    monkeypatch.setattr(serving, "_HEAD_SECONDS", _SOON)
    config = uvicorn.Config(_app, http=serving.Line, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: serving.Line(config, state, {}), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()
    for line in list(state.connections):
        line.transport.abort()


async def answered(port: int, *parts: bytes, pause: float = 0) -> bytes:
    """Send parts of a request and return everything that comes until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(pause)
    async with asyncio.timeout(_SECONDS):
        told = await reader.read()
    writer.close()
    return told


REQUEST = b"GET / HTTP/1.1\r\nHost: anju\r\nConnection: close\r\n\r\n"


async def test_a_request_is_answered(port: int) -> None:
    assert b"ok" in await answered(port, REQUEST)


async def test_who_says_nothing_is_hung_up_on(port: int) -> None:
    assert await answered(port) == b""


async def test_who_never_ends_the_head_is_hung_up_on(port: int) -> None:
    assert await answered(port, REQUEST[:-2]) == b""


async def test_so_is_who_does_it_at_the_second_request(port: int) -> None:
    first = b"GET / HTTP/1.1\r\nHost: anju\r\n\r\n"
    told = await answered(port, first + REQUEST[:20])
    assert told.count(b"HTTP/1.1 200") == 1


async def test_a_head_longer_than_any_that_is_meant_for_us_is_refused(port: int) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 500) for number in range(40))
    told = await answered(port, b"GET / HTTP/1.1\r\nHost: anju\r\n" + many + b"\r\n")
    assert told.startswith(b"HTTP/1.1 400")


async def test_so_is_a_target(port: int) -> None:
    told = await answered(port, b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: anju\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 400")
