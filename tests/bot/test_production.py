"""Production with its vendors: everything outside is real, and nothing stands in for it.

Source: S0-11, S0-24, S0-25, S0-68.
"""

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from bot import wiring
from bot.settings import Settings, read
from bot.wiring import Resources, SqlWork
from dialogs.desk import Desk
from domain.accounts.model import CodeRequest, Purpose
from domain.filings.model import filing_number
from domain.identity.faces import FaceOutcome
from domain.identity.id_cards import IdCard, PictureGoneError
from domain.shared.pushes import PushKind
from domain.shared.records import OpenId
from domain.shared.windows import Handover
from tests.support.clock import FakeClock
from tests.support.production import PRODUCTION
from tests.support.register_server import RegisterServer, register
from tests.support.tencent_server import TencentServer, tencent
from tests.support.wechat.server import WechatServer, wechat

NAME, NUMBER, PHONE = "曹雪芹", "11010519491231002X", "+8619900000001"
FILING = "1101052019000123"
ME = OpenId("oMe")


@pytest.fixture
def vendor() -> Iterator[TencentServer]:
    with tencent() as server:
        server.people = {NUMBER: NAME}
        server.templates = {"1001": 2, "1002": 1, "1003": 2, "1004": 1}
        yield server


@pytest.fixture
def families() -> Iterator[RegisterServer]:
    with register(FakeClock()) as server:
        server.families[FILING] = {
            "number": FILING,
            "district": "朝阳区",
            "unit_types": ["二居室"],
            "group": "第一组",
            "state": "valid",
            "members": [{"name": NAME, "id_number": NUMBER, "relation": "本人"}],
        }
        yield server


@pytest.fixture
def platform() -> Iterator[WechatServer]:
    with wechat(FakeClock()) as server:
        yield server


@pytest.fixture
def settings(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    vendor: TencentServer,
    families: RegisterServer,
    platform: WechatServer,
) -> Settings:
    addresses = {
        "ANJU_DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}",
        "ANJU_TENCENT__API_BASE": vendor.http.base,
        "ANJU_FILINGS__REGISTER_URL": families.url,
    }
    for name, value in (PRODUCTION | addresses).items():
        monkeypatch.setenv(name, value)
    kept = read()
    nearby = kept.wechat.model_copy(update={"api_base": platform.http.base})
    return kept.model_copy(update={"wechat": nearby})


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[Resources]:
    await wiring.migrate(settings)
    opened = await Resources.open(settings, clock=FakeClock())
    yield opened
    await opened.aclose()


@pytest.fixture
async def work(house: Resources) -> AsyncIterator[SqlWork]:
    async with house.open_work() as opened:
        yield opened


@pytest.fixture
def desk(house: Resources, work: SqlWork) -> Desk:
    return house.desk(work, ME)


async def test_nothing_stands_in(house: Resources) -> None:
    assert house.stand_ins is None
    outside = (
        house.sms,
        house.identity_check,
        house.face_check,
        house.family_register,
        house.push_sender,
        house.outside.openers,
        house.outside.pictures,
    )
    assert not [one for one in outside if "simulated" in type(one).__module__]


async def test_codes_and_notices_leave_by_the_vendor(
    house: Resources, desk: Desk, vendor: TencentServer
) -> None:
    request = CodeRequest(ME, PHONE, Purpose.SIGN_IN, "draft")
    await desk.codes.send(request)
    [(phone, template, [code, _])] = vendor.sent
    assert (phone, template) == (PHONE, PRODUCTION["ANJU_TENCENT__SMS_CODE_TEMPLATE"])
    assert (await desk.codes.check(request, code)).phone == PHONE
    await house.sms.tell(PHONE, PushKind.PHONE_CHANGED, ["199****0002"])
    assert vendor.sent[-1][2] == ["199****0002"]


async def test_names_and_faces_are_compared_by_the_vendor(
    house: Resources, desk: Desk, vendor: TencentServer
) -> None:
    verified = await desk.identity.compare(ME, NAME, NUMBER)
    assert verified.source == "tencent"
    session = await house.face_check.begin(NAME, NUMBER, back="https://anju.test/back")
    vendor.sessions[session.receipt.partition(".")[0]] = 0
    outcome = await house.face_check.outcome(session.receipt, name=NAME, id_number=NUMBER)
    assert outcome is FaceOutcome.PASSED


async def test_families_are_found_at_the_operator(house: Resources) -> None:
    filing = await house.family_register.find(filing_number(FILING))
    assert filing
    assert filing.includes(NUMBER)


async def test_a_photo_is_fetched_from_the_platform_and_read_by_the_vendor(
    desk: Desk, vendor: TencentServer, platform: WechatServer
) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (800, 500), "white").save(drawn, "JPEG")
    vendor.card = (NAME, NUMBER)
    media_id = platform.account.sent(drawn.getvalue())
    assert desk.id_cards.offered
    assert await desk.id_cards.read(ME, media_id) == IdCard(NAME, NUMBER)
    with pytest.raises(PictureGoneError):
        await desk.id_cards.read(ME, "never-sent")


async def test_citizens_are_written_to_by_the_platform(
    house: Resources, platform: WechatServer
) -> None:
    platform.people.follows(ME).windows.clear()
    assert await house.push_sender.push(ME, "您好") is Handover.CLOSED
    platform.people.writes(ME)
    assert await house.push_sender.push(ME, "您好") is Handover.TAKEN
    assert platform.people.known[ME].received[0]["text"] == {"content": "您好"}
