"""The bad line does what it is told, and nothing else."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from benchmarks.chaos.proxy import Manner, Proxy


@pytest.fixture
def heard() -> list[bytes]:
    return []


@pytest.fixture
async def proxy(heard: list[bytes]) -> AsyncIterator[Proxy]:
    """Stands before a server that answers «yes» to every line."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                heard.append(line)
                writer.write(b"yes\n")
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    line = await Proxy.before(server.sockets[0].getsockname()[1])
    yield line
    await line.aclose()
    server.close()


async def asked(proxy: Proxy, words: bytes = b"well?\n") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(words)
        async with asyncio.timeout(0.2):
            return await reader.readline()
    finally:
        writer.close()


async def test_a_fair_line_passes_everything_on(proxy: Proxy) -> None:
    assert await asked(proxy) == b"yes\n"


async def test_a_refusing_line_resets_whoever_comes(proxy: Proxy) -> None:
    proxy.behave(Manner.REFUSE)
    with pytest.raises(ConnectionError):
        await asked(proxy)
    proxy.behave(Manner.FAIR)
    assert await asked(proxy) == b"yes\n"


@pytest.mark.parametrize(("manner", "arrives"), [(Manner.FREEZE, False), (Manner.MUTE, True)])
async def test_a_line_may_be_half_open(
    proxy: Proxy, heard: list[bytes], manner: Manner, *, arrives: bool
) -> None:
    proxy.behave(manner)
    with pytest.raises(TimeoutError):
        await asked(proxy)
    assert bool(heard) is arrives


async def test_a_swallowed_answer_was_asked_for_all_the_same(
    proxy: Proxy, heard: list[bytes]
) -> None:
    proxy.swallow_after(b"COMMIT")
    assert await asked(proxy, b"BEGIN\n") == b"yes\n"
    with pytest.raises(ConnectionError):
        await asked(proxy, b"COMMIT\n")
    assert heard == [b"BEGIN\n", b"COMMIT\n"]
    assert await asked(proxy, b"COMMIT\n") == b"yes\n"


async def test_what_lay_on_the_line_arrives_though_its_sender_is_gone(
    proxy: Proxy, heard: list[bytes]
) -> None:
    proxy.hold(b"COMMIT", seconds=0.4)
    with pytest.raises(TimeoutError):
        await asked(proxy, b"COMMIT\n")
    assert await asked(proxy, b"COMMIT AGAIN\n") == b"yes\n"
    assert (len(proxy.held), heard) == (1, [b"COMMIT AGAIN\n"])
    while len(heard) < 2:  # noqa: ASYNC110 (the line tells nobody)
        await asyncio.sleep(0.02)
    assert heard == [b"COMMIT AGAIN\n", b"COMMIT\n"]
