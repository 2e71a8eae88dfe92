"""One suite for whoever sends codes. Source: S0-15."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import pytest

from adapters.simulated import LineState, SimulatedSms
from domain.accounts.codes import SmsSender
from domain.accounts.model import Purpose
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.tencent_server import tencent
from tests.support.vendors import cloud_at, sms_at

PHONE = "+8619900000001"


@dataclass
class Phones:
    """A sender, the codes that reached the phone, and a way to cut the line."""

    sender: SmsSender
    codes: Callable[[], Sequence[str]]
    cut: Callable[[], None]


@pytest.fixture(params=["simulated", "tencent"])
async def phones(request: pytest.FixtureRequest) -> AsyncIterator[Phones]:
    if request.param == "simulated":
        sms = SimulatedSms(FakeClock())
        yield Phones(
            sms,
            lambda: [message.code for message in sms.inbox(PHONE)],
            lambda: setattr(sms.line, "state", LineState.DOWN),
        )
        return
    with tencent() as server:
        async with cloud_at(server) as cloud:
            yield Phones(
                sms_at(server, cloud, FakeClock()),
                lambda: [blanks[0] for phone, _, blanks in server.sent if phone == PHONE],
                lambda: server.http.faults.append(Fault.DROPPED),
            )


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_code_is_handed_over_for_any_purpose(phones: Phones, purpose: Purpose) -> None:
    await phones.sender.send(PHONE, "012345", purpose)
    assert phones.codes() == ["012345"]


async def test_a_silent_line_is_unavailable(phones: Phones) -> None:
    phones.cut()
    with pytest.raises(UnavailableError):
        await phones.sender.send(PHONE, "012345", Purpose.SIGN_IN)


async def test_a_line_that_never_answers_is_unavailable_though_the_message_left() -> None:
    sms = SimulatedSms(FakeClock())
    sms.line.state = LineState.DEAF
    with pytest.raises(UnavailableError):
        await sms.send(PHONE, "012345", Purpose.SIGN_IN)
    assert "012345" in sms.inbox(PHONE)[0].text
