"""A change of plans or texts is noticed by whoever looks, once, and only if it lasts."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters import demo
from adapters.cipher import Cipher
from adapters.sql.base import SqlSession
from adapters.sql.revisions import Kept, Revisions, bump
from tests.support.clock import FakeClock

EVERYTHING = frozenset(Kept)
NOTHING: frozenset[Kept] = frozenset()


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[SqlSession]:
    opened = SqlSession(engine, Cipher(bytes(32)))
    yield opened
    await opened.close()


@pytest.fixture
async def revisions(engine: AsyncEngine) -> AsyncIterator[Revisions]:
    url = engine.url.render_as_string(hide_password=False)
    opened = Revisions.open(url)
    yield opened
    await opened.aclose()


async def test_the_first_look_finds_everything_new_and_the_next_nothing(
    revisions: Revisions,
) -> None:
    assert await revisions.moved() == EVERYTHING
    assert await revisions.moved() == NOTHING


async def test_a_change_is_told_once(revisions: Revisions, session: SqlSession) -> None:
    await revisions.moved()
    for _ in range(2):
        await bump(session, Kept.PLANS)
        await session.commit()
        assert await revisions.moved() == {Kept.PLANS}
        assert await revisions.moved() == NOTHING


async def test_a_change_that_is_taken_back_was_none(
    revisions: Revisions, session: SqlSession
) -> None:
    await revisions.moved()
    await bump(session, *Kept)
    await session.close()
    assert await revisions.moved() == NOTHING


async def test_the_demo_tells_of_what_it_changes_and_of_nothing_else(
    revisions: Revisions, session: SqlSession
) -> None:
    await revisions.moved()
    now = FakeClock().now()
    await demo.load_demo(session, now)
    await session.commit()
    assert await revisions.moved() == EVERYTHING
    await demo.load_demo(session, now)
    await session.commit()
    assert await revisions.moved() == NOTHING
