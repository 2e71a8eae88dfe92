from dataclasses import replace
from datetime import timedelta

import pytest

from domain.content.model import AGREEMENTS, Category
from domain.content.questions import Votes
from domain.content.service import ContentService, DocumentNotFoundError
from tests.support.allotment import NOW, OPENID, AllotmentWork, a_document, a_faq
from tests.support.clock import FakeClock


async def test_the_newest_version_of_a_document_is_read() -> None:
    """Source: S0-17, S0-41."""
    old, new = a_document(version=1, text="旧"), a_document(version=2, text="新")
    content = ContentService(AllotmentWork(documents=[old, new]), FakeClock())
    assert await content.document("notice-quick") == new


async def test_a_document_that_was_never_published_is_not_found() -> None:
    content = ContentService(AllotmentWork(documents=[]), FakeClock())
    with pytest.raises(DocumentNotFoundError):
        await content.document("notice-quick")
    with pytest.raises(DocumentNotFoundError):
        await content.agreements()


async def test_the_three_agreements_come_in_their_order() -> None:
    """Source: S0-16."""
    documents = [a_document(kind) for kind in (*reversed(AGREEMENTS), "notice-quick")]
    content = ContentService(AllotmentWork(documents=documents), FakeClock())
    assert [one.kind for one in await content.agreements()] == list(AGREEMENTS)


async def test_a_question_is_answered_from_what_is_published() -> None:
    rent = a_faq("rent", "租金怎么算？")
    content = ContentService(AllotmentWork(faqs=[rent]), FakeClock())
    assert (await content.ask("租金怎么算")).clear == rent
    assert (await content.ask("今天天气真好")).clear is None


async def test_announcements_come_newest_first_and_no_other_text_among_them() -> None:
    """Source: S2-12, S2-13."""
    old = replace(a_document("announcement-a"), published_at=NOW - timedelta(days=1))
    new, guide = a_document("announcement-b"), a_document("guide-a")
    content = ContentService(AllotmentWork(documents=[old, guide, new]), FakeClock())
    assert await content.of_category(Category.ANNOUNCEMENT) == [new, old]


async def test_a_citizen_judges_a_version_of_an_answer_once() -> None:
    """Source: S4-77."""
    work = AllotmentWork(faqs=[a_faq("rent", "租金怎么算？")])
    content = ContentService(work, FakeClock())
    assert await content.rate(OPENID, "rent", 1, helpful=True)
    assert not await content.rate(OPENID, "rent", 1, helpful=False)
    assert await content.rate(OPENID, "rent", 2, helpful=False)
    assert await work.questions.votes() == {
        ("faq-rent", 1): Votes(1, 0),
        ("faq-rent", 2): Votes(0, 1),
    }


async def test_an_unanswered_question_is_kept_without_who_asked_and_counted() -> None:
    """Source: S0-76, S0-77."""
    work = AllotmentWork()
    content = ContentService(work, FakeClock())
    for phone in ("13812345678", "13912345678"):
        await content.note_unanswered(f"我叫曹演示，电话{phone}，宠物能带吗")
    (kept,) = await work.questions.unanswered(10)
    assert (kept.words, kept.times) == ("我叫曹某某，电话***，宠物能带吗", 2)
    await content.note_unanswered("  ")
    assert len(await work.questions.unanswered(10)) == 1


async def test_topics_keep_their_order() -> None:
    faqs = [a_faq("b", "乙？"), a_faq("a", "甲？")]
    assert await ContentService(AllotmentWork(faqs=faqs), FakeClock()).topics() == faqs
