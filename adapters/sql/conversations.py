"""Conversations and their replies in one SQLite file of this process: the embedded default.

Why its own file: a turn that only browses must not write to the records' database.

Why calls that block: with a write-ahead log and ``synchronous=NORMAL`` claim and finish together
take about 30 µs (median; 50 µs mean, 5 ms at a checkpoint; 1.5 kB conversations, 2 cores), less
than handing them to a thread and back. What was committed lies with the operating system then, so
it survives the death of this process; a power cut may cost the last moments of talk, never a
record.

Why claims are not stored: the file is locked for one process, so a claim is a turn of this process
and dies with it, which is when it must be given again.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

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

__all__ = ["EmbeddedConversations"]

_PRAGMAS: Final = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
)
_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS conversations (
        openid TEXT PRIMARY KEY, revision INTEGER NOT NULL, payload BLOB NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS replies (
        key TEXT PRIMARY KEY, reply BLOB NOT NULL, at REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS replies_at ON replies (at)",
)
_LOAD: Final = """
    SELECT (SELECT reply FROM replies WHERE key = ?), talk.revision, talk.payload
    FROM (SELECT ? AS openid) LEFT JOIN conversations AS talk USING (openid)"""
_SAVE: Final = """
    INSERT INTO conversations (openid, revision, payload) VALUES (?, ?, ?)
    ON CONFLICT (openid) DO UPDATE SET revision = excluded.revision, payload = excluded.payload
    WHERE revision = excluded.revision - 1"""
_KEEP: Final = "INSERT INTO replies (key, reply, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_ERASE: Final = "DELETE FROM conversations WHERE openid = ?"
_FORGET: Final = """
    DELETE FROM replies WHERE rowid IN (SELECT rowid FROM replies WHERE at < ? LIMIT 500)"""

_FLOOD: Final = timedelta(seconds=FLOOD_SECONDS)

_BETWEEN: Final = "\x1f"
"""Parts the words of a ticket; XML cannot hold it, so no openid does."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A delivery that is being answered, or that waits for the citizen's earlier ones.

    ``answered`` gets the reply, or ``None`` when the turn ends without one. ``lapse`` is set
    while the turn is the citizen's first.
    """

    key: str
    openid: OpenId
    ticket: str
    admitted: asyncio.Future[None]
    answered: asyncio.Future[bytes | None]
    lapse: asyncio.TimerHandle | None = None


class _Lately:
    """How many messages of each citizen came within some seconds, counted from the first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[OpenId, tuple[datetime, int]] = {}

    def note(self, openid: OpenId) -> None:
        """Count a message; `FloodedError` if it is one too many."""
        now = self._clock.now()
        self._forget_old(now)
        since, messages = self._counts.get(openid, (now, 0))
        if messages >= FLOOD_MESSAGES:
            raise FloodedError(since + _FLOOD)
        self._counts[openid] = since, messages + 1

    def _forget_old(self, now: datetime) -> None:
        """Forget those whose seconds are over: they stand first, as they were heard first."""
        while self._counts:
            openid, (since, _) = next(iter(self._counts.items()))
            if since <= now < since + _FLOOD:
                return
            del self._counts[openid]


