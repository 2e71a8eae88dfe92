"""The server as a process of its own, and citizens who reach it over nothing but HTTP.

What the platform sends is made by `FakePlatform`, which shares no line with our own wire; codes
come from the sandbox's phone, and a one-time page is read as a browser reads it.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from pathlib import Path

import httpx

from bot.settings import Settings
from tests.support.house import ROOT
from tests.support.platform import FakePlatform, Post, ReplySeen

__all__ = ["STEPS", "Caller", "StartedServer", "crowd", "refused_start", "started"]

_SECONDS_TO_START = 30
_SECONDS_TO_STOP = 20
_PROJECT = "青禾家园"
_UNIT = "二居室"


# The process


class StartedServer:
    """``anju serve --demo`` on a folder that outlives it, always at the same address.

    Parameters
    ----------
    folder
        Where the embedded stores lie.
    world
        The people and families of the stand-ins, where not the shipped ones.
    workers
        How many processes serve; more than one need ``settings`` that name shared stores.
    settings
        Further settings, by their variables.
    """

    def __init__(
        self,
        folder: Path,
        world: Path | None = None,
        *,
        workers: int = 1,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.database = folder / "anju.db"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.platform = _platform()
        self._world = {} if world is None else {"ANJU_SANDBOX__DATA": str(world)}
        self._workers = workers
        self._settings = settings or {}

    async def start(self) -> None:
        """Start it and wait until it is ready for citizens."""
        settings = {
            "ANJU_DATABASE__URL": f"sqlite+aiosqlite:///{self.database}",
            "ANJU_SERVER__PORT": str(self.port),
            **self._world,
            **self._settings,
        }
        several = ("--workers", str(self._workers)) if self._workers > 1 else ()
        self.process = await _spawn("serve", "--demo", *several, environment=settings)
        assert self.process.stdout
        async with asyncio.timeout(_SECONDS_TO_START):
            announced = await self.process.stdout.readline()  # said once it listens
        assert announced, "the server did not start"
        self.client = httpx.AsyncClient(base_url=self.url, timeout=10)
        ready = await self.client.get("/readyz")
        assert ready.status_code == httpx.codes.OK, ready.text

    async def end(self, sent: signal.Signals = signal.SIGTERM) -> str:
        """End it by a signal; return what it wrote since it was ready."""
        if self.process.returncode is None:
            self.process.send_signal(sent)
        async with asyncio.timeout(_SECONDS_TO_STOP):
            written = await self.process.communicate()
        await self.client.aclose()
        return b"".join(written).decode()

    async def kill(self) -> None:
        """End it as a power cut would: ``kill -9``."""
        for worker in self.workers():
            os.kill(worker, signal.SIGKILL)
        await self.end(signal.SIGKILL)

    def workers(self) -> list[int]:
        """Return the ids of the processes it has begun; none where one process serves alone."""
        if self.process.returncode is not None:
            return []
        begun = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(one) for one in begun.read_text("ascii").split()]

    async def deliver(self, post: Post) -> ReplySeen | None:
        """Let the platform post a message; return what the citizen sees, ``None`` for silence."""
        answer = await self.client.post("/wechat", params=post.query, content=post.body)
        assert answer.status_code == httpx.codes.OK, f"the webhook answered {answer.status_code}"
        return self.platform.open_reply(answer.content)

    async def scene(self, project: str) -> str:
        """Return what the poster of a project carries."""
        posters = (await self.client.get("/simulator/posters")).json()
        scenes: list[str] = [one["scene"] for one in posters if one["title"].startswith(project)]
        return scenes[0]


@asynccontextmanager
async def started(
    folder: Path,
    world: Path | None = None,
    *,
    workers: int = 1,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[StartedServer]:
    """Lend a started server; whatever became of it, nothing of it is left."""
    server = StartedServer(folder, world, workers=workers, settings=settings)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


async def refused_start(environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Return exit code, output and complaint of a server that must not start."""
    process = await _spawn("serve", environment=environment)
    async with asyncio.timeout(_SECONDS_TO_START):
        output, complaint = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), complaint.decode()


async def _spawn(*command: str, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", *command),
        cwd=ROOT,
        env={"PATH": os.defpath, **environment},
        stdout=pipe,
        stderr=pipe,
    )


def _free_port() -> int:
    """Return a free port that nobody is given by chance: it must stay free while we restart."""
    for port in count(20_000 + os.getpid() % 10_000):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError


def _platform() -> FakePlatform:
    account = Settings().wechat
    return FakePlatform(
        token=account.token.get_secret_value(),
        aes_key=account.encoding_aes_key.get_secret_value(),
        app_id=account.app_id,
        account_id="gh_anjustarted01",
    )


# A citizen far away


