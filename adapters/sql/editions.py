"""Every edition of every text, and the manuscripts of those to come."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, Row, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.documents import DocumentRow
from adapters.sql.records import ConsentRow
from adapters.sql.revisions import Kept, bump
from domain.content.editions import Edition, Entry, Manuscript, Wording
from domain.content.model import Category, category_of

__all__ = ["ManuscriptRow", "SqlEditions"]


class ManuscriptRow(Base):
    """The words of a text's next edition; only officers see them."""

    __tablename__ = "manuscripts"

    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    aliases: Mapped[list[str]] = mapped_column(JSON)
    edits: Mapped[int] = mapped_column(Integer)
    edited_by: Mapped[str] = mapped_column(String(80))
    edited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    publish_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class SqlEditions:
    """The `EditionStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def entries(self, category: Category) -> list[Entry]:
        """Return the texts of a category, in the order in which citizens see them."""
        rows = await self._session.read(
            select(DocumentRow.__table__).order_by(
                DocumentRow.position, DocumentRow.kind, DocumentRow.version
            )
        )
        editions = {row.kind: _edition(row) for row in rows}
        written = await self._session.read(
            select(ManuscriptRow.__table__).order_by(ManuscriptRow.kind)
        )
        manuscripts = {row.kind: _manuscript(row) for row in written}
        return [
            Entry(kind, editions.get(kind), manuscripts.get(kind))
            for kind in dict.fromkeys((*editions, *manuscripts))
            if category_of(kind) is category
        ]

    async def editions(self, kind: str) -> list[Edition]:
        """Return what was ever published of a text, newest first."""
        chosen = (
            select(DocumentRow.__table__)
            .where(DocumentRow.kind == kind)
            .order_by(DocumentRow.version.desc())
        )
        return [_edition(row) for row in await self._session.read(chosen)]

    async def manuscript(self, kind: str) -> Manuscript | None:
        """Return a text's manuscript."""
        chosen = select(ManuscriptRow.__table__).where(ManuscriptRow.kind == kind)
        row = (await self._session.read(chosen)).one_or_none()
        return None if row is None else _manuscript(row)

    async def write(self, manuscript: Manuscript) -> bool:
        """Keep a manuscript over the one that was edited once less."""
        values: dict[str, Any] = {
            "title": manuscript.wording.title,
            "text": manuscript.wording.text,
            "aliases": list(manuscript.wording.aliases),
            "edits": manuscript.edits,
            "edited_by": manuscript.edited_by,
            "edited_at": manuscript.edited_at,
            "publish_at": manuscript.publish_at,
        }
        if manuscript.edits == 1:
            return await self._session.insert_new(ManuscriptRow, kind=manuscript.kind, **values)
        kept = await self._session.write(
            update(ManuscriptRow)
            .where(ManuscriptRow.kind == manuscript.kind)
            .where(ManuscriptRow.edits == manuscript.edits - 1)
            .values(**values)
        )
        return kept.rowcount == 1

    async def drop(self, kind: str, edits: int) -> bool:
        """Drop a manuscript as it was seen."""
        gone = await self._session.write(
            delete(ManuscriptRow).where(ManuscriptRow.kind == kind, ManuscriptRow.edits == edits)
        )
        return gone.rowcount == 1

    async def publish(self, edition: Edition) -> bool:
        """Add an edition, and tell every process; ``False`` if there is one of its version."""
        await bump(self._session, Kept.CONTENT)
        return await self._session.insert_new(
            DocumentRow,
            kind=edition.kind,
            version=edition.version,
            title=edition.wording.title,
            text=edition.wording.text,
            text_hash=edition.text_hash,
            published_at=edition.published_at,
            published_by=edition.published_by,
            aliases=list(edition.wording.aliases),
            position=await self._position(edition.kind),
            restored=edition.restored,
            withdrawn=edition.withdrawn,
        )

    async def due(self, now: datetime) -> list[Manuscript]:
        """Return the manuscripts whose moment has come, the longest due first."""
        chosen = (
            select(ManuscriptRow.__table__)
            .where(ManuscriptRow.publish_at <= now)
            .order_by(ManuscriptRow.publish_at, ManuscriptRow.kind)
        )
        return [_manuscript(row) for row in await self._session.read(chosen)]

    async def agreed(self, kind: str) -> Mapping[int, int]:
        """Return how many consents to each version of a text are on record."""
        counted = (
            select(ConsentRow.version, func.count().label("count"))
            .where(ConsentRow.document == kind)
            .group_by(ConsentRow.version)
        )
        rows = (await self._session.read(counted)).mappings()
        return {row["version"]: row["count"] for row in rows}

    async def _position(self, kind: str) -> int | None:
        """Return a question's place among the others: its own, or the last."""
        if category_of(kind) is not Category.FAQ:
            return None
        own = select(func.max(DocumentRow.position)).where(DocumentRow.kind == kind)
        kept = (await self._session.read(own)).scalar()
        if kept is None:
            last = await self._session.read(select(func.max(DocumentRow.position)))
            kept = (last.scalar() or 0) + 1
        return int(kept)


def _edition(row: Row[Any]) -> Edition:
    return Edition(
        row.kind,
        row.version,
        Wording(row.title, row.text, tuple(row.aliases or ())),
        row.published_at,
        row.published_by,
        row.restored,
        row.withdrawn,
    )


def _manuscript(row: Row[Any]) -> Manuscript:
    return Manuscript(
        row.kind,
        Wording(row.title, row.text, tuple(row.aliases)),
        row.edits,
        row.edited_by,
        row.edited_at,
        row.publish_at,
    )
