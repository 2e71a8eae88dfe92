"""What lies in the phones of the sandbox's citizens, where every process finds it.

A table of its own that no release migrates: it is made where stand-ins are, and nowhere else.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.cipher import Cipher
from adapters.sql.base import UtcDateTime
from adapters.sql.engine import translated

__all__ = ["Arrivals", "Arrived"]

_KEPT: Final = timedelta(days=3)
_SHOWN_AT_MOST: Final = 200

_ARRIVED: Final = Table(
    "sandbox_arrivals",
    MetaData(),
    Column("serial", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("receiver", String(64), nullable=False, index=True),
    Column("message", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)


class Arrived(StrEnum):
    """How something came to a citizen."""

    SMS = "sms"
    PUSH = "push"
    STAFF = "staff"


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
        unless: Mapping[datetime, int] | None = None,
    ) -> bool:
        """Keep a message.

        Parameters
        ----------
        unless
            Moments, each with how many messages may come after it. If it is given, one of them
            must have room; counting and keeping are one step among all processes.

        Returns
        -------
        bool
            Whether there was room.
        """
        index = self._cipher.index("sandbox", receiver)
        sealed = self._cipher.seal_text(json.dumps(message, ensure_ascii=False))
        with translated():
            async with self._engine.begin() as connection:
                await self._stand_in_line(connection, index)
                if unless is not None and not await self._room(connection, kind, index, unless):
                    return False
                row = {"kind": kind.value, "receiver": index, "message": sealed, "at": at}
                await connection.execute(insert(_ARRIVED).values(**row))
        return True

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
            return await connection.run_sync(lambda sync: inspect(sync).has_table(_ARRIVED.name))

    async def _make(self) -> None:
        try:
            async with self._engine.begin() as connection:
                await connection.run_sync(_ARRIVED.metadata.create_all)
        except DBAPIError:
            # Another process was faster.
            if not await self._exists():
                raise

    async def _stand_in_line(self, connection: AsyncConnection, index: str) -> None:
        """Let one message of a receiver be counted at a time."""
        if connection.dialect.name == "postgresql":
            key = int.from_bytes(bytes.fromhex(index[:16]), signed=True)
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
        else:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")

    async def _room(
        self, connection: AsyncConnection, kind: Arrived, index: str, unless: Mapping[datetime, int]
    ) -> bool:
        for since, most in unless.items():
            came = select(func.count()).where(
                _ARRIVED.c.kind == kind.value,
                _ARRIVED.c.receiver == index,
                _ARRIVED.c.at >= since,
            )
            if (await connection.execute(came)).scalar_one() < most:
                return True
        return False
