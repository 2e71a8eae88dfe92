"""Tencent Cloud: one door for all of its services that we use.

Requests are made by the vendor's own kit, which signs them (TC3-HMAC-SHA256). What was asked and
answered holds names, numbers and pictures, so it never comes near a log.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import httpx

from adapters.outward import NoAnswerError, OutwardLine, SaidNoError, no_answer
from domain.shared.clock import china_time
from domain.shared.errors import UnavailableError

__all__ = ["TencentAccess", "TencentCloud", "next_day"]

T = TypeVar("T")

_NOT_DONE: Final = "RequestLimitExceeded"
"""Too many requests within a second: this one was turned away at the door."""

_THEIR_FAULTS: Final = frozenset(
    {
        "ClientNetworkError",
        "FailedOperation.CompareLibServiceUnavailable",
        "FailedOperation.DbError",
        "FailedOperation.EngineRecognizeTimeout",
        "FailedOperation.FileSaveError",
        "FailedOperation.IdPhotoSystemNoanswer",
        "FailedOperation.OtherError",
        "FailedOperation.ResponseParseFailed",
        "FailedOperation.UnKnowError",
        "FailedOperation.UnKnown",
        "ServerNetworkError",
    }
)
"""Codes, besides ``InternalError…`` and ``…SystemError``, by which the vendor says it broke."""


@dataclass(frozen=True, slots=True)
class TencentAccess:
    """Who we are at the vendor's.

    ``seconds`` is how long a citizen waits at most. ``base`` takes the place of the vendor's own
    addresses, for a gateway: ``https://host[:port]``; empty for none.
    """

    secret_id: str
    secret_key: str = field(repr=False)
    region: str
    seconds: float
    base: str = ""


class TencentCloud:
    """The vendor's services, asked with care.

    Few processes ever ask: the vendor's kit is loaded by the first that does.
    """

    def __init__(self, access: TencentAccess) -> None:
        self._line = OutwardLine("tencent", access.seconds)
        self._access = access
        self._kit: Any = None
        self._loading = asyncio.Lock()

    async def kit(self) -> Any:
        """Return the vendor's `Kit`."""
        async with self._loading:
            if self._kit is None:
                self._kit = await asyncio.to_thread(_kit, self._access)
        return self._kit

    async def ask(self, action: str, ask: Callable[[], Awaitable[T]], *, harmless: bool) -> T:
        """Make a request.

        Parameters
        ----------
        action
            The vendor's name for it.
        ask
            Makes it once, with one of the kit's clients.
        harmless
            Whether it may arrive twice.

        Raises
        ------
        SaidNoError
            The vendor answered with an error of the asker's.
        UnavailableError
            There was no usable answer in time.
        """
        kit = await self.kit()

        async def once() -> T:
            try:
                return await ask()
            except kit.error as error:
                raise _meant(str(error.get_code())) from None
            except httpx.HTTPError as error:
                raise no_answer(error) from None
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                # Whatever came was not of the documented form; the kit stumbled over it.
                raise NoAnswerError(type(error).__name__) from None

        return await self._line.ask(action, once, harmless=harmless)

    def refused(self, action: str, reason: str) -> UnavailableError:
        """Return what to raise for a no that only the operator can mend, and log it for them."""
        return self._line.refused(action, SaidNoError(reason))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._kit is not None:
            await self._kit.aclose()


def _kit(access: TencentAccess) -> object:
    from adapters.tencent_kit import Kit  # noqa: PLC0415 (see `TencentCloud`)

    return Kit(
        access.secret_id,
        access.secret_key,
        access.region,
        seconds=access.seconds,
        base=access.base,
    )


def next_day(now: datetime) -> datetime:
    """Return when the vendor's daily counts begin anew: at midnight in China."""
    return (china_time(now) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _meant(code: str) -> NoAnswerError | SaidNoError:
    """Tell the vendor's faults from its answers. Its message is left out: it may quote us."""
    if code.startswith(_NOT_DONE):
        return NoAnswerError(code, undone=True)
    if code in _THEIR_FAULTS or code.startswith("InternalError") or code.endswith("SystemError"):
        return NoAnswerError(code)
    return SaidNoError(code)
