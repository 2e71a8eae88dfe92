"""What every store of one-time pages must do."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.records import PageRow, SqlPages
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


async def test_what_a_page_knows_comes_back_and_lies_sealed(engine: AsyncEngine) -> None:
    knowing = replace(PAGE, about={"phone": "+8619900000001"})
    await keep(engine, t1=knowing)
    async with open_work(engine) as work:
        assert await work.pages.find("t1") == knowing
    async with engine.connect() as connection:
        kept = (await connection.execute(select(PageRow.about))).scalar_one()
    assert b"1990000" not in kept
    assert "1990000" not in repr(knowing)


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


async def test_a_sent_page_keeps_its_answer_for_a_month(engine: AsyncEngine) -> None:
    """A citizen who was told that an answer is kept may come back late for it."""
    await keep(engine, t1=PAGE, t2=replace(PAGE, step="other"), t3=replace(PAGE, step="third"))
    assert await consume(engine, "t1")
    async with open_work(engine) as work:
        assert await work.pages.forget(before=NOON + timedelta(hours=1)) == 2
        assert await work.pages.find("t2") is None
        assert await work.pages.answer_of("draft-1", "who") is not None
        assert await work.pages.forget(before=NOON + timedelta(days=31)) == 1
        assert await work.pages.find("t1") is None
        assert await work.pages.answer_of("draft-1", "who") is None
