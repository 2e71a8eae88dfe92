"""What every store of figures must do."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.figures.model import DayCount, Event, Passage
from domain.figures.service import FigureStore, Misheard, MisheardWords
from tests.support.sql import open_work

NOON = datetime(2026, 3, 11, 4, tzinfo=UTC)
DAY = date(2026, 3, 11)
ARRIVED = Passage("sign-up", "phone", Event.ARRIVED)
ANSWERED = Passage("sign-up", "phone", Event.ANSWERED)


async def add(engine: AsyncEngine, day: date, counts: dict[Passage, int]) -> None:
    async with open_work(engine) as work:
        figures: FigureStore = work.figures
        await figures.add(day, counts)
        await work.commit()


async def mishear(engine: AsyncEngine, words: dict[MisheardWords, int], at: datetime) -> None:
    async with open_work(engine) as work:
        await work.figures.mishear(words, at)
        await work.commit()


async def test_counts_of_many_processes_add_up(engine: AsyncEngine) -> None:
    await asyncio.gather(
        *(add(engine, DAY, {ARRIVED: 2, ANSWERED: 1}) for _ in range(6)),
        add(engine, DAY - timedelta(days=1), {ARRIVED: 5}),
    )
    async with open_work(engine) as work:
        found = await work.figures.between(DAY, DAY)
        both = await work.figures.between(DAY - timedelta(days=1), DAY)
    assert sorted((one.passage.event, one.times) for one in found) == [
        (Event.ANSWERED, 6),
        (Event.ARRIVED, 12),
    ]
    assert both[0] == DayCount(DAY - timedelta(days=1), ARRIVED, 5)


async def test_words_are_counted_by_question_and_can_be_seen_to(engine: AsyncEngine) -> None:
    await mishear(engine, {("sign-up", "phone", "没有手机"): 1, ("human", "x", "喂"): 9}, NOON)
    later = NOON + timedelta(hours=1)
    await mishear(
        engine, {("sign-up", "phone", "没有手机"): 2, ("sign-up", "code", "收不到"): 1}, later
    )
    async with open_work(engine) as work:
        found = await work.figures.misheard("sign-up", 10)
        dropped = await work.figures.drop_misheard("sign-up", "phone", "没有手机")
        again = await work.figures.drop_misheard("sign-up", "phone", "没有手机")
        rest = await work.figures.misheard("sign-up", 10)
    assert found == [
        Misheard("sign-up", "phone", "没有手机", 3, later),
        Misheard("sign-up", "code", "收不到", 1, later),
    ]
    assert (dropped, again) == (True, False)
    assert [one.words for one in rest] == ["收不到"]


async def test_what_is_old_goes(engine: AsyncEngine) -> None:
    await add(engine, DAY, {ARRIVED: 1})
    await add(engine, DAY - timedelta(days=800), {ARRIVED: 1})
    await mishear(engine, {("a", "b", "c"): 1}, NOON)
    await mishear(engine, {("a", "b", "d"): 1}, NOON - timedelta(days=100))
    async with open_work(engine) as work:
        gone = await work.figures.forget(
            before=DAY - timedelta(days=730), misheard_before=NOON - timedelta(days=90)
        )
        kept = await work.figures.between(date(2020, 1, 1), DAY)
        words = await work.figures.misheard("a", 10)
    assert gone == 2
    assert len(kept) == 1
    assert [one.words for one in words] == ["c"]
