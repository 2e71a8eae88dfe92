"""The started server dies, comes back, and keeps its word.

Every process here is real: its files, its signals, its port.
"""

import asyncio
import re
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr

from bot.main import create_app
from bot.settings import Mode, Security, Settings
from tests.support.platform import Post
from tests.support.started import STEPS, Caller, StartedServer, crowd, refused_start, started

_NUMBER = re.compile(r"DJ\d{15}")
_DEATHS = 10
_BURST = 60
_TALKERS = 4  # none of whom sends so much that they are asked to pause
_ROUNDS = 5


def _number(told: str) -> str:
    found = _NUMBER.search(told)
    assert found, f"no registration was told: {told}"
    return found[0]


async def _prepare(callers: list[Caller]) -> None:
    """Bring citizens before the last «确定»."""
    for caller in callers:
        for step in STEPS:
            await step(caller)


async def test_what_was_told_survives_kill_9_and_nothing_is_done_twice(tmp_path: Path) -> None:
    """One citizen was told a moment before; of another the word may be on its way, or not.

    A turn takes some milliseconds, so the moments of death lie densest there: 0 to 30 ms.
    """
    server = StartedServer(tmp_path, tmp_path / "world.toml")
    callers = crowd(server, 2 * _DEATHS)
    await server.start()
    try:
        await _prepare(callers)
        for moment in range(_DEATHS):
            told, other = callers[2 * moment : 2 * moment + 2]
            number = _number(await told.say("确定"))
            sent = server.platform.text(other.openid, "确定")
            reply = await _killed_after(server, sent, 0.03 * (moment / _DEATHS) ** 2)
            await server.start()
            await _still_true(told, number)
            await _true_now(other, sent, reply)
    finally:
        await server.kill()
    assert _live_registrations(server) == Counter(dict.fromkeys(_filings(server), 1))
    assert len(_filings(server)) == 2 * _DEATHS


async def _killed_after(server: StartedServer, post: Post, seconds: float) -> str:
    """Kill the server so long after a message left; return the reply, ``""`` if none came."""
    answering = asyncio.create_task(server.deliver(post))
    await asyncio.wait({answering}, timeout=seconds)
    await server.kill()
    [outcome] = await asyncio.gather(answering, return_exceptions=True)
    if isinstance(outcome, httpx.TransportError):
        return ""
    assert not isinstance(outcome, BaseException), outcome
    assert outcome
    return outcome.text


async def _still_true(caller: Caller, number: str) -> None:
    assert caller.post
    told = caller.last.text
    assert await caller.send(caller.post) == told  # the platform asks again: the same receipt
    assert await caller.registrations() == [number]
    await caller.say("确定")
    assert await caller.registrations() == [number]


async def _true_now(caller: Caller, sent: Post, reply: str) -> None:
    """Whatever became of the message, the platform sends it again and one registration stands."""
    told = await caller.send(sent)
    assert reply in {"", told}
    assert await caller.registrations() == [_number(told)]
    await caller.say("确定")
    assert await caller.registrations() == [_number(told)]


async def test_a_talk_that_lost_its_last_moments_ends_in_the_same_receipt(tmp_path: Path) -> None:
    """As after a power cut: the records are whole, the talk is where it was before «确定»."""
    server = StartedServer(tmp_path, tmp_path / "world.toml")
    [caller] = crowd(server, 1)
    await server.start()
    try:
        await _prepare([caller])
        await server.kill()
        before = _talks(tmp_path)
        await server.start()
        number = _number(await caller.say("确定"))
        await server.kill()
        _put_back(before)
        await server.start()
        await _still_true(caller, number)
    finally:
        await server.kill()


def _talks(folder: Path) -> dict[Path, bytes]:
    """Return the files of the conversations, and what they hold."""
    talks = {file: file.read_bytes() for file in folder.glob("conversations.db*")}
    assert talks
    return talks


def _put_back(talks: dict[Path, bytes]) -> None:
    for file, content in talks.items():
        file.write_bytes(content)
    for file in next(iter(talks)).parent.glob("conversations.db*"):
        if file not in talks:
            file.unlink()


def _live_registrations(server: StartedServer) -> Counter[str]:
    with closing(sqlite3.connect(server.database)) as records:
        rows = records.execute("SELECT family_id FROM registrations WHERE state = 'registered'")
        return Counter(family for (family,) in rows)


def _filings(server: StartedServer) -> list[str]:
    with closing(sqlite3.connect(server.database)) as records:
        return [family for (family,) in records.execute("SELECT id FROM families")]


