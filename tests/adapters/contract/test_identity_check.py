"""One suite for whoever compares names with ID numbers. Source: S0-24."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from adapters.simulated import Inhabitant, LineState, SimulatedIdentityCheck, World
from adapters.tencent_identity import TencentIdentityCheck
from domain.identity.model import Verdict
from domain.identity.service import IdentityCheck
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.tencent_server import tencent
from tests.support.vendors import cloud_at

NUMBER = "11010519491231002X"
WORLD = World({NUMBER: Inhabitant("曹雪芹", NUMBER)})


@dataclass
class Records:
    """Somebody who compares, and a way to cut the line."""

    check: IdentityCheck
    cut: Callable[[LineState], None]


@pytest.fixture(params=["simulated", "tencent"])
async def records(request: pytest.FixtureRequest) -> AsyncIterator[Records]:
    if request.param == "simulated":
        check = SimulatedIdentityCheck(WORLD)
        yield Records(check, lambda state: setattr(check.line, "state", state))
        return
    faults = {LineState.DOWN: Fault.DROPPED, LineState.DEAF: Fault.SILENT}
    with tencent() as server:
        server.people = {NUMBER: "曹雪芹"}
        async with cloud_at(server, seconds=1) as cloud:
            yield Records(
                TencentIdentityCheck(cloud, FakeClock()),
                lambda state: server.http.faults.extend([faults[state]] * 2),
            )


@pytest.mark.parametrize(
    ("name", "id_number", "verdict"),
    [
        ("曹雪芹", NUMBER, Verdict.MATCH),
        ("曹雪", NUMBER, Verdict.MISMATCH),
        ("曹雪芹", "110100198809230028", Verdict.MISMATCH),
    ],
)
async def test_the_verdict_is_about_the_pair(
    records: Records, name: str, id_number: str, verdict: Verdict
) -> None:
    assert await records.check.compare(name, id_number) is verdict


def test_the_record_can_say_who_compared(records: Records) -> None:
    assert records.check.source


@pytest.mark.parametrize("state", [LineState.DOWN, LineState.DEAF])
async def test_a_silent_line_is_unavailable_and_no_mismatch(
    records: Records, state: LineState
) -> None:
    records.cut(state)
    with pytest.raises(UnavailableError):
        await records.check.compare("曹雪芹", NUMBER)
