"""What every store of one-time pages must do."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.records import SqlPages
from domain.shared.conversations import Json
from domain.shared.pages import OneTimePage, PageStore
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.sql import open_work

NOON = FakeClock().now()
SOON = NOON + timedelta(seconds=30)
PAGE = OneTimePage(
    OpenId("o" * 28), "draft-1", "real_name", "who", NOON, NOON + timedelta(minutes=10)
)


async def keep(engine: AsyncEngine, **pages: OneTimePage) -> None:
    async with open_work(engine) as work:
        for token_hash, page in pages.items():
            await work.pages.add(token_hash, page)
        await work.commit()


async def consume(engine: AsyncEngine, token_hash: str, answer: Json = "x") -> bool:
    async with open_work(engine) as work:
        consumed = await work.pages.consume(token_hash, answer, now=SOON)
        await work.commit()
    return consumed


async def test_a_page_comes_back_whole_and_finding_it_changes_nothing(engine: AsyncEngine) -> None:
    await keep(engine, t1=PAGE)
    async with open_work(engine) as work:
        pages: PageStore = work.pages
        assert isinstance(pages, SqlPages)
        assert await pages.find("t1") == PAGE
        assert await pages.find("t2") is None
        assert not work.changed
    assert await consume(engine, "t1")


@pytest.mark.parametrize("answer", [{"name": "陈演示"}, ["a", 1], "", 0, False])
async def test_an_answer_comes_back_as_it_was_sent(engine: AsyncEngine, answer: Json) -> None:
    await keep(engine, t1=PAGE)
    assert await consume(engine, "t1", answer)
    async with open_work(engine) as work:
        assert await work.pages.answer_of("draft-1", "who") == answer
        assert await work.pages.find("t1") == replace(PAGE, used_at=SOON, answer=answer)


async def test_of_fifty_consumptions_at_once_exactly_one_succeeds(engine: AsyncEngine) -> None:
    await keep(engine, t1=PAGE)
    outcomes = await asyncio.gather(*(consume(engine, "t1", number) for number in range(50)))
    assert outcomes.count(True) == 1
    async with open_work(engine) as work:
        assert await work.pages.answer_of("draft-1", "who") == outcomes.index(True)


async def test_an_unknown_expired_or_voided_page_is_not_consumed(engine: AsyncEngine) -> None:
    await keep(engine, old=replace(PAGE, step="old", expires_at=SOON), voided=PAGE)
    await keep(engine, newer=replace(PAGE, issued_at=NOON + timedelta(seconds=1)))
    for token_hash in ("unknown", "old", "voided"):
        assert not await consume(engine, token_hash)
    assert await consume(engine, "newer")


async def test_an_undone_consumption_leaves_the_page_open(engine: AsyncEngine) -> None:
    await keep(engine, t1=PAGE)
    async with open_work(engine) as work:
        assert await work.pages.consume("t1", "x", now=SOON)
    assert await consume(engine, "t1")


async def test_forgotten_pages_take_their_answers_with_them(engine: AsyncEngine) -> None:
    await keep(engine, t1=PAGE, t2=replace(PAGE, step="other", expires_at=NOON + timedelta(days=1)))
    assert await consume(engine, "t1")
    async with open_work(engine) as work:
        assert await work.pages.forget(before=NOON + timedelta(hours=1)) == 1
        assert await work.pages.find("t1") is None
        assert await work.pages.answer_of("draft-1", "who") is None
        assert await work.pages.find("t2") is not None
