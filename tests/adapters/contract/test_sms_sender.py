"""One suite for whoever sends codes. Source: S0-15."""

import pytest

from adapters.simulated import LineState, SimulatedSms
from domain.accounts.codes import SmsSender
from domain.accounts.model import Purpose
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock

PHONE = "+8619900000001"


@pytest.fixture
def sms() -> SimulatedSms:
    return SimulatedSms(FakeClock())


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_code_is_handed_over_for_any_purpose(sms: SimulatedSms, purpose: Purpose) -> None:
    sender: SmsSender = sms
    await sender.send(PHONE, "012345", purpose)
    assert [message.code for message in sms.inbox(PHONE)] == ["012345"]
    assert "012345" in sms.inbox(PHONE)[0].text


@pytest.mark.parametrize("state", [LineState.DOWN, LineState.DEAF])
async def test_a_silent_line_is_unavailable(sms: SimulatedSms, state: LineState) -> None:
    sms.line.state = state
    sender: SmsSender = sms
    with pytest.raises(UnavailableError):
        await sender.send(PHONE, "012345", Purpose.SIGN_IN)
