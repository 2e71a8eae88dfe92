"""One suite for whoever keeps short-lived values and counters."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.cipher import Cipher
from adapters.sql.secrets import EmbeddedSecrets
from adapters.sql.shared_secrets import SqlSecrets
from domain.shared.errors import UnavailableError
from domain.shared.throttle import Limit, SecretStore, Taken, ThrottledError, charge
from tests.support.clock import FakeClock
from tests.support.postgres import fresh_records
from tests.support.works import MemorySecrets

CIPHER = Cipher(bytes(32))
NOW = FakeClock().now()
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
TWO_A_MINUTE = Limit(2, MINUTE)


@pytest.fixture(params=["memory", "embedded", "shared"])
async def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SecretStore]:
    if request.param == "memory":
        yield MemorySecrets()
        return
    store = (
        await SqlSecrets.open(await fresh_records(), CIPHER)
        if request.param == "shared"
        else await EmbeddedSecrets.open(tmp_path / "secrets.db", CIPHER)
    )
    yield store
    await store.aclose()


async def taken(secrets: SecretStore, *limits: Limit, after: timedelta = timedelta(0)) -> Taken:
    return await secrets.take("key", limits, NOW + after)


async def test_a_limit_lets_through_so_many_and_tells_when_to_come_again(
    secrets: SecretStore,
) -> None:
    assert (await taken(secrets, TWO_A_MINUTE)).until is None
    assert (await taken(secrets, TWO_A_MINUTE, after=MINUTE / 2)).until is None
    refused = await taken(secrets, TWO_A_MINUTE, after=MINUTE / 2)
    assert refused == Taken(until=NOW + MINUTE)
    assert (await taken(secrets, TWO_A_MINUTE, after=MINUTE - TICK)).until == NOW + MINUTE
    assert (await taken(secrets, TWO_A_MINUTE, after=MINUTE)).until is None
    assert (await taken(secrets, TWO_A_MINUTE, after=MINUTE)).until == NOW + MINUTE * 1.5


async def test_of_several_limits_all_must_have_room(secrets: SecretStore) -> None:
    limits = (Limit(1, MINUTE), Limit(2, MINUTE * 10))
    assert (await taken(secrets, *limits)).until is None
    assert (await taken(secrets, *limits)).until == NOW + MINUTE
    assert (await taken(secrets, *limits, after=MINUTE)).until is None
    assert (await taken(secrets, *limits, after=MINUTE)).until == NOW + MINUTE * 10


async def test_what_was_refused_does_not_count(secrets: SecretStore) -> None:
    for _ in range(5):
        await taken(secrets, TWO_A_MINUTE)
    assert await secrets.count("key", since=NOW - TICK) == 2


async def test_keys_do_not_know_each_other(secrets: SecretStore) -> None:
    once = [Limit(1, MINUTE)]
    assert (await secrets.take("one", once, NOW)).until is None
    assert (await secrets.take("other", once, NOW)).until is None
    assert (await secrets.take("one", once, NOW)).until is not None


async def test_without_a_number_everything_is_only_counted(secrets: SecretStore) -> None:
    for number in range(30):
        assert (await taken(secrets, Limit(None, MINUTE), after=TICK * number)).until is None
    assert await secrets.count("key", since=NOW) == 29
    assert await secrets.count("key", since=NOW + TICK * 28) == 1
    assert await secrets.count("another", since=NOW) == 0


async def test_what_is_given_back_leaves_room(secrets: SecretStore) -> None:
    first = await taken(secrets, TWO_A_MINUTE)
    await taken(secrets, TWO_A_MINUTE, after=TICK)
    await secrets.give_back("key", first.ticket)
    await secrets.give_back("key", first.ticket)
    await secrets.give_back("key", "")
    assert (await taken(secrets, TWO_A_MINUTE, after=TICK)).until is None
    assert (await taken(secrets, TWO_A_MINUTE, after=TICK)).until == NOW + TICK + MINUTE


async def test_of_members_only_different_ones_count(secrets: SecretStore) -> None:
    async def bring(member: str, after: timedelta = timedelta(0)) -> Taken:
        return await secrets.take("key", [TWO_A_MINUTE], NOW + after, member=member)

    first = await bring("a")
    assert first.ticket
    assert await bring("a") == Taken()
    assert (await bring("b", MINUTE / 2)).ticket
    assert (await bring("c", MINUTE / 2)) == Taken(until=NOW + MINUTE)
    assert await bring("a", MINUTE / 2) == Taken()
    assert (await bring("a", MINUTE)).ticket not in {"", first.ticket}


async def test_what_is_forgiven_is_forgotten(secrets: SecretStore) -> None:
    for _ in range(2):
        await taken(secrets, TWO_A_MINUTE)
    await secrets.forgive("key")
    assert await secrets.count("key", since=NOW - MINUTE) == 0
    assert (await taken(secrets, TWO_A_MINUTE)).until is None


async def test_a_value_stays_until_its_time(secrets: SecretStore) -> None:
    assert await secrets.get("key", now=NOW) is None
    await secrets.put("key", b"one", expires_at=NOW + MINUTE)
    assert await secrets.get("key", now=NOW + MINUTE - TICK) == b"one"
    assert await secrets.get("key", now=NOW + MINUTE) is None
    await secrets.put("key", b"", expires_at=NOW + MINUTE * 3)
    assert await secrets.get("key", now=NOW + MINUTE * 2) == b""
    assert await secrets.get("other", now=NOW) is None


async def test_a_value_is_dropped_once(secrets: SecretStore) -> None:
    await secrets.put("key", b"one", expires_at=NOW + MINUTE)
    assert await secrets.drop("key", now=NOW)
    assert not await secrets.drop("key", now=NOW)
    assert await secrets.get("key", now=NOW) is None


async def test_an_expired_value_was_not_there_to_drop(secrets: SecretStore) -> None:
    await secrets.put("key", b"one", expires_at=NOW + MINUTE)
    assert not await secrets.drop("key", now=NOW + MINUTE)


async def test_sweeping_removes_what_has_expired_and_nothing_else(secrets: SecretStore) -> None:
    await secrets.put("old", b"1", expires_at=NOW + MINUTE)
    await secrets.put("new", b"2", expires_at=NOW + MINUTE + TICK)
    await secrets.take("key", [TWO_A_MINUTE, Limit(None, MINUTE / 2)], NOW)
    await secrets.take("key", [TWO_A_MINUTE], NOW + TICK)
    assert await secrets.sweep(now=NOW + MINUTE) == 2
    assert await secrets.sweep(now=NOW + MINUTE) == 0
    assert await secrets.get("new", now=NOW + MINUTE) == b"2"
    assert await secrets.count("key", since=NOW - TICK) == 1


async def test_sixty_four_at_once_get_no_more_than_the_limit(secrets: SecretStore) -> None:
    limit = Limit(5, MINUTE)
    found = await asyncio.gather(*(taken(secrets, limit) for _ in range(64)))
    assert sum(one.until is None for one in found) == 5
    assert len({one.ticket for one in found}) == 6


async def test_of_sixty_four_that_drop_a_value_one_had_it(secrets: SecretStore) -> None:
    await secrets.put("key", b"one", expires_at=NOW + MINUTE)
    found = await asyncio.gather(*(secrets.drop("key", now=NOW) for _ in range(64)))
    assert sum(found) == 1


async def test_an_attempt_that_is_throttled_leaves_nothing_counted(secrets: SecretStore) -> None:
    await taken(secrets, Limit(1, MINUTE))
    attempt = charge(secrets, NOW)
    await attempt.take("another", Limit(9, MINUTE))
    await attempt.take("a third", Limit(9, MINUTE), member="somebody")
    with pytest.raises(ThrottledError) as caught:
        await attempt.take("key", Limit(1, MINUTE))
    assert caught.value.until == NOW + MINUTE
    assert await secrets.count("another", since=NOW - TICK) == 0
    assert await secrets.count("a third", since=NOW - TICK) == 0
    assert await secrets.count("key", since=NOW - TICK) == 1


async def test_an_attempt_gives_back_only_what_it_took(secrets: SecretStore) -> None:
    limit = Limit(9, MINUTE)
    await secrets.take("members", [limit], NOW, member="known")
    attempt = charge(secrets, NOW)
    await attempt.take("members", limit, member="known")
    await attempt.take("members", limit, member="new")
    await attempt.give_back()
    assert await secrets.count("members", since=NOW - TICK) == 1


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.integers(0, 90), min_size=1, max_size=30),
    times=st.integers(1, 4),
    number=st.integers(0, 10**9),
)
async def test_no_stretch_of_time_holds_more_than_its_limit(
    secrets: SecretStore, steps: list[int], times: int, number: int
) -> None:
    key, limit, at, let_through = f"key{number}{steps}{times}", Limit(times, MINUTE), NOW, []
    await secrets.forgive(key)
    for step in steps:
        at += timedelta(seconds=step)
        found = await secrets.take(key, [limit], at)
        if found.until is None:
            let_through.append(at)
        else:
            assert at < found.until <= at + MINUTE
            assert found.until == let_through[-times] + MINUTE
    for first in let_through:
        assert sum(first <= moment < first + MINUTE for moment in let_through) <= times


async def test_a_store_out_of_reach_says_so(tmp_path: Path) -> None:
    closed = await EmbeddedSecrets.open(tmp_path / "closed.db", CIPHER)
    await closed.aclose()
    nowhere = await SqlSecrets.open("postgresql://nobody@127.0.0.1:1/nothing", CIPHER)
    silent = MemorySecrets()
    silent.silent = True
    for store in (closed, nowhere, silent):
        with pytest.raises(UnavailableError):
            await store.take("key", [TWO_A_MINUTE], NOW)
        with pytest.raises(UnavailableError):
            await store.get("key", now=NOW)
        with pytest.raises(UnavailableError):
            await store.put("key", b"1", expires_at=NOW)
