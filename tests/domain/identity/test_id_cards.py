"""A photo in place of typing: read rarely, never kept, and offered only where it can be had.

Source: S0-21, S0-23.
"""

import pytest

from adapters.simulated import Inhabitant, LineState, World
from adapters.simulated_cards import SimulatedIdCardReader, draw_card
from domain.identity.id_cards import (
    CardUnreadableError,
    IdCard,
    IdCardService,
    PictureGoneError,
)
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from domain.shared.throttle import DAY, ThrottledError
from tests.support.clock import FakeClock
from tests.support.pictures import WALL, KeptPictures
from tests.support.works import MemorySecrets

NUMBER = "11010519491231002X"
PERSON = Inhabitant("曹雪芹", NUMBER)
ME, OTHER = OpenId("oMe"), OpenId("oOther")


class Washed:
    """A cleaner that notes what it was given."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def clean(self, raw: bytes) -> bytes:
        self.seen.append(raw)
        return raw


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def pictures() -> KeptPictures:
    return KeptPictures({"card": draw_card(PERSON), "wall": WALL})


@pytest.fixture
def reader() -> SimulatedIdCardReader:
    return SimulatedIdCardReader(World({NUMBER: PERSON}))


@pytest.fixture
def washed() -> Washed:
    return Washed()


@pytest.fixture
def service(
    pictures: KeptPictures, washed: Washed, reader: SimulatedIdCardReader, clock: FakeClock
) -> IdCardService:
    return IdCardService(pictures, washed, reader, MemorySecrets(), clock)


async def test_a_card_is_read_from_a_picture_that_was_made_harmless_first(
    service: IdCardService, washed: Washed
) -> None:
    assert await service.read(ME, "card") == IdCard("曹雪芹", NUMBER)
    assert washed.seen == [draw_card(PERSON)]


async def test_a_picture_that_is_gone_is_not_cleaned(
    service: IdCardService, washed: Washed
) -> None:
    with pytest.raises(PictureGoneError):
        await service.read(ME, "of last week")
    assert washed.seen == []


async def test_a_citizen_has_ten_pictures_a_day_and_is_told_until_when(
    service: IdCardService, clock: FakeClock
) -> None:
    for _ in range(10):
        with pytest.raises(CardUnreadableError):
            await service.read(ME, "wall")
    with pytest.raises(ThrottledError) as raised:
        await service.read(ME, "card")
    assert raised.value.until == clock.now() + DAY
    assert await service.read(OTHER, "card")
    clock.forward(DAY.total_seconds() + 1)
    with pytest.raises(PictureGoneError):
        await service.read(ME, "nothing")


async def test_a_silent_line_does_not_count(
    service: IdCardService, pictures: KeptPictures, reader: SimulatedIdCardReader
) -> None:
    for line in (pictures.line, reader.line):
        line.state = LineState.DOWN
        for _ in range(12):
            with pytest.raises(UnavailableError):
                await service.read(ME, "card")
        line.state = LineState.UP
    assert await service.read(ME, "card")


async def test_where_pictures_cannot_be_had_none_are_offered(
    washed: Washed, reader: SimulatedIdCardReader, clock: FakeClock
) -> None:
    service = IdCardService(None, washed, reader, MemorySecrets(), clock)
    assert not service.offered
    with pytest.raises(UnavailableError):
        await service.read(ME, "card")
