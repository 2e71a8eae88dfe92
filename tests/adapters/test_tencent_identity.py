"""What the vendor's result codes mean for names, cards, faces and photos. Source: S0-24, S0-68."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from adapters.tencent import TencentCloud
from adapters.tencent_identity import (
    TencentBankCardCheck,
    TencentFaceCheck,
    TencentIdentityCheck,
)
from adapters.tencent_ocr import TencentIdCardReader
from domain.identity.bank_cards import CardVerdict
from domain.identity.faces import FaceOutcome, FaceSession
from domain.identity.id_cards import CardFault, CardUnreadableError
from domain.identity.model import Verdict
from domain.shared.errors import UnavailableError
from domain.shared.throttle import ThrottledError
from tests.support.clock import FakeClock
from tests.support.tencent_server import TencentServer, tencent
from tests.support.vendors import cloud_at

NUMBER = "11010519491231002X"
CARD = "6222020200001234567"
WHOSE = {"name": "曹雪芹", "id_number": NUMBER}
BACK = "https://anju.test/h5/face/back?token=t"
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 16, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[TencentServer]:
    with tencent() as serving:
        serving.people = {NUMBER: "曹雪芹"}
        yield serving


@pytest.fixture
async def cloud(server: TencentServer) -> AsyncIterator[TencentCloud]:
    async with cloud_at(server) as opened:
        yield opened


def token_of(session: FaceSession) -> str:
    """Return the vendor's part of a receipt; the rest is ours."""
    return session.receipt.partition(".")[0]


@pytest.mark.parametrize(
    ("result", "meant"),
    [
        ("0", Verdict.MATCH),
        ("-1", Verdict.MISMATCH),
        ("-2", Verdict.MISMATCH),
        ("-3", Verdict.MISMATCH),
        ("-4", UnavailableError),
        ("-5", Verdict.MISMATCH),
        ("-6", UnavailableError),
        ("-7", ThrottledError),
        ("-99", UnavailableError),
        ("", UnavailableError),
    ],
)
async def test_a_name_matches_only_by_the_code_that_says_so(
    server: TencentServer, cloud: TencentCloud, result: str, meant: Verdict | type[Exception]
) -> None:
    server.results["IdCardVerification"] = result
    check = TencentIdentityCheck(cloud, FakeClock(NOON))
    if isinstance(meant, Verdict):
        assert await check.compare("曹雪芹", NUMBER) is meant
        return
    with pytest.raises(meant) as raised:
        await check.compare("曹雪芹", NUMBER)
    if isinstance(raised.value, ThrottledError):
        assert raised.value.until == MIDNIGHT


@pytest.mark.parametrize(
    ("results", "meant"),
    [
        (["0"], CardVerdict.MATCH),
        (["-1", "-2", "-3", "-4", "-5", "-8", "-9"], CardVerdict.MISMATCH),
        (["-6", "-7", *map(str, range(-16, -9)), "-19", "-20"], CardVerdict.UNUSABLE),
        (["-17", "-99", ""], UnavailableError),
        (["-18"], ThrottledError),
    ],
)
async def test_every_documented_code_of_a_card_is_understood(
    server: TencentServer,
    cloud: TencentCloud,
    results: list[str],
    meant: CardVerdict | type[Exception],
) -> None:
    check = TencentBankCardCheck(cloud, FakeClock(NOON))
    for result in results:
        server.results["BankCardVerification"] = result
        if isinstance(meant, CardVerdict):
            assert await check.compare("曹雪芹", NUMBER, CARD) is meant, result
        else:
            with pytest.raises(meant):
                await check.compare("曹雪芹", NUMBER, CARD)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (None, FaceOutcome.PENDING),
        (0, FaceOutcome.PASSED),
        (1004, FaceOutcome.FAILED),
        (2014, FaceOutcome.FAILED),
        (-1, FaceOutcome.FAILED),
        (1001, FaceOutcome.EXPIRED),
        (15, FaceOutcome.EXPIRED),
    ],
)
async def test_a_face_passes_only_by_the_code_that_says_so(
    server: TencentServer, cloud: TencentCloud, code: int | None, outcome: FaceOutcome
) -> None:
    check = TencentFaceCheck(cloud, "1")
    session = await check.begin("曹雪芹", NUMBER, back=BACK)
    server.sessions[token_of(session)] = code
    assert await check.outcome(session.receipt, **WHOSE) is outcome
    assert await check.outcome(session.receipt, **WHOSE) is outcome


@pytest.mark.parametrize(
    "echo",
    [
        {"Name": "林黛玉"},
        {"IdCard": "110100198809230028"},
        {"Extra": "another-request"},
        {"Name": None},
        {"IdCard": ""},
        {"Extra": None},
        {"LiveStatus": 2014},
        {"Comparestatus": 1004},
    ],
)
async def test_a_pass_of_another_session_or_person_or_at_odds_with_itself_is_none(
    server: TencentServer, cloud: TencentCloud, echo: dict[str, object]
) -> None:
    """Source: S0-68; reliability 3.2, row 46; I19."""
    check = TencentFaceCheck(cloud, "1")
    session = await check.begin("曹雪芹", NUMBER, back=BACK)
    server.sessions[token_of(session)] = 0
    server.echoes = echo
    with pytest.raises(UnavailableError):
        await check.outcome(session.receipt, **WHOSE)
    server.echoes = {}
    assert await check.outcome(session.receipt, **WHOSE) is FaceOutcome.PASSED


