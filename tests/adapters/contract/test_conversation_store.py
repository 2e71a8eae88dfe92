"""What every conversation store must do; one suite for all of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from adapters.cipher import Cipher
from adapters.redis.conversations import RedisConversations
from adapters.sql.conversations import EmbeddedConversations
from domain.shared.conversations import (
    FLOOD_MESSAGES,
    FLOOD_SECONDS,
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

LI = OpenId("li" + "0" * 26)
WANG = OpenId("wang" + "0" * 24)
LONG = 5.0
"""Seconds that no test here ever waits out."""

Open = Callable[..., Awaitable[ConversationStore]]
"""Opens the store; again, over the same state, as a process does that took the place of one."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def embedded(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Open]:
    opened: list[EmbeddedConversations] = []

    async def open_store(lease: float = 30.0) -> ConversationStore:
        if opened:
            await opened[-1].aclose()
        opened.append(EmbeddedConversations(tmp_path / "talk.db", clock, lease=lease))
        return opened[-1]

    yield open_store
    await opened[-1].aclose()


@pytest.fixture
async def redis(clock: FakeClock) -> AsyncIterator[Open]:
    opened: list[RedisConversations] = []
    url = await empty_redis()

    async def open_store(lease: float = 0.3) -> ConversationStore:
        if opened:
            await opened[-1].aclose()
        cipher = Cipher(bytes(32))
        opened.append(await RedisConversations.open(url, clock, cipher, lease=lease))
        return opened[-1]

    yield open_store
    await opened[-1].aclose()


@pytest.fixture(params=["embedded", "redis"])
def reopen(request: pytest.FixtureRequest) -> Open:
    return request.getfixturevalue(request.param)


@pytest.fixture
async def store(reopen: Open) -> ConversationStore:
    return await reopen()


async def claimed(store: ConversationStore, key: str, openid: OpenId = LI) -> Mine:
    claim = await store.claim(key, openid, wait=LONG)
    assert isinstance(claim, Mine)
    return claim


async def started(*tasks: asyncio.Task[object]) -> None:
    """Let tasks run until they wait for something."""
    for _ in range(3 + len(tasks)):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_the_first_delivery_of_a_citizen_finds_no_conversation(
    store: ConversationStore,
) -> None:
    claim = await claimed(store, "k1")
    assert (claim.revision, claim.payload) == (0, None)
    assert await store.peek(LI) is None


async def test_the_next_delivery_finds_what_was_saved(store: ConversationStore) -> None:
    await store.finish(await claimed(store, "k1"), payload=b"\x00one", reply=b"r1")
    second = await claimed(store, "k2")
    assert second.payload == b"\x00one"
    assert second.revision > 0
    await store.finish(second, payload=b"two", reply=b"r2")
    third = await claimed(store, "k3")
    assert third.payload == b"two"
    assert third.revision > second.revision
    assert await store.peek(LI) == b"two"


async def test_an_erased_conversation_is_begun_anew(store: ConversationStore) -> None:
    await store.finish(await claimed(store, "k1"), payload=b"one", reply=b"r1")
    await store.erase(LI)
    assert await store.peek(LI) is None
    again = await claimed(store, "k2")
    assert again.payload is None
    await store.finish(again, payload=b"two", reply=b"r2")
    assert await store.peek(LI) == b"two"
    await store.erase(OpenId("oNobody"))


async def test_conversations_of_two_citizens_do_not_meet(store: ConversationStore) -> None:
    li, wang = await claimed(store, "k1"), await claimed(store, "k2", WANG)
    await store.finish(li, payload=b"li", reply=b"r1")
    await store.finish(wang, payload=b"wang", reply=b"r2")
    assert (await store.peek(LI), await store.peek(WANG)) == (b"li", b"wang")
    assert (await claimed(store, "k3")).payload == b"li"


async def test_a_delivery_that_comes_again_gets_the_same_reply(store: ConversationStore) -> None:
    await store.finish(await claimed(store, "k1"), payload=b"p", reply=b"\xff\x00")
    for _ in range(3):
        assert await store.claim("k1", LI, wait=LONG) == Answered(b"\xff\x00")


