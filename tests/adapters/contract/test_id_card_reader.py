"""One suite for whoever reads ID cards. Source: S0-21."""

import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from PIL import Image

from adapters.simulated import Inhabitant, LineState, World
from adapters.simulated_cards import SimulatedIdCardReader, draw_card
from adapters.tencent_ocr import TencentIdCardReader
from adapters.wechat_ocr import WechatIdCardReader
from domain.identity.id_cards import CardFault, CardUnreadableError, IdCard, IdCardReader
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.tencent_server import tencent
from tests.support.vendors import cloud_at
from tests.support.wechat.access import api_at
from tests.support.wechat.server import wechat

NUMBER = "11010519491231002X"
PERSON = Inhabitant("曹雪芹", NUMBER)


def a_wall() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (800, 500), "white").save(drawn, "JPEG")
    return drawn.getvalue()


@dataclass
class Desk:
    """A reader, a way to lay a card before it, and a way to cut the line."""

    reader: IdCardReader
    lay: Callable[[str, str], None]
    cut: Callable[[], None]


@pytest.fixture(params=["simulated", "tencent", "wechat"])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    if request.param == "simulated":
        reader = SimulatedIdCardReader(World({NUMBER: PERSON}))
        yield Desk(
            reader, lambda _n, _i: None, lambda: setattr(reader.line, "state", LineState.DOWN)
        )
        return
    if request.param == "wechat":
        with wechat(FakeClock()) as platform:
            async with api_at(platform) as api:
                yield Desk(
                    WechatIdCardReader(api),
                    lambda name, number: setattr(
                        platform.account, "card", {"name": name, "id": number}
                    ),
                    lambda: platform.http.faults.extend([Fault.DROPPED] * 2),
                )
        return
    with tencent() as server:
        async with cloud_at(server) as cloud:
            yield Desk(
                TencentIdCardReader(cloud),
                lambda name, number: setattr(server, "card", (name, number)),
                lambda: server.http.faults.extend([Fault.DROPPED] * 2),
            )


async def test_name_and_number_are_read_from_a_card(desk: Desk) -> None:
    desk.lay("曹雪芹", NUMBER)
    assert await desk.reader.read(draw_card(PERSON)) == IdCard("曹雪芹", NUMBER)


async def test_a_wall_is_no_card(desk: Desk) -> None:
    with pytest.raises(CardUnreadableError) as raised:
        await desk.reader.read(a_wall())
    assert raised.value.fault is CardFault.NO_CARD


async def test_a_silent_line_is_unavailable_and_no_bad_picture(desk: Desk) -> None:
    desk.cut()
    with pytest.raises(UnavailableError):
        await desk.reader.read(draw_card(PERSON))


def test_what_was_read_does_not_show_in_what_is_printed() -> None:
    printed = repr(IdCard("曹雪芹", NUMBER))
    assert "曹雪芹" not in printed
    assert NUMBER not in printed