async def test_every_conversation_goes_on_where_it_was(tmp_path: Path) -> None:
    """One citizen for each step of the way: so far before the restart, the rest after it."""
    server = StartedServer(tmp_path, tmp_path / "world.toml")
    callers = crowd(server, len(STEPS))
    await server.start()
    try:
        for reached, caller in enumerate(callers, start=1):
            for step in STEPS[:reached]:
                await step(caller)
        await server.kill()
        await server.start()
        for reached, caller in enumerate(callers, start=1):
            for step in STEPS[reached:]:
                await step(caller)
            number = _number(await caller.say("确定"))
            assert await caller.registrations() == [number]
    finally:
        await server.kill()


async def test_sigterm_lets_every_answer_under_way_be_given(tmp_path: Path) -> None:
    """Messages of one citizen wait for each other, so most are under way when the signal comes."""
    for _ in range(_ROUNDS):
        if await _ended_under_way(tmp_path):
            return
    pytest.fail("nothing was ever under way when the signal came")


async def _ended_under_way(folder: Path) -> bool:
    """End a server amid a burst and check every answer; tell whether any was still to be given."""
    async with started(folder) as server:
        lines = [await _Line.to(server) for _ in range(_BURST)]
        for number, line in enumerate(lines):
            line.post(server.platform.text(f"oDrained{number % _TALKERS}", "快速配租"))
        answers = [asyncio.create_task(line.answer()) for line in lines]
        await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        server.process.send_signal(signal.SIGTERM)
        # On a busy machine the server may be done before we are scheduled again.
        under_way = not all(answer.done() for answer in answers)
        told = {_told(server, body) for body in await asyncio.gather(*answers)}
        assert len(told) == 1
        assert "Traceback" not in await server.end()
    return under_way


def _told(server: StartedServer, body: bytes) -> str:
    seen = server.platform.open_reply(body)
    assert seen, "a message was not answered"
    return seen.text


@dataclass(frozen=True, slots=True)
class _Line:
    """An open connection, so that what is written on it is read at once."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, server: StartedServer) -> Self:
        """Open a line that the server has taken up for certain: it has answered on it."""
        line = cls(*await asyncio.open_connection("127.0.0.1", server.port))
        line.writer.write(b"GET /healthz HTTP/1.1\r\nHost: anju\r\n\r\n")
        assert await line._read() == b"ok"
        return line

    def post(self, post: Post) -> None:
        """Send a message of the platform."""
        head = f"POST /wechat?{urlencode(post.query)} HTTP/1.1\r\nHost: anju\r\n"
        length = f"Content-Length: {len(post.body)}\r\n\r\n"
        self.writer.write((head + length).encode() + post.body)

    async def answer(self) -> bytes:
        """Return the answer and hang up."""
        body = await self._read()
        self.writer.close()
        await self.writer.wait_closed()
        return body

    async def _read(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: (\d+)", head)
        assert head.startswith(b"HTTP/1.1 200 "), head
        assert found, head
        return await self.reader.readexactly(int(found[1]))


_SECRETS = {
    "ANJU_WECHAT__TOKEN": "k3Jd82kLs0fj3kd92Lsk20dj",
    "ANJU_WECHAT__ENCODING_AES_KEY": "k3Jd82kLs0fj3kd92Lsk20djk3Jd82kLs0fj3kd92Ls",
    "ANJU_WECHAT__APP_ID": "wx0123456789abcdef",
    "ANJU_WECHAT__APP_SECRET": "k3Jd82kLs0fj3kd92Lsk20djk3Jd82kL",
    "ANJU_SECURITY__DATA_KEY": "A" * 43 + "=",
}


@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ({}, 2, "ANJU_WECHAT__TOKEN"),
        (_SECRETS, 2, "ANJU_TENCENT__SECRET_KEY"),
    ],
    ids=["without secrets", "without vendors"],
)
async def test_production_refuses_to_start_with_one_sentence(
    tmp_path: Path, given: dict[str, str], code: int, named: str
) -> None:
    database = tmp_path / "anju.db"
    environment = {
        "ANJU_MODE": "production",
        "ANJU_DATABASE__URL": f"sqlite+aiosqlite:///{database}",
        **given,
    }
    ended, output, complaint = await refused_start(environment)
    assert ended == code
    assert output == ""
    assert len(complaint.splitlines()) == 1, complaint
    assert named in complaint
    assert not any(secret in complaint for secret in given.values())
    assert not database.exists()


async def test_an_app_built_for_production_has_no_simulator() -> None:
    given = Settings(mode=Mode.PRODUCTION, security=Security(data_key=SecretStr("A" * 43 + "=")))
    transport = httpx.ASGITransport(create_app(given))
    async with httpx.AsyncClient(transport=transport, base_url="http://anju.test") as client:
        for path in ("/simulator", "/simulator/sms", "/simulator/outbox", "/simulator/posters"):
            assert (await client.get(path)).status_code == httpx.codes.NOT_FOUND, path
        sent = await client.post("/simulator/send", json={"openid": "o", "kind": "text"})
        assert sent.status_code == httpx.codes.NOT_FOUND
        assert (await client.get("/healthz")).status_code == httpx.codes.OK
