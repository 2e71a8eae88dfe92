"""Back from the face check, and the stand-in's page. Source: S0-68."""

import json
from dataclasses import dataclass

import httpx
import pytest

from adapters.simulated_faces import SIGNATURE, SimulatedFaceCheck
from domain.content.model import DocumentKind
from domain.identity.model import Recovery, RecoveryState
from tests.support.town import PUBLIC_URL, Resident, Town

OVER = 410


@dataclass(frozen=True)
class Showing:
    """A citizen in front of the face check."""

    town: Town
    who: Resident
    recovery_id: str
    path: str

    @property
    def token(self) -> str:
        return self.path.rpartition("/")[2]

    async def recovery(self) -> Recovery:
        async with self.town.house.open_work() as work:
            found = await work.recoveries.find(self.recovery_id)
        assert found is not None
        return found

    async def call(self, body: bytes, signature: str) -> httpx.Response:
        headers = {SIGNATURE.encode(): signature.encode()}
        return await self.town.client.post("/h5/face-call", content=body, headers=headers)


@pytest.fixture
async def showing(town: Town) -> Showing:
    who = town.residents["周安然"]
    await town.bring(who, ["signed-up", "verified", "signed-out"])
    async with town.house.open_work() as work:
        desk = town.desk(work, who)
        recovery = await desk.recovery.open(who.openid, who.name, who.id_number)
        consent = await desk.content.document(DocumentKind.FACE_CONSENT)
        url = await desk.faces.begin(recovery, [consent])
        await work.commit()
    return Showing(town, who, recovery.id, url.removeprefix(PUBLIC_URL))


def face_check(town: Town) -> SimulatedFaceCheck:
    check = town.house.face_check
    assert isinstance(check, SimulatedFaceCheck)
    return check


async def test_opening_the_page_changes_nothing_and_names_nobody(showing: Showing) -> None:
    before = await showing.town.counts()
    pages = [await showing.town.client.get(showing.path) for _ in range(3)]
    assert {page.status_code for page in pages} == {200}
    assert await showing.town.counts() == before
    for told in (showing.who.name, showing.who.id_number):
        assert told not in pages[0].text
    assert pages[0].headers["cache-control"] == "no-store"


async def test_a_session_ends_once(showing: Showing) -> None:
    client = showing.town.client
    assert (await client.post(showing.path, data={"outcome": "perhaps"})).status_code == 200
    assert (await client.post(showing.path, data={"outcome": "fail"})).status_code == 200
    assert (await client.post(showing.path, data={"outcome": "pass"})).status_code == OVER
    assert (await client.get(showing.path)).status_code == OVER
    assert (await client.get("/h5/face/nobody")).status_code == OVER


async def test_coming_back_from_the_vendor_is_believed_nothing(showing: Showing) -> None:
    before = await showing.town.counts()
    page = await showing.town.client.get(
        "/h5/face-return", params={"BizToken": showing.token, "result": "pass"}
    )
    assert page.status_code == 200
    assert showing.token not in page.text
    assert await showing.town.counts() == before
    assert (await showing.recovery()).state is RecoveryState.FACING


async def test_a_signed_call_makes_us_ask_what_became_of_the_session(showing: Showing) -> None:
    check = face_check(showing.town)
    body = json.dumps({"receipt": showing.token, "result": "pass"}).encode()
    assert (await showing.call(body, check.sign(body))).status_code == 200
    # The call said that it passed; the vendor, asked, did not.
    assert (await showing.recovery()).state is RecoveryState.FACING
    await check.decide(showing.token, passed=True)
    assert [(await showing.call(body, check.sign(body))).status_code for _ in range(3)] == [200] * 3
    assert (await showing.recovery()).state is RecoveryState.PROVEN


@pytest.mark.parametrize("signature", ["", "0" * 64, "真"])
async def test_a_call_without_a_good_signature_is_refused(showing: Showing, signature: str) -> None:
    await face_check(showing.town).decide(showing.token, passed=True)
    body = json.dumps({"receipt": showing.token}).encode()
    answer = await showing.call(body, signature)
    assert answer.status_code == 403
    assert (await showing.recovery()).state is RecoveryState.FACING


async def test_an_endless_call_is_refused(showing: Showing) -> None:
    body = json.dumps({"receipt": showing.token, "more": "x" * 70_000}).encode()
    answer = await showing.call(body, face_check(showing.town).sign(body))
    assert answer.status_code == 403


async def test_a_call_about_somebody_elses_session_is_no_matter(showing: Showing) -> None:
    body = json.dumps({"receipt": "another"}).encode()
    answer = await showing.call(body, face_check(showing.town).sign(body))
    assert answer.status_code == 200
    assert (await showing.recovery()).state is RecoveryState.FACING