async def test_an_answered_delivery_waits_for_nobody(store: ConversationStore) -> None:
    await store.finish(await claimed(store, "k1"), payload=b"p", reply=b"r1")
    await claimed(store, "k2")
    assert await store.claim("k1", LI, wait=0.01) == Answered(b"r1")


async def test_ten_copies_at_once_are_one_turn_with_one_reply(store: ConversationStore) -> None:
    copies = [asyncio.create_task(store.claim("k1", LI, wait=LONG)) for _ in range(10)]
    done, waiting = await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    (first,) = done
    claim = first.result()
    assert isinstance(claim, Mine)
    await started(*waiting)
    await store.finish(claim, payload=b"p", reply=b"r1")
    assert await asyncio.gather(*waiting) == [Answered(b"r1")] * 9


async def test_a_copy_joins_a_turn_that_is_still_in_line(store: ConversationStore) -> None:
    first = await claimed(store, "k1")
    second = asyncio.create_task(store.claim("k2", LI, wait=LONG))
    copy = asyncio.create_task(store.claim("k2", LI, wait=LONG))
    await started(second, copy)
    await store.finish(first, payload=b"p1", reply=b"r1")
    claim = await second
    assert isinstance(claim, Mine)
    await started(copy)
    await store.finish(claim, payload=b"p2", reply=b"r2")
    assert await copy == Answered(b"r2")


async def test_one_copy_giving_up_takes_the_reply_from_nobody(store: ConversationStore) -> None:
    claim = await claimed(store, "k1")
    hasty = asyncio.create_task(store.claim("k1", LI, wait=LONG))
    patient = asyncio.create_task(store.claim("k1", LI, wait=LONG))
    await started(hasty, patient)
    hasty.cancel()
    await asyncio.wait([hasty])
    await store.finish(claim, payload=b"p", reply=b"r1")
    assert await patient == Answered(b"r1")


async def test_twenty_messages_of_one_citizen_are_taken_in_order(store: ConversationStore) -> None:
    async def say(number: int) -> None:
        claim = await claimed(store, f"k{number}")
        heard = (claim.payload or b"") + bytes([number])
        await asyncio.sleep(0)
        await store.finish(claim, payload=heard, reply=b"r")

    await asyncio.gather(*(say(number) for number in range(20)))
    assert await store.peek(LI) == bytes(range(20))


async def test_one_citizen_does_not_wait_for_another(store: ConversationStore) -> None:
    await claimed(store, "k1")
    assert isinstance(await store.claim("k2", WANG, wait=0.05), Mine)


async def test_an_abandoned_delivery_is_given_again_with_nothing_saved(
    store: ConversationStore,
) -> None:
    await store.finish(await claimed(store, "k0"), payload=b"before", reply=b"r0")
    await store.abandon(await claimed(store, "k1"))
    again = await claimed(store, "k1")
    assert again.payload == b"before"
    await store.finish(again, payload=b"after", reply=b"r1")
    assert await store.claim("k1", LI, wait=LONG) == Answered(b"r1")


async def test_abandoning_lets_the_next_message_in(store: ConversationStore) -> None:
    first = await claimed(store, "k1")
    second = asyncio.create_task(store.claim("k2", LI, wait=LONG))
    await started(second)
    await store.abandon(first)
    assert isinstance(await second, Mine)


async def test_of_the_copies_of_an_abandoned_turn_one_takes_over(store: ConversationStore) -> None:
    claim = await claimed(store, "k1")
    copies = [asyncio.create_task(store.claim("k1", LI, wait=LONG)) for _ in range(3)]
    await started(*copies)
    await store.abandon(claim)
    (first,), rest = await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    heir = first.result()
    assert isinstance(heir, Mine)
    await started(*rest)
    await store.finish(heir, payload=b"p", reply=b"r1")
    assert await asyncio.gather(*rest) == [Answered(b"r1")] * 2


