"""One suite for whoever keeps what citizens send. Source: S0-23."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.wechat_pictures import WechatPictures
from domain.shared.errors import UnavailableError
from domain.shared.pictures import PictureSource
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.wechat.access import api_at
from tests.support.wechat.server import wechat

PICTURE = b"\xff\xd8\xff a picture"

DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@dataclass
class Platform:
    """Where ``media-0`` lies, and a way to cut the line."""

    source: PictureSource
    cut: Callable[[], object]


@pytest.fixture
async def platform(clock: FakeClock) -> AsyncIterator[Platform]:
    with wechat(clock) as server:
        server.account.sent(PICTURE)
        async with api_at(server) as api:
            yield Platform(
                WechatPictures(api), lambda: server.http.faults.extend([Fault.DROPPED] * 4)
            )


async def test_a_picture_is_there_for_three_days(platform: Platform, clock: FakeClock) -> None:
    clock.forward(3 * DAY - 1)
    assert await platform.source.fetch("media-0") == PICTURE
    clock.forward(2)
    assert await platform.source.fetch("media-0") is None


async def test_nothing_is_found_under_another_name(platform: Platform) -> None:
    for name in ("media-2", "", "http://169.254.169.254/latest", "../media-1"):
        assert await platform.source.fetch(name) is None


async def test_a_silent_platform_is_unavailable(platform: Platform) -> None:
    platform.cut()
    with pytest.raises(UnavailableError):
        await platform.source.fetch("media-0")
