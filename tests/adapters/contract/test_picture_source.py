"""One suite for whoever keeps what citizens send. Source: S0-23."""

from datetime import timedelta

import pytest

from adapters.simulated import LineState
from adapters.simulated_cards import SimulatedPictures
from domain.shared.errors import UnavailableError
from domain.shared.pictures import PictureSource
from tests.support.clock import FakeClock

DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kept(clock: FakeClock) -> SimulatedPictures:
    pictures = SimulatedPictures(clock)
    pictures.keep("media-1", b"a picture")
    return pictures


async def test_a_picture_is_there_for_three_days(kept: SimulatedPictures, clock: FakeClock) -> None:
    source: PictureSource = kept
    clock.forward(3 * DAY)
    assert await source.fetch("media-1") == b"a picture"
    clock.forward(1)
    assert await source.fetch("media-1") is None


async def test_nothing_is_found_under_another_name(kept: SimulatedPictures) -> None:
    source: PictureSource = kept
    for name in ("media-2", "", "http://169.254.169.254/latest", "../media-1"):
        assert await source.fetch(name) is None


async def test_a_silent_platform_is_unavailable(kept: SimulatedPictures) -> None:
    kept.line.state = LineState.DOWN
    source: PictureSource = kept
    with pytest.raises(UnavailableError):
        await source.fetch("media-1")


async def test_only_the_last_fifty_are_held(kept: SimulatedPictures) -> None:
    for number in range(2, 53):
        kept.keep(f"media-{number}", b"another")
    assert await kept.fetch("media-2") is None
    assert await kept.fetch("media-3") == b"another"
