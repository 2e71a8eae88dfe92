"""Conversations in Redis: two processes at once, and a Redis that dies, hangs or forgets."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from adapters.cipher import Cipher
from adapters.redis import conversations
from adapters.redis.conversations import RedisConversations
from adapters.redis.gather import Gathered, Part, Script
from domain.shared.conversations import (
    FLOOD_MESSAGES,
    Answered,
    BusyError,
    Mine,
    OvertakenError,
)
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.redis_server import RedisServer, empty_redis, running

LI = OpenId("li" + "0" * 26)
WANG = OpenId("wang" + "0" * 24)
LONG = 5.0
SHORT_LEASE = 0.1
IN_TIME = 2.0
"""Seconds within which a citizen must hear that Redis is silent."""

Open = Callable[..., Awaitable[RedisConversations]]


@asynccontextmanager
async def processes(url: str) -> AsyncIterator[Open]:
    """Lend what opens stores on one Redis, each as a process of its own."""
    opened: list[RedisConversations] = []

    async def another(lease: float = 4.0) -> RedisConversations:
        store = await RedisConversations.open(url, FakeClock(), Cipher(bytes(32)), lease=lease)
        opened.append(store)
        return store

    try:
        yield another
    finally:
        for store in opened:
            await store.aclose()


@pytest.fixture
async def process() -> AsyncIterator[Open]:
    async with processes(await empty_redis()) as another:
        yield another


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with running(tmp_path / "redis") as server:
        yield server


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisConversations]:
    async with processes(server.url) as another:
        yield await another()


async def claimed(store: RedisConversations, key: str, openid: OpenId = LI) -> Mine:
    claim = await store.claim(key, openid, wait=LONG)
    assert isinstance(claim, Mine)
    return claim


async def said(store: RedisConversations, key: str, payload: bytes, openid: OpenId = LI) -> None:
    await store.finish(await claimed(store, key, openid), payload=payload, reply=b"r " + payload)


async def silent(store: RedisConversations) -> float:
    """Return after how many seconds a store says that Redis is silent."""
    began = time.monotonic()
    with pytest.raises(UnavailableError):
        await store.claim("anything", WANG, wait=LONG)
    return time.monotonic() - began


async def heard_again(store: RedisConversations) -> None:
    """Wait until a store answers by itself."""
    async with asyncio.timeout(10):
        while True:
            try:
                await store.peek(WANG)
            except UnavailableError:
                await asyncio.sleep(0.02)
            else:
                return


# --- two processes ------------------------------------------------------------------------------


async def test_what_one_process_saves_the_other_finds(process: Open) -> None:
    one, other = await process(), await process()
    await said(one, "k1", b"\x00one two")
    again = await claimed(other, "k2")
    assert (again.revision, again.payload) == (1, b"\x00one two")
    await other.finish(again, payload=b"three", reply=b"r2")
    assert await one.peek(LI) == b"three"
    assert await one.claim("k2", LI, wait=LONG) == Answered(b"r2")


async def test_twenty_messages_over_two_processes_are_taken_in_order(process: Open) -> None:
    stores = await process(), await process()

    async def say(number: int) -> None:
        store = stores[number % 2]
        claim = await claimed(store, f"k{number}")
        await asyncio.sleep(0)
        heard = (claim.payload or b"") + bytes([number])
        await store.finish(claim, payload=heard, reply=b"r")

    first = await claimed(stores[0], "first")
    turns = []
    for number in range(FLOOD_MESSAGES - 1):
        turns.append(asyncio.create_task(say(number)))
        await in_line(stores[0], number + 1)
    await stores[0].finish(first, payload=b"", reply=b"r")
    await asyncio.gather(*turns)
    assert await stores[0].peek(LI) == bytes(range(FLOOD_MESSAGES - 1))


async def in_line(store: RedisConversations, length: int) -> None:
    """Wait until so many turns of Li stand in line."""
    async with asyncio.timeout(LONG):
        while await store._redis.ask("LLEN", store._addresses.of(LI).key("line")) < length:  # noqa: ASYNC110, SLF001 (the line is told to nobody)
            await asyncio.sleep(0)


async def test_the_same_delivery_at_another_process_is_joined(process: Open) -> None:
    one, other = await process(), await process()
    claim = await claimed(one, "k1")
    joined = asyncio.create_task(other.claim("k1", LI, wait=LONG))
    with pytest.raises(BusyError):
        await other.claim("k1", LI, wait=0.1)
    await one.finish(claim, payload=b"p", reply=b"r1")
    assert await joined == Answered(b"r1")


async def test_the_same_delivery_in_line_at_another_process_is_joined(process: Open) -> None:
    one, other = await process(), await process()
    first = await claimed(one, "k0")
    waiting = asyncio.create_task(one.claim("k1", LI, wait=LONG))
    await in_line(one, 1)
    joined = asyncio.create_task(other.claim("k1", LI, wait=LONG))
    await one.finish(first, payload=b"p0", reply=b"r0")
    claim = await waiting
    assert isinstance(claim, Mine)
    await one.finish(claim, payload=b"p1", reply=b"r1")
    assert await joined == Answered(b"r1")


async def test_copies_of_what_is_not_answered_yet_are_no_flood(process: Open) -> None:
    one, other = await process(), await process()
    running = await claimed(one, "k0")
    waiting = asyncio.create_task(one.claim("k1", LI, wait=LONG))
    await in_line(one, 1)
    for _ in range(FLOOD_MESSAGES):
        for key in ("k0", "k1"):
            with pytest.raises(BusyError):
                await other.claim(key, LI, wait=0)
    await one.finish(running, payload=b"p", reply=b"r0")
    assert isinstance(await waiting, Mine)


async def test_a_claim_that_arrives_twice_is_one_turn(
    process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await process()
    run = Gathered.run

    async def run_twice(self: Gathered, script: Script, *where: Sequence[Part]) -> object:
        await run(self, script, *where)
        return await run(self, script, *where)

    monkeypatch.setattr(Gathered, "run", run_twice)
    for number in range(FLOOD_MESSAGES):
        await said(store, f"k{number}", b"p%d" % number)
    assert (await store.claim("k0", LI, wait=0)) == Answered(b"r p0")
    assert await store.peek(LI) == b"p%d" % (FLOOD_MESSAGES - 1)


async def test_an_abandoned_delivery_is_taken_by_the_process_that_joined(process: Open) -> None:
    one, other = await process(), await process()
    claim = await claimed(one, "k1")
    joined = asyncio.create_task(other.claim("k1", LI, wait=LONG))
    await one.abandon(claim)
    heir = await joined
    assert isinstance(heir, Mine)
    await other.finish(heir, payload=b"p", reply=b"r1")
    assert await one.claim("k1", LI, wait=LONG) == Answered(b"r1")


async def test_a_turn_of_a_process_that_died_is_given_again(process: Open) -> None:
    dead, alive = await process(lease=SHORT_LEASE), await process()
    await claimed(dead, "k1")
    await dead.aclose()
    assert isinstance(await alive.claim("k1", LI, wait=LONG), Mine)


async def test_a_process_that_died_in_line_is_passed_over(process: Open) -> None:
    one, dead = await process(), await process()
    first = await claimed(one, "k0")
    waiting = asyncio.create_task(dead.claim("k1", LI, wait=0.2))
    await in_line(one, 1)
    await dead._redis.aclose()  # noqa: SLF001 (a death takes no leave)
    behind = asyncio.create_task(one.claim("k2", LI, wait=LONG))
    await in_line(one, 2)
    await one.finish(first, payload=b"p0", reply=b"r0")
    assert isinstance(await behind, Mine)
    with pytest.raises(UnavailableError):
        await waiting


async def test_a_long_turn_of_a_living_process_stays_its_own(process: Open) -> None:
    lease = 1.0  # long enough for a busy machine to prolong it in time
    one, other = await process(lease=lease), await process()
    claim = await claimed(one, "k1")
    with pytest.raises(BusyError):
        await other.claim("k2", LI, wait=1.5 * lease)
    assert one.holds(claim)
    await one.finish(claim, payload=b"long", reply=b"r1")
    assert (await claimed(other, "k2")).payload == b"long"


@pytest.fixture
async def sleeper(process: Open) -> RedisConversations:
    """Lend a process that never prolongs a turn, as one that is paused cannot."""
    store = await process(lease=SHORT_LEASE)
    store._prolong_later = lambda *_: None  # type: ignore[method-assign] # noqa: SLF001 (a pause of this process would pause the test)
    return store


async def test_who_sleeps_past_the_lease_may_save_if_nobody_did(
    process: Open, sleeper: RedisConversations
) -> None:
    other = await process()
    late = await claimed(sleeper, "k1")
    heir = await claimed(other, "k2")
    await sleeper.finish(late, payload=b"late", reply=b"r1")
    with pytest.raises(OvertakenError):
        await other.finish(heir, payload=b"heir", reply=b"r2")
    again = await claimed(other, "k2")
    assert again.payload == b"late"


async def test_who_sleeps_past_the_lease_may_not_save_over_another(
    process: Open, sleeper: RedisConversations
) -> None:
    other = await process()
    late = await claimed(sleeper, "k1")
    await said(other, "k2", b"other")
    assert not sleeper.holds(late)
    next_turn = await claimed(other, "k3")
    with pytest.raises(OvertakenError):
        await sleeper.finish(late, payload=b"late", reply=b"r1")
    await sleeper.abandon(late)
    with pytest.raises(BusyError):
        await sleeper.claim("k4", LI, wait=0.1)
    await other.finish(next_turn, payload=b"still its turn", reply=b"r3")
    assert await other.peek(LI) == b"still its turn"


async def test_a_turn_that_is_finished_twice_is_saved_once(process: Open) -> None:
    store = await process()
    claim = await claimed(store, "k1")
    await store.finish(claim, payload=b"p", reply=b"r")
    await store.finish(claim, payload=b"p", reply=b"r")
    assert (await claimed(store, "k2")).revision == 1


async def test_a_claim_that_is_given_up_while_it_is_asked_for_blocks_nobody(process: Open) -> None:
    store = await process(lease=60)
    unlucky = asyncio.create_task(store.claim("k1", LI, wait=LONG))
    await asyncio.sleep(0)
    unlucky.cancel()
    assert isinstance(await store.claim("k2", LI, wait=LONG), Mine)


async def test_who_waits_behind_the_same_process_is_woken_without_looking(
    process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "_POLL_SECONDS", 60.0)
    store = await process()
    first = await claimed(store, "k0")
    waiting = [asyncio.create_task(claimed(store, f"k{number}")) for number in range(1, 4)]
    await in_line(store, 3)
    await store.finish(first, payload=b"p0", reply=b"r0")
    await store.abandon(await waiting[0])
    waiting[1].cancel()
    assert (await waiting[2]).payload == b"p0"


async def test_five_thousand_turns_leave_nothing_behind(process: Open) -> None:
    store = await process()

    async def talk(number: int) -> None:
        openid = OpenId(f"o{number:027d}")
        claim = await claimed(store, f"k{number}", openid)
        if number % 3:
            await store.finish(claim, payload=b"p", reply=b"r")
        else:
            await store.abandon(claim)

    async with asyncio.TaskGroup() as citizens:
        for number in range(5_000):
            citizens.create_task(talk(number))
    assert store.busy_citizens == 0
    assert not store._turns  # noqa: SLF001 (what must not leak is inside)
    assert not store._lines  # noqa: SLF001 (as above)
    locks = [key async for key in redis_of(store).scan_iter("*:lock", count=1000)]
    assert locks == []


def redis_of(store: RedisConversations) -> Redis:
    client = store._redis._client  # noqa: SLF001 (looked at from behind)
    assert isinstance(client, Redis)
    return client


# --- what lies in Redis -------------------------------------------------------------------------


async def test_no_openid_and_no_delivery_stands_in_redis(process: Open) -> None:
    store = await process()
    await said(store, f"{LI}:1700000000:CLICK", b"sealed")
    await claimed(store, "k2")
    client = redis_of(store)
    keys = {key async for key in client.scan_iter()}
    assert len(keys) == 4
    stored = b" ".join([*keys, *[await client.dump(key) or b"" for key in keys]])
    assert LI.encode() not in stored
    assert b"CLICK" not in stored


async def test_all_keys_of_a_citizen_lie_in_one_slot(process: Open) -> None:
    store = await process()
    await said(store, "k1", b"p")
    await claimed(store, "k2")
    await said(store, "k1", b"p", WANG)
    tags = {key.split(b"{")[1].split(b"}")[0] async for key in redis_of(store).scan_iter()}
    assert len(tags) == 2


async def test_replies_go_after_an_hour_and_talk_never(process: Open) -> None:
    store = await process()
    await said(store, "k1", b"p")
    client = redis_of(store)
    left = {
        key.rsplit(b"}:")[1].split(b":")[0]: await client.ttl(key)
        async for key in client.scan_iter()
    }
    assert 3500 < left.pop(b"reply") <= 3600
    assert left.pop(b"talk") == -1
    assert 0 < left.pop(b"lately") <= 10
    assert not left


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"7-", b"-1-x y", b"\xff" * 99])
async def test_a_talk_that_somebody_spoilt_is_handed_over_and_can_be_saved_over(
    process: Open, rubbish: bytes
) -> None:
    store = await process()
    await redis_of(store).set(store._addresses.of(LI).key("talk"), rubbish)  # noqa: SLF001 (spoilt from behind)
    claim = await claimed(store, "k1")
    assert (claim.revision, claim.payload) == (0, rubbish)
    await store.finish(claim, payload=b"new", reply=b"r")
    assert await store.peek(LI) == b"new"


async def test_a_lock_that_somebody_spoilt_locks_nobody_out(process: Open) -> None:
    store = await process()
    await redis_of(store).set(store._addresses.of(LI).key("lock"), b"rubbish")  # noqa: SLF001 (as above)
    await said(store, "k1", b"p")
    assert await store.peek(LI) == b"p"


# --- a Redis that loses what it had -------------------------------------------------------------


async def test_a_turn_may_save_into_a_redis_that_was_flushed_meanwhile(
    server: RedisServer, store: RedisConversations
) -> None:
    await said(store, "k1", b"one")
    claim = await claimed(store, "k2")
    await server.do("FLUSHALL")
    await server.do("SCRIPT", "FLUSH")
    await store.finish(claim, payload=b"two", reply=b"r2")
    assert await store.peek(LI) == b"two"
    assert (await claimed(store, "k3")).revision == 2


async def test_of_two_turns_around_a_flush_only_one_saves(
    server: RedisServer, store: RedisConversations
) -> None:
    await said(store, "k1", b"one")
    before = await claimed(store, "k2")
    await server.do("FLUSHALL")
    after = await claimed(store, "k3")
    await store.finish(after, payload=b"after", reply=b"r3")
    with pytest.raises(OvertakenError):
        await store.finish(before, payload=b"before", reply=b"r2")
    assert await store.peek(LI) == b"after"


async def test_a_turn_is_overtaken_by_an_older_talk_that_was_put_back(
    server: RedisServer, store: RedisConversations
) -> None:
    await said(store, "k1", b"one")
    older = await server.kept()
    await said(store, "k2", b"two")
    claim = await claimed(store, "k3")
    await server.put_back(older)
    with pytest.raises(OvertakenError):
        await store.finish(claim, payload=b"three", reply=b"r3")
    again = await claimed(store, "k3")
    assert again.payload == b"one"
    await store.finish(again, payload=b"one, three", reply=b"r3")


async def test_a_talk_that_grew_anew_to_the_same_revision_is_not_saved_over(
    server: RedisServer, store: RedisConversations
) -> None:
    await said(store, "k1", b"one")
    older = await server.kept()
    await said(store, "k2", b"two")
    claim = await claimed(store, "k3")
    await server.put_back(older)
    await said(store, "k4", b"anew")
    assert (await claimed(store, "k5")).revision == claim.revision
    with pytest.raises(OvertakenError):
        await store.finish(claim, payload=b"three", reply=b"r3")
    assert await store.peek(LI) == b"anew"


async def test_what_was_answered_outlives_a_kill(
    server: RedisServer, store: RedisConversations
) -> None:
    for number in range(FLOOD_MESSAGES):
        await said(store, f"k{number}", b"p%d" % number)
    await server.restart()
    assert await store.peek(LI) == b"p%d" % (FLOOD_MESSAGES - 1)
    for number in range(FLOOD_MESSAGES):
        assert await store.claim(f"k{number}", LI, wait=LONG) == Answered(b"r p%d" % number)


# --- a Redis that does not answer ---------------------------------------------------------------


async def test_a_dead_redis_is_told_in_time_and_its_return_is_noticed(
    server: RedisServer, store: RedisConversations
) -> None:
    await said(store, "k1", b"one")
    await server.kill()
    assert await silent(store) < IN_TIME
    await server.start()
    await heard_again(store)
    assert (await claimed(store, "k2")).payload == b"one"


async def test_only_the_first_wait_for_a_redis_that_hangs(
    server: RedisServer, store: RedisConversations
) -> None:
    await said(store, "k1", b"one")
    server.pause()
    first = await asyncio.gather(*(silent(store) for _ in range(20)))
    assert max(first) < IN_TIME
    later = await asyncio.gather(*(silent(store) for _ in range(200)))
    assert max(later) < min(first)
    server.resume()
    await heard_again(store)
    assert (await claimed(store, "k2")).payload == b"one"


async def test_a_turn_that_redis_does_not_take_in_is_told_and_given_again_at_once(
    server: RedisServer,
) -> None:
    async with processes(server.url) as another:
        store = await another(lease=60)
        await said(store, "k1", b"one")
        claim = await claimed(store, "k2")
        await server.kill()
        with pytest.raises(UnavailableError):
            await store.finish(claim, payload=b"two", reply=b"r2")
        await store.abandon(claim)
        await server.start()
        await heard_again(store)
        again = await claimed(store, "k2")
        assert again.payload == b"one"


async def test_a_short_restart_is_noticed_by_nobody(
    server: RedisServer, store: RedisConversations
) -> None:
    await said(store, "k1", b"one")
    await server.restart()
    await said(store, "k2", b"two")
    assert await store.peek(LI) == b"two"


async def test_a_full_redis_is_told_and_recovers(
    server: RedisServer, store: RedisConversations
) -> None:
    await said(store, "k1", b"one")
    await server.do("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(UnavailableError):
        await store.claim("k2", LI, wait=LONG)
    await server.do("CONFIG", "SET", "maxmemory", "0")
    assert (await claimed(store, "k2")).payload == b"one"


async def test_a_store_does_not_open_on_nothing(server: RedisServer) -> None:
    await server.kill()
    with pytest.raises(UnavailableError):
        await RedisConversations.open(server.url, FakeClock(), Cipher(bytes(32)))


async def test_who_waits_is_told_when_the_store_closes(process: Open) -> None:
    store = await process()
    await claimed(store, "k1")
    waiting = asyncio.create_task(store.claim("k2", LI, wait=LONG))
    await in_line(store, 1)
    await store._redis.aclose()  # noqa: SLF001 (as a stop in the middle of a turn)
    with pytest.raises(UnavailableError):
        await waiting