async def test_waiting_too_long_behind_an_earlier_message_is_busy(store: ConversationStore) -> None:
    first = await claimed(store, "k1")
    with pytest.raises(BusyError):
        await store.claim("k2", LI, wait=0.01)
    await store.finish(first, payload=b"p", reply=b"r1")
    assert (await claimed(store, "k2")).payload == b"p"


async def test_waiting_too_long_for_the_same_reply_is_busy(store: ConversationStore) -> None:
    first = await claimed(store, "k1")
    with pytest.raises(BusyError):
        await store.claim("k1", LI, wait=0.01)
    await store.finish(first, payload=b"p", reply=b"r1")
    assert await store.claim("k1", LI, wait=LONG) == Answered(b"r1")


async def test_those_who_gave_up_do_not_block_those_behind(store: ConversationStore) -> None:
    first = await claimed(store, "k0")
    tasks = [asyncio.create_task(store.claim(f"k{n}", LI, wait=LONG)) for n in range(1, 10)]
    await started(*tasks)
    for task in tasks[:-1]:
        task.cancel()
    await asyncio.wait(tasks[:-1])
    await store.finish(first, payload=b"p", reply=b"r0")
    assert isinstance(await tasks[-1], Mine)


async def test_one_who_gives_up_when_let_in_passes_the_turn_on(store: ConversationStore) -> None:
    first = await claimed(store, "k0")
    unlucky = asyncio.create_task(store.claim("k1", LI, wait=LONG))
    patient = asyncio.create_task(store.claim("k2", LI, wait=LONG))
    await started(unlucky, patient)
    await store.finish(first, payload=b"p", reply=b"r0")
    unlucky.cancel()
    assert isinstance(await patient, Mine)


async def test_a_restart_gives_an_open_claim_again_and_keeps_all_else(reopen: Open) -> None:
    before = await reopen()
    await before.finish(await claimed(before, "k1"), payload=b"p1", reply=b"r1")
    await claimed(before, "k2")
    after = await reopen()
    assert await after.claim("k1", LI, wait=LONG) == Answered(b"r1")
    again = await claimed(after, "k2")
    assert again.payload == b"p1"
    await after.finish(again, payload=b"p2", reply=b"r2")
    assert await after.peek(LI) == b"p2"


async def test_a_turn_that_hangs_is_overtaken_and_can_no_longer_save(reopen: Open) -> None:
    store = await reopen(lease=0.0)
    sleeper = await claimed(store, "k1")
    other = await claimed(store, "k2")
    await store.finish(other, payload=b"other", reply=b"r2")
    with pytest.raises(OvertakenError):
        await store.finish(sleeper, payload=b"late", reply=b"r1")
    assert await store.peek(LI) == b"other"
    again = await claimed(store, "k1")
    assert again.payload == b"other"
    await store.finish(again, payload=b"both", reply=b"r1")
    assert await store.peek(LI) == b"both"


async def test_a_claim_is_held_until_its_turn_ends(store: ConversationStore) -> None:
    first = await claimed(store, "k1")
    assert store.holds(first)
    await store.finish(first, payload=b"p1", reply=b"r1")
    assert not store.holds(first)
    second = await claimed(store, "k2")
    assert store.holds(second)
    await store.abandon(second)
    assert not store.holds(second)


async def test_a_turn_that_hangs_knows_that_it_holds_nothing(reopen: Open) -> None:
    store = await reopen(lease=0.0)
    sleeper = await claimed(store, "k1")
    heir = await claimed(store, "k2")
    assert not store.holds(sleeper)
    await store.abandon(heir)


async def test_of_two_turns_for_one_delivery_only_one_saves(reopen: Open) -> None:
    store = await reopen(lease=0.0)
    sleeper = await claimed(store, "k1")
    await asyncio.sleep(0)
    heir = await claimed(store, "k1")
    await store.finish(sleeper, payload=b"woke up", reply=b"r1")
    with pytest.raises(OvertakenError):
        await store.finish(heir, payload=b"other", reply=b"r other")
    assert await store.claim("k1", LI, wait=LONG) == Answered(b"r1")
    assert await store.peek(LI) == b"woke up"


