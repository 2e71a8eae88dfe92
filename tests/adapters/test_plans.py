import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import SqlSession
from adapters.sql.documents import ContentCache, SqlDocuments
from adapters.sql.plans import PlanCache, SqlPlans
from adapters.sql.registrations import SqlRegistrations
from tests.support.allotment import (
    NOW,
    a_document,
    a_faq,
    a_plan,
    a_project,
    a_registration,
    a_unit,
)
from tests.support.allotment_sql import keep_content, keep_plans
from tests.support.sql import CIPHER

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
async def offer(engine: AsyncEngine) -> None:
    """Put one unit, one text and one question on record."""
    session = SqlSession(engine, CIPHER)
    await keep_plans(session, [a_plan()], [a_project()], [a_unit()])
    await keep_content(session, [a_document()], [a_faq("rent", "租金怎么算？")])
    await session.commit()


@pytest.fixture
def statements(engine: AsyncEngine) -> list[str]:
    """Return a list that every statement sent from now on is added to."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    return seen


async def add_one(engine: AsyncEngine, number: str) -> None:
    session = SqlSession(engine, CIPHER)
    row = a_registration(number, family_id=number)
    assert await SqlRegistrations(session).add(row, limit=None)
    await session.commit()


async def test_a_process_reads_the_book_and_the_texts_once(
    engine: AsyncEngine, statements: list[str]
) -> None:
    plans, content = PlanCache(), ContentCache()
    for _ in range(3):
        session = SqlSession(engine, CIPHER)
        assert (await SqlPlans(session, plans).book()).plan("plan")
        documents = SqlDocuments(session, content)
        assert await documents.documents()
        assert await documents.faqs()
        await session.close()
    assert len(statements) == 5


async def test_browsing_never_writes(engine: AsyncEngine, statements: list[str]) -> None:
    session = SqlSession(engine, CIPHER)
    plans = SqlPlans(session, PlanCache())
    await plans.book()
    await plans.counts(NOW)
    await SqlDocuments(session, ContentCache()).documents()
    assert not session.changed
    await session.close()
    assert statements
    assert all(statement.startswith("SELECT") for statement in statements)


async def test_what_changed_is_seen_after_the_cache_was_told(engine: AsyncEngine) -> None:
    plans, content = PlanCache(), ContentCache()
    session = SqlSession(engine, CIPHER)
    await SqlPlans(session, plans).book()
    await SqlDocuments(session, content).documents()
    await SqlDocuments(session, content).faqs()
    await keep_plans(session, [a_plan("new")], [], [])
    await keep_content(session, [a_document(version=2)], [a_faq("fee", "要交钱吗？")])
    await session.commit()
    book, documents = SqlPlans(session, plans), SqlDocuments(session, content)
    assert len((await book.book()).plans()) == 1
    assert len(await documents.faqs()) == 1
    plans.invalidate()
    content.invalidate()
    assert len((await book.book()).plans()) == 2
    assert (await documents.documents())["notice-quick"].version == 2
    assert len(await documents.faqs()) == 2
    await session.close()


async def test_what_was_being_read_when_it_changed_is_not_kept(engine: AsyncEngine) -> None:
    cache = PlanCache()
    session = SqlSession(engine, CIPHER)
    old = SqlPlans(session, PlanCache())

    async def read_while_it_changes() -> object:
        book = await old.book()
        cache.invalidate()
        return book

    await cache.book.get(read_while_it_changes)  # type: ignore[arg-type] # a book all the same
    await keep_plans(session, [a_plan("new")], [], [])
    assert len((await SqlPlans(session, cache).book()).plans()) == 2
    await session.close()


async def test_counts_are_read_once_a_second_for_the_whole_process(
    engine: AsyncEngine, statements: list[str]
) -> None:
    cache = PlanCache()
    session = SqlSession(engine, CIPHER)
    plans = SqlPlans(session, cache)
    assert await plans.counts(NOW) == {}
    await add_one(engine, "1")
    del statements[:]
    assert await plans.counts(NOW + SECOND * 0.99) == {}
    assert statements == []
    assert await plans.counts(NOW + SECOND) == {"unit": 1}
    await session.close()


async def test_a_clock_set_back_does_not_freeze_the_counts(engine: AsyncEngine) -> None:
    session = SqlSession(engine, CIPHER)
    plans = SqlPlans(session, PlanCache())
    await plans.counts(NOW)
    await add_one(engine, "1")
    assert await plans.counts(NOW - SECOND) == {"unit": 1}
    await session.close()


async def test_while_one_turn_counts_the_others_are_not_kept_waiting() -> None:
    cache, begun, go_on = PlanCache(), asyncio.Event(), asyncio.Event()

    async def first() -> dict[str, int]:
        return {"unit": 1}

    async def slow() -> dict[str, int]:
        begun.set()
        await go_on.wait()
        return {"unit": 2}

    async def never() -> dict[str, int]:
        pytest.fail("a second count was begun")

    await cache.counts(NOW, first)
    counting = asyncio.create_task(cache.counts(NOW + SECOND, slow))
    await begun.wait()
    assert await cache.counts(NOW + SECOND, never) == {"unit": 1}
    go_on.set()
    assert await counting == {"unit": 2}
    assert await cache.counts(NOW + SECOND, never) == {"unit": 2}
