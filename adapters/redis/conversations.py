"""Conversations and their replies in Redis: the store of a service of many processes.

A turn costs two round trips: one to claim, lock and load, one to save, answer and let the next in.
All that concerns a citizen lies under one blind index of their openid, in one slot of a cluster:

- ``talk``: the conversation, behind a stamp that tells who saved it and for which time
- ``lock``: whose turn it is; it lapses by itself when the process that has it goes silent
- ``line``: whose turn it is next, each with the moment until which it waits
- ``lately``: how many messages came within the last seconds
- ``reply:…``: what a delivery was answered, for an hour

Why the lock guards nothing: a process may sleep past its lease, and a Redis may come back empty or
older. A turn saves only onto the very talk that it loaded (or onto nothing), which the stamp shows;
what is of worth beyond that is guarded by the records.

Why talk has no end: citizens are told that what they filled in is kept. It goes when they leave.
"""

import asyncio
import os
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, Self

from adapters.cipher import Cipher
from adapters.redis.addresses import Address, Addresses, opened, read_talk, ticket_of
from adapters.redis.client import client_for
from adapters.redis.gather import Gathered, Script
from domain.shared.clock import Clock
from domain.shared.conversations import (
    FLOOD_MESSAGES,
    FLOOD_SECONDS,
    Answered,
    BusyError,
    Claim,
    FloodedError,
    Mine,
    OvertakenError,
)
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId

__all__ = ["RedisConversations"]

_CLAIM: Final = Script.load("claim.lua")
_FINISH: Final = Script.load("finish.lua")
_LEAVE: Final = Script.load("leave.lua")
_PROLONG: Final = Script.load("prolong.lua")

_FLOOD: Final = (FLOOD_MESSAGES, FLOOD_SECONDS * 1000)
_REPLY_KEPT_MS: Final = 3_600_000
_POLL_SECONDS: Final = 0.025
_RETRY_SECONDS: Final = 0.1
_LONGEST_TURN_SECONDS: Final = 30.0
"""After which a turn is no longer prolonged, so that no fault of ours silences a citizen."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A delivery that this process answers, or that waits for the citizen's earlier ones.

    ``answered`` gets the reply, or ``None`` when the turn ends without one; it is there once
    somebody has joined. ``bell`` rings when it is worth asking again whether the time has come; it
    is there for one that waits. Until ``held_until`` nobody else has it.
    """

    ticket: str
    address: Address
    answered: asyncio.Future[bytes | None] | None = None
    bell: asyncio.Event | None = None
    prolonging: asyncio.TimerHandle | None = None
    held_until: float = 0.0


