"""Whatever is claimed, saved, given up and forgotten in whichever order: all stores do the same."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from adapters.cipher import Cipher
from adapters.redis.conversations import RedisConversations
from adapters.sql.conversations import EmbeddedConversations
from domain.shared.conversations import (
    FLOOD_MESSAGES,
    Answered,
    BusyError,
    ConversationStore,
    FloodedError,
    Mine,
    OvertakenError,
)
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.redis_server import empty_redis

CITIZENS = [OpenId("li" + "0" * 26), OpenId("wang" + "0" * 24)]


@dataclass(eq=False)
class Turn:
    """A turn that was given: by which process, of whom, for what, and which talk it found."""

    process: int
    citizen: OpenId
    key: str
    claim: Mine
    found: bytes | None


class Talks(RuleBasedStateMachine):
    """Two citizens, a few deliveries, and two processes on one store, against a plain model."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stores = self.loop.run_until_complete(self.open())
        self.talks: dict[OpenId, bytes] = {}
        self.replies: dict[str, bytes] = {}
        self.turns: list[Turn] = []
        self.first: dict[OpenId, Turn] = {}
        self.messages = dict.fromkeys(CITIZENS, 0)
        self.saved = 0

    async def open(self) -> list[ConversationStore]:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def teardown(self) -> None:
        self.loop.run_until_complete(self.close())
        self.loop.close()

    @rule(who=st.integers(0, 1), message=st.integers(0, 5), process=st.integers(0, 1))
    def claim(self, who: int, message: int, process: int) -> None:
        citizen, key = CITIZENS[who], f"{who}-{message}"
        first = self.first.get(citizen)
        asked = self.stores[process].claim(key, citizen, wait=0)
        if key in self.replies and first and first.key == key:
            asked.close()  # answered by one who woke late; the store may let us wait for the heir
        elif key in self.replies:
            assert self.loop.run_until_complete(asked) == Answered(self.replies[key])
        elif first and first.key == key:
            with pytest.raises(BusyError):
                self.loop.run_until_complete(asked)
        elif self.messages[citizen] == FLOOD_MESSAGES:
            with pytest.raises(FloodedError):
                self.loop.run_until_complete(asked)
        else:
            self.messages[citizen] += 1
            if first:
                with pytest.raises(BusyError):
                    self.loop.run_until_complete(asked)
            else:
                claim = self.loop.run_until_complete(asked)
                assert isinstance(claim, Mine)
                assert claim.payload == self.talks.get(citizen)
                self.first[citizen] = Turn(process, citizen, key, claim, claim.payload)
                self.turns.append(self.first[citizen])

    @precondition(lambda self: self.turns)
    @rule(which=st.integers(0, 9))
    def finish(self, which: int) -> None:
        turn = self.turns.pop(which % len(self.turns))
        self.saved += 1
        payload, reply = b"talk %d" % self.saved, b"reply %d" % self.saved
        finished = self.stores[turn.process].finish(turn.claim, payload=payload, reply=reply)
        if self.talks.get(turn.citizen, turn.found) == turn.found:
            self.loop.run_until_complete(finished)
            self.talks[turn.citizen] = payload
            self.replies[turn.key] = reply
        else:
            with pytest.raises(OvertakenError):
                self.loop.run_until_complete(finished)
        self.end(turn)

    @precondition(lambda self: self.turns)
    @rule(which=st.integers(0, 9))
    def abandon(self, which: int) -> None:
        """Give up; whoever wakes late may still try to finish."""
        turn = self.turns[which % len(self.turns)]
        self.loop.run_until_complete(self.stores[turn.process].abandon(turn.claim))
        self.end(turn)

    @rule(who=st.integers(0, 1), process=st.integers(0, 1))
    def peek(self, who: int, process: int) -> None:
        kept = self.loop.run_until_complete(self.stores[process].peek(CITIZENS[who]))
        assert kept == self.talks.get(CITIZENS[who])

    @precondition(lambda self: not self.turns)
    @rule(who=st.integers(0, 1), process=st.integers(0, 1))
    def erase(self, who: int, process: int) -> None:
        self.loop.run_until_complete(self.stores[process].erase(CITIZENS[who]))
        self.talks.pop(CITIZENS[who], None)

    def end(self, turn: Turn) -> None:
        if self.first.get(turn.citizen) is turn:
            del self.first[turn.citizen]


class InFile(Talks):
    async def open(self) -> list[ConversationStore]:
        self.folder = Path(tempfile.mkdtemp())
        self.store = EmbeddedConversations(self.folder / "talk.db", FakeClock())
        return [self.store, self.store]

    async def close(self) -> None:
        await self.store.aclose()
        shutil.rmtree(self.folder)


class InRedis(Talks):
    async def open(self) -> list[ConversationStore]:
        url, cipher = await empty_redis(), Cipher(bytes(32))
        self.opened = [
            await RedisConversations.open(url, FakeClock(), cipher, lease=60) for _ in range(2)
        ]
        return [*self.opened]

    async def close(self) -> None:
        for store in self.opened:
            await store.aclose()


@pytest.mark.parametrize("store", [InFile, InRedis])
def test_every_store_does_what_the_model_does(store: type[Talks]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call] # Hypothesis has no types here
        store,
        settings=settings(
            max_examples=30,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
