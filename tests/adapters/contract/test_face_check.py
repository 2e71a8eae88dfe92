"""One suite for whoever compares faces. Source: S0-68."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from adapters.simulated import Inhabitant, LineState, World
from adapters.simulated_faces import SIGNATURE, SimulatedFaceCheck
from adapters.tencent_identity import TencentFaceCheck
from domain.identity.faces import FaceCheck, FaceOutcome
from domain.shared.errors import UnavailableError
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.tencent_server import tencent
from tests.support.vendors import cloud_at
from tests.support.works import MemorySecrets

NAME, NUMBER = "曹雪芹", "11010519491231002X"
WHOSE = {"name": NAME, "id_number": NUMBER}
BACK = "https://anju.test/h5/face-return"
WORLD = World({NUMBER: Inhabitant(NAME, NUMBER, face="fail")})


class Vendor(NamedTuple):
    """A face check, and how a citizen ends a session on its page."""

    check: FaceCheck
    end: Callable[[str, bool], Awaitable[object]]


def simulated(clock: FakeClock, secrets: MemorySecrets) -> SimulatedFaceCheck:
    return SimulatedFaceCheck(
        WORLD,
        secrets,
        clock,
        SeededRandomness(),
        public_url="https://anju.test",
        key=bytes(range(32)),
    )


@pytest.fixture
def stand_in() -> SimulatedFaceCheck:
    return simulated(FakeClock(), MemorySecrets())


@pytest.fixture(params=["simulated", "tencent"])
async def vendor(
    request: pytest.FixtureRequest, stand_in: SimulatedFaceCheck
) -> AsyncIterator[Vendor]:
    async def decide(receipt: str, passed: bool) -> None:  # noqa: FBT001 (as the page says it)
        await stand_in.decide(receipt, passed=passed)

    if request.param == "simulated":
        yield Vendor(stand_in, decide)
        return
    with tencent() as server:

        async def end(receipt: str, passed: bool) -> None:  # noqa: FBT001 (as the page says it)
            server.sessions[receipt.partition(".")[0]] = 0 if passed else 1004

        async with cloud_at(server) as cloud:
            yield Vendor(TencentFaceCheck(cloud, "1"), end)


async def test_each_session_has_an_address_and_a_receipt_of_its_own(vendor: Vendor) -> None:
    one, other = [await vendor.check.begin(NAME, NUMBER, back=BACK) for _ in range(2)]
    assert one.url.startswith("https://")
    assert one.url != other.url
    assert one.receipt != other.receipt
    assert len(one.receipt) <= 200
    for told in (NAME, NUMBER, one.receipt):
        assert told not in repr(one)
    assert NUMBER not in one.url


@pytest.mark.parametrize(
    ("passed", "outcome"), [(True, FaceOutcome.PASSED), (False, FaceOutcome.FAILED)]
)
async def test_an_outcome_is_what_was_shown_and_stays(
    vendor: Vendor,
    passed: bool,  # noqa: FBT001 (a parameter of the test)
    outcome: FaceOutcome,
) -> None:
    session = await vendor.check.begin(NAME, NUMBER, back=BACK)
    other = await vendor.check.begin(NAME, NUMBER, back=BACK)
    assert await vendor.check.outcome(session.receipt, **WHOSE) is FaceOutcome.PENDING
    await vendor.end(session.receipt, passed)
    assert [await vendor.check.outcome(session.receipt, **WHOSE) for _ in range(2)] == [outcome] * 2
    assert await vendor.check.outcome(other.receipt, **WHOSE) is FaceOutcome.PENDING


@pytest.mark.parametrize("ended", ["passed", "failed", "not at all"])
@pytest.mark.parametrize(
    "whose",
    [
        {"name": "林黛玉", "id_number": NUMBER},
        {"name": NAME, "id_number": "110100198809230028"},
    ],
)
async def test_an_outcome_of_somebody_else_is_none(
    vendor: Vendor, ended: str, whose: dict[str, str]
) -> None:
    """Source: S0-68; reliability 3.2, row 46; I19."""
    session = await vendor.check.begin(NAME, NUMBER, back=BACK)
    if ended != "not at all":
        await vendor.end(session.receipt, ended == "passed")
    with pytest.raises(UnavailableError):
        await vendor.check.outcome(session.receipt, **whose)


async def test_an_unknown_session_has_expired(vendor: Vendor) -> None:
    assert await vendor.check.outcome("nobody", **WHOSE) is FaceOutcome.EXPIRED


@pytest.mark.parametrize("body", [b"", b"{}", b'{"receipt": "r"}', b"\xff" * 64])
async def test_a_call_without_the_vendors_signature_is_nothing(vendor: Vendor, body: bytes) -> None:
    assert vendor.check.called({}, body) is None
    assert vendor.check.called({SIGNATURE: "0" * 64}, body) is None
    assert vendor.check.called({SIGNATURE: "签名"}, body) is None


# The stand-in's own ways.


async def test_a_signed_call_names_its_session(stand_in: SimulatedFaceCheck) -> None:
    body = json.dumps({"receipt": "r-1"}).encode()
    assert stand_in.called({SIGNATURE: stand_in.sign(body)}, body) == "r-1"
    assert stand_in.called({SIGNATURE: stand_in.sign(body)}, body + b" ") is None


async def test_a_session_ends_once(stand_in: SimulatedFaceCheck) -> None:
    session = await stand_in.begin(NAME, NUMBER, back=BACK)
    assert await stand_in.decide(session.receipt, passed=False)
    assert not await stand_in.decide(session.receipt, passed=True)
    assert await stand_in.outcome(session.receipt, **WHOSE) is FaceOutcome.FAILED
    assert await stand_in.asked(session.receipt) is None
    assert not await stand_in.decide("nobody", passed=True)


async def test_the_page_shows_who_is_meant_masked_and_what_the_world_would_say(
    stand_in: SimulatedFaceCheck,
) -> None:
    session = await stand_in.begin(NAME, NUMBER, back=BACK)
    asked = await stand_in.asked(session.receipt)
    assert asked is not None
    assert NAME not in asked.name
    assert NUMBER not in asked.id_number
    assert not asked.likely


async def test_sessions_outlast_a_restart_but_not_half_an_hour() -> None:
    clock, secrets = FakeClock(), MemorySecrets()
    session = await simulated(clock, secrets).begin(NAME, NUMBER, back=BACK)
    again = simulated(clock, secrets)
    assert await again.outcome(session.receipt, **WHOSE) is FaceOutcome.PENDING
    clock.moment += timedelta(minutes=31)
    assert await again.outcome(session.receipt, **WHOSE) is FaceOutcome.EXPIRED


@pytest.mark.parametrize("state", [LineState.DOWN, LineState.DEAF])
async def test_a_silent_line_is_unavailable(stand_in: SimulatedFaceCheck, state: LineState) -> None:
    session = await stand_in.begin(NAME, NUMBER, back=BACK)
    stand_in.line.state = state
    with pytest.raises(UnavailableError):
        await stand_in.begin(NAME, NUMBER, back=BACK)
    with pytest.raises(UnavailableError):
        await stand_in.outcome(session.receipt, **WHOSE)