async def test_a_stale_claim_does_not_end_somebody_elses_turn(store: ConversationStore) -> None:
    stale = await claimed(store, "k1")
    await store.abandon(stale)
    heir = await claimed(store, "k1")
    copy = asyncio.create_task(store.claim("k1", LI, wait=LONG))
    behind = asyncio.create_task(store.claim("k2", LI, wait=LONG))
    await started(copy, behind)
    await store.abandon(stale)
    await started(copy, behind)
    await store.finish(heir, payload=b"p", reply=b"r1")
    assert await copy == Answered(b"r1")
    assert isinstance(await behind, Mine)


async def test_peeking_waits_for_nobody_and_claims_nothing(store: ConversationStore) -> None:
    await store.finish(await claimed(store, "k0"), payload=b"p", reply=b"r0")
    claim = await claimed(store, "k1")
    assert await store.peek(LI) == b"p"
    await store.finish(claim, payload=b"q", reply=b"r1")
    assert await store.peek(LI) == b"q"


async def answered(store: ConversationStore, key: str, openid: OpenId = LI) -> None:
    await store.finish(await claimed(store, key, openid), payload=b"p", reply=b"r")


async def test_more_messages_than_anybody_types_are_a_flood(
    store: ConversationStore, clock: FakeClock
) -> None:
    for number in range(FLOOD_MESSAGES):
        await answered(store, f"k{number}")
    with pytest.raises(FloodedError) as flooded:
        await store.claim("one too many", LI, wait=LONG)
    seconds_left = (flooded.value.until - clock.now()).total_seconds()
    assert 0 < seconds_left <= FLOOD_SECONDS
    assert isinstance(await store.claim("k", WANG, wait=LONG), Mine)


async def test_messages_that_come_again_are_no_flood(store: ConversationStore) -> None:
    await answered(store, "k0")
    for _ in range(2 * FLOOD_MESSAGES):
        assert await store.claim("k0", LI, wait=LONG) == Answered(b"r")
    running = await claimed(store, "k1")
    for _ in range(2 * FLOOD_MESSAGES):
        with pytest.raises(BusyError):
            await store.claim("k1", LI, wait=0)
    await store.finish(running, payload=b"p", reply=b"r")
    for number in range(2, FLOOD_MESSAGES):
        await answered(store, f"k{number}")
    with pytest.raises(FloodedError):
        await store.claim("one too many", LI, wait=LONG)


async def test_a_flood_leaves_the_citizens_line_as_it_was(store: ConversationStore) -> None:
    first = await claimed(store, "k0")
    waiting = [
        asyncio.create_task(store.claim(f"k{number}", LI, wait=LONG))
        for number in range(1, FLOOD_MESSAGES)
    ]
    await started(*waiting)
    for number in range(10):
        with pytest.raises(FloodedError):
            await store.claim(f"flood{number}", LI, wait=LONG)
    await store.finish(first, payload=b"", reply=b"r")
    for number, task in enumerate(waiting, start=1):
        claim = await task
        assert isinstance(claim, Mine)
        assert claim.payload == bytes(range(1, number))
        await store.finish(claim, payload=bytes(range(1, number + 1)), reply=b"r")


async def test_one_citizens_flood_does_not_touch_another(store: ConversationStore) -> None:
    async def flood() -> None:
        for number in range(500):
            try:
                claim = await store.claim(f"flood{number}", LI, wait=LONG)
            except FloodedError:
                continue
            assert isinstance(claim, Mine)
            await store.finish(claim, payload=b"p", reply=b"r")

    flooding = asyncio.create_task(flood())
    for number in range(FLOOD_MESSAGES):
        await answered(store, f"calm{number}", WANG)
        assert await store.claim(f"calm{number}", WANG, wait=LONG) == Answered(b"r")
    await flooding
