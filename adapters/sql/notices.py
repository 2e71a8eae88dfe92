"""Notices that wait to be sent, in SQL; whom they go to and what they say is sealed."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.shared.notices import Notice, NoticeKind, retry_at

__all__ = ["NoticeRow", "SqlNotices"]


class NoticeRow(Base):
    """A notice that has not left; gone once it has."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_due_at", "due_at"), {"sqlite_autoincrement": True})

    serial: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(24))
    phone: Mapped[bytes] = mapped_column(LargeBinary)
    told: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int]


class SqlNotices:
    """The `NoticeStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(
        self, *, phone: str, kind: NoticeKind, values: Sequence[str], at: datetime
    ) -> None:
        """Write a notice down, due at once."""
        seal = self._session.cipher.seal_text
        await self._session.insert_new(
            NoticeRow,
            kind=kind.value,
            phone=seal(phone),
            told=seal(json.dumps(list(values), ensure_ascii=False)),
            at=at,
            due_at=at,
            attempts=0,
        )

    async def claim(self, *, now: datetime) -> Notice | None:
        """Take the notice that is due longest; ``None`` if none is."""
        longest = (
            select(NoticeRow.__table__)
            .where(NoticeRow.due_at <= now)
            .order_by(NoticeRow.due_at, NoticeRow.serial)
            .limit(1)
        )
        row = (await self._session.read(longest)).mappings().first()
        if row is None:
            return None
        attempts = row["attempts"] + 1
        # Whoever saw the same attempt counted takes nothing: the other was faster.
        taken = await self._session.write(
            update(NoticeRow)
            .where(NoticeRow.serial == row["serial"], NoticeRow.attempts == row["attempts"])
            .values(attempts=attempts, due_at=retry_at(attempts, now))
        )
        if taken.rowcount != 1:
            return None
        open_text = self._session.cipher.open_text
        return Notice(
            id=row["serial"],
            phone=open_text(row["phone"]),
            kind=NoticeKind(row["kind"]),
            values=tuple(json.loads(open_text(row["told"]))),
            at=row["at"],
            attempts=attempts,
        )

    async def sent(self, notice_id: int) -> None:
        """Forget a notice that has left."""
        await self._session.write(delete(NoticeRow).where(NoticeRow.serial == notice_id))

    async def forget(self, *, before: datetime) -> int:
        """Give up the notices written before a moment; return how many."""
        gone = await self._session.write(delete(NoticeRow).where(NoticeRow.at < before))
        return gone.rowcount