class RedisConversations:
    """The `ConversationStore` that many processes share.

    Parameters
    ----------
    gathered
        The way to Redis; closed by `aclose`.
    clock
        Tells citizens when they may write again; Redis's own clock decides it.
    cipher
        Makes the blind indexes, so that no openid stands in Redis.
    lease
        Seconds after which a turn is given again whose process has gone silent.
    prefix
        What all keys begin with.
    """

    def __init__(
        self,
        gathered: Gathered,
        clock: Clock,
        cipher: Cipher,
        *,
        lease: float = 4.0,
        prefix: str = "anju",
    ) -> None:
        self._redis = gathered
        self._clock = clock
        self._addresses = Addresses(cipher, prefix)
        self._lease = lease
        self._lease_ms = max(1, round(lease * 1000))
        self._process = os.urandom(6).hex()
        self._serials = count(1)
        self._turns: dict[str, _Turn] = {}
        self._lines: dict[str, deque[_Turn]] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._closing = False

    @classmethod
    async def open(
        cls, url: str, clock: Clock, cipher: Cipher, *, lease: float = 4.0, prefix: str = "anju"
    ) -> Self:
        """Open the store at a URL as `client_for` takes it.

        Raises
        ------
        UnavailableError
            Redis does not answer.
        ValueError
            The URL is of no known kind.
        """
        gathered = Gathered(client_for(url, seconds=None), probe=f"{prefix}:probe")
        store = cls(gathered, clock, cipher, lease=lease, prefix=prefix)
        try:
            await store.peek(OpenId("nobody"))
        except BaseException:
            await store.aclose()
            raise
        return store

    @property
    def busy_citizens(self) -> int:
        """How many citizens have a turn in this process, going on or waiting."""
        return len({turn.address.citizen for turn in self._turns.values()})

    async def claim(self, key: str, openid: OpenId, *, wait: float) -> Claim:
        """Claim a delivery, or join the turn that already answers it.

        Raises
        ------
        BusyError
            The wait was not long enough.
        FloodedError
            The citizen sends more than is taken.
        UnavailableError
            Redis is silent.
        """
        until = _now() + wait
        address = self._addresses.of(openid, key)
        while turn := self._turns.get(address.delivery):
            reply = await _joined(turn, until)
            if reply is not None:
                return Answered(reply)
        turn = _Turn(f"{self._process}.{next(self._serials)}", address)
        self._turns[address.delivery] = turn
        try:
            return await self._stand_in_line(turn, until)
        except BaseException:
            self._end(turn)
            self._errand(self._leave(address, turn.ticket))
            raise

    def holds(self, claim: Mine) -> bool:
        """Tell whether the lease lasts for certain, by the time that we last saw it begin."""
        ticket, address, _ = opened(claim)
        turn = self._turns.get(address.delivery)
        return turn is not None and turn.ticket == ticket and _now() < turn.held_until

    async def finish(self, claim: Mine, *, payload: bytes, reply: bytes) -> None:
        """Save the conversation, keep the reply and let the next turn in.

        Raises
        ------
        OvertakenError
            What is stored is not what was claimed: another turn has saved since, or Redis came
            back older. Nothing was written.
        UnavailableError
            Redis is silent; it may have been written or not.
        """
        ticket, address, stamp = opened(claim)
        kept = None
        try:
            saved = await self._redis.run(
                _FINISH,
                address.keys[:3],
                (ticket, stamp, f"{claim.revision + 1}-{ticket}", payload, reply, _REPLY_KEPT_MS),
            )
            if not saved:
                raise OvertakenError
            kept = reply
        finally:
            self._end_ticket(address, ticket, kept)

    async def abandon(self, claim: Mine) -> None:
        """Let the next turn in without saving; the delivery may be claimed again.

        A silent Redis is told when it answers again; at the end of the lease it knows by itself.
        """
        ticket, address, _ = opened(claim)
        self._end_ticket(address, ticket, None)
        if not await self._left(address, ticket):
            self._errand(self._leave(address, ticket))

    async def peek(self, openid: OpenId) -> bytes | None:
        """Return the stored conversation without claiming; ``None`` if there is none."""
        _, _, payload = read_talk(
            await self._redis.ask("GET", self._addresses.of(openid).key("talk"))
        )
        return payload

    async def erase(self, openid: OpenId) -> None:
        """Drop a citizen's conversation; a turn that is going on may still save its own."""
        await self._redis.ask("DEL", self._addresses.of(openid).key("talk"))

    async def forget(self, *, before: datetime) -> int:
        """Do nothing: replies go by themselves, an hour after they were given."""
        return 0

    async def aclose(self) -> None:
        """Let go of Redis. What was claimed and not finished is given again after its lease."""
        self._closing = True
        for turn in [*self._turns.values()]:
            self._end(turn)
        await asyncio.gather(*self._errands, return_exceptions=True)
        await self._redis.aclose()

    # Standing in line

    async def _stand_in_line(self, turn: _Turn, until: float) -> Claim:
        """Ask whether the time has come, until it has."""
        while True:
            if turn.bell:
                turn.bell.clear()
            match await self._ask(turn, until):
                case [b"mine", talk]:
                    return self._admitted(turn, talk)
                case [b"answered", reply]:
                    self._end(turn, reply)
                    return Answered(reply)
                case [b"flooded", rest_ms]:
                    raise FloodedError(self._clock.now() + timedelta(milliseconds=rest_ms))
                case _:  # waiting for others, or running in another process
                    await self._pause(turn, until)

    async def _ask(self, turn: _Turn, until: float) -> list[Any]:
        address, now = turn.address, _now()
        patience_ms = max(0, round((until - now) * 1000))
        turn.held_until = now + self._lease
        found: list[Any] = await self._redis.run(
            _CLAIM,
            address.keys,
            (turn.ticket, address.delivery, self._lease_ms, patience_ms, *_FLOOD),
        )
        return found

    async def _pause(self, turn: _Turn, until: float) -> None:
        """Wait until it is worth asking again: the bell, or a moment in case of other processes."""
        line = self._lines.setdefault(turn.address.citizen, deque())
        if turn not in line:
            line.append(turn)
        pause = min(_POLL_SECONDS * (1 + line.index(turn)), until - _now())
        if pause <= 0:
            raise BusyError
        turn.bell = turn.bell or asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await turn.bell.wait()

    def _admitted(self, turn: _Turn, talk: bytes | None) -> Mine:
        self._step_out(turn)
        self._prolong_later(turn, _now() + _LONGEST_TURN_SECONDS)
        stamp, revision, payload = read_talk(talk)
        return Mine(ticket_of(turn.ticket, turn.address, stamp), revision, payload)

    def _step_out(self, turn: _Turn) -> None:
        line = self._lines.get(turn.address.citizen)
        if line and turn in line:
            line.remove(turn)
            if not line:
                del self._lines[turn.address.citizen]

    # The end of a turn

    def _end_ticket(self, address: Address, ticket: str, reply: bytes | None) -> None:
        turn = self._turns.get(address.delivery)
        if turn is not None and turn.ticket == ticket:
            self._end(turn, reply)

    def _end(self, turn: _Turn, reply: bytes | None = None) -> None:
        """Tell those who joined a turn, and the one who is next in this process."""
        if self._turns.get(turn.address.delivery) is not turn:
            return
        del self._turns[turn.address.delivery]
        if turn.answered is not None:
            turn.answered.set_result(reply)
        if turn.prolonging is not None:
            turn.prolonging.cancel()
        self._step_out(turn)
        line = self._lines.get(turn.address.citizen)
        if line and line[0].bell:
            line[0].bell.set()

    async def _left(self, address: Address, ticket: str) -> bool:
        try:
            await self._redis.run(_LEAVE, (address.key("lock"), address.key("line")), (ticket,))
        except UnavailableError:
            return False
        return True

    async def _leave(self, address: Address, ticket: str) -> None:
        """Give up a turn that Redis may believe in until its lease is over."""
        until = _now() + self._lease
        while not self._closing and _now() < until and not await self._left(address, ticket):  # noqa: ASYNC110 (Redis tells nobody)
            await asyncio.sleep(_RETRY_SECONDS)

    def _prolong_later(self, turn: _Turn, until: float) -> None:
        loop = asyncio.get_running_loop()
        turn.prolonging = loop.call_later(
            self._lease / 3, lambda: self._errand(self._prolong(turn, until))
        )

    async def _prolong(self, turn: _Turn, until: float) -> None:
        """Keep a turn that goes on; once it is lost, let those who joined it ask for themselves."""
        asked = _now()
        try:
            ours = await self._redis.run(
                _PROLONG, (turn.address.key("lock"),), (turn.ticket, self._lease_ms)
            )
        except UnavailableError:
            ours = True  # nobody knows; what is held for certain ends by itself
        else:
            turn.held_until = asked + self._lease
        if not ours or _now() > until:
            self._end(turn)
        elif self._turns.get(turn.address.delivery) is turn:
            self._prolong_later(turn, until)

    def _errand(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _joined(turn: _Turn, until: float) -> bytes | None:
    """Return the reply of a turn of this process; ``None`` if it ends without one."""
    if turn.answered is None:
        turn.answered = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout_at(until):
            # Shielded: one who stops waiting must not take the reply from the others.
            return await asyncio.shield(turn.answered)
    except TimeoutError as error:
        raise BusyError from error
