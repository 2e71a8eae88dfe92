"""One suite for whoever makes codes that carry a scene. Source: S0-61."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.wechat_scenes import WechatSceneCodes
from domain.posters.service import SceneCodes, ScenesUsedUpError
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.wechat.access import api_at
from tests.support.wechat.server import wechat

DAY = timedelta(days=1)


@dataclass
class Maker:
    """Who makes codes, with two permanent ones left, and how to cut the line to them."""

    codes: SceneCodes
    cut: Callable[[], object]


@pytest.fixture
async def maker() -> AsyncIterator[Maker]:
    with wechat(FakeClock()) as server:
        server.account.most_permanent = 2
        async with api_at(server) as api:
            path = "/cgi-bin/qrcode/create"
            yield Maker(WechatSceneCodes(api), lambda: server.say(path, -1, -1, -1))


async def test_each_scene_has_a_code_of_its_own(maker: Maker) -> None:
    first = await maker.codes.make("p-1_a", life=None)
    second = await maker.codes.make("p" * 64, life=DAY)
    assert first.url.startswith("http")
    assert first.ticket
    assert first.url != second.url
    assert first.ticket != second.ticket


async def test_permanent_codes_run_out_and_temporary_ones_do_not(maker: Maker) -> None:
    for scene in ("a", "b"):
        await maker.codes.make(scene, life=None)
    with pytest.raises(ScenesUsedUpError):
        await maker.codes.make("c", life=None)
    assert (await maker.codes.make("c", life=30 * DAY)).url


async def test_a_silent_platform_makes_no_code(maker: Maker) -> None:
    maker.cut()
    with pytest.raises(UnavailableError):
        await maker.codes.make("a", life=DAY)
