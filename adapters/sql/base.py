"""What every SQL store stands on: the schema's base and one lazily opened connection."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql import Executable

from adapters.cipher import Cipher

__all__ = ["Base", "SqlSession", "UtcDateTime"]


class Base(DeclarativeBase):
    """The one schema, for SQLite and PostgreSQL alike.

    Every constraint has a name, so that a later revision can drop it on either database.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; SQLite, which knows no zones, gets it back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments: they are always a mistake."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a stored moment must be aware"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class SqlSession:
    """One connection, opened at the first statement, and whether it has written.

    Stores use `read` and the two writing verbs; only `SqlWork` ends the transaction.
    """

    def __init__(self, engine: AsyncEngine, cipher: Cipher) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self.cipher = cipher
        self.changed = False

    async def _open(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self._engine.connect()
        return self._connection

    async def read(self, statement: Executable) -> CursorResult[Any]:
        """Run a statement that changes nothing."""
        return await (await self._open()).execute(statement)

    async def write(self, statement: Executable) -> CursorResult[Any]:
        """Run a statement that changes rows."""
        self.changed = True
        return await (await self._open()).execute(statement)

    async def insert_new(self, row: type[Base], **values: object) -> bool:
        """Insert a row unless a unique constraint already holds one like it.

        Returns
        -------
        bool
            Whether the row was inserted. A refused row leaves the transaction usable.
        """
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(row).values(**values).on_conflict_do_nothing()
        inserted: int = (await self.write(statement)).rowcount
        return inserted == 1

    async def update_free(self, statement: Executable) -> bool:
        """Run an update of one row unless a unique constraint forbids it.

        Returns
        -------
        bool
            Whether the row was there and was updated. A refusal leaves the transaction usable.
        """
        self.changed = True
        connection = await self._open()
        try:
            # SQLite takes back a refused statement by itself, PostgreSQL the whole transaction.
            if connection.dialect.name == "sqlite":
                return (await connection.execute(statement)).rowcount == 1
            async with connection.begin_nested():
                return (await connection.execute(statement)).rowcount == 1
        except IntegrityError:
            return False

    async def commit(self) -> None:
        """Make what was written last, and return the connection."""
        if self._connection is not None:
            await self._connection.commit()
            self.changed = False
            await self.close()

    async def close(self) -> None:
        """Undo what was not committed, and return the connection."""
        self.changed = False
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()
