"""One suite for whoever sends cards through the platform."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from adapters.simulated import LineState
from adapters.wechat_pushes import WechatPushes
from domain.notices.model import Card, Fact
from domain.notices.service import CardSender
from domain.shared.errors import UnansweredError, UnavailableError
from domain.shared.records import OpenId
from domain.shared.windows import Handover
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.sql import fresh_engine
from tests.support.wechat.access import api_at, played_at
from tests.support.wechat.server import wechat

ALICE, NOBODY = OpenId("oTestAlice000000000000000001"), OpenId("oTestNobody00000000000000001")
CARD = Card("T1", "登记成功", (Fact("thing1", "房源", "青禾家园二居室"),), agreed=False)


@dataclass
class Platform:
    sender: CardSender
    cut: Callable[[], object]
    deafen: Callable[[], object]


@pytest.fixture(params=["in-process", "http"])
async def platform(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Platform]:
    clock = FakeClock()
    if request.param == "http":
        with wechat(clock) as server:
            server.people.follows(ALICE)
            server.people.templates = {"T1": ("thing1",)}
            async with api_at(server) as api:
                await api.token.current()
                yield Platform(
                    WechatPushes(api),
                    lambda: server.say("/cgi-bin/message/template/send", -1),
                    lambda: server.http.faults.append(Fault.DROPPED),
                )
        return
    async with (
        fresh_engine(tmp_path) as engine,
        played_at(engine, clock, {"T1": {"thing1": "房源"}}) as played,
    ):
        await played.platform.acts(ALICE, "follows")
        await played.api.token.current()
        yield Platform(
            WechatPushes(played.api),
            partial(setattr, played.platform.line, "state", LineState.DOWN),
            partial(setattr, played.platform.line, "state", LineState.DEAF),
        )


async def test_a_card_is_taken_and_will_be_known_again(platform: Platform) -> None:
    handed = await platform.sender.push_card(ALICE, CARD)
    assert handed.verdict is Handover.TAKEN
    assert handed.receipt


async def test_there_is_no_card_for_whom_nobody_knows(platform: Platform) -> None:
    handed = await platform.sender.push_card(NOBODY, CARD)
    assert handed.verdict is Handover.UNREACHABLE
    assert not handed.receipt or handed.verdict is not Handover.TAKEN


async def test_a_platform_that_is_down_takes_no_card(platform: Platform) -> None:
    platform.cut()
    with pytest.raises(UnavailableError) as down:
        await platform.sender.push_card(ALICE, CARD)
    assert not isinstance(down.value, UnansweredError)


async def test_a_platform_that_does_not_answer_may_have_taken_it(platform: Platform) -> None:
    platform.deafen()
    with pytest.raises(UnansweredError):
        await platform.sender.push_card(ALICE, CARD)
