"""Published texts in SQL, and what the process remembers of them.

Texts change seldom and are read at many a message, so that a process reads them once and keeps them
until `ContentCache.invalidate`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Integer,
    Row,
    String,
    Text,
    exists,
    false,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.plans import KeptOnce
from adapters.sql.questions import SynonymRow
from domain.content.model import Category, Document, Faq, category_of, faq_kind
from domain.content.search import FaqIndex, Synonyms, index_of

__all__ = ["ContentCache", "DocumentRow", "FaqRow", "SqlDocuments"]

_NOBODY = text("''")


class DocumentRow(Base):
    """One published version of a text; never changed.

    ``aliases`` and ``position``, which orders what citizens see, are of frequent questions.
    """

    __tablename__ = "documents"

    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    text_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(80), server_default=_NOBODY, default="")
    aliases: Mapped[list[str] | None] = mapped_column(JSON)
    position: Mapped[int | None] = mapped_column(Integer)
    restored: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    withdrawn: Mapped[bool] = mapped_column(server_default=false(), default=False)


class FaqRow(Base):
    """A frequent question, as releases before 0015 read it; nobody writes it any more."""

    __tablename__ = "faqs"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    question: Mapped[str] = mapped_column(String(200))
    aliases: Mapped[list[str]] = mapped_column(JSON)
    answer: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class _Shelf:
    """All that is published now."""

    documents: Mapping[str, Document]
    faqs: tuple[Faq, ...]
    synonyms: Synonyms


class ContentCache:
    """What a process remembers of the published texts. Lives as long as the process."""

    def __init__(self) -> None:
        self.shelf = KeptOnce[_Shelf]()

    def invalidate(self) -> None:
        """Read everything again; to be called after something was published."""
        self.shelf.drop()


class SqlDocuments:
    """The `DocumentStore` in SQL, behind the process's cache."""

    def __init__(self, session: SqlSession, cache: ContentCache) -> None:
        self._session = session
        self._cache = cache

    async def documents(self) -> Mapping[str, Document]:
        """Return the newest version of each kind."""
        return (await self._shelf()).documents

    async def faqs(self) -> tuple[Faq, ...]:
        """Return every question in its order."""
        return (await self._shelf()).faqs

    async def index(self) -> FaqIndex:
        """Return what finds a question by words.

        Made by whoever asks first, in a thread: for a thousand questions that takes a second, in
        which others shall be answered.
        """
        shelf = await self._shelf()
        return await asyncio.to_thread(index_of, shelf.faqs, shelf.synonyms)

    async def is_on_record(self, kind: str, version: int, text_hash: str) -> bool:
        """Tell whether such a text was ever published; mostly it is the one we know."""
        newest = (await self.documents()).get(kind)
        if newest and (newest.version, newest.text_hash) == (version, text_hash):
            return True
        published = exists().where(
            DocumentRow.kind == kind,
            DocumentRow.version == version,
            DocumentRow.text_hash == text_hash,
        )
        return bool((await self._session.read(select(published))).scalar_one())

    async def _shelf(self) -> _Shelf:
        return await self._cache.shelf.get(self._read_shelf)

    async def _read_shelf(self) -> _Shelf:
        other = aliased(DocumentRow)
        newest = select(func.max(other.version)).where(other.kind == DocumentRow.kind)
        shown = (
            select(DocumentRow.__table__)
            .where(DocumentRow.version == newest.scalar_subquery(), ~DocumentRow.withdrawn)
            .order_by(DocumentRow.position, DocumentRow.kind)
        )
        rows = list(await self._session.read(shown))
        synonyms = await self._session.read(
            select(SynonymRow.word, SynonymRow.means).order_by(SynonymRow.word)
        )
        return _Shelf(
            {row.kind: _document(row) for row in rows if not _is_faq(row)},
            tuple(_faq(row) for row in rows if _is_faq(row)),
            tuple((row.word, row.means) for row in synonyms),
        )


def _document(row: Row[Any]) -> Document:
    return Document(
        kind=row.kind,
        version=row.version,
        title=row.title,
        text=row.text,
        text_hash=row.text_hash,
        published_at=row.published_at,
    )


def _is_faq(row: Row[Any]) -> bool:
    return category_of(row.kind) is Category.FAQ


def _faq(row: Row[Any]) -> Faq:
    return Faq(
        id=row.kind.removeprefix(faq_kind("")),
        question=row.title,
        aliases=tuple(row.aliases or ()),
        answer=row.text,
        updated_at=row.published_at,
        version=row.version,
    )
