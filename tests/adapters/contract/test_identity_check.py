"""One suite for whoever compares names with ID numbers. Source: S0-24."""

import pytest

from adapters.simulated import Inhabitant, LineState, SimulatedIdentityCheck, World
from domain.identity.model import Verdict
from domain.identity.service import IdentityCheck
from domain.shared.errors import UnavailableError

NUMBER = "11010519491231002X"
WORLD = World({NUMBER: Inhabitant("曹雪芹", NUMBER)})


@pytest.fixture
def check() -> IdentityCheck:
    return SimulatedIdentityCheck(WORLD)


@pytest.mark.parametrize(
    ("name", "id_number", "verdict"),
    [
        ("曹雪芹", NUMBER, Verdict.MATCH),
        ("曹雪", NUMBER, Verdict.MISMATCH),
        ("曹雪芹", "110100198809230028", Verdict.MISMATCH),
    ],
)
async def test_the_verdict_is_about_the_pair(
    check: IdentityCheck, name: str, id_number: str, verdict: Verdict
) -> None:
    assert await check.compare(name, id_number) is verdict


def test_the_record_can_say_who_compared(check: IdentityCheck) -> None:
    assert check.source


@pytest.mark.parametrize("state", [LineState.DOWN, LineState.DEAF])
async def test_a_silent_line_is_unavailable_and_no_mismatch(state: LineState) -> None:
    check = SimulatedIdentityCheck(WORLD)
    check.line.state = state
    with pytest.raises(UnavailableError):
        await check.compare("曹雪芹", NUMBER)
