"""The operator's register over HTTP: both sides sign, and neither believes an unsigned word.

Source: S0-25.
"""

import json
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from adapters.filing_register import signature
from adapters.simulated import World
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.register_server import RegisterServer, register
from tests.support.vendors import register_at

NUMBER = "1101052019000123"
FILING = World.load().families[NUMBER]


@pytest.fixture
def server() -> Iterator[RegisterServer]:
    with register(FakeClock()) as serving:
        serving.families = {NUMBER: {**FILING.to_json(), "filed_at": None}}
        yield serving


async def test_a_day_that_is_not_told_is_not_invented(server: RegisterServer) -> None:
    async with register_at(server) as families:
        found = await families.find(NUMBER)
    assert found
    assert found.filed_at is None


async def test_a_number_never_stands_in_an_address(server: RegisterServer) -> None:
    async with register_at(server) as families:
        await families.find(NUMBER)
    [request] = server.http.seen
    assert NUMBER not in request.path
    assert NUMBER not in str(request.headers)
    assert json.loads(request.body) == {"number": NUMBER}


async def test_a_wrong_secret_is_refused_there_and_reported_here(server: RegisterServer) -> None:
    async with register_at(server, secret="x" * 32) as families:
        with capture_logs() as logs, pytest.raises(UnavailableError):
            await families.find(NUMBER)
    assert logs
    assert NUMBER not in str(logs)


async def test_an_answer_that_is_not_signed_by_the_register_is_none(server: RegisterServer) -> None:
    server.signs_with = "y" * 32
    async with register_at(server) as families:
        with pytest.raises(UnavailableError, match="unsigned"):
            await families.find(NUMBER)


async def test_an_answer_to_another_question_is_not_believed(server: RegisterServer) -> None:
    server.families["1101052019999999"] = server.families[NUMBER]
    async with register_at(server) as families:
        with pytest.raises(UnavailableError, match="another family"):
            await families.find("1101052019999999")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"{}",
        b'{"family": {}}',
        json.dumps({"family": {**FILING.to_json(), "unit_types": ["九居室"]}}).encode(),
        json.dumps({"family": {**FILING.to_json(), "state": "lost"}}).encode(),
        b'{"family": null, "filler": "' + b"x" * 65536 + b'"}',
    ],
)
async def test_an_answer_of_another_form_is_no_absence(server: RegisterServer, said: bytes) -> None:
    server.says = said
    async with register_at(server) as families:
        with pytest.raises(UnavailableError):
            await families.find(NUMBER)


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.BROKEN, Fault.NONSENSE, Fault.ELSEWHERE])
async def test_a_lost_answer_is_asked_for_once_more(server: RegisterServer, fault: Fault) -> None:
    server.http.faults.append(fault)
    async with register_at(server) as families:
        assert await families.find(NUMBER)
    assert len(server.nonces) == 2
    assert not [request for request in server.http.seen if "elsewhere" in request.path]


async def test_nobody_at_the_other_end_is_unavailable(server: RegisterServer) -> None:
    async with register_at(server, url="http://127.0.0.1:9/families/find") as families:
        with pytest.raises(UnavailableError):
            await families.find(NUMBER)


def test_a_signature_covers_every_part_and_its_place() -> None:
    signed = {
        signature("secret", "POST", "/a", b"body"),
        signature("secret", "POST", "/a", b"bodY"),
        signature("secret", "/a", "POST", b"body"),
        signature("secreT", "POST", "/a", b"body"),
        signature("secret", "POST", "/b", b"body"),
    }
    assert len(signed) == 5
