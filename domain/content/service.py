"""Reading what is published: agreements, notices, announcements, guides, frequent questions."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.content.model import AGREEMENTS, Category, Document, Faq, category_of, faq_kind
from domain.content.questions import QuestionStore
from domain.content.search import FaqIndex, Matches
from domain.content.unanswered import without_persons
from domain.shared.clock import Clock
from domain.shared.errors import NotFoundError
from domain.shared.records import OpenId
from domain.shared.work import Work

__all__ = ["ContentService", "ContentWork", "DocumentNotFoundError", "DocumentStore"]


class DocumentNotFoundError(NotFoundError):
    """No document of that kind has been published."""

    code = "document-not-found"


class DocumentStore(Protocol):
    """Published documents and questions."""

    async def documents(self) -> Mapping[str, Document]:
        """Return the newest version of each kind, without what was withdrawn, in their order."""

    async def faqs(self) -> Sequence[Faq]:
        """Return every question, in the order in which citizens shall see them."""

    async def index(self) -> FaqIndex:
        """Return what finds a question by words; made once for what is published."""

    async def is_on_record(self, kind: str, version: int, text_hash: str) -> bool:
        """Tell whether a document of that kind, version and text was ever published."""


class ContentWork(Work, Protocol):
    """What reading may touch."""

    @property
    def documents(self) -> DocumentStore:
        """Published documents and questions."""

    @property
    def questions(self) -> QuestionStore:
        """What citizens asked and said of the answers."""


class ContentService:
    """What a citizen may read."""

    def __init__(self, work: ContentWork, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    async def document(self, kind: str) -> Document:
        """Return the newest version of a document.

        Raises
        ------
        DocumentNotFoundError
            None of that kind was published.

        Source
        ------
        S0-17, S0-41.
        """
        documents = await self._work.documents.documents()
        if kind not in documents:
            raise DocumentNotFoundError(kind)
        return documents[kind]

    async def titles(self) -> dict[str, str]:
        """Return what the documents are called now, by their kinds.

        Source: S0-17.
        """
        return {one.kind: one.title for one in (await self._work.documents.documents()).values()}

    async def agreements(self) -> list[Document]:
        """Return the three agreements of an account, in the order in which they are shown.

        Raises
        ------
        DocumentNotFoundError
            One of them was not published.

        Source
        ------
        S0-16.
        """
        return [await self.document(kind) for kind in AGREEMENTS]

    async def of_category(self, category: Category) -> list[Document]:
        """Return what is published of a category, newest first.

        Source: S2-12, S2-13.
        """
        documents = (await self._work.documents.documents()).values()
        found = [one for one in documents if category_of(one.kind) is category]
        return sorted(found, key=lambda one: one.published_at, reverse=True)

    async def ask(self, text: str) -> Matches:
        """Return the questions that a citizen's words come closest to.

        Source: S2-14, S4-77.
        """
        return (await self._work.documents.index()).find(text)

    async def in_our_words(self, text: str) -> str:
        """Return a citizen's words with our words for their synonyms; ``""`` if they hold none.

        Source: S2-14.
        """
        return (await self._work.documents.index()).in_our_words(text)

    async def topics(self) -> list[Faq]:
        """Return every question, in the order in which citizens shall see them."""
        return list(await self._work.documents.faqs())

    async def note_unanswered(self, text: str) -> None:
        """Keep a question that found no answer, without whoever asked it.

        Source: S0-76, S0-77.
        """
        words = without_persons(text)
        if words:
            await self._work.questions.miss(words, self._clock.now())

    async def rate(self, openid: OpenId, faq_id: str, version: int, *, helpful: bool) -> bool:
        """Keep whether an answer helped; ``False`` if this citizen has said so before.

        Source: S4-77.
        """
        return await self._work.questions.vote(
            openid, faq_kind(faq_id), version, helpful=helpful, at=self._clock.now()
        )
