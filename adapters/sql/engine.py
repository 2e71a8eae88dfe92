"""The engine that the records live on, and what its faults mean to the rest of the house."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from asyncpg import exceptions as asyncpg
from sqlalchemy import URL, event, make_url
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi as Dbapi
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from domain.shared.errors import DomainError, UnavailableError
from domain.shared.work import CollidedError

__all__ = ["engine_for", "is_certain", "is_dead", "meaning_of", "translated"]

_CONNECTIONS: Final = 12
"""With three for counters that guard codes and one for revisions, a process opens sixteen."""

_FILE_CONNECTIONS: Final = 8
_POOL_WAIT_SECONDS: Final = 2.0
"""A citizen hears of a full house within two seconds rather than waiting for a place."""

_CONNECT_SECONDS: Final = 1.5
_STATEMENT_SECONDS: Final = 8.0
"""Longer than a citizen is kept waiting: whoever is told to wait gets the result afterwards."""

_GRACE_SECONDS: Final = 0.5
"""How much longer we wait than the server does: whoever is silent then is not merely slow."""

_LOCK_SECONDS: Final = 2.5
_IDLE_SECONDS: Final = 10.0
"""A process that stops in the middle of a transaction keeps its locks for so long."""

_PRAGMAS: Final = (
    # What a citizen was told must outlive a power cut; only turns that change a record pay.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 3000",
)

_COLLISIONS: Final = frozenset({"23505", "40001", "40P01"})
"""Somebody else wrote the only one of its kind first, or two waited for each other."""

_SILENT_STATES: Final = frozenset({"25006", "25P03", "55P03", "57014"})
"""Read only, idle for too long, a lock or a statement that took too long."""

_SILENT_CLASSES: Final = frozenset({"08", "28", "3D", "53", "57", "58"})
"""No connection, no entry, no such database, nothing left, called off, a fault of the disk."""

_CUT_STATES: Final = frozenset({"25P03", "57P01", "57P02", "57P03", "57P05"})
"""After these the server hangs up."""

_CUT: Final = (
    ConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # we ask just while the server hangs up
    Dbapi.InterfaceError,
    Dbapi.InternalClientError,
)
_SILENCE: Final = (OperationalError, InterfaceError, PoolTimeoutError, OSError)

_STARTING: Final = "57P03"
"""The server starts or stops, and lets nobody in."""


def engine_for(
    url: str, *, connections: int = _CONNECTIONS, statement_seconds: float | None = None
) -> AsyncEngine:
    """Return an engine for the records; nothing is connected yet.

    Parameters
    ----------
    url
        An SQLAlchemy URL of SQLite or PostgreSQL; it gets its asynchronous driver. The folder of
        an SQLite file is made.
    connections
        How many are opened at most on PostgreSQL; whoever finds none free waits two seconds.
    statement_seconds
        How long one statement may take on PostgreSQL, if not as long as a citizen can wait; 0
        for as long as it needs.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed.set(drivername="sqlite+aiosqlite"))
    seconds = _STATEMENT_SECONDS if statement_seconds is None else statement_seconds
    return _postgresql_engine(parsed, connections, seconds)


def _sqlite_engine(url: URL) -> AsyncEngine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url, pool_size=_FILE_CONNECTIONS, max_overflow=0, pool_timeout=_POOL_WAIT_SECONDS
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _postgresql_engine(url: URL, connections: int, statement_seconds: float) -> AsyncEngine:
    patience = statement_seconds + _GRACE_SECONDS if statement_seconds else None
    engine = create_async_engine(
        _asyncpg_url(url),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_POOL_WAIT_SECONDS,
        # A line found dead comes back first; refused then, it takes all as old along with it.
        pool_use_lifo=True,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": patience,
            "server_settings": {
                "application_name": "anju",
                "timezone": "UTC",
                # Short statements gain nothing from being compiled first.
                "jit": "off",
                "statement_timeout": _milliseconds(statement_seconds),
                "lock_timeout": _milliseconds(_LOCK_SECONDS),
                "idle_in_transaction_session_timeout": _milliseconds(_IDLE_SECONDS),
                # The server finds out about a vanished process, and keeps quiet lines open.
                "tcp_keepalives_idle": "60",
                "tcp_keepalives_interval": "10",
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _hang_up)
    return engine


def _asyncpg_url(url: URL) -> URL:
    """Return a URL in the driver's words; others say ``sslmode`` where it says ``ssl``."""
    asked = dict(url.query)
    if "sslmode" in asked:
        asked["ssl"] = asked.pop("sslmode")
    return url.set(drivername="postgresql+asyncpg", query=asked)


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _refuse_closed(
    connection: DBAPIConnection, _: ConnectionPoolEntry, __: PoolProxiedConnection
) -> None:
    """Hand out no connection that is known to be closed: the pool opens another.

    It costs no round trip, other than asking the server first.
    """
    driver: Any = connection.driver_connection
    if driver.is_closed():
        raise InvalidatePoolError


def _hang_up(context: ExceptionContext) -> None:
    """Give a connection up at once when the server is silent or is about to hang up."""
    error = context.original_exception
    if is_dead(error):
        context.is_disconnect = True
    if isinstance(error, TimeoutError) and context.connection is not None:
        # Whoever did not answer a question would not answer a farewell either.
        driver: Any = context.connection.connection.driver_connection
        driver.terminate()
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def meaning_of(error: BaseException | None) -> DomainError | None:
    """Return what a fault of the database means to us; ``None`` for a mistake of our own.

    Returns
    -------
    DomainError | None
        `CollidedError` where two transactions stood in each other's way, and this one, undone,
        may be tried again; `UnavailableError` where the database is silent or cannot write.
    """
    state = _state(error)
    if state in _COLLISIONS:
        return CollidedError(_name(error))
    if state in _SILENT_STATES or state[:2] in _SILENT_CLASSES or is_dead(error):
        return UnavailableError(_name(error))
    if not state and isinstance(error, _SILENCE):
        return UnavailableError(_name(error))
    return None


def is_dead(error: BaseException | None) -> bool:
    """Tell of a fault whether the line it came by is of no more use; another one may be.

    A line that is merely silent is not dead: whoever asks again waits again.
    """
    state = _state(error)
    if state:
        return state in _CUT_STATES or state.startswith("08")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return not isinstance(error.orig, TimeoutError)
    return isinstance(getattr(error, "orig", error), _CUT)


def is_certain(error: BaseException | None) -> bool:
    """Tell of a fault under a commit whether nothing was sent, so that surely nothing lasts."""
    return _state(error) == _STARTING or isinstance(
        error, ConnectionRefusedError | PoolTimeoutError
    )


def _state(error: BaseException | None) -> str:
    """Return the five letters by which PostgreSQL names a fault; none if it is not its own."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) or ""


def _name(error: BaseException | None) -> str:
    """Return the name of the fault at the bottom; its words may hold what citizens wrote."""
    told = getattr(error, "orig", None) or error
    cause = getattr(told, "__cause__", None)
    return type(cause if hasattr(cause, "sqlstate") else told).__name__


@contextmanager
def translated() -> Iterator[None]:
    """Let a fault of the database leave as ours; our own mistakes pass as they are."""
    try:
        yield
    except Exception as error:
        meaning = meaning_of(error)
        if meaning is None:
            raise
        raise meaning from error
