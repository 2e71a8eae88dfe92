"""What one process changes in plans and texts, every other sees, without being asked or restarted.

Source: S0-02.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from adapters import demo
from adapters.cipher import Cipher
from adapters.sql.base import SqlSession
from adapters.sql.documents import DocumentRow
from adapters.sql.engine import engine_for
from adapters.sql.plans import ProjectRow
from adapters.sql.revisions import Kept, bump
from bot.main import create_app
from bot.settings import Database, Redis, Security, Settings
from bot.wiring import Resources
from tests.support.clock import FakeClock
from tests.support.postgres import fresh_records
from tests.support.redis_server import empty_redis

_NEW = "改过的名字"
_SECONDS = 10


@pytest.fixture
async def settings() -> Settings:
    return Settings(
        database=Database(url=await fresh_records()),
        redis=Redis(url=await empty_redis()),
        security=Security(data_key=SecretStr("A" * 43 + "=")),
    )


@pytest.fixture
async def officer(settings: Settings) -> AsyncIterator[SqlSession]:
    """Lend what changes plans and texts: a process that is none of those that serve."""
    engine = engine_for(settings.database.url, connections=1)
    session = SqlSession(engine, Cipher(bytes(32)))
    await demo.load_demo(session, FakeClock().now())
    await session.commit()
    yield session
    await session.close()
    await engine.dispose()


@pytest.fixture
async def houses(settings: Settings, officer: SqlSession) -> AsyncIterator[list[Resources]]:
    """Lend two processes that serve."""
    assert officer  # has plans to show
    async with AsyncExitStack() as lives:
        apps = [create_app(settings) for _ in range(2)]
        for app in apps:
            await lives.enter_async_context(app.router.lifespan_context(app))
        yield [app.state.house for app in apps]


async def projects(house: Resources) -> set[str]:
    async with house.open_work() as work:
        book = await work.plans.book()
    return {project.name for plan in book.plans() for project in book.projects(plan.id)}


async def questions(house: Resources) -> set[str]:
    async with house.open_work() as work:
        return {faq.question for faq in await work.documents.faqs()}


async def test_a_renamed_project_and_question_are_seen_by_all(
    houses: list[Resources], officer: SqlSession
) -> None:
    for house in houses:
        assert _NEW not in await projects(house) | await questions(house)
    await officer.write(update(ProjectRow).values(name=_NEW))
    await officer.write(
        update(DocumentRow).where(DocumentRow.kind.like("faq-%")).values(title=_NEW)
    )
    await bump(officer, *Kept)
    await officer.commit()
    async with asyncio.timeout(_SECONDS):
        for house in houses:
            while await projects(house) != {_NEW} or await questions(house) != {_NEW}:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.02)


async def test_what_nobody_changed_is_not_read_again(houses: list[Resources]) -> None:
    """Looking is cheap: a row or two, and the plans only when they moved."""
    house = houses[0]
    async with house.open_work() as work:
        before = await work.plans.book()
    for _ in range(3):
        await house.look()
    async with house.open_work() as work:
        assert await work.plans.book() is before
