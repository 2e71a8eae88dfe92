"""What lies in the phones of the sandbox's citizens, and what its platform keeps of them.

Every process finds it there. Tables of their own that no release migrates: they are made where
stand-ins are, and nowhere else.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from sqlalchemy import (
    BigInteger,
    Column,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.cipher import Cipher
from adapters.sql.base import UtcDateTime
from adapters.sql.engine import translated

__all__ = ["Arrivals", "Arrived", "Book"]

_KEPT: Final = timedelta(days=3)
_SHOWN_AT_MOST: Final = 200

_LOCK: Final = int.from_bytes(b"platform")
_TABLES: Final = MetaData()

_ARRIVED: Final = Table(
    "sandbox_arrivals",
    _TABLES,
    Column("serial", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("receiver", String(64), nullable=False, index=True),
    Column("message", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

_KEPT_THERE: Final = Table(
    "sandbox_platform",
    _TABLES,
    Column("name", String(64), primary_key=True),
    Column("kept", LargeBinary, nullable=False),
)


class Arrived(StrEnum):
    """How something came to a citizen."""

    SMS = "sms"
    PUSH = "push"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Book:
    """What was kept under some names, as text, empty for nothing; and what is to be kept.

    ``arrived`` are messages for a citizen: whom to, what, when.
    """

    read: Mapping[str, str]
    written: dict[str, str] = field(default_factory=dict)
    arrived: list[tuple[str, Mapping[str, Any], datetime]] = field(default_factory=list)


class Arrivals:
    """Messages in the order of their arrival: whom to, only by blind index; what, sealed."""

    def __init__(self, engine: AsyncEngine, cipher: Cipher) -> None:
        self._engine = engine
        self._cipher = cipher

    @classmethod
    async def open(cls, engine: AsyncEngine, cipher: Cipher) -> Self:
        """Make the table where it is missing."""
        arrivals = cls(engine, cipher)
        with translated():
            if not await arrivals._exists():
                await arrivals._make()
        return arrivals

    async def keep(
        self,
        kind: Arrived,
        receiver: str,
        message: Mapping[str, Any],
        *,
        at: datetime,
    ) -> None:
        """Keep a message."""
        with translated():
            async with self._engine.begin() as connection:
                await connection.execute(self._arrival(kind, receiver, message, at))

    @asynccontextmanager
    async def book(self, *names: str) -> AsyncIterator[Book]:
        """Lend what the platform keeps under some names, to nobody else in any process meanwhile.

        What is written into the book is kept when the block ends well.
        """
        indexes = {name: self._cipher.index("platform", name) for name in names}
        with translated():
            async with self._engine.begin() as connection:
                await self._alone(connection)
                rows = await connection.execute(
                    select(_KEPT_THERE).where(_KEPT_THERE.c.name.in_(indexes.values()))
                )
                found = {row.name: self._cipher.open_text(row.kept) for row in rows}
                book = Book({name: found.get(index, "") for name, index in indexes.items()})
                yield book
                for name, words in book.written.items():
                    sealed = self._cipher.seal_text(words)
                    await self._put(connection, indexes[name], sealed, new=not book.read[name])
                for receiver, message, at in book.arrived:
                    arrival = self._arrival(Arrived.PUSH, receiver, message, at)
                    await connection.execute(arrival)

    async def of(self, kind: Arrived, receiver: str | None = None) -> list[dict[str, Any]]:
        """Return the messages of one receiver, or of all; newest first, 200 at most."""
        newest = select(_ARRIVED.c.message).where(_ARRIVED.c.kind == kind.value)
        if receiver is not None:
            newest = newest.where(_ARRIVED.c.receiver == self._cipher.index("sandbox", receiver))
        newest = newest.order_by(_ARRIVED.c.serial.desc()).limit(_SHOWN_AT_MOST)
        with translated():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(newest)).scalars().all()
        return [json.loads(self._cipher.open_text(row)) for row in rows]

    async def sweep(self, *, now: datetime) -> None:
        """Drop what nobody will look for any more."""
        with translated():
            async with self._engine.begin() as connection:
                await connection.execute(delete(_ARRIVED).where(_ARRIVED.c.at < now - _KEPT))

    async def _exists(self) -> bool:
        async with self._engine.connect() as connection:
            there = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        return set(_TABLES.tables) <= {*there}

    async def _make(self) -> None:
        async with self._engine.begin() as connection:
            # Another process may be about to; whoever comes second finds all of them there.
            await self._alone(connection)
            await connection.run_sync(_TABLES.create_all)

    def _arrival(
        self, kind: Arrived, receiver: str, message: Mapping[str, Any], at: datetime
    ) -> Insert:
        return insert(_ARRIVED).values(
            kind=kind.value,
            receiver=self._cipher.index("sandbox", receiver),
            message=self._cipher.seal_text(json.dumps(message, ensure_ascii=False)),
            at=at,
        )

    async def _alone(self, connection: AsyncConnection) -> None:
        """Let one caller at a time go on, of all processes."""
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        else:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")

    async def _put(
        self, connection: AsyncConnection, index: str, sealed: bytes, *, new: bool
    ) -> None:
        if new:
            await connection.execute(insert(_KEPT_THERE).values(name=index, kept=sealed))
        else:
            changed = update(_KEPT_THERE).where(_KEPT_THERE.c.name == index)
            await connection.execute(changed.values(kept=sealed))
