"""One suite for whoever writes to citizens through the platform. Source: S0-11."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.simulated import LineState
from adapters.simulated_pushes import SimulatedPushes
from adapters.sql.sandbox import Arrivals
from adapters.wechat_pushes import WechatPushes
from domain.shared.conversations import Conversation
from domain.shared.errors import UnansweredError, UnavailableError
from domain.shared.records import OpenId
from domain.shared.windows import (
    MESSAGE_PLACES,
    TAP_PLACES,
    Handover,
    PushSender,
    Window,
    remember,
    windows_of,
)
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.sql import CIPHER, fresh_engine
from tests.support.wechat.access import api_at
from tests.support.wechat.server import WechatServer, wechat

ALICE = OpenId("oTestAlice000000000000000001")


@dataclass
class Platform:
    """What a sender talks to, and a citizen there who may write or tap.

    ``refusals`` counts what was not taken; ``received`` returns the texts in the citizen's chat.
    """

    clock: FakeClock
    sender: PushSender
    act: Callable[[bool], object]
    received: Callable[[], Awaitable[Sequence[str]]]
    refusals: Callable[[], int]
    cut: Callable[[], object]
    deafen: Callable[[], object]

    def acts(self, *, tapped: bool) -> None:
        """Let the citizen write, or tap."""
        self.act(tapped)


@asynccontextmanager
async def simulated(engine: AsyncEngine, clock: FakeClock) -> AsyncIterator[Platform]:
    talk = Conversation(ALICE)

    async def windows(openid: OpenId) -> tuple[Window, ...]:
        return windows_of(talk) if openid == ALICE else ()

    sender = SimulatedPushes(await Arrivals.open(engine, CIPHER), windows, clock)

    async def received() -> Sequence[str]:
        return [str(one["text"]) for one in reversed(await sender.outbox(ALICE))]

    yield Platform(
        clock,
        sender,
        lambda tapped: remember(talk, tapped=tapped, at=clock.now().timestamp()),
        received,
        lambda: sum(sender.refused.values()),
        partial(setattr, sender.line, "state", LineState.DOWN),
        partial(setattr, sender.line, "state", LineState.DEAF),
    )
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE sandbox_arrivals")


@asynccontextmanager
async def real(clock: FakeClock) -> AsyncIterator[Platform]:
    with wechat(clock) as server:
        async with api_at(server) as api:
            # The account is known to the platform before its citizen does anything.
            server.people.known[ALICE] = server.people.writes(ALICE)
            server.people.known[ALICE].windows.clear()
            await api.token.current()
            yield Platform(
                clock,
                WechatPushes(api),
                lambda tapped: (server.people.taps if tapped else server.people.writes)(ALICE),
                partial(_received, server),
                lambda: len(server.people.violations),
                lambda: server.say("/cgi-bin/message/custom/send", -1),
                lambda: server.http.faults.append(Fault.DROPPED),
            )


async def _received(server: WechatServer) -> Sequence[str]:
    return [str(one["text"]["content"]) for one in server.people.known[ALICE].received]


@pytest.fixture(params=["sqlite", "postgresql", "wechat"])
async def platform(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Platform]:
    clock = FakeClock()
    if request.param == "wechat":
        async with real(clock) as platform:
            yield platform
        return
    folder = tmp_path_factory.mktemp("pushes")
    async with (
        fresh_engine(folder, request.param) as engine,
        simulated(engine, clock) as platform,
    ):
        yield platform


async def test_what_is_taken_arrives_in_its_order(platform: Platform) -> None:
    platform.acts(tapped=False)
    assert await platform.sender.push(ALICE, "一") is Handover.TAKEN
    assert await platform.sender.push(ALICE, "二") is Handover.TAKEN
    assert await platform.received() == ["一", "二"]


async def test_without_a_window_nothing_is_taken(platform: Platform) -> None:
    assert await platform.sender.push(ALICE, "x") is Handover.CLOSED
    platform.acts(tapped=True)
    platform.clock.forward(60)
    assert await platform.sender.push(ALICE, "x") is Handover.CLOSED
    assert platform.refusals() == 2
    assert await platform.received() == []


@pytest.mark.parametrize("tapped", [False, True])
async def test_of_many_at_once_as_many_are_taken_as_there_are_places(
    platform: Platform, *, tapped: bool
) -> None:
    platform.acts(tapped=tapped)
    said = await asyncio.gather(*(platform.sender.push(ALICE, "x") for _ in range(8)))
    places = TAP_PLACES if tapped else MESSAGE_PLACES
    assert said.count(Handover.TAKEN) == places == len(await platform.received())
    assert said.count(Handover.FULL) == 8 - places == platform.refusals()
    platform.clock.forward(1)
    platform.acts(tapped=False)
    assert await platform.sender.push(ALICE, "x") is Handover.TAKEN


async def test_a_platform_that_is_down_takes_nothing(platform: Platform) -> None:
    platform.acts(tapped=False)
    platform.cut()
    with pytest.raises(UnavailableError) as down:
        await platform.sender.push(ALICE, "x")
    assert not isinstance(down.value, UnansweredError)
    assert await platform.received() == []


async def test_a_platform_that_does_not_answer_may_have_taken_it(platform: Platform) -> None:
    platform.acts(tapped=False)
    platform.deafen()
    with pytest.raises(UnansweredError):
        await platform.sender.push(ALICE, "x")
    assert len(await platform.received()) == 1


async def test_the_simulator_shows_what_arrived_newest_first(
    engine: AsyncEngine,
) -> None:
    clock = FakeClock()
    async with simulated(engine, clock) as platform:
        platform.acts(tapped=False)
        await platform.sender.push(ALICE, "一")
        await platform.sender.push(ALICE, "二")
        assert isinstance(platform.sender, SimulatedPushes)
        newest, older = await platform.sender.outbox(ALICE)
        assert newest["text"] == "二"
        assert older == {
            "openid": ALICE,
            "kind": "text",
            "text": "一",
            "data": {},
            "sent_at": "2026-03-11T12:00:00+08:00",
            "state": "delivered",
        }
        assert await platform.sender.outbox("somebody") == []
