"""Tencent Cloud: one door for all of its services that we use.

Requests are made by the vendor's own kit, which signs them (TC3-HMAC-SHA256). What was asked and
answered holds names, numbers and pictures, so it never comes near a log.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx
from tencentcloud.common.common_client_async import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.faceid.v20180301.faceid_client_async import FaceidClient
from tencentcloud.sms.v20210111.sms_client_async import SmsClient

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

    ``sms``, ``faceid`` and ``ocr`` are the kit's clients. Text recognition goes by the general
    one: its own brings forty thousand lines for the one request that we make.
    """

    def __init__(self, access: TencentAccess) -> None:
        # At its lowest level the kit would log whole requests.
        logging.getLogger("tencentcloud_sdk_common").disabled = True
        self._line = OutwardLine("tencent", access.seconds)
        credential = Credential(access.secret_id, access.secret_key)
        profile = _profile(access)
        self.sms = SmsClient(credential, access.region, profile)
        self.faceid = FaceidClient(credential, "", profile)
        self.ocr = CommonClient("ocr", "2018-11-19", credential, access.region, profile)

    async def ask(self, action: str, ask: Callable[[], Awaitable[T]], *, harmless: bool) -> T:
        """Make a request.

        Parameters
        ----------
        action
            The vendor's name for it.
        ask
            Makes it once, with one of the clients.
        harmless
            Whether it may arrive twice.

        Raises
        ------
        SaidNoError
            The vendor answered with an error of the asker's.
        UnavailableError
            There was no usable answer in time.
        """

        async def once() -> T:
            try:
                return await ask()
            except TencentCloudSDKException as error:
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
        for client in (self.sms, self.faceid, self.ocr):
            await client.close()


def next_day(now: datetime) -> datetime:
    """Return when the vendor's daily counts begin anew: at midnight in China."""
    return (china_time(now) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _profile(access: TencentAccess) -> ClientProfile:
    base = urlsplit(access.base)
    return ClientProfile(
        httpProfile=HttpProfile(
            protocol=base.scheme or "https",
            endpoint=base.netloc or None,
            reqTimeout=access.seconds,
            keepAlive=True,
        )
    )


def _meant(code: str) -> NoAnswerError | SaidNoError:
    """Tell the vendor's faults from its answers. Its message is left out: it may quote us."""
    if code.startswith(_NOT_DONE):
        return NoAnswerError(code, undone=True)
    if code in _THEIR_FAULTS or code.startswith("InternalError") or code.endswith("SystemError"):
        return NoAnswerError(code)
    return SaidNoError(code)
