"""What only the shared store of secrets must show: many processes at once, and nothing readable."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.engine import engine_for
from adapters.sql.shared_secrets import SqlSecrets
from domain.shared.throttle import Limit
from tests.support.clock import FakeClock
from tests.support.postgres import fresh_records
from tests.support.sql import CIPHER, written

NOW = FakeClock().now()
HOUR = timedelta(hours=1)
CROWD = 64


@pytest.fixture
async def url() -> str:
    return await fresh_records()


@pytest.fixture
async def stores(url: str) -> AsyncIterator[list[SqlSecrets]]:
    """Lend the stores of four processes."""
    stores = [await SqlSecrets.open(url, CIPHER) for _ in range(4)]
    yield stores
    for store in stores:
        await store.aclose()


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = engine_for(url)
    yield engine
    await engine.dispose()


async def test_of_sixty_four_at_once_only_so_many_are_let_through(
    stores: list[SqlSecrets],
) -> None:
    limits = [Limit(5, HOUR), Limit(50, 2 * HOUR)]
    found = await asyncio.gather(
        *(stores[number % 4].take("key", limits, NOW) for number in range(CROWD))
    )
    assert sum(one.until is None for one in found) == 5
    assert {one.until for one in found} == {None, NOW + HOUR}
    assert await stores[0].count("key", since=NOW - HOUR) == 5


async def test_of_sixty_four_members_at_once_only_so_many_different_ones_come_in(
    stores: list[SqlSecrets],
) -> None:
    found = await asyncio.gather(
        *(
            stores[number % 4].take("key", [Limit(5, HOUR)], NOW, member=str(number % 8))
            for number in range(CROWD)
        )
    )
    inside = {number % 8 for number, one in enumerate(found) if one.until is None}
    assert len(inside) == 5
    assert sum(bool(one.ticket) for one in found) == 5
    assert sum(one.until is None for one in found) == 5 * CROWD / 8


async def test_of_sixty_four_who_use_a_code_at_once_exactly_one_does(
    stores: list[SqlSecrets],
) -> None:
    await stores[0].put("code", b"123456", expires_at=NOW + HOUR)
    used = await asyncio.gather(
        *(stores[number % 4].drop("code", now=NOW) for number in range(CROWD))
    )
    assert sum(used) == 1


async def test_sweeps_at_once_do_not_stand_in_each_others_way(stores: list[SqlSecrets]) -> None:
    for number in range(CROWD):
        await stores[0].put(str(number), b"", expires_at=NOW)
        await stores[0].take(str(number % 3), [Limit(None, HOUR)], NOW - HOUR)
    swept = await asyncio.gather(*(store.sweep(now=NOW) for store in stores * 2))
    assert sum(swept) == 2 * CROWD


async def test_the_tables_name_nobody(stores: list[SqlSecrets], engine: AsyncEngine) -> None:
    await stores[0].take("codes:+8613800000000", [Limit(1, HOUR)], NOW, member="oMemberOfACount")
    await stores[0].put("found:110105", "曹雪芹".encode(), expires_at=NOW + HOUR)
    kept = await written(engine)
    assert len(kept) > 200
    for told in (b"13800000000", b"oMemberOfACount", b"110105", "曹雪芹".encode()):
        assert told not in kept