class EmbeddedConversations:
    """The `ConversationStore` of a service that is one process.

    Parameters
    ----------
    file
        Where to keep it; made with its folder when missing.
    clock
        Tells when a reply was given.
    lease
        Seconds after which a turn that has not ended is let go as if abandoned, so that no fault
        of ours silences a citizen. Should it wake later, the revision refuses it.

    Raises
    ------
    UnavailableError
        Another process has the file, or it cannot be opened.
    """

    def __init__(self, file: Path, clock: Clock, *, lease: float = 30.0) -> None:
        self._clock = clock
        self._lease = lease
        self._serials = count(1)
        self._lately = _Lately(clock)
        self._turns: dict[str, _Turn] = {}
        self._lines: dict[OpenId, deque[_Turn]] = {}
        with _translated(f"{file} cannot be opened, or another process has it"):
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, isolation_level=None)
            for statement in (*_PRAGMAS, *_SCHEMA):
                self._connection.execute(statement)

    @property
    def busy_citizens(self) -> int:
        """How many citizens have a turn going on or waiting."""
        return len(self._lines)

    async def claim(self, key: str, openid: OpenId, *, wait: float) -> Claim:
        """Claim a delivery, or join the turn that already answers it.

        Raises
        ------
        BusyError
            The wait was not long enough.
        FloodedError
            The citizen sends more than is taken.
        """
        try:
            async with asyncio.timeout(wait):
                return await self._join(key) or await self._enter(key, openid)
        except TimeoutError as error:
            raise BusyError from error

    def holds(self, claim: Mine) -> bool:
        """Tell whether a turn has not lapsed: no other process gives it to anybody."""
        _, _, key = claim.ticket.split(_BETWEEN, 2)
        turn = self._turns.get(key)
        return turn is not None and turn.ticket == claim.ticket

    async def finish(self, claim: Mine, *, payload: bytes, reply: bytes) -> None:
        """Save the conversation, keep the reply and let the next turn in.

        Raises
        ------
        OvertakenError
            Another turn has saved since the claim; nothing was written.
        """
        _, openid, key = claim.ticket.split(_BETWEEN, 2)
        kept = None
        try:
            with _translated(), self._transaction():
                saved = self._connection.execute(_SAVE, (openid, claim.revision + 1, payload))
                if saved.rowcount == 0:
                    raise OvertakenError
                self._connection.execute(_KEEP, (key, reply, self._clock.now().timestamp()))
            kept = reply
        finally:
            self._end(claim, kept)

    async def abandon(self, claim: Mine) -> None:
        """Let the next turn in without saving; the delivery may be claimed again."""
        self._end(claim, None)

    async def peek(self, openid: OpenId) -> bytes | None:
        """Return the stored conversation without claiming; ``None`` if there is none."""
        _, _, payload = self._load("", openid)
        return payload

    async def erase(self, openid: OpenId) -> None:
        """Drop a citizen's conversation; a turn that is going on may still save its own."""
        with _translated():
            self._connection.execute(_ERASE, (openid,))

    async def forget(self, *, before: datetime) -> int:
        """Drop replies finished before a moment; return how many.

        Done in small bites, so that no citizen waits for it.
        """
        dropped = 0
        while True:
            with _translated():
                bite = self._connection.execute(_FORGET, (before.timestamp(),)).rowcount
            if not bite:
                return dropped
            dropped += bite
            await asyncio.sleep(0)

    async def aclose(self) -> None:
        """Let go of the file."""
        self._connection.close()

    async def _join(self, key: str) -> Answered | None:
        """Wait for the turn that answers this delivery; ``None`` if there is none, or no more."""
        while turn := self._turns.get(key):
            # Shielded: one who stops waiting must not take the reply from the others.
            reply = await asyncio.shield(turn.answered)
            if reply is not None:
                return Answered(reply)
        return None

    async def _enter(self, key: str, openid: OpenId) -> Claim:
        """Stand in the citizen's line with a delivery that nobody is answering."""
        reply, revision, payload = self._load(key, openid)
        if reply is not None:
            return Answered(reply)
        self._lately.note(openid)
        turn = self._stand(key, openid)
        if turn.lapse is None:
            try:
                await turn.admitted
                reply, revision, payload = self._load(key, openid)
            except BaseException:
                self._leave(turn)
                raise
        if reply is not None:  # a turn that had lapsed answered this very delivery after all
            self._leave(turn, reply)
            return Answered(reply)
        return Mine(turn.ticket, revision, payload)

    def _stand(self, key: str, openid: OpenId) -> _Turn:
        loop = asyncio.get_running_loop()
        ticket = _BETWEEN.join((str(next(self._serials)), openid, key))
        turn = _Turn(key, openid, ticket, loop.create_future(), loop.create_future())
        self._turns[key] = turn
        line = self._lines.setdefault(openid, deque())
        line.append(turn)
        if line[0] is turn:
            self._admit(turn)
        return turn

    def _admit(self, turn: _Turn) -> None:
        turn.lapse = asyncio.get_running_loop().call_later(self._lease, self._leave, turn)
        if not turn.admitted.done():
            turn.admitted.set_result(None)

    def _end(self, claim: Mine, reply: bytes | None) -> None:
        _, _, key = claim.ticket.split(_BETWEEN, 2)
        turn = self._turns.get(key)
        if turn is not None and turn.ticket == claim.ticket:
            self._leave(turn, reply)

    def _leave(self, turn: _Turn, reply: bytes | None = None) -> None:
        """Take a turn out of its line, tell those who joined it, and let the next in."""
        if self._turns.get(turn.key) is not turn:
            return
        del self._turns[turn.key]
        turn.answered.set_result(reply)
        if turn.lapse is not None:
            turn.lapse.cancel()
        line = self._lines[turn.openid]
        line.remove(turn)
        if not line:
            del self._lines[turn.openid]
        elif line[0].lapse is None:
            self._admit(line[0])

    def _load(self, key: str, openid: OpenId) -> tuple[bytes | None, int, bytes | None]:
        with _translated():
            reply, revision, payload = self._connection.execute(_LOAD, (key, openid)).fetchone()
        return reply, revision or 0, payload

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk may have undone it already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


@contextmanager
def _translated(what: str = "conversations") -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise UnavailableError(f"{what}: {error}") from error
