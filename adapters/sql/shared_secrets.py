"""Short-lived values and counters in PostgreSQL, outside every turn's transaction.

The `SecretStore` of many processes. Each verb is a short transaction of its own, on connections of
its own, so that turns which fill the pool of the records do not keep codes waiting. It holds no
name: keys are blind indexes, values are sealed.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    LargeBinary,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column
from sqlalchemy.sql import ColumnElement

from adapters.cipher import Cipher
from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.engine import engine_for, translated
from domain.shared.throttle import Limit, Taken

__all__ = ["SecretHitRow", "SecretRow", "SqlSecrets"]

_CONNECTIONS: Final = 3
_BATCH: Final = 5_000
"""So many expired rows go at once: no sweep holds others up."""


class SecretHitRow(Base):
    """Something that was counted once; ``key`` and ``member`` are blind indexes."""

    __tablename__ = "secret_hits"
    __table_args__ = (
        Index("ix_secret_hits_key_at", "key", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    member: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SecretRow(Base):
    """A sealed value under a blind index."""

    __tablename__ = "secrets"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SqlSecrets:
    """The `SecretStore` of all processes. Made by `open`, ended by `aclose`."""

    def __init__(self, engine: AsyncEngine, cipher: Cipher) -> None:
        self._engine = engine
        self._cipher = cipher

    @classmethod
    async def open(cls, url: str, cipher: Cipher) -> Self:
        """Return a store on a PostgreSQL database that has our schema; nothing is connected yet."""
        return cls(engine_for(url, connections=_CONNECTIONS), cipher)

    async def aclose(self) -> None:
        """Close the connections; what was counted stays."""
        await self._engine.dispose()

    async def take(
        self, key: str, limits: Sequence[Limit], at: datetime, *, member: str = ""
    ) -> Taken:
        """Count once under a key, unless one of its limits is full."""
        index, who = self._index(key), self._index(member) if member else None
        longest = max(limit.within for limit in limits)
        numbered = [limit for limit in limits if limit.times is not None]
        async with self._step() as session:
            if numbered or who is not None:
                # A statement sees what was there when it began: it must begin after the others.
                await session.write(select(func.pg_advisory_xact_lock(_lock_of(index))))
            known = exists().where(_later(index, at - longest), SecretHitRow.member == who)
            room = [_count(index, at - limit.within) < limit.times for limit in numbered]
            hit = select(
                literal(index, LargeBinary),
                literal(who, LargeBinary),
                literal(at, UtcDateTime),
                literal(at + longest, UtcDateTime),
            ).where(*room, *([] if who is None else [~known]))
            columns = ["key", "member", "at", "expires_at"]
            counted = insert(SecretHitRow).from_select(columns, hit).returning(SecretHitRow.id)
            ticket = (await session.write(counted)).scalar()
            if ticket is not None:
                return Taken(ticket=str(ticket))
            if who is not None and (await session.read(select(known))).scalar():
                return Taken()
            return Taken(until=await _room_again(session, index, numbered, at))

    async def give_back(self, key: str, ticket: str) -> None:
        """Undo one count; an empty ticket undoes nothing."""
        if ticket:
            async with self._step() as session:
                await session.write(delete(SecretHitRow).where(SecretHitRow.id == int(ticket)))

    async def count(self, key: str, *, since: datetime) -> int:
        """Return how often a key was counted later than a moment."""
        async with self._step() as session:
            found = await session.read(select(_count(self._index(key), since)))
            return int(found.scalar_one())

    async def forgive(self, key: str) -> None:
        """Forget all that was counted under a key."""
        async with self._step() as session:
            await session.write(delete(SecretHitRow).where(SecretHitRow.key == self._index(key)))

    async def put(self, key: str, value: bytes, *, expires_at: datetime) -> None:
        """Keep a value, in place of an earlier one."""
        kept = {"value": self._cipher.seal(value), "expires_at": expires_at}
        new = postgresql.insert(SecretRow).values(key=self._index(key), **kept)
        async with self._step() as session:
            await session.write(
                new.on_conflict_do_update(index_elements=[SecretRow.key], set_=kept)
            )

    async def get(self, key: str, *, now: datetime) -> bytes | None:
        """Return a value; ``None`` if there is none or it has expired."""
        kept = select(SecretRow.value).where(
            SecretRow.key == self._index(key), SecretRow.expires_at > now
        )
        async with self._step() as session:
            value: bytes | None = (await session.read(kept)).scalar()
            return None if value is None else self._cipher.open(value)

    async def drop(self, key: str, *, now: datetime) -> bool:
        """Remove a value; of many at once, exactly one learns that it was there and had life."""
        gone = delete(SecretRow).where(SecretRow.key == self._index(key))
        async with self._step() as session:
            expired_at = (await session.write(gone.returning(SecretRow.expires_at))).scalar()
            return expired_at is not None and expired_at > now

    async def sweep(self, *, now: datetime) -> int:
        """Remove what has expired; return how many things that were."""
        hits = await self._drop_expired(SecretHitRow.id, SecretHitRow.expires_at, now)
        return hits + await self._drop_expired(SecretRow.key, SecretRow.expires_at, now)

    async def _drop_expired(
        self,
        key: InstrumentedAttribute[Any],
        expires_at: InstrumentedAttribute[datetime],
        now: datetime,
    ) -> int:
        """Remove expired rows; what another process is just removing is left to it."""
        batch = select(key).where(expires_at <= now).limit(_BATCH).with_for_update(skip_locked=True)
        gone, last = 0, _BATCH
        while last == _BATCH:
            async with self._step() as session:
                last = (await session.write(delete(key.class_).where(key.in_(batch)))).rowcount
            gone += last
        return gone

    @asynccontextmanager
    async def _step(self) -> AsyncIterator[SqlSession]:
        """Lend a transaction that lasts when the block ends well."""
        session = SqlSession(self._engine, self._cipher)
        with translated():
            try:
                yield session
                await session.commit()
            finally:
                await session.close()

    def _index(self, words: str) -> bytes:
        return bytes.fromhex(self._cipher.index("secret", words))


def _lock_of(index: bytes) -> int:
    return int.from_bytes(index[:8], signed=True)


def _later(index: bytes, since: datetime) -> ColumnElement[bool]:
    return (SecretHitRow.key == index) & (SecretHitRow.at > since)


def _count(index: bytes, since: datetime) -> ColumnElement[int]:
    counted = select(func.count()).select_from(SecretHitRow).where(_later(index, since))
    return counted.scalar_subquery()


async def _room_again(
    session: SqlSession, index: bytes, limits: Sequence[Limit], at: datetime
) -> datetime:
    """Return when every limit has room."""
    newest = select(SecretHitRow.at).where(SecretHitRow.key == index)
    until = at
    for limit in limits:
        oldest = newest.order_by(SecretHitRow.at.desc()).limit(1).offset((limit.times or 1) - 1)
        taken_at: datetime | None = (await session.read(oldest)).scalar()
        until = until if taken_at is None else max(until, taken_at + limit.within)
    return until
