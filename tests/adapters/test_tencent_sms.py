"""Messages through Tencent Cloud: what leaves, and what refusals mean. Source: S0-15."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from adapters.tencent_sms import TencentSms
from domain.accounts.codes import PhoneUnreachableError
from domain.accounts.model import Purpose
from domain.shared.errors import UnavailableError
from domain.shared.pushes import PushKind
from domain.shared.throttle import ThrottledError
from tests.support.clock import FakeClock
from tests.support.tencent_server import TencentServer, tencent
from tests.support.vendors import cloud_at, sms_at

PHONE = "+8619900000001"


@pytest.fixture
def server() -> Iterator[TencentServer]:
    with tencent() as serving:
        yield serving


@pytest.fixture
async def sms(server: TencentServer) -> AsyncIterator[TencentSms]:
    async with cloud_at(server) as cloud:
        yield sms_at(server, cloud, FakeClock())


async def test_a_code_leaves_with_the_approved_words(
    server: TencentServer, sms: TencentSms
) -> None:
    await sms.send(PHONE, "012345", Purpose.CANCEL)
    assert server.sent == [(PHONE, "1001", ["012345", "5"])]
    [(_, asked)] = server.asked
    assert (asked["SmsSdkAppId"], asked["SignName"]) == ("1400006666", "安居")


async def test_each_kind_of_notice_has_its_own_words(
    server: TencentServer, sms: TencentSms
) -> None:
    values = {PushKind.PHONE_CHANGED: ["186****9021"], PushKind.RECOVERED: ["186****9021", "8"]}
    for kind, blanks in values.items():
        await sms.tell(PHONE, kind, blanks)
    assert [told for _, _, told in server.sent] == list(values.values())
    assert len({template for _, template, _ in server.sent}) == len(values)


@pytest.mark.parametrize(
    ("status", "wait"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", timedelta(seconds=30)),
        ("LimitExceeded.DeliveryFrequencyLimit", timedelta(minutes=1)),
        ("LimitExceeded.PhoneNumberOneHourLimit", timedelta(hours=1)),
    ],
)
async def test_a_full_phone_is_told_until_when(
    server: TencentServer, sms: TencentSms, status: str, wait: timedelta
) -> None:
    server.statuses[PHONE] = status
    with pytest.raises(ThrottledError) as raised:
        await sms.send(PHONE, "012345", Purpose.SIGN_IN)
    assert raised.value.until == FakeClock().now() + wait


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (datetime(2026, 11, 21, 4, tzinfo=UTC), datetime(2026, 11, 21, 16, tzinfo=UTC)),
        (datetime(2026, 11, 21, 15, 59, tzinfo=UTC), datetime(2026, 11, 21, 16, tzinfo=UTC)),
        (datetime(2026, 11, 21, 16, tzinfo=UTC), datetime(2026, 11, 22, 16, tzinfo=UTC)),
    ],
)
async def test_a_phone_that_is_full_for_today_waits_for_midnight_in_china(
    server: TencentServer, now: datetime, until: datetime
) -> None:
    server.statuses[PHONE] = "LimitExceeded.PhoneNumberDailyLimit"
    async with cloud_at(server) as cloud:
        with pytest.raises(ThrottledError) as raised:
            await sms_at(server, cloud, FakeClock(now)).send(PHONE, "012345", Purpose.SIGN_IN)
    assert raised.value.until == until


async def test_a_phone_that_refused_our_messages_is_unreachable_and_not_silent(
    server: TencentServer, sms: TencentSms
) -> None:
    server.statuses[PHONE] = "FailedOperation.PhoneNumberInBlacklist"
    with pytest.raises(PhoneUnreachableError):
        await sms.send(PHONE, "012345", Purpose.SIGN_IN)


@pytest.mark.parametrize(
    "status",
    [
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "FailedOperation.SignatureIncorrectOrUnapproved",
        "LimitExceeded.AppDailyLimit",
        "InternalError.Timeout",
        "Something.New",
    ],
)
async def test_what_only_the_operator_can_mend_is_unavailable_and_logged(
    server: TencentServer, sms: TencentSms, status: str
) -> None:
    server.statuses[PHONE] = status
    with capture_logs() as logs, pytest.raises(UnavailableError):
        await sms.send(PHONE, "012345", Purpose.SIGN_IN)
    assert [(entry["log_level"], entry["reason"]) for entry in logs] == [("error", status)]
    assert PHONE not in str(logs)


@pytest.mark.parametrize(
    "status",
    [
        "LimitExceeded.PhoneNumberDailyLimit",
        "FailedOperation.PhoneNumberInBlacklist",
        "FailedOperation.InsufficientBalanceInSmsPackage",
    ],
)
async def test_a_notice_that_is_refused_may_be_tried_later(
    server: TencentServer, sms: TencentSms, status: str
) -> None:
    server.statuses[PHONE] = status
    with pytest.raises(UnavailableError):
        await sms.tell(PHONE, PushKind.PHONE_CHANGED, ["186****9021"])
