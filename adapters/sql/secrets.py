"""Short-lived values and counters in one small SQLite file, outside every turn's transaction.

The embedded `SecretStore`: one statement per verb, which SQLite makes atomic among all processes
that share the file. It holds no name: keys are blind indexes, values are sealed.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import aiosqlite

from adapters.cipher import Cipher
from domain.shared.errors import UnavailableError
from domain.shared.throttle import Limit, Taken

__all__ = ["EmbeddedSecrets"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS hits (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    member BLOB,
    at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS hits_by_key ON hits (key, at);
CREATE INDEX IF NOT EXISTS hits_by_expiry ON hits (expires_at);
CREATE TABLE IF NOT EXISTS kept (
    key BLOB PRIMARY KEY,
    value BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_by_expiry ON kept (expires_at);
"""

_NEW: Final = "NOT EXISTS (SELECT 1 FROM hits WHERE key = ? AND member = ? AND at > ?)"
_ROOM: Final = "(SELECT count(*) FROM hits WHERE key = ? AND at > ?) < ?"


class EmbeddedSecrets:
    """The `SecretStore` of one machine. Made by `open`, ended by `aclose`."""

    def __init__(self, connection: aiosqlite.Connection, cipher: Cipher) -> None:
        self._connection = connection
        self._cipher = cipher

    @classmethod
    async def open(cls, path: Path, cipher: Cipher) -> Self:
        """Open the file, making it and its folder where they are missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Each statement is a transaction of its own; another process is waited for.
        connection = await aiosqlite.connect(path, isolation_level=None, timeout=3.0)
        await connection.executescript(_SCHEMA)
        return cls(connection, cipher)

    async def aclose(self) -> None:
        """Close the file; what was counted stays in it."""
        await self._connection.close()

    async def take(
        self, key: str, limits: Sequence[Limit], at: datetime, *, member: str = ""
    ) -> Taken:
        """Count once under a key, unless one of its limits is full."""
        index, who = self._index(key), self._index(member) if member else None
        longest = max(limit.within for limit in limits)
        where, given = _conditions(index, who, limits, at)
        taken = await self._row(
            # The text holds no value: only how many conditions there are depends on the caller.
            f"INSERT INTO hits (key, member, at, expires_at) SELECT ?, ?, ?, ? WHERE {where}"
            " RETURNING id",
            (index, who, _ticks(at), _ticks(at + longest), *given),
        )
        if taken is not None:
            return Taken(ticket=str(taken[0]))
        if who is not None and await self._has(index, who, at - longest):
            return Taken()
        return Taken(until=await self._room_again(index, limits, at))

    async def give_back(self, key: str, ticket: str) -> None:
        """Undo one count; an empty ticket undoes nothing."""
        if ticket:
            await self._row("DELETE FROM hits WHERE id = ?", (int(ticket),))

    async def count(self, key: str, *, since: datetime) -> int:
        """Return how often a key was counted later than a moment."""
        row = await self._row(
            "SELECT count(*) FROM hits WHERE key = ? AND at > ?", (self._index(key), _ticks(since))
        )
        return 0 if row is None else int(row[0])

    async def forgive(self, key: str) -> None:
        """Forget all that was counted under a key."""
        await self._row("DELETE FROM hits WHERE key = ?", (self._index(key),))

    async def put(self, key: str, value: bytes, *, expires_at: datetime) -> None:
        """Keep a value, in place of an earlier one."""
        await self._row(
            "INSERT INTO kept (key, value, expires_at) VALUES (?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value,"
            " expires_at = excluded.expires_at",
            (self._index(key), self._cipher.seal(value), _ticks(expires_at)),
        )

    async def get(self, key: str, *, now: datetime) -> bytes | None:
        """Return a value; ``None`` if there is none or it has expired."""
        row = await self._row(
            "SELECT value FROM kept WHERE key = ? AND expires_at > ?",
            (self._index(key), _ticks(now)),
        )
        return None if row is None else self._cipher.open(row[0])

    async def drop(self, key: str, *, now: datetime) -> bool:
        """Remove a value; of many at once, exactly one learns that it was there and had life."""
        row = await self._row(
            "DELETE FROM kept WHERE key = ? RETURNING expires_at", (self._index(key),)
        )
        return row is not None and row[0] > _ticks(now)

    async def sweep(self, *, now: datetime) -> int:
        """Remove what has expired; return how many things that were."""
        gone = 0
        for table in ("hits", "kept"):
            statement = f"DELETE FROM {table} WHERE expires_at <= ? RETURNING 1"  # noqa: S608 (two known names)
            gone += len(await self._rows(statement, (_ticks(now),)))
        return gone

    def _index(self, words: str) -> bytes:
        return bytes.fromhex(self._cipher.index("secret", words))

    async def _has(self, index: bytes, who: bytes, since: datetime) -> bool:
        found = "SELECT 1 FROM hits WHERE key = ? AND member = ? AND at > ?"
        return await self._row(found, (index, who, _ticks(since))) is not None

    async def _room_again(self, index: bytes, limits: Sequence[Limit], at: datetime) -> datetime:
        """Return when every limit has room; at once if something was given back meanwhile."""
        until = at
        for limit in limits:
            if limit.times is not None:
                row = await self._row(
                    "SELECT at FROM hits WHERE key = ? ORDER BY at DESC LIMIT 1 OFFSET ?",
                    (index, limit.times - 1),
                )
                until = until if row is None else max(until, _moment(row[0]) + limit.within)
        return until

    async def _row(self, statement: str, given: Iterable[object]) -> sqlite3.Row | None:
        rows = await self._rows(statement, given)
        return rows[0] if rows else None

    async def _rows(self, statement: str, given: Iterable[object]) -> list[sqlite3.Row]:
        try:
            # One trip to the connection's thread, and a RETURNING is read to its end.
            return list(await self._connection.execute_fetchall(statement, given))
        except (sqlite3.Error, ValueError) as error:
            # aiosqlite says ValueError of a closed connection.
            raise UnavailableError(type(error).__name__) from error


def _conditions(
    index: bytes, who: bytes | None, limits: Sequence[Limit], at: datetime
) -> tuple[str, list[object]]:
    clauses: list[str] = []
    given: list[object] = []
    if who is not None:
        longest = max(limit.within for limit in limits)
        clauses.append(_NEW)
        given += [index, who, _ticks(at - longest)]
    for limit in limits:
        if limit.times is not None:
            clauses.append(_ROOM)
            given += [index, _ticks(at - limit.within), limit.times]
    return " AND ".join(clauses) or "TRUE", given


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def _moment(ticks: int) -> datetime:
    return _EPOCH + ticks * _TICK
