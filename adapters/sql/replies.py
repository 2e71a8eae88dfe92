"""Kept replies in SQL: every version a row of its own. They hold nothing of any citizen."""

from datetime import datetime

from sqlalchemy import Integer, RowMapping, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.escalation.replies import CannedReply

__all__ = ["CannedReplyRow", "SqlCannedReplies"]


class CannedReplyRow(Base):
    """One version of a kept reply."""

    __tablename__ = "canned_replies"
    __table_args__ = (UniqueConstraint("key", "version"),)

    serial: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    retired: Mapped[bool]
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SqlCannedReplies:
    """The `CannedReplyStore` in SQL."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def current(self) -> list[CannedReply]:
        """Return the newest version of each that is offered, by title."""
        newest = (
            select(CannedReplyRow.key, func.max(CannedReplyRow.version).label("version"))
            .group_by(CannedReplyRow.key)
            .subquery()
        )
        chosen = (
            select(CannedReplyRow.__table__)
            .join(
                newest,
                (newest.c.key == CannedReplyRow.key) & (newest.c.version == CannedReplyRow.version),
            )
            .where(CannedReplyRow.retired.is_(False))
            .order_by(CannedReplyRow.title, CannedReplyRow.key)
        )
        return [_reply(row) for row in (await self._session.read(chosen)).mappings()]

    async def versions(self, key: str) -> list[CannedReply]:
        """Return all versions of one, newest first."""
        chosen = (
            select(CannedReplyRow.__table__)
            .where(CannedReplyRow.key == key)
            .order_by(CannedReplyRow.version.desc())
        )
        return [_reply(row) for row in (await self._session.read(chosen)).mappings()]

    async def add(self, reply: CannedReply) -> bool:
        """Append a version; ``False`` if it is there already."""
        return await self._session.insert_new(
            CannedReplyRow,
            key=reply.key,
            version=reply.version,
            title=reply.title,
            text=reply.text,
            retired=reply.retired,
            by=reply.by,
            at=reply.at,
        )


def _reply(row: RowMapping) -> CannedReply:
    return CannedReply(
        row["key"],
        row["version"],
        row["title"],
        row["text"],
        row["by"],
        row["at"],
        row["retired"],
    )
