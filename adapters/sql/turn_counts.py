"""How many messages were taken on which day, in SQL."""

from datetime import date

from sqlalchemy import BigInteger, Date, select
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession

__all__ = ["SqlTurnCounts", "TurnCountRow"]


class TurnCountRow(Base):
    """A day's messages, added to every few seconds by every process."""

    __tablename__ = "turn_counts"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    times: Mapped[int] = mapped_column(BigInteger)


class SqlTurnCounts:
    """The `TurnCountStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, day: date, times: int) -> None:
        """Count more messages of a day."""
        more = self._session.insert(TurnCountRow).values(day=day, times=times)
        await self._session.write(
            more.on_conflict_do_update(
                index_elements=[TurnCountRow.day],
                set_={"times": TurnCountRow.times + more.excluded.times},
            )
        )

    async def on(self, day: date) -> int:
        """Return how many were taken on a day."""
        found = await self._session.read(select(TurnCountRow.times).where(TurnCountRow.day == day))
        times: int = found.scalar_one_or_none() or 0
        return times
