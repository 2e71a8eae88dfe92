"""One suite for whoever writes to citizens through the platform. Source: S0-11."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.simulated import LineState
from adapters.wechat_pushes import WechatPushes
from domain.shared.errors import UnansweredError, UnavailableError
from domain.shared.records import OpenId
from domain.shared.windows import (
    MESSAGE_PLACES,
    TAP_PLACES,
    Handover,
    PushSender,
)
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.sql import fresh_engine
from tests.support.wechat.access import api_at, played_at
from tests.support.wechat.server import WechatServer, wechat

ALICE = OpenId("oTestAlice000000000000000001")


@dataclass
class Platform:
    """What a sender talks to, and a citizen there who may write or tap.

    ``refusals`` counts what was not taken; ``received`` returns the texts in the citizen's chat.
    """

    clock: FakeClock
    sender: PushSender
    act: Callable[[bool], Awaitable[None]]
    received: Callable[[], Awaitable[Sequence[str]]]
    refusals: Callable[[], int]
    cut: Callable[[], object]
    deafen: Callable[[], object]

    async def acts(self, *, tapped: bool) -> None:
        """Let the citizen write, or tap."""
        await self.act(tapped)


@asynccontextmanager
async def in_process(engine: AsyncEngine, clock: FakeClock) -> AsyncIterator[Platform]:
    async with played_at(engine, clock) as played:
        platform = played.platform
        await platform.acts(ALICE, "leaves")
        await played.api.token.current()

        async def received() -> Sequence[str]:
            found = reversed(await platform.outbox(ALICE))
            return [str(one["text"]) for one in found if one["state"] == "delivered"]

        yield Platform(
            clock,
            WechatPushes(played.api),
            lambda tapped: platform.acts(ALICE, "follows" if tapped else "writes"),
            received,
            lambda: len(platform.rules.people.violations),
            partial(setattr, platform.line, "state", LineState.DOWN),
            partial(setattr, platform.line, "state", LineState.DEAF),
        )


@asynccontextmanager
async def real(clock: FakeClock) -> AsyncIterator[Platform]:
    with wechat(clock) as server:
        async with api_at(server) as api:
            # The account is known to the platform before its citizen does anything.
            server.people.known[ALICE] = server.people.writes(ALICE)
            server.people.known[ALICE].windows.clear()
            await api.token.current()

            async def act(tapped: bool) -> None:  # noqa: FBT001 (a callback)
                (server.people.taps if tapped else server.people.writes)(ALICE)

            yield Platform(
                clock,
                WechatPushes(api),
                act,
                partial(_received, server),
                lambda: len(server.people.violations),
                lambda: server.say("/cgi-bin/message/custom/send", -1),
                lambda: server.http.faults.append(Fault.DROPPED),
            )


async def _received(server: WechatServer) -> Sequence[str]:
    return [str(one["text"]["content"]) for one in server.people.known[ALICE].received]


@pytest.fixture(params=["sqlite", "postgresql", "http"])
async def platform(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Platform]:
    clock = FakeClock()
    if request.param == "http":
        async with real(clock) as platform:
            yield platform
        return
    folder = tmp_path_factory.mktemp("pushes")
    async with (
        fresh_engine(folder, request.param) as engine,
        in_process(engine, clock) as platform,
    ):
        yield platform


async def test_what_is_taken_arrives_in_its_order(platform: Platform) -> None:
    await platform.acts(tapped=False)
    assert await platform.sender.push(ALICE, "一") is Handover.TAKEN
    assert await platform.sender.push(ALICE, "二") is Handover.TAKEN
    assert await platform.received() == ["一", "二"]


async def test_without_a_window_nothing_is_taken(platform: Platform) -> None:
    assert await platform.sender.push(ALICE, "x") is Handover.CLOSED
    await platform.acts(tapped=True)
    platform.clock.forward(60)
    assert await platform.sender.push(ALICE, "x") is Handover.CLOSED
    assert platform.refusals() == 2
    assert await platform.received() == []


@pytest.mark.parametrize("tapped", [False, True])
async def test_of_many_at_once_as_many_are_taken_as_there_are_places(
    platform: Platform, *, tapped: bool
) -> None:
    await platform.acts(tapped=tapped)
    said = await asyncio.gather(*(platform.sender.push(ALICE, "x") for _ in range(8)))
    places = TAP_PLACES if tapped else MESSAGE_PLACES
    assert said.count(Handover.TAKEN) == places == len(await platform.received())
    assert said.count(Handover.FULL) == 8 - places == platform.refusals()
    platform.clock.forward(1)
    await platform.acts(tapped=False)
    assert await platform.sender.push(ALICE, "x") is Handover.TAKEN


async def test_a_platform_that_is_down_takes_nothing(platform: Platform) -> None:
    await platform.acts(tapped=False)
    platform.cut()
    with pytest.raises(UnavailableError) as down:
        await platform.sender.push(ALICE, "x")
    assert not isinstance(down.value, UnansweredError)
    assert await platform.received() == []


async def test_a_platform_that_does_not_answer_may_have_taken_it(platform: Platform) -> None:
    await platform.acts(tapped=False)
    platform.deafen()
    with pytest.raises(UnansweredError):
        await platform.sender.push(ALICE, "x")
    assert len(await platform.received()) == 1
