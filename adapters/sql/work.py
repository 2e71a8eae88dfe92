"""One transaction over every store, and the engine it runs on."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from sqlalchemy import URL, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from adapters.sql.base import SqlSession
from adapters.sql.notices import SqlNotices
from adapters.sql.people import SqlAccounts, SqlFamilies, SqlPeople
from adapters.sql.plans import ContentCache, PlanCache, SqlDocuments, SqlPlans
from adapters.sql.profiles import SqlProfiles
from adapters.sql.records import SqlActs, SqlConsents, SqlDeliveries, SqlEffects, SqlPages
from adapters.sql.recoveries import SqlRecoveries
from adapters.sql.registrations import SqlRegistrations
from adapters.sql.service import SqlTickets
from adapters.sql.traces import SqlTraces
from domain.shared.errors import UnavailableError

__all__ = ["SqlWork", "engine_for", "translated"]

_CONNECTIONS: Final = 8
_POOL_WAIT_SECONDS: Final = 2.0
"""A citizen hears of a full house within two seconds rather than waiting for a place."""

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    # What a citizen was told must outlive a power cut; only turns that change a record pay.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 3000",
)
_SILENCE: Final = (InterfaceError, OperationalError, PoolTimeoutError, OSError)


class SqlWork:
    """Every store on one lazily opened connection; leaving without a commit undoes everything.

    Making one costs a few microseconds and opens nothing: a turn that only browses never does.
    Silence of the database leaves it as `UnavailableError`.
    """

    def __init__(self, session: SqlSession, plans: PlanCache, content: ContentCache) -> None:
        self._session = session
        self.acts = SqlActs(session)
        self.consents = SqlConsents(session)
        self.effects = SqlEffects(session)
        self.deliveries = SqlDeliveries(session)
        self.pages = SqlPages(session)
        self.notices = SqlNotices(session)
        self.accounts = SqlAccounts(session)
        self.profiles = SqlProfiles(session)
        self.people = SqlPeople(session)
        self.families = SqlFamilies(session)
        self.recoveries = SqlRecoveries(session)
        self.plans = SqlPlans(session, plans)
        self.documents = SqlDocuments(session, content)
        self.registrations = SqlRegistrations(session)
        self.tickets = SqlTickets(session)
        self.traces = SqlTraces(session)

    @property
    def changed(self) -> bool:
        """Whether anything was written since the last commit."""
        return self._session.changed

    async def commit(self) -> None:
        """Make everything written so far last."""
        with translated():
            await self._session.commit()

    async def let_go(self) -> None:
        """End the read and return the connection, before waiting on the outside world."""
        if self._session.changed:
            raise RuntimeError("what was written must be committed before letting go")
        await self._session.close()

    async def pause(self) -> None:
        """Let go, where nothing was written; what was written keeps its connection."""
        if not self._session.changed:
            await self.let_go()

    async def undo(self) -> None:
        """Take back what was written since the last commit."""
        with translated():
            await self._session.close()

    async def __aenter__(self) -> Self:
        """Open the work; the connection waits for the first statement."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Undo what was not committed, even for a turn that is being cancelled."""
        with translated():
            await asyncio.shield(self._session.close())
        if isinstance(exc[1], _SILENCE):
            raise UnavailableError(type(exc[1]).__name__) from exc[1]


def engine_for(url: str) -> AsyncEngine:
    """Return an engine for the records; nothing is connected yet.

    Parameters
    ----------
    url
        An SQLAlchemy URL. A bare ``sqlite`` one gets its asynchronous driver, and the folder of
        its file is made.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(
            parsed, pool_size=_CONNECTIONS, pool_timeout=_POOL_WAIT_SECONDS, pool_pre_ping=True
        )
    return _sqlite_engine(parsed.set(drivername="sqlite+aiosqlite"))


def _sqlite_engine(url: URL) -> AsyncEngine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url, pool_size=_CONNECTIONS, max_overflow=0, pool_timeout=_POOL_WAIT_SECONDS
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


@contextmanager
def translated() -> Iterator[None]:
    """Let the database's silence leave as `UnavailableError`; our own mistakes pass as they are."""
    try:
        yield
    except _SILENCE as error:
        raise UnavailableError(type(error).__name__) from error
