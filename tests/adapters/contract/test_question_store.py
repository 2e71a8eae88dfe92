from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.questions import SqlQuestions
from adapters.sql.work import SqlWork
from domain.content.questions import QuestionStore, Synonym, Votes
from domain.shared.records import OpenId
from tests.support.allotment import NOW
from tests.support.questions import MemoryQuestions
from tests.support.sql import DATABASES, fresh_engine, open_work, written

SECOND = timedelta(seconds=1)
ME, YOU = OpenId("o-me"), OpenId("o-you")


@pytest.fixture(params=["memory", *DATABASES])
async def questions(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[QuestionStore]:
    if request.param == "memory":
        yield MemoryQuestions()
        return
    async with fresh_engine(tmp_path, request.param) as engine, open_work(engine) as work:
        assert isinstance(work.questions, SqlQuestions)
        yield work.questions


async def test_what_is_asked_again_is_counted(questions: QuestionStore) -> None:
    await questions.miss("宠物能带吗", NOW)
    await questions.miss("车位怎么租", NOW)
    await questions.miss("宠物能带吗", NOW + SECOND)
    often, once = await questions.unanswered(10)
    assert (often.words, often.times, often.first_at, often.last_at) == (
        "宠物能带吗",
        2,
        NOW,
        NOW + SECOND,
    )
    assert (once.words, once.times) == ("车位怎么租", 1)
    assert await questions.unanswered(1) == [often]
    assert await questions.find(often.id) == often
    assert await questions.find("nothing") is None


async def test_what_was_seen_to_is_gone(questions: QuestionStore) -> None:
    await questions.miss("宠物能带吗", NOW)
    (kept,) = await questions.unanswered(10)
    assert await questions.settle(kept.id)
    assert not await questions.settle(kept.id)
    assert await questions.unanswered(10) == []


async def test_what_nobody_asked_for_long_is_swept(questions: QuestionStore) -> None:
    """Source: S0-76."""
    await questions.miss("宠物能带吗", NOW)
    await questions.miss("车位怎么租", NOW - SECOND)
    assert await questions.forget(before=NOW) == 1
    assert [one.words for one in await questions.unanswered(10)] == ["宠物能带吗"]


async def test_a_citizen_votes_once_on_each_version(questions: QuestionStore) -> None:
    """Source: S4-77."""
    assert await questions.vote(ME, "faq-rent", 1, helpful=True, at=NOW)
    assert not await questions.vote(ME, "faq-rent", 1, helpful=False, at=NOW)
    assert await questions.vote(ME, "faq-rent", 2, helpful=False, at=NOW)
    assert await questions.vote(YOU, "faq-rent", 1, helpful=True, at=NOW)
    assert await questions.votes() == {
        ("faq-rent", 1): Votes(helped=2),
        ("faq-rent", 2): Votes(failed=1),
    }


async def test_a_word_stands_for_one_other(questions: QuestionStore) -> None:
    """Source: S2-14."""
    first = Synonym("报名", "登记", "officer", NOW)
    assert await questions.add_synonym(first)
    assert not await questions.add_synonym(Synonym("报名", "选房", "officer", NOW))
    assert await questions.add_synonym(Synonym("上车", "登记", "officer", NOW))
    assert [one.word for one in await questions.synonyms()] == sorted(["报名", "上车"])
    assert await questions.drop_synonym("上车")
    assert not await questions.drop_synonym("上车")
    assert await questions.synonyms() == [first]


@pytest.mark.parametrize("database", DATABASES)
async def test_neither_words_nor_voters_can_be_read_in_the_records(
    tmp_path: Path, database: str
) -> None:
    """Source: S0-76, S0-77."""
    async with fresh_engine(tmp_path, database) as engine:
        async with open_work(engine) as work:
            await work.questions.miss("宠物能带吗", NOW)
            await work.questions.vote(ME, "faq-rent", 1, helpful=True, at=NOW)
            await work.commit()
        kept = await written(engine)
    assert b"faq-rent" in kept
    assert "宠物".encode() not in kept
    assert ME.encode() not in kept
    assert isinstance(work, SqlWork)
