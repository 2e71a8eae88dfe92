"""One suite for whoever tells who opens a page. Source: S0-60; Q-31."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from adapters.wechat_openers import WechatOpeners
from domain.shared.errors import UnavailableError
from domain.shared.openers import OpenerCheck, Stranger
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.wechat.access import api_at
from tests.support.wechat.server import wechat

ALICE = OpenId("oTestAlice000000000000000001")


@dataclass
class Platform:
    """Somebody who recognises browsers; ``opens`` lets Alice's come, as a preview or not."""

    openers: OpenerCheck
    opens: Callable[[bool], Awaitable[str]]
    cut: Callable[[], object]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def platform(clock: FakeClock) -> AsyncIterator[Platform]:
    with wechat(clock) as server:

        async def opens(preview: bool) -> str:  # noqa: FBT001 (a callback)
            return server.account.opens(ALICE, snapshot=preview)

        async with api_at(server) as api:
            yield Platform(
                WechatOpeners(api), opens, lambda: server.http.faults.append(Fault.DROPPED)
            )


async def test_who_comes_back_with_a_code_is_known_once(platform: Platform) -> None:
    code = await platform.opens(False)  # noqa: FBT003 (a callback)
    assert await platform.openers.who(code) == ALICE
    assert await platform.openers.who(code) is Stranger.LATE


async def test_a_code_that_was_never_given_out_or_is_old_tells_nothing(
    platform: Platform, clock: FakeClock
) -> None:
    assert await platform.openers.who("never") is Stranger.LATE
    code = await platform.opens(False)  # noqa: FBT003 (a callback)
    clock.forward(301)
    assert await platform.openers.who(code) is Stranger.LATE


async def test_a_preview_is_nobody(platform: Platform) -> None:
    code = await platform.opens(True)  # noqa: FBT003 (a callback)
    assert await platform.openers.who(code) is Stranger.PREVIEW


async def test_a_silent_platform_is_unavailable(platform: Platform) -> None:
    code = await platform.opens(False)  # noqa: FBT003 (a callback)
    platform.cut()
    with pytest.raises(UnavailableError):
        await platform.openers.who(code)


def test_a_browser_is_told_where_to_come_back_to(platform: Platform) -> None:
    asked_at = platform.openers.asked_at(back="https://anju.test/h5/opened", state="s1")
    assert asked_at.startswith("https://")
    assert "https%3A%2F%2Fanju.test%2Fh5%2Fopened" in asked_at
    assert "state=s1" in asked_at
