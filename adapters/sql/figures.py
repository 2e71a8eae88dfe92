"""What happened at each question of each flow, by day; and words that were not understood."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.figures.model import DayCount, Event, Passage
from domain.figures.service import Misheard, MisheardWords

__all__ = ["MisheardRow", "PassageRow", "SqlFigures"]


class PassageRow(Base):
    """How often one thing happened at one question on one day in China."""

    __tablename__ = "passages"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    flow: Mapped[str] = mapped_column(String(64), primary_key=True)
    step: Mapped[str] = mapped_column(String(64), primary_key=True)
    event: Mapped[str] = mapped_column(String(16), primary_key=True)
    times: Mapped[int] = mapped_column(BigInteger)


class MisheardRow(Base):
    """Masked words that a question did not understand, counted."""

    __tablename__ = "misheard"
    __table_args__ = (
        Index("ix_misheard_flow_times", "flow", "times"),
        Index("ix_misheard_last_at", "last_at"),
    )

    flow: Mapped[str] = mapped_column(String(64), primary_key=True)
    step: Mapped[str] = mapped_column(String(64), primary_key=True)
    words: Mapped[str] = mapped_column(String(80), primary_key=True)
    times: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SqlFigures:
    """Counts by day."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, day: date, counts: Mapping[Passage, int]) -> None:
        """Add to the counts of a day."""
        # In one order for every process: two that write at once never wait for each other.
        rows = sorted((one.flow, one.step, one.event.value, times) for one, times in counts.items())
        new = self._session.insert(PassageRow).values(
            [
                {"day": day, "flow": flow, "step": step, "event": event, "times": times}
                for flow, step, event, times in rows
            ]
        )
        await self._session.write(
            new.on_conflict_do_update(
                index_elements=["day", "flow", "step", "event"],
                set_={"times": PassageRow.times + new.excluded.times},
            )
        )

    async def between(self, first: date, last: date) -> list[DayCount]:
        """Return the counts of some days, oldest first."""
        found = await self._session.read(
            select(PassageRow.__table__)
            .where(PassageRow.day.between(first, last))
            .order_by(PassageRow.day)
        )
        return [
            DayCount(row.day, Passage(row.flow, row.step, Event(row.event)), row.times)
            for row in found
        ]

    async def mishear(self, words: Mapping[MisheardWords, int], at: datetime) -> None:
        """Count words that were not understood."""
        new = self._session.insert(MisheardRow).values(
            [
                {"flow": flow, "step": step, "words": said, "times": times, "last_at": at}
                for (flow, step, said), times in sorted(words.items())
            ]
        )
        await self._session.write(
            new.on_conflict_do_update(
                index_elements=["flow", "step", "words"],
                set_={"times": MisheardRow.times + new.excluded.times, "last_at": at},
            )
        )

    async def misheard(self, flow: str, limit: int) -> list[Misheard]:
        """Return what a flow did not understand, most often said first."""
        found = await self._session.read(
            select(MisheardRow.__table__)
            .where(MisheardRow.flow == flow)
            .order_by(MisheardRow.times.desc(), MisheardRow.words)
            .limit(limit)
        )
        return [Misheard(row.flow, row.step, row.words, row.times, row.last_at) for row in found]

    async def drop_misheard(self, flow: str, step: str, words: str) -> bool:
        """Drop words that somebody has seen to."""
        dropped = await self._session.write(
            delete(MisheardRow).where(
                MisheardRow.flow == flow, MisheardRow.step == step, MisheardRow.words == words
            )
        )
        return dropped.rowcount > 0

    async def forget(self, *, before: date, misheard_before: datetime) -> int:
        """Drop what is older; return how many rows."""
        days = await self._session.write(delete(PassageRow).where(PassageRow.day < before))
        said = await self._session.write(
            delete(MisheardRow).where(MisheardRow.last_at < misheard_before)
        )
        return days.rowcount + said.rowcount
