import pytest

from domain.content.model import AGREEMENTS
from domain.content.service import ContentService, DocumentNotFoundError
from tests.support.allotment import AllotmentWork, a_document, a_faq
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
    assert await content.ask("租金怎么算") == rent
    assert await content.ask("今天天气真好") is None


async def test_topics_keep_their_order() -> None:
    faqs = [a_faq("b", "乙？"), a_faq("a", "甲？")]
    assert await ContentService(AllotmentWork(faqs=faqs), FakeClock()).topics() == faqs
