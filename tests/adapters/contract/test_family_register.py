"""One suite for whoever knows the filed families. Source: S0-25."""

import pytest

from adapters.simulated import LineState, SimulatedFamilyRegister, World
from domain.filings.service import FamilyRegister
from domain.shared.errors import UnavailableError

NUMBER = "1101052019000123"


@pytest.fixture
def register() -> FamilyRegister:
    return SimulatedFamilyRegister(World.load())


async def test_a_family_is_found_under_its_own_number(register: FamilyRegister) -> None:
    filing = await register.find(NUMBER)
    assert filing is not None
    assert filing.number == NUMBER
    assert filing.members


async def test_nothing_is_found_under_an_unknown_number(register: FamilyRegister) -> None:
    assert await register.find("1101052019999999") is None


@pytest.mark.parametrize("state", [LineState.DOWN, LineState.DEAF])
async def test_a_silent_line_is_unavailable_and_no_absence(state: LineState) -> None:
    register = SimulatedFamilyRegister(World.load())
    register.line.state = state
    for number in (NUMBER, "1101052019999999"):
        with pytest.raises(UnavailableError):
            await register.find(number)
