"""WeChat as a postman: one to three copies of each message, now or late, here or there.

What the platform does when nobody answers is modelled with shorter pauses; the bytes of every copy
are the same, as they are in truth.
"""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from benchmarks.chaos.fleet import Fleet, Web
from benchmarks.chaos.history import Answered, Asked, Event, Silent
from benchmarks.chaos.wire import NothingError, call
from tests.support.platform import FakePlatform, Post, ReplySeen

__all__ = ["Letter", "Postman"]

_TRIES: Final = 3
_REST: Final = {"refused": 0.1, "reset": 0.7, "timeout": 0.0}
"""Seconds until the next try."""
_LATE: Final = (3.0, 9.0)
"""Seconds until the last copy comes; in truth five at least."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with what its sender means by it."""

    openid: str
    key: str
    post: Post
    meaning: str
    expects: tuple[str, ...] = ()


@dataclass
class Postman:
    """Delivers letters and writes down what became of each copy.

    ``doubled`` and ``late`` are the shares of messages that come twice at once, and once more
    later.
    """

    fleet: Fleet
    fake: FakePlatform
    record: Callable[[Event], None]
    chance: random.Random
    doubled: float = 0.12
    late: float = 0.06
    _attempts: "count[int]" = field(default_factory=lambda: count(1))
    _underway: set[asyncio.Task[object]] = field(default_factory=set)

    def text(self, openid: str, words: str, meaning: str, tap: str | None = None) -> Letter:
        """Write words."""
        serial = next(self.fake.msg_ids)
        post = self.fake.text(openid, words, msg_id=serial, tap=tap)
        return Letter(openid, f"{openid}:m:{serial}", post, meaning)

    def scan(self, openid: str, scene: str, expects: str) -> Letter:
        """Scan a poster."""
        created = int(self.fake.now())
        digest = hashlib.sha256(f"scan\0{scene}\0".encode()).hexdigest()[:32]
        post = self.fake.scan(openid, scene, created=created)
        return Letter(openid, f"{openid}:e:{created}:{digest}", post, "scan", (expects,))

    async def deliver(self, letter: Letter) -> ReplySeen | None:
        """Deliver a letter; return what the citizen sees, ``None`` for the platform's bubble."""
        if self.chance.random() < self.late:
            self._later(letter)
        if self.chance.random() < self.doubled:
            first = self.fleet.choose()
            copies = self._attempt(letter, first), self._attempt(letter, self._other(first))
            seen = [one for one in await asyncio.gather(*copies) if isinstance(one, ReplySeen)]
            if seen:
                return seen[0]
        silent = -1
        for _ in range(_TRIES):
            web = self.fleet.choose(but=silent)  # a balancer goes round whoever was silent just now
            outcome = await self._attempt(letter, web)
            if isinstance(outcome, ReplySeen):
                return outcome
            silent = web.number
            await asyncio.sleep(_REST.get(outcome, 0.5))
        return None

    async def inbox(self, phone: str) -> list[dict[str, str]]:
        """Look at a phone: its messages, newest first; none where nobody tells."""
        try:
            got = await call(self.fleet.choose().port, "/simulator/sms", {"phone": phone})
        except NothingError:
            return []
        messages: list[dict[str, str]] = json.loads(got.body) if got.ok else []
        return messages

    async def settle(self) -> None:
        """Wait until every late copy has come in."""
        while self._underway:
            await asyncio.wait(self._underway)

    def _other(self, web: Web) -> Web:
        return self.fleet.choose(but=web.number)

    def _later(self, letter: Letter) -> None:
        async def copy() -> None:
            await asyncio.sleep(self.chance.uniform(*_LATE))
            await self._attempt(letter, self.fleet.choose())

        task: asyncio.Task[object] = asyncio.create_task(copy())
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)

    async def _attempt(self, letter: Letter, web: Web) -> ReplySeen | str:
        """Deliver one copy to one worker; return what it answered, or why there is nothing."""
        attempt = next(self._attempts)
        asked = (letter.openid, letter.key, attempt, web.number, letter.meaning, letter.expects)
        self.record(Asked(time.monotonic_ns(), *asked))
        try:
            seen = await self._opened(letter, web)
        except NothingError as nothing:
            why = str(nothing)
            if why == "refused":
                web.up = False
            self.record(Silent(time.monotonic_ns(), attempt, why))
            return why
        taps = tuple((tap.text, tap.label) for tap in seen.taps)
        self.record(Answered(time.monotonic_ns(), attempt, seen.to, seen.text, taps))
        return seen

    async def _opened(self, letter: Letter, web: Web) -> ReplySeen:
        got = await call(web.port, "/wechat", letter.post.query, body=letter.post.body)
        if not got.ok:
            raise NothingError(f"status {got.status}")
        try:
            seen = self.fake.open_reply(got.body)
        except AssertionError as wrong:
            raise NothingError(f"malformed: {wrong}") from None
        if seen is None:
            raise NothingError("silence")
        return seen