@dataclass(slots=True)
class Caller:
    """Somebody with a phone. ``sms`` is the code that arrived last, as the phone keeps it."""

    server: StartedServer
    name: str
    openid: str
    phone: str
    id_number: str
    filing: str
    sms: str = ""
    post: Post | None = None
    replies: list[ReplySeen] = field(default_factory=list)

    @property
    def last(self) -> ReplySeen:
        """The newest reply."""
        return self.replies[-1]

    async def send(self, post: Post) -> str:
        """Send a message made before, or send it again; return the words of the reply."""
        self.post = post
        seen = await self.server.deliver(post)
        assert seen, "a message was not answered"
        assert seen.to == self.openid, "somebody else's reply"
        self.replies.append(seen)
        return seen.text

    async def say(self, words: str) -> str:
        """Type words."""
        return await self.send(self.server.platform.text(self.openid, words))

    async def tap(self, label: str) -> str:
        """Tap an option of the newest reply."""
        tap = self.last.tap(label)
        return await self.send(self.server.platform.text(self.openid, tap.text, tap=tap.id))

    async def follow(self, project: str) -> str:
        """Scan a poster as somebody who does not follow yet."""
        scene = await self.server.scene(project)
        return await self.send(self.server.platform.follow(self.openid, scene))

    async def look_at_phone(self) -> str:
        """Return the code that arrived last; it stays readable when the server is gone."""
        inbox = await self.server.client.get("/simulator/sms", params={"phone": self.phone})
        self.sms = inbox.json()[0]["code"]
        return self.sms

    async def send_off(self, **boxes: str) -> httpx.Response:
        """Open the newest link, fill in its boxes by their labels, and send them off."""
        page = await self.server.client.get(self.last.links[-1].url)
        form = _Form()
        form.feed(page.text)
        assert form.method == "post", "the page is no form"
        assert set(boxes) == set(form.boxes), sorted(form.boxes)
        filled = form.given | {form.boxes[label]: words for label, words in boxes.items()}
        return await self.server.client.post(page.url, data=filled)

    async def registrations(self) -> list[str]:
        """Return the numbers that «我的登记» shows, newest first."""
        await self.say("我的登记")
        return [tap.text for tap in self.last.taps if tap.text.startswith("DJ")]


class _Form(HTMLParser):
    """What a browser knows of a form: its method, its boxes by label, and what is filled in."""

    def __init__(self) -> None:
        super().__init__()
        self.method = ""
        self.boxes: dict[str, str] = {}
        self.given: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take up forms, labels and inputs."""
        traits = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.method = traits.get("method", "get").lower()
            case "label":
                self._label = traits["for"]
            case "input":
                self.given[traits["name"]] = traits.get("value", "")
                if traits.get("type") != "hidden":
                    self.boxes[self._labels[traits["id"]]] = traits["name"]

    def handle_data(self, data: str) -> None:
        """Take up a label's words."""
        if self._label:
            self._labels[self._label] = data.strip()
            self._label = ""


# The way from a poster to a registration, one message a step


async def _follow(caller: Caller) -> None:
    await caller.follow(_PROJECT)


async def _choose(caller: Caller) -> None:
    await caller.tap(_UNIT)


async def _want(caller: Caller) -> None:
    await caller.tap("去登记")


async def _agree(caller: Caller) -> None:
    await caller.tap("同意")


async def _give_phone(caller: Caller) -> None:
    await caller.say(caller.phone)
    await caller.look_at_phone()


async def _give_code(caller: Caller) -> None:
    await caller.say(caller.sms)


async def _send_page(caller: Caller) -> None:
    sent = await caller.send_off(姓名=caller.name, 身份证号=caller.id_number)
    assert sent.status_code == httpx.codes.OK, sent.text


async def _go_on(caller: Caller) -> None:
    await caller.say("继续")


async def _give_filing(caller: Caller) -> None:
    await caller.say(caller.filing)
    await caller.look_at_phone()


async def _have_read(caller: Caller) -> None:
    await caller.tap("我已阅读并同意")


STEPS: tuple[Callable[[Caller], Awaitable[None]], ...] = (
    _follow,
    _choose,
    _want,
    _agree,
    _give_phone,
    _give_code,
    _send_page,
    _go_on,
    _give_filing,
    _give_code,
    _have_read,
)
"""Everything but the last «确定»."""


def crowd(server: StartedServer, size: int) -> list[Caller]:
    """Return so many citizens, each with a family of their own, and put them into a world's file.

    The file is the one the server was told of: ``world.toml`` in its folder.
    """
    callers = [
        Caller(
            server,
            name=f"演{_chinese(number)}",
            openid=f"oStarted{number:020}",
            phone=f"1990{number:03}0000",
            id_number=_id_number(number),
            filing=f"99010020{number:08}",
        )
        for number in range(1, size + 1)
    ]
    text = "\n".join(map(_entry, callers))
    (server.folder / "world.toml").write_text(text, "utf-8")
    return callers


def _entry(caller: Caller) -> str:
    member = f'{{ name = "{caller.name}", id_number = "{caller.id_number}", relation = "申请人" }}'
    return (
        f'[[person]]\nname = "{caller.name}"\nid_number = "{caller.id_number}"\n'
        f'[[family]]\nfiling_number = "{caller.filing}"\ndistrict = "演示区"\n'
        f'unit_types = ["{_UNIT}"]\ngroup = "演示"\nstatus = "valid"\nfiled_at = 2020-01-01\n'
        f"members = [{member}]\n"
    )


def _chinese(number: int) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in str(number))


def _id_number(number: int) -> str:
    """Return a right number of a region that is not issued to persons."""
    body = f"11010019800101{number:03}"
    weighted = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))
    return body + "10X98765432"[weighted % 11]
