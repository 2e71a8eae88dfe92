"""Codes and notices by SMS, through Tencent Cloud.

https://cloud.tencent.com/document/product/382/55981 (SendSms, version 2021-01-11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.outward import SaidNoError
from adapters.tencent import TencentCloud, next_day
from domain.accounts.codes import PhoneUnreachableError
from domain.accounts.model import Purpose
from domain.shared.clock import Clock
from domain.shared.errors import RefusedError, UnavailableError
from domain.shared.pushes import PushKind
from domain.shared.throttle import ThrottledError

__all__ = ["SmsTemplates", "TencentSms"]

_MINUTES_SAID: Final = "5"

_FULL_FOR: Final[Mapping[str, timedelta]] = {
    "LimitExceeded.DeliveryFrequencyLimit": timedelta(minutes=1),
    "LimitExceeded.PhoneNumberThirtySecondLimit": timedelta(seconds=30),
    "LimitExceeded.PhoneNumberOneHourLimit": timedelta(hours=1),
}
_FULL_TODAY: Final = frozenset(
    {
        "LimitExceeded.PhoneNumberDailyLimit",
        "LimitExceeded.PhoneNumberSameContentDailyLimit",
    }
)
_UNREACHABLE: Final = frozenset(
    {
        "FailedOperation.PhoneNumberInBlacklist",
        "FailedOperation.PhoneNumberParseFail",
        "InvalidParameterValue.IncorrectPhoneNumber",
    }
)


@dataclass(frozen=True, slots=True)
class SmsTemplates:
    """What the vendor has approved.

    ``code`` has two blanks: the code, and for how many minutes it is good. A notice has one blank
    for each of its kind's values; a kind without one is not told by SMS.
    """

    app_id: str
    sign: str
    code: str
    notices: Mapping[PushKind, str]


class TencentSms:
    """The `SmsSender` and `NoticeSender` of Tencent Cloud.

    A message is never sent twice for one wish: a request that may have arrived is not repeated.
    """

    def __init__(self, cloud: TencentCloud, clock: Clock, templates: SmsTemplates) -> None:
        self._cloud = cloud
        self._clock = clock
        self._templates = templates

    async def send(self, phone: str, code: str, purpose: Purpose) -> None:
        """Hand a code over."""
        await self._send(phone, self._templates.code, [code, _MINUTES_SAID])

    async def tell(self, phone: str, kind: PushKind, values: Sequence[str]) -> None:
        """Hand a notice over; one that is refused now may be taken later."""
        try:
            await self._send(phone, self._templates.notices[kind], values)
        except RefusedError as error:
            raise UnavailableError(f"tencent SendSms: {error.code}") from error

    async def _send(self, phone: str, template: str, blanks: Sequence[str]) -> None:
        kit = await self._cloud.kit()
        request = kit.sms_words.SendSmsRequest()
        request.PhoneNumberSet = [phone]
        request.SmsSdkAppId = self._templates.app_id
        request.SignName = self._templates.sign
        request.TemplateId = template
        request.TemplateParamSet = list(blanks)
        try:
            sent = await self._cloud.ask(
                "SendSms", lambda: kit.sms.SendSms(request), harmless=False
            )
        except SaidNoError as error:
            raise self._cloud.refused("SendSms", error.reason) from None
        statuses = sent.SendStatusSet or [kit.sms_words.SendStatus()]
        self._judge(str(statuses[0].Code))

    def _judge(self, status: str) -> None:
        """Return if the message left; raise what its status means if it did not."""
        if status == "Ok":
            return
        until = self._full_until(status, self._clock.now())
        if until is not None:
            raise ThrottledError(until)
        if status in _UNREACHABLE:
            raise PhoneUnreachableError
        raise self._cloud.refused("SendSms", status)

    def _full_until(self, status: str, now: datetime) -> datetime | None:
        """Return when the phone may be sent to again; ``None`` if that is not what is wrong."""
        if status in _FULL_TODAY:
            return next_day(now)
        return now + _FULL_FOR[status] if status in _FULL_FOR else None
