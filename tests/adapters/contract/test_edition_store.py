import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.editions import SqlEditions
from adapters.sql.revisions import Kept, Revisions
from domain.content.editions import Edition, Entry, Manuscript, Wording
from domain.content.model import Category
from domain.content.service_editing import EditionStore
from domain.shared.records import Consent
from domain.shared.work import CollidedError
from tests.support.allotment import NOW
from tests.support.questions import MemoryEditions
from tests.support.sql import DATABASES, fresh_engine, open_work

HOUR = timedelta(hours=1)
RENT = Wording("租金怎么算？", "面积乘单价。", ("月租金多少",))
FIRST = Edition("faq-rent", 1, RENT, NOW, "wang")
SECOND = Edition("faq-rent", 2, replace(RENT, text="以合同为准。"), NOW + HOUR, "li")
GUIDE = Edition("guide-a", 1, Wording("指南", "第一步"), NOW, "wang")
DRAFT = Manuscript("faq-pets", Wording("能养狗吗？", "可以。"), 1, "wang", NOW)


@pytest.fixture(params=["memory", *DATABASES])
async def editions(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EditionStore]:
    if request.param == "memory":
        yield MemoryEditions()
        return
    async with fresh_engine(tmp_path, request.param) as engine, open_work(engine) as work:
        assert isinstance(work.editions, SqlEditions)
        yield work.editions


async def test_every_edition_stays_and_the_newest_comes_first(editions: EditionStore) -> None:
    """Source: S0-17, S3-68."""
    assert await editions.publish(FIRST)
    assert await editions.publish(SECOND)
    assert not await editions.publish(replace(SECOND, published_by="zhang"))
    assert await editions.editions("faq-rent") == [SECOND, FIRST]
    assert await editions.editions("faq-none") == []


async def test_a_list_shows_each_text_of_a_category_once(editions: EditionStore) -> None:
    for one in (FIRST, SECOND, GUIDE):
        await editions.publish(one)
    await editions.write(DRAFT)
    rewritten = replace(DRAFT, kind="faq-rent")
    await editions.write(rewritten)
    assert await editions.entries(Category.FAQ) == [
        Entry("faq-rent", SECOND, rewritten),
        Entry("faq-pets", None, DRAFT),
    ]
    assert await editions.entries(Category.GUIDE) == [Entry("guide-a", GUIDE, None)]


async def test_a_manuscript_is_written_over_the_one_that_was_seen(editions: EditionStore) -> None:
    assert await editions.write(DRAFT)
    assert not await editions.write(DRAFT)
    later = replace(DRAFT, edits=2, edited_by="li", publish_at=NOW + HOUR)
    assert await editions.write(later)
    assert not await editions.write(replace(later, edited_by="zhang"))
    assert await editions.manuscript("faq-pets") == later
    assert not await editions.drop("faq-pets", 1)
    assert await editions.drop("faq-pets", 2)
    assert await editions.manuscript("faq-pets") is None


async def test_what_is_due_comes_longest_due_first(editions: EditionStore) -> None:
    for number, hours in enumerate((2, 1, 3)):
        at = NOW + hours * HOUR
        await editions.write(replace(DRAFT, kind=f"faq-{number}", publish_at=at))
    await editions.write(DRAFT)
    due = await editions.due(NOW + 2 * HOUR)
    assert [one.kind for one in due] == ["faq-1", "faq-0"]


async def test_a_withdrawn_text_is_read_by_no_citizen_and_stays_for_officers(
    tmp_path: Path,
) -> None:
    async with fresh_engine(tmp_path) as engine:
        async with open_work(engine) as work:
            for one in (FIRST, replace(SECOND, withdrawn=True), GUIDE):
                await work.editions.publish(one)
            await work.commit()
        async with open_work(engine) as work:
            assert await work.documents.faqs() == ()
            assert set(await work.documents.documents()) == {"guide-a"}
            assert len(await work.editions.editions("faq-rent")) == 2


@pytest.mark.parametrize("database", DATABASES)
async def test_consents_to_each_version_are_counted(tmp_path: Path, database: str) -> None:
    """Source: S0-16, S0-43."""
    async with fresh_engine(tmp_path, database) as engine, open_work(engine) as work:
        for actor, version in (("a", 1), ("b", 2), ("c", 2)):
            await work.consents.add(Consent(actor, "agreement-user", version, "0" * 64, NOW))
        assert await work.editions.agreed("agreement-user") == {1: 1, 2: 2}
        assert await work.editions.agreed("agreement-privacy") == {}


@pytest.mark.parametrize("database", DATABASES)
async def test_a_new_question_comes_last_and_keeps_its_place(tmp_path: Path, database: str) -> None:
    async with fresh_engine(tmp_path, database) as engine:
        async with open_work(engine) as work:
            await work.editions.publish(replace(FIRST, kind="faq-b"))
            await work.editions.publish(replace(FIRST, kind="faq-a"))
            await work.editions.publish(replace(SECOND, kind="faq-b"))
            await work.commit()
        async with open_work(engine) as work:
            assert [one.id for one in await work.documents.faqs()] == ["b", "a"]
            found = (await work.documents.index()).find("月租金多少").clear
            assert found
            assert found.version == 2


@pytest.mark.parametrize("database", DATABASES)
async def test_of_two_publications_at_once_one_counts(tmp_path: Path, database: str) -> None:
    async with fresh_engine(tmp_path, database) as engine:

        async def publish(by: str) -> bool:
            async with open_work(engine) as work:
                done = await work.editions.publish(replace(FIRST, published_by=by))
                try:
                    await work.commit()
                except CollidedError:
                    return False
                return done

        assert sum(await asyncio.gather(*(publish(str(number)) for number in range(4)))) == 1
        async with open_work(engine) as work:
            assert len(await work.editions.editions("faq-rent")) == 1


@pytest.mark.parametrize("database", DATABASES)
async def test_whoever_keeps_texts_is_told_of_a_publication(tmp_path: Path, database: str) -> None:
    """Source: S0-17."""
    async with fresh_engine(tmp_path, database) as engine:
        looking = Revisions(engine)
        await looking.moved()
        async with open_work(engine) as work:
            await work.editions.publish(FIRST)
            await work.commit()
        assert await looking.moved() == {Kept.CONTENT}
        assert await looking.moved() == frozenset()
