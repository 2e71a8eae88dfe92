"""One suite for whoever knows the filed families. Source: S0-25."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from adapters.simulated import LineState, SimulatedFamilyRegister, World
from domain.filings.service import FamilyRegister
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.register_server import register
from tests.support.vendors import register_at

NUMBER = "1101052019000123"
FILING = World.load().families[NUMBER]


@dataclass
class Records:
    """A register, and a way to cut the line."""

    register: FamilyRegister
    cut: Callable[[LineState], None]


@pytest.fixture(params=["simulated", "http"])
async def records(request: pytest.FixtureRequest) -> AsyncIterator[Records]:
    if request.param == "simulated":
        simulated = SimulatedFamilyRegister(World.load())
        yield Records(simulated, lambda state: setattr(simulated.line, "state", state))
        return
    faults = {LineState.DOWN: Fault.DROPPED, LineState.DEAF: Fault.SILENT}
    with register(FakeClock()) as server:
        server.families = {NUMBER: {**FILING.to_json(), "filed_at": str(FILING.filed_at)}}
        async with register_at(server, seconds=1) as found:
            yield Records(found, lambda state: server.http.faults.extend([faults[state]] * 2))


async def test_a_family_is_found_under_its_own_number(records: Records) -> None:
    assert await records.register.find(NUMBER) == FILING


async def test_nothing_is_found_under_an_unknown_number(records: Records) -> None:
    assert await records.register.find("1101052019999999") is None


@pytest.mark.parametrize("state", [LineState.DOWN, LineState.DEAF])
@pytest.mark.parametrize("number", [NUMBER, "1101052019999999"])
async def test_a_silent_line_is_unavailable_and_no_absence(
    records: Records, state: LineState, number: str
) -> None:
    records.cut(state)
    with pytest.raises(UnavailableError):
        await records.register.find(number)
