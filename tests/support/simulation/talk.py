"""Conversations that all simulated workers share, as Redis keeps them for real ones."""

import asyncio
import copy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final

from domain.shared.conversations import Answered, BusyError, Claim, Mine, OvertakenError
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from tests.support.simulation.faults import Dependency, Worker

__all__ = ["SharedTalk", "TalkOf"]

_POLL_SECONDS: Final = 0.02
_LEASE_SECONDS: Final = 6.0
_SERIALS = count(1)


@dataclass(slots=True)
class _Held:
    ticket: str
    key: str
    until: float


@dataclass(slots=True)
class _Kept:
    """All that the store remembers; what an older copy brings back."""

    talks: dict[OpenId, tuple[int, bytes]] = field(default_factory=dict)
    replies: dict[str, bytes] = field(default_factory=dict)
    holders: dict[OpenId, _Held] = field(default_factory=dict)
    lines: dict[OpenId, list[_Held]] = field(default_factory=dict)


class SharedTalk(Dependency):
    """The store itself: each method is one atomic step."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = _Kept()
        self._copy = _Kept()

    def claim(self, turn: _Held, openid: OpenId, now: float) -> Claim | None:
        """Give the turn, its answer, or ``None``: not yet."""
        kept = self.kept
        if turn.key in kept.replies:
            self.leave(turn, openid)
            return Answered(kept.replies[turn.key])
        holder = kept.holders.get(openid)
        if holder and holder.until <= now:
            del kept.holders[openid]
            holder = None
        line = [one for one in kept.lines.get(openid, []) if one.until > now]
        if holder and holder.key == turn.key:
            return None
        if all(one.key != turn.key for one in line):
            line.append(turn)
        kept.lines[openid] = line
        if holder or line[0].ticket != turn.ticket:
            return None
        line.pop(0)
        kept.holders[openid] = _Held(turn.ticket, turn.key, now + _LEASE_SECONDS)
        revision, payload = kept.talks.get(openid, (0, None))
        return Mine(f"{turn.ticket}|{openid}|{turn.key}", revision, payload)

    def finish(self, claim: Mine, payload: bytes, reply: bytes) -> None:
        """Save, keep the reply, and let the next in."""
        _, openid, key = _parts(claim)
        self.release(claim)
        stored = self.kept.talks.get(openid)
        if stored is not None and stored[0] != claim.revision:
            raise OvertakenError
        self.kept.talks[openid] = (claim.revision + 1, payload)
        self.kept.replies.setdefault(key, reply)

    def release(self, claim: Mine) -> None:
        """Let the next turn in."""
        ticket, openid, _ = _parts(claim)
        holder = self.kept.holders.get(openid)
        if holder and holder.ticket == ticket:
            del self.kept.holders[openid]

    def leave(self, turn: _Held, openid: OpenId) -> None:
        """Take one who waits out of the line."""
        line = self.kept.lines.get(openid, [])
        self.kept.lines[openid] = [one for one in line if one.ticket != turn.ticket]

    def flush(self) -> None:
        """Forget everything."""
        self.kept = _Kept()

    def copy(self) -> None:
        """Take the copy that may come back."""
        self._copy = copy.deepcopy(self.kept)

    def roll_back(self) -> None:
        """Be what it was when the copy was taken."""
        self.kept = copy.deepcopy(self._copy)


class TalkOf:
    """The `ConversationStore` of one worker."""

    def __init__(self, shared: SharedTalk, worker: Worker) -> None:
        self._shared = shared
        self._worker = worker
        self._held_until: dict[str, float] = {}

    async def claim(self, key: str, openid: OpenId, *, wait: float) -> Claim:
        """Claim a delivery, or join the turn that already answers it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        turn = _Held(str(next(_SERIALS)), key, deadline)
        while True:
            await self._there()
            asked = loop.time()
            claim = self._shared.claim(turn, openid, asked)
            await self._there()
            if claim is not None:
                self._held_until[turn.ticket] = asked + _LEASE_SECONDS
                return claim
            if loop.time() >= deadline:
                self._shared.leave(turn, openid)
                raise BusyError
            await asyncio.sleep(_POLL_SECONDS)

    def holds(self, claim: Mine) -> bool:
        """Tell whether the lease lasts, as far as this worker can know."""
        ticket, _, _ = _parts(claim)
        return asyncio.get_running_loop().time() < self._held_until.get(ticket, 0.0)

    async def finish(self, claim: Mine, *, payload: bytes, reply: bytes) -> None:
        """Save the conversation, keep the reply and let the next turn in."""
        await self._there()
        self._held_until.pop(_parts(claim)[0], None)
        self._shared.finish(claim, payload, reply)
        await self._there()

    async def abandon(self, claim: Mine) -> None:
        """Let the next turn in without saving."""
        await self._there()
        self._shared.release(claim)

    async def peek(self, openid: OpenId) -> bytes | None:
        """Return the stored conversation without claiming."""
        await self._there()
        return self._shared.kept.talks.get(openid, (0, None))[1]

    async def erase(self, openid: OpenId) -> None:
        """Drop a citizen's conversation."""
        await self._there()
        self._shared.kept.talks.pop(openid, None)

    async def forget(self, *, before: datetime) -> int:
        """Drop nothing: a simulated day is too short."""
        return 0

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _there(self) -> None:
        try:
            await self._worker.trip(self._shared)
        except OSError as error:
            raise UnavailableError("talk") from error


def _parts(claim: Mine) -> tuple[str, OpenId, str]:
    ticket, openid, key = claim.ticket.split("|", 2)
    return ticket, OpenId(openid), key
