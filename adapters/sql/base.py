"""What every SQL store stands on: the schema's base and one lazily opened connection."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, DateTime, Dialect, MetaData, TypeDecorator, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql import Executable

from adapters.cipher import Cipher
from adapters.sql.engine import is_dead
from adapters.sql.gate import Gate
from adapters.sql.prepared import Found, Prepared, insertion, joined, send

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


@lru_cache(maxsize=256)
def _insertion_if_free(row: type[Base], columns: tuple[str, ...], dialect: str) -> Executable:
    """Return the statement that inserts a row unless a unique constraint holds one like it."""
    values: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in columns}
    return _insert(row, dialect).inline().values(values).on_conflict_do_nothing()


def _insert(row: type[Base], dialect: str) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(row) if dialect == "postgresql" else sqlite.insert(row)


class SqlSession:
    """One connection, opened at the first statement, and what is to be written through it.

    Stores use the verbs here; only `SqlWork` ends the transaction. On PostgreSQL a turn mostly
    needs none: it reads, keeps for later what it has to write, and its commit sends all that in
    one statement. Whoever needs to know at once writes at once, which begins a transaction; and
    whoever reads after keeping something for later has that written first.

    ``memory`` holds what was read and may be read again, until anything is written.
    """

    def __init__(self, engine: AsyncEngine, cipher: Cipher) -> None:
        self._gate = Gate.of(engine)
        self.dialect = engine.dialect.name
        self._gathers = self.dialect == "postgresql"
        self._connection: AsyncConnection | None = None
        self._transacting = False
        self._written = False
        self._later: dict[Prepared, list[Mapping[str, object]]] = {}
        self._claimed: set[type[Base]] = set()
        self.cipher = cipher
        self.memory: dict[object, Any] = {}

    @property
    def opened(self) -> bool:
        """Whether there is a connection to give back."""
        return self._connection is not None

    @property
    def changed(self) -> bool:
        """Whether anything was written, or is to be written by the commit."""
        return self._written or bool(self._later)

    # Reading

    async def read(self, statement: Executable) -> CursorResult[Any]:
        """Run a statement that changes nothing."""
        await self._write_what_waits()
        return await self._run(statement)

    async def rows(self, prepared: Prepared, **values: object) -> list[Found]:
        """Return the rows that a prepared statement selects.

        Outside a transaction nothing is lost with a line that proves dead: another is tried.
        """
        await self._write_what_waits()
        if not self._gathers or self._transacting:
            return [*(await self._run(prepared.statement, values)).mappings()]
        text, arguments = prepared.wire.text, prepared.wire.arguments(values)
        try:
            return await self._sent(text, arguments)
        except Exception as error:
            opened = self._connection is not None
            await self._drop()
            if not (opened and is_dead(error)):
                raise
        return await self._sent(text, arguments)

    async def row(self, prepared: Prepared, **values: object) -> Found | None:
        """Return the first row that a prepared statement selects; ``None`` if there is none."""
        found = await self.rows(prepared, **values)
        return found[0] if found else None

    async def lock(self, statement: Executable) -> CursorResult[Any]:
        """Run a statement that changes nothing and keeps its rows as they are until the end."""
        await self._write_what_waits()
        return await self._run(statement, transacting=True)

    # Writing by the commit at the latest

    async def later(self, prepared: Prepared, **values: object) -> None:
        """Have a statement run by the commit at the latest; on SQLite that is now.

        No two different ones may concern the same row.
        """
        if not self._gathers:
            await self._change(prepared.statement, values)
            return
        if prepared in self._later:
            await self._write_what_waits()
        self.memory.clear()
        self._later[prepared] = [values]

    async def append(self, row: type[Base], **values: object) -> None:
        """Insert a row that no unique constraint concerns, by the commit at the latest."""
        prepared = insertion(row, tuple(values))
        if prepared in self._later:
            self._later[prepared].append(values)
        else:
            await self.later(prepared, **values)

    async def claim(self, row: type[Base], **values: object) -> bool:
        """Insert a row that must be the only one of its kind, by the commit at the latest.

        Returns
        -------
        bool
            False, with nothing inserted, where this work can see that there is one already. Of
            one that another work inserts meanwhile the commit tells: it raises, and nothing of
            this work lasts.
        """
        if not self._gathers or row in self._claimed:
            return await self.insert_new(row, **values)
        self._claimed.add(row)
        await self.append(row, **values)
        return True

    # Writing now

    def insert(self, row: type[Base]) -> postgresql.Insert | sqlite.Insert:
        """Return an insert that may say what is to happen on a conflict."""
        return _insert(row, self.dialect)

    async def write(self, statement: Executable) -> CursorResult[Any]:
        """Run a statement that changes rows."""
        await self._write_what_waits()
        return await self._change(statement)

    async def insert_new(self, row: type[Base], **values: object) -> bool:
        """Insert a row unless a unique constraint already holds one like it.

        Returns
        -------
        bool
            Whether the row was inserted. A refused row leaves the transaction usable.
        """
        await self._write_what_waits()
        statement = _insertion_if_free(row, tuple(values), self.dialect)
        inserted: int = (await self._change(statement, values)).rowcount
        return inserted == 1

    async def update_free(self, statement: Executable) -> bool:
        """Run an update of one row unless a unique constraint forbids it.

        Returns
        -------
        bool
            Whether the row was there and was updated. A refusal leaves the transaction usable.
        """
        await self._write_what_waits()
        try:
            # SQLite takes back a refused statement by itself, PostgreSQL the whole transaction.
            if not self._gathers:
                return (await self._change(statement)).rowcount == 1
            connection = await self._begin()
            async with connection.begin_nested():
                return (await self._change(statement)).rowcount == 1
        except IntegrityError:
            return False

    # The end

    async def commit(self) -> None:
        """Make what was written and what waits last, and return the connection."""
        if self._later and not self._transacting:
            # One statement is all or nothing by itself.
            await self._sent(*self._waiting())
        elif self._connection is not None:
            await self._write_what_waits()
            await self._connection.commit()
            self._gate.hear()
        await self.close()

    async def close(self) -> None:
        """Undo what was not committed, and return the connection."""
        self._written = False
        self._later.clear()
        self._claimed.clear()
        self.memory.clear()
        await self._drop()

    # Inside

    async def _open(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self._gate.enter()
        return self._connection

    async def _sent(self, text: str, arguments: Sequence[object]) -> list[Found]:
        """Send a statement past SQLAlchemy; return its rows."""
        found = await send(await self._open(), text, arguments)
        self._gate.hear()
        return found

    async def _begin(self) -> AsyncConnection:
        """Open a transaction; what was read before it is as good as read within."""
        connection = await self._open()
        if self._gathers and not self._transacting:
            await connection.rollback()  # SQLAlchemy's own book-keeping; nothing is sent
            connection = await connection.execution_options(isolation_level="READ COMMITTED")
            self._transacting = True
        return connection

    async def _drop(self) -> None:
        self._transacting = False
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await self._gate.leave(connection)

    async def _change(
        self, statement: Executable, values: Mapping[str, object] | None = None
    ) -> CursorResult[Any]:
        self._written = True
        self.memory.clear()
        return await self._run(statement, values, transacting=True)

    async def _run(
        self,
        statement: Executable,
        values: Mapping[str, object] | None = None,
        *,
        transacting: bool = False,
    ) -> CursorResult[Any]:
        """Run a statement; on another line where its own proves dead and no transaction with it.

        Nothing of the session is lost then, whatever became of the statement.
        """
        opened = self._begin if transacting else self._open
        alone = self._connection is None or (self._gathers and not self._transacting)
        try:
            found = await (await opened()).execute(statement, values)
        except DBAPIError as error:
            if not (alone and error.connection_invalidated):
                raise
            await self._drop()
            found = await (await opened()).execute(statement, values)
        self._gate.hear()
        return found

    async def _write_what_waits(self) -> None:
        """Write what was kept for later, since what follows may have to see it."""
        if self._later:
            connection = await self._begin()
            text, arguments = self._waiting()
            self._written = True
            await connection.exec_driver_sql(text, tuple(arguments))

    def _waiting(self) -> tuple[str, list[object]]:
        """Take what was kept for later, as one statement and its values."""
        waiting, self._later = self._later, {}
        text = joined(tuple((prepared.wire, len(rows)) for prepared, rows in waiting.items()))
        return text, [
            argument
            for prepared, rows in waiting.items()
            for values in rows
            for argument in prepared.wire.arguments(values)
        ]
