"""The real records on a real SQLite file, reached over trips that may go wrong.

The stores, their statements and their constraints are the product's own; only the way to them is
simulated. SQLite is called on the loop, so that no thread brings chance of its own.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import Connection, Dialect, create_engine
from sqlalchemy.engine import CursorResult
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql import Executable
from sqlalchemy.sql.dml import UpdateBase

from tests.support.simulation.faults import Dependency, Worker

__all__ = ["RecordsOf", "SharedRecords"]

_PATIENCE_SECONDS: Final = 3.0


class SharedRecords(Dependency):
    """One database file, and the one writer that SQLite lets in at a time."""

    def __init__(self, template: Path, file: Path) -> None:
        super().__init__()
        for old in file.parent.glob(f"{file.name}*"):
            old.unlink()
        shutil.copyfile(template, file)
        _SHOWN.clear()
        _SHOWN.append(file)
        self.engine = _ENGINE
        self.writing = asyncio.Lock()
        self.lines: set[_Line] = set()

    def hang_up(self, worker: Worker) -> None:
        """Undo what a dead worker had not committed."""
        for line in [line for line in self.lines if line.belongs_to(worker)]:
            line.hang_up()


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(_SHOWN[0])
    connection.execute("PRAGMA journal_mode = WAL")
    # Nothing of it outlives the seed: it need not be safe, only quick.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


_SHOWN: list[Path] = []
"""The file of the present seed. One engine serves all seeds, as what it compiled is worth much."""

_ENGINE: Final = create_engine("sqlite://", creator=_connect, poolclass=QueuePool, pool_size=50)


_POOL: Final = cast(QueuePool, _ENGINE.pool)


class RecordsOf:
    """What a worker takes for its `AsyncEngine`."""

    def __init__(self, shared: SharedRecords, worker: Worker) -> None:
        self.shared = shared
        self.worker = worker

    @property
    def dialect(self) -> Dialect:
        """What the database speaks."""
        return self.shared.engine.dialect

    @property
    def pool(self) -> QueuePool:
        """What the connections come from."""
        return _POOL

    async def connect(self) -> "_Line":
        """Return a connection."""
        await self.worker.trip(self.shared)
        line = _Line(self, self.shared.engine.connect())
        self.shared.lines.add(line)
        return line

    async def dispose(self) -> None:
        """Nothing is pooled."""


class _Line:
    """What a worker takes for its `AsyncConnection`."""

    def __init__(self, way: RecordsOf, connection: Connection) -> None:
        self._way = way
        self._connection = connection
        self._writes = False

    @property
    def dialect(self) -> Dialect:
        """What the database speaks."""
        return self._way.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a statement there and bring its rows back."""
        await self._way.worker.trip(self._way.shared)
        if isinstance(statement, UpdateBase) and not self._writes:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._way.shared.writing.acquire()
            self._writes = True
        result: CursorResult[Any] = self._connection.execute(statement, parameters)
        return result

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> CursorResult[Any]:
        """Run words of SQL there."""
        await self._way.worker.trip(self._way.shared)
        result: CursorResult[Any] = self._connection.exec_driver_sql(statement, parameters)
        return result

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        """Open a savepoint."""
        with self._connection.begin_nested():
            yield

    async def commit(self) -> None:
        """Make it last; the answer may be lost on its way back."""
        shared = self._way.shared
        await self._way.worker.trip(shared)
        self._connection.commit()
        self._done()
        if shared.cut_commits:
            shared.cut_commits -= 1
            raise ConnectionResetError("cut after the commit")
        await self._way.worker.trip(shared)

    async def rollback(self) -> None:
        """Undo it."""
        self._connection.rollback()
        self._done()

    async def invalidate(self) -> None:
        """Give it up."""
        await self.close()

    async def close(self) -> None:
        """Undo what was not committed."""
        self.hang_up()

    def belongs_to(self, worker: Worker) -> bool:
        """Tell whether this is a worker's."""
        return self._way.worker is worker

    def hang_up(self) -> None:
        """Be undone by the database, whose client is gone."""
        self._way.shared.lines.discard(self)
        self._connection.close()
        self._done()

    def _done(self) -> None:
        if self._writes:
            self._writes = False
            self._way.shared.writing.release()
