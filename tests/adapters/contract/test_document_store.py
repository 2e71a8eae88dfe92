from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.documents import ContentCache, SqlDocuments
from domain.content.model import fingerprint
from domain.content.service import DocumentStore
from tests.support.allotment import MemoryDocuments, a_document, a_faq
from tests.support.allotment_sql import keep_content
from tests.support.sql import CIPHER, DATABASES, fresh_engine

OLD, NEW = a_document(version=1, text="旧"), a_document(version=2, text="新")
POLICY = a_document("agreement-privacy")
FAQS = (a_faq("b", "乙？", "二？"), a_faq("a", "甲？"))


@pytest.fixture(params=["memory", *DATABASES])
async def documents(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DocumentStore]:
    if request.param == "memory":
        yield MemoryDocuments([OLD, NEW, POLICY], FAQS)
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        await keep_content(session, [NEW, OLD, POLICY], FAQS)
        yield SqlDocuments(session, ContentCache())
        await session.close()


async def test_the_newest_version_of_each_kind_is_read(documents: DocumentStore) -> None:
    """Source: S0-17."""
    assert await documents.documents() == {"notice-quick": NEW, "agreement-privacy": POLICY}


async def test_questions_keep_their_order_and_their_other_wordings(
    documents: DocumentStore,
) -> None:
    assert tuple(await documents.faqs()) == FAQS


async def test_what_was_once_published_stays_on_record(documents: DocumentStore) -> None:
    """Source: S0-41, S0-43."""
    assert await documents.is_on_record("notice-quick", 1, fingerprint("旧"))
    assert await documents.is_on_record("notice-quick", 2, fingerprint("新"))


@pytest.mark.parametrize(
    ("kind", "version", "text"),
    [("notice-quick", 1, "新"), ("notice-quick", 3, "新"), ("agreement-privacy", 1, "新")],
)
async def test_what_was_never_published_is_not_on_record(
    documents: DocumentStore, kind: str, version: int, text: str
) -> None:
    """Source: S0-41."""
    assert not await documents.is_on_record(kind, version, fingerprint(text))
