"""One suite for whoever sends notices. Source: S0-71, S0-72."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

import pytest

from adapters.simulated import LineState, SimulatedSms
from domain.shared.errors import UnavailableError
from domain.shared.pushes import MANNERS, NoticeSender, PushKind
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.tencent_server import tencent
from tests.support.vendors import cloud_at, sms_at

PHONE = "+8619900000001"
VALUES = {
    PushKind.PHONE_CHANGED: ["139****5678"],
    PushKind.RECOVERED: ["139****5678", "01234567"],
    PushKind.RESTED: ["11-22 09:30"],
    PushKind.COME_BACK: [],
    PushKind.REGISTERED: ["青禾家园 二居室", "DJ202603110000001", "2026年3月11日 12:00"],
    PushKind.CANCELLED: ["青禾家园 二居室", "DJ202603110000001", "2026年3月11日 12:00"],
    PushKind.ANSWERED: ["问题单", "WT202603110000001", "已有答复"],
    PushKind.CASE: ["公租房资格", "SL202603110000001", "已受理"],
}


class Phones(NamedTuple):
    """A sender, what reached the phone, and a way to cut the line."""

    sender: NoticeSender
    told: Callable[[], Sequence[str]]
    cut: Callable[[LineState], None]


@pytest.fixture(params=["simulated", "tencent"])
async def phones(request: pytest.FixtureRequest) -> AsyncIterator[Phones]:
    if request.param == "simulated":
        sms = SimulatedSms(FakeClock())
        yield Phones(
            sms,
            lambda: [message.text for message in sms.inbox(PHONE)],
            lambda state: setattr(sms.line, "state", state),
        )
        return
    faults = {LineState.DOWN: Fault.DROPPED, LineState.DEAF: Fault.SILENT}
    with tencent() as server:
        async with cloud_at(server, seconds=1) as cloud:
            yield Phones(
                sms_at(server, cloud, FakeClock()),
                lambda: [" ".join(blanks) for phone, _, blanks in server.sent if phone == PHONE],
                lambda state: server.http.faults.append(faults[state]),
            )


def test_every_kind_that_is_worth_an_sms_is_tried() -> None:
    assert set(VALUES) == {kind for kind in PushKind if MANNERS[kind].by_sms}


@pytest.mark.parametrize("kind", VALUES)
async def test_a_notice_of_any_kind_tells_all_its_values(phones: Phones, kind: PushKind) -> None:
    await phones.sender.tell(PHONE, kind, VALUES[kind])
    [text] = phones.told()
    assert all(value in text for value in VALUES[kind])


@pytest.mark.parametrize("state", [LineState.DOWN, LineState.DEAF])
async def test_a_silent_line_is_unavailable(phones: Phones, state: LineState) -> None:
    phones.cut(state)
    with pytest.raises(UnavailableError):
        await phones.sender.tell(PHONE, PushKind.PHONE_CHANGED, VALUES[PushKind.PHONE_CHANGED])