async def test_a_pass_of_another_request_for_the_same_person_is_none(
    server: TencentServer, cloud: TencentCloud
) -> None:
    check = TencentFaceCheck(cloud, "1")
    mine, other = [await check.begin("曹雪芹", NUMBER, back=BACK) for _ in range(2)]
    server.sessions[token_of(other)] = 0
    swapped = mine.receipt.replace(token_of(mine), token_of(other))
    with pytest.raises(UnavailableError):
        await check.outcome(swapped, **WHOSE)


async def test_a_failure_that_names_nobody_is_a_failure_and_one_of_another_person_is_none(
    server: TencentServer, cloud: TencentCloud
) -> None:
    check = TencentFaceCheck(cloud, "1")
    session = await check.begin("曹雪芹", NUMBER, back=BACK)
    server.sessions[token_of(session)] = 1004
    server.echoes = {"Name": None, "IdCard": None, "Extra": None}
    assert await check.outcome(session.receipt, **WHOSE) is FaceOutcome.FAILED
    server.echoes = {"Name": "林黛玉"}
    with pytest.raises(UnavailableError):
        await check.outcome(session.receipt, **WHOSE)


async def test_a_session_says_whose_face_it_should_be_and_where_to_go_afterwards(
    server: TencentServer, cloud: TencentCloud
) -> None:
    session = await TencentFaceCheck(cloud, "rule-7").begin("曹雪芹", NUMBER, back=BACK)
    [(_, asked)] = server.asked
    assert (asked["RuleId"], asked["Name"], asked["IdCard"]) == ("rule-7", "曹雪芹", NUMBER)
    assert asked["RedirectUrl"] == BACK
    assert session.url.startswith("https://")
    assert NUMBER not in session.url


async def test_no_picture_of_a_face_is_ever_asked_for(
    server: TencentServer, cloud: TencentCloud
) -> None:
    check = TencentFaceCheck(cloud, "1")
    session = await check.begin("曹雪芹", NUMBER, back=BACK)
    await check.outcome(session.receipt, **WHOSE)
    assert server.asked[-1][1]["InfoType"] == "1"


@pytest.mark.parametrize("code", ["BizTokenExpired", "BizTokenIllegal"])
async def test_a_session_that_the_vendor_forgot_has_expired(
    server: TencentServer, cloud: TencentCloud, code: str
) -> None:
    server.says["GetDetectInfoEnhanced"] = f"InvalidParameterValue.{code}"
    assert await TencentFaceCheck(cloud, "1").outcome("a-token", **WHOSE) is FaceOutcome.EXPIRED


async def test_a_face_check_that_was_not_paid_for_is_unavailable(
    server: TencentServer, cloud: TencentCloud
) -> None:
    arrears = "UnauthorizedOperation.Arrears"
    server.says = {"DetectAuth": arrears, "GetDetectInfoEnhanced": arrears}
    check = TencentFaceCheck(cloud, "1")
    with pytest.raises(UnavailableError):
        await check.begin("曹雪芹", NUMBER, back=BACK)
    with pytest.raises(UnavailableError):
        await check.outcome("a-token", **WHOSE)


def test_a_call_in_the_vendors_name_is_not_believed(cloud: TencentCloud) -> None:
    body = json.dumps({"BizToken": "a-token", "ErrCode": 0}).encode()
    assert TencentFaceCheck(cloud, "1").called({"x-tc-action": "Notify"}, body) is None


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("FailedOperation.ImageNoIdCard", CardFault.NO_CARD),
        ("FailedOperation.ImageBlur", CardFault.UNCLEAR),
        ("FailedOperation.IdCardTooSmall", CardFault.UNCLEAR),
        ("FailedOperation.MultiCardError", CardFault.SEVERAL),
        ("FailedOperation.CardSideError", CardFault.BACK_SIDE),
    ],
)
async def test_a_card_that_cannot_be_read_says_what_to_do_better(
    server: TencentServer, cloud: TencentCloud, code: str, fault: CardFault
) -> None:
    server.says["IDCardOCR"] = code
    with pytest.raises(CardUnreadableError) as raised:
        await TencentIdCardReader(cloud).read(b"\xff\xd8\xff")
    assert raised.value.fault is fault


@pytest.mark.parametrize("code", ["ResourceUnavailable.InArrears", "FailedOperation.UnKnowError"])
async def test_a_reader_that_is_out_of_order_blames_no_picture(
    server: TencentServer, cloud: TencentCloud, code: str
) -> None:
    server.says["IDCardOCR"] = code
    with pytest.raises(UnavailableError):
        await TencentIdCardReader(cloud).read(b"\xff\xd8\xff")


async def test_half_a_card_is_not_taken(server: TencentServer, cloud: TencentCloud) -> None:
    server.card = ("曹雪芹", "")
    with pytest.raises(CardUnreadableError):
        await TencentIdCardReader(cloud).read(b"\xff\xd8\xff")
    assert server.asked[0][1]["CardSide"] == "FRONT"
