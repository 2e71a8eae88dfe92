"""The last calls at the callback that were refused, in SQL: when and why, and nothing they held."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Integer, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.shared.refusals import Refusal

__all__ = ["RefusalRow", "SqlRefusals"]

_KEPT: Final = 50
_TOGETHER: Final = timedelta(minutes=10)
"""Within which the same again is the same row: a flood leaves room for what else is refused."""


class RefusalRow(Base):
    """Calls of one kind that one process refused within a second or so."""

    __tablename__ = "refusals"
    __table_args__ = ({"sqlite_autoincrement": True},)

    serial: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(24))
    status: Mapped[int]
    times: Mapped[int]


class SqlRefusals:
    """The `RefusalStore`: a ring of fifty."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, refusal: Refusal) -> None:
        """Keep one, with the newest if that is the same; forget what is older than fifty."""
        newest = select(func.max(RefusalRow.serial)).scalar_subquery()
        same = update(RefusalRow).where(
            RefusalRow.serial == newest,
            RefusalRow.kind == refusal.kind[:24],
            RefusalRow.status == refusal.status,
            RefusalRow.at > refusal.at - _TOGETHER,
        )
        more = same.values(at=refusal.at, times=RefusalRow.times + refusal.times)
        if (await self._session.write(more)).rowcount:
            return
        kept = insert(RefusalRow).values(
            at=refusal.at, kind=refusal.kind[:24], status=refusal.status, times=refusal.times
        )
        serial = (await self._session.write(kept.returning(RefusalRow.serial))).scalar_one()
        await self._session.write(delete(RefusalRow).where(RefusalRow.serial <= serial - _KEPT))

    async def last(self) -> list[Refusal]:
        """Return the last fifty, newest first."""
        found = await self._session.read(
            select(RefusalRow.__table__).order_by(RefusalRow.serial.desc()).limit(_KEPT)
        )
        return [Refusal(row.at, row.kind, row.status, row.times) for row in found]
