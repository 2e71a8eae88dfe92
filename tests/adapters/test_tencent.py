"""The vendor's door: signed, in time, asked again only where safe, left in peace when it is down.

Source: S0-11, S0-15, S0-24.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs

from adapters.tencent import TencentCloud
from adapters.tencent_identity import TencentIdentityCheck
from domain.accounts.model import Purpose
from domain.identity.model import Verdict
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.tencent_server import TencentServer, tencent
from tests.support.vendors import cloud_at, sms_at

NUMBER = "11010519491231002X"
PHONE = "+8619900000001"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def server() -> Iterator[TencentServer]:
    with tencent() as serving:
        serving.people = {NUMBER: "曹雪芹"}
        yield serving


@pytest.fixture
async def cloud(server: TencentServer) -> AsyncIterator[TencentCloud]:
    async with cloud_at(server) as opened:
        yield opened


async def compare(cloud: TencentCloud) -> Verdict:
    return await TencentIdentityCheck(cloud, FakeClock()).compare("曹雪芹", NUMBER)


async def test_a_request_that_is_signed_with_another_key_is_not_answered(
    server: TencentServer,
) -> None:
    async with cloud_at(server, secret="s" * 32) as cloud:
        with capture_logs() as logs, pytest.raises(UnavailableError):
            await compare(cloud)
    assert server.asked == []
    assert [entry["reason"] for entry in logs] == ["AuthFailure.SignatureFailure"]


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.BROKEN, Fault.NONSENSE])
async def test_a_question_is_asked_once_more_when_the_answer_is_lost(
    server: TencentServer, cloud: TencentCloud, fault: Fault
) -> None:
    server.http.faults.append(fault)
    assert await compare(cloud) is Verdict.MATCH
    assert len(server.http.seen) == 2


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_message_is_never_sent_twice_whatever_becomes_of_the_answer(
    server: TencentServer, fault: Fault
) -> None:
    server.http.faults.append(fault)
    async with cloud_at(server, seconds=0.3) as cloud:
        sms = sms_at(server, cloud, FakeClock())
        with pytest.raises(UnavailableError):
            await sms.send(PHONE, "012345", Purpose.SIGN_IN)
    assert [phone for phone, _, _ in server.sent] == [PHONE]


async def test_a_message_turned_away_at_the_door_is_tried_again(
    server: TencentServer, cloud: TencentCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says["SendSms"] = "RequestLimitExceeded"
    tries = []

    def judged(phone: str, _: object) -> str:
        tries.append(phone)
        return "Ok"

    monkeypatch.setattr(server, "_judged", judged)
    sms = sms_at(server, cloud, FakeClock())
    with pytest.raises(UnavailableError):
        await sms.send(PHONE, "012345", Purpose.SIGN_IN)
    assert (len(server.asked), tries) == (2, [])


async def test_nobody_at_the_other_end_is_unavailable(server: TencentServer) -> None:
    async with cloud_at(server, base=NOWHERE) as cloud:
        with capture_logs() as logs, pytest.raises(UnavailableError):
            await compare(cloud)
    assert [entry["fault"] for entry in logs if entry["event"] == "no_answer"] == ["ConnectError"]


async def test_a_citizen_waits_no_longer_than_was_set(server: TencentServer) -> None:
    server.http.faults.extend([Fault.SILENT] * 2)
    async with cloud_at(server, seconds=0.3) as cloud:
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            await compare(cloud)
        assert time.monotonic() - began < 2


async def test_an_answer_that_leads_elsewhere_is_not_followed(
    server: TencentServer, cloud: TencentCloud
) -> None:
    server.http.faults.extend([Fault.ELSEWHERE] * 2)
    with pytest.raises(UnavailableError):
        await compare(cloud)
    assert not [request for request in server.http.seen if "elsewhere" in request.path]
    assert len(server.http.seen) == 2


async def test_a_vendor_that_keeps_failing_is_left_in_peace_and_then_asked_again(
    server: TencentServer, cloud: TencentCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says["IdCardVerification"] = "InternalError"
    for _ in range(5):
        with pytest.raises(UnavailableError):
            await compare(cloud)
    asked = len(server.asked)
    for _ in range(20):
        with pytest.raises(UnavailableError, match="resting"):
            await compare(cloud)
    assert len(server.asked) == asked
    later = time.time() + 21
    monkeypatch.setattr("purgatory.domain.model.time.time", lambda: later)
    server.says.clear()
    assert await compare(cloud) is Verdict.MATCH


async def test_one_kind_of_request_rests_by_itself(
    server: TencentServer, cloud: TencentCloud
) -> None:
    server.says["IdCardVerification"] = "InternalError"
    for _ in range(6):
        with pytest.raises(UnavailableError):
            await compare(cloud)
    await sms_at(server, cloud, FakeClock()).send(PHONE, "012345", Purpose.SIGN_IN)
    assert server.sent


@pytest.mark.parametrize("result", ["0", "-1", "-5"])
async def test_a_no_of_the_vendors_never_makes_it_rest(
    server: TencentServer, cloud: TencentCloud, result: str
) -> None:
    server.results["IdCardVerification"] = result
    for _ in range(12):
        await compare(cloud)
    server.says["IdCardVerification"] = "UnauthorizedOperation.Arrears"
    for _ in range(12):
        with pytest.raises(UnavailableError, match="Arrears"):
            await compare(cloud)
    assert len(server.asked) == 24


async def test_a_turn_that_is_given_up_says_nothing_about_the_vendor(
    cloud: TencentCloud,
) -> None:
    for _ in range(6):
        waiting = asyncio.create_task(compare(cloud))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await compare(cloud) is Verdict.MATCH


async def test_neither_what_was_asked_nor_what_was_said_reaches_a_log(
    server: TencentServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    faults = [None, *Fault]
    async with cloud_at(server, seconds=0.2) as cloud:
        with capture_logs() as logs:
            for fault in faults:
                server.http.faults.extend([fault] * 2 if fault else [])
                server.says["IdCardVerification"] = "" if fault else "InvalidParameter"
                with pytest.raises(UnavailableError) as raised:
                    await compare(cloud)
                assert "曹雪芹" not in f"{raised.value!r}{raised.value.__cause__!r}"
    heard = f"{logs}{caplog.text}"
    assert logs
    assert NUMBER not in heard
    assert "曹雪芹" not in heard
    assert "EXAMPLE" not in heard
