"""Reading what is published: agreements, notices, frequent questions."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.content.model import AGREEMENTS, Document, Faq, best_answer
from domain.shared.clock import Clock
from domain.shared.errors import NotFoundError
from domain.shared.records import Act, OpenId
from domain.shared.work import Work

__all__ = ["ContentService", "ContentWork", "DocumentNotFoundError", "DocumentStore"]


class DocumentNotFoundError(NotFoundError):
    """No document of that kind has been published."""

    code = "document-not-found"


class DocumentStore(Protocol):
    """Published documents and questions."""

    async def documents(self) -> Mapping[str, Document]:
        """Return the newest version of each kind."""

    async def faqs(self) -> Sequence[Faq]:
        """Return every question, in the order in which citizens shall see them."""

    async def is_on_record(self, kind: str, version: int, text_hash: str) -> bool:
        """Tell whether a document of that kind, version and text was ever published."""


class ContentWork(Work, Protocol):
    """What reading may touch."""

    @property
    def documents(self) -> DocumentStore:
        """Published documents and questions."""


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

    async def ask(self, text: str) -> Faq | None:
        """Return the question that a citizen's words come closest to; ``None`` if none is near."""
        return best_answer(text, await self._work.documents.faqs())

    async def note_scan(self, openid: OpenId, scene: str) -> None:
        """Keep that somebody scanned a poster.

        Source: S0-61.
        """
        act = Act("content:poster:scan", openid, scene, self._clock.now(), "chat")
        await self._work.acts.add(act)

    async def topics(self) -> list[Faq]:
        """Return every question, in the order in which citizens shall see them."""
        return list(await self._work.documents.faqs())
