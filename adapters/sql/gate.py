"""How turns come by a connection: each after those that came before, and none to a silent server.

Why silence is looked for: whoever asks a server that hangs holds a connection until it is given up
for good, which takes longer than a citizen can wait. Once nobody has heard anything for two
seconds, only one a second is let in to see whether it answers again; all others are told at once.
"""

import asyncio
from contextvars import Context
from typing import Final
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

__all__ = ["Gate"]

_SILENCE_SECONDS: Final = 2.0
_ANOTHER_LOOK_SECONDS: Final = 0.1
"""After a process stood still, answers may lie there that it has not read yet."""

_PROBE_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Gate:
    """Lets in as many as the pool has connections, in the order in which they came.

    The pool alone gives a returned connection to whoever asks next: under load some wait ten times
    longer than the others. Use `Gate.of`.
    """

    _known: Final = WeakKeyDictionary[AsyncEngine, "Gate"]()

    def __init__(self, engine: AsyncEngine) -> None:
        pool = engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101 (as `engine_for` makes them)
        self._places = asyncio.Semaphore(pool.size())
        self._patience = pool.timeout()
        self._inside: dict[object, float] = {}
        self._heard_at = 0.0
        self._looking: asyncio.TimerHandle | None = None
        self._doubted = False
        self._silent = False
        self._probe_at = 0.0
        # On PostgreSQL a statement is a transaction of its own until a session says otherwise;
        # SQLite reads without one by itself.
        alone = engine.dialect.name == "postgresql"
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if alone else engine

    @classmethod
    def of(cls, engine: AsyncEngine) -> "Gate":
        """Return the gate of an engine."""
        if engine not in cls._known:
            cls._known[engine] = cls(engine)
        return cls._known[engine]

    async def enter(self) -> AsyncConnection:
        """Return a connection; to be handed to `leave`.

        Raises
        ------
        sqlalchemy.exc.TimeoutError
            All others kept theirs for longer than one is made to wait, or the server is silent.
        """
        if self._silent:
            self._let_one_try()
        if self._places.locked():
            try:
                async with asyncio.timeout(self._patience):
                    await self._places.acquire()
            except TimeoutError as error:
                raise PoolTimeoutError("no connection came free") from error
        else:
            await self._places.acquire()
        guest = object()
        self._watch(guest)
        try:
            connection = await self._engine.connect()
        except BaseException:
            self._inside.pop(guest, None)
            self._places.release()
            raise
        self._inside[connection] = self._inside.pop(guest)
        return connection

    async def leave(self, connection: AsyncConnection) -> None:
        """Give a connection back."""
        self._inside.pop(connection, None)
        try:
            await connection.close()
        finally:
            self._places.release()

    def hear(self) -> None:
        """Note that the server has answered somebody."""
        self._heard_at = asyncio.get_running_loop().time()
        if self._silent:
            self._silent = False
            log.warning("records_answer_again")

    def _let_one_try(self) -> None:
        """Let one a second in; tell all others."""
        now = asyncio.get_running_loop().time()
        if now < self._probe_at:
            raise PoolTimeoutError("the server is silent")
        self._probe_at = now + _PROBE_SECONDS

    def _watch(self, guest: object) -> None:
        loop = asyncio.get_running_loop()
        self._inside[guest] = loop.time()
        if self._looking is None:
            # It looks for everybody, so it takes over nobody's context.
            self._looking = loop.call_later(_SILENCE_SECONDS, self._look, context=Context())

    def _look(self) -> None:
        """Find out whether somebody waits whom nobody answers; look again while anybody does."""
        self._looking = None
        if not self._inside or self._silent:
            self._doubted = False
            return
        loop = asyncio.get_running_loop()
        since = max(self._heard_at, min(self._inside.values()))
        left = since + _SILENCE_SECONDS - loop.time()
        if left <= 0 and self._doubted:
            self._silent, self._doubted = True, False
            log.error("records_hang")
            return
        self._doubted = left <= 0
        pause = max(left, _ANOTHER_LOOK_SECONDS)
        self._looking = loop.call_later(pause, self._look, context=Context())
