"""Asking somebody outside: in time, again only where that is safe, and not while they are down.

Every adapter of a vendor asks through a line of this kind, so that all behave alike.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import httpx
import stamina
import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from domain.shared.errors import DomainError, UnansweredError, UnavailableError

__all__ = ["NoAnswerError", "OutwardLine", "SaidNoError", "no_answer"]

T = TypeVar("T")

_ATTEMPTS: Final = 2
_WAIT_SECONDS: Final = 0.1
_FAILURES_IN_A_ROW: Final = 5
_REST_SECONDS: Final = 20.0

log = structlog.get_logger(__name__)


class NoAnswerError(Exception):
    """There was no usable answer.

    Parameters
    ----------
    fault
        What went wrong, in a word; never what was asked or said.
    undone
        Whether it is certain that nothing was done there.
    """

    def __init__(self, fault: str, *, undone: bool = False) -> None:
        super().__init__(fault)
        self.undone = undone


class SaidNoError(Exception):
    """The vendor answered, and the answer is no.

    Parameters
    ----------
    reason
        The vendor's own word for it, such as ``FailedOperation.ImageBlur``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def no_answer(error: httpx.HTTPError) -> NoAnswerError:
    """Tell what a broken request means: without a connection, nothing was done."""
    unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    return NoAnswerError(type(error).__name__, undone=isinstance(error, unsent))


class OutwardLine:
    """The way to one vendor.

    A request that changes nothing there is made once more when it fails; any other only if it
    certainly did not arrive. After five failures in a row a vendor is left in peace for 20 seconds:
    citizens hear at once that it is silent, and it can recover.

    Parameters
    ----------
    vendor
        A short name, for logs.
    seconds
        How long a citizen waits at most, both attempts together.
    """

    def __init__(self, vendor: str, seconds: float) -> None:
        self._vendor = vendor
        self._seconds = seconds
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=_FAILURES_IN_A_ROW,
            default_ttl=_REST_SECONDS,
            # A no is an answer, and whoever gave up waiting says nothing about the vendor.
            exclude=[SaidNoError, DomainError, asyncio.CancelledError],
        )

    async def ask(self, what: str, ask: Callable[[], Awaitable[T]], *, harmless: bool) -> T:
        """Make a request.

        Parameters
        ----------
        what
            The vendor's name for the kind of request; each kind rests by itself.
        ask
            Makes it once; raises `NoAnswerError`, or `SaidNoError`, which is passed on.
        harmless
            Whether the same request may arrive twice.

        Raises
        ------
        UnansweredError
            There was none, and what was asked may have been done; only if it changes something.
        UnavailableError
            There was no usable answer in time.
        """
        undone = True
        try:
            async with await self._breakers.get_breaker(what):
                return await self._in_time(ask, harmless=harmless)
        except OpenedState as rest:
            # One object is raised again and again: it must not gather what every caller held.
            rest.__traceback__ = None
            fault = "resting"
        except NoAnswerError as error:
            fault, undone = str(error), error.undone
        log.warning("no_answer", vendor=self._vendor, request=what, fault=fault)
        silence = UnavailableError if harmless or undone else UnansweredError
        raise silence(f"{self._vendor} {what}: {fault}")

    def refused(self, what: str, error: SaidNoError) -> UnavailableError:
        """Return what to raise for a no that only the operator can mend, and log it for them."""
        log.error("refused", vendor=self._vendor, request=what, reason=error.reason)
        return UnavailableError(f"{self._vendor} {what}: {error.reason}")

    async def _in_time(self, ask: Callable[[], Awaitable[T]], *, harmless: bool) -> T:
        def worth_repeating(error: Exception) -> bool:
            return isinstance(error, NoAnswerError) and (harmless or error.undone)

        again = stamina.AsyncRetryingCaller(
            attempts=_ATTEMPTS,
            timeout=None,
            wait_initial=_WAIT_SECONDS,
            wait_jitter=_WAIT_SECONDS,
        )
        try:
            async with asyncio.timeout(self._seconds):
                return await again.on(worth_repeating)(ask)
        except TimeoutError as late:
            raise NoAnswerError("TimeoutError") from late
