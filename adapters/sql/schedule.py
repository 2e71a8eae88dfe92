"""What many workers must agree on: places that were used, and occurrences that were begun.

Each verb is one statement, which either database makes atomic among all processes.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import String, case, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.shared.occurrences import RUN_LEASE, Occurrence
from domain.shared.pushes import STRIKES
from domain.shared.records import OpenId
from domain.shared.windows import Window

__all__ = ["OccurrenceRow", "PlaceRow", "SqlOccurrences", "SqlPlaces"]

_SHOWN_AT_MOST: Final = 200


class PlaceRow(Base):
    """How many places of a citizen's newest window were used."""

    __tablename__ = "push_places"

    openid: Mapped[str] = mapped_column(String(64), primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used: Mapped[int]


class OccurrenceRow(Base):
    """An occurrence of a job that somebody has begun."""

    __tablename__ = "occurrences"

    job: Mapped[str] = mapped_column(String(32), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    attempts: Mapped[int]
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SqlPlaces:
    """The `PlaceStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def take(self, openid: OpenId, window: Window) -> bool:
        """Use one place of a window; ``False`` if it has none left."""
        insert = self._session.insert(PlaceRow).values(
            openid=openid, opened_at=window.opened_at, used=1
        )
        newer = insert.excluded.opened_at > PlaceRow.opened_at
        taken = await self._session.write(
            insert.on_conflict_do_update(
                index_elements=[PlaceRow.openid],
                set_={
                    "used": case((newer, 1), else_=PlaceRow.used + 1),
                    "opened_at": case((newer, insert.excluded.opened_at), else_=PlaceRow.opened_at),
                },
                where=or_(newer, PlaceRow.used < window.places),
            )
        )
        return taken.rowcount == 1

    async def give_back(self, openid: OpenId, window: Window) -> None:
        """Give back a place that certainly was not used."""
        await self._session.write(
            update(PlaceRow)
            .where(
                PlaceRow.openid == openid,
                # A place of a window that is no longer the newest is lost rather than given to it.
                PlaceRow.opened_at == window.opened_at,
                PlaceRow.used > 0,
            )
            .values(used=PlaceRow.used - 1)
        )

    async def forget(self, *, before: datetime) -> int:
        """Drop counts of windows that were opened before a moment; return how many."""
        gone = await self._session.write(delete(PlaceRow).where(PlaceRow.opened_at < before))
        return gone.rowcount


class SqlOccurrences:
    """The `OccurrenceStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def begin(self, occurrence: Occurrence, *, now: datetime) -> Occurrence | None:
        """Take an occurrence to run; ``None`` if it is not ours to run."""
        lease = now + RUN_LEASE
        insert = self._session.insert(OccurrenceRow).values(
            job=occurrence.job, due_at=occurrence.due_at, attempts=1, lease_until=lease
        )
        begun = await self._session.write(
            insert.on_conflict_do_update(
                index_elements=[OccurrenceRow.job, OccurrenceRow.due_at],
                set_={"attempts": OccurrenceRow.attempts + 1, "lease_until": lease},
                where=OccurrenceRow.done_at.is_(None)
                & (OccurrenceRow.lease_until <= now)
                & (OccurrenceRow.attempts < STRIKES),
            ).returning(OccurrenceRow.attempts)
        )
        attempts = begun.scalar()
        return None if attempts is None else Occurrence(occurrence.job, occurrence.due_at, attempts)

    async def go_on(self, occurrence: Occurrence, *, now: datetime) -> bool:
        """Say that we live; ``False`` if somebody else has begun it since."""
        return await self._set(occurrence, lease_until=now + RUN_LEASE)

    async def done(self, occurrence: Occurrence, *, now: datetime) -> None:
        """Say that it is done."""
        await self._set(occurrence, done_at=now)

    async def parked(self, *, now: datetime) -> list[Occurrence]:
        """Return the occurrences that brought down three runners, oldest first."""
        given_up = (
            select(OccurrenceRow.job, OccurrenceRow.due_at, OccurrenceRow.attempts)
            .where(
                OccurrenceRow.done_at.is_(None),
                OccurrenceRow.attempts >= STRIKES,
                OccurrenceRow.lease_until <= now,
            )
            .order_by(OccurrenceRow.due_at)
            .limit(_SHOWN_AT_MOST)
        )
        rows = await self._session.read(given_up)
        return [Occurrence(row.job, row.due_at, row.attempts) for row in rows]

    async def forget(self, *, keep: int) -> int:
        """Drop all but the last occurrences of each job; return how many."""
        ranked = select(
            OccurrenceRow.job,
            OccurrenceRow.due_at,
            func.row_number()
            .over(partition_by=OccurrenceRow.job, order_by=OccurrenceRow.due_at.desc())
            .label("rank"),
        ).subquery()
        old = select(ranked.c.job, ranked.c.due_at).where(ranked.c.rank > keep)
        gone = 0
        for row in (await self._session.read(old)).all():
            mine = (OccurrenceRow.job == row.job) & (OccurrenceRow.due_at == row.due_at)
            dropped = await self._session.write(delete(OccurrenceRow).where(mine))
            gone += dropped.rowcount
        return gone

    async def _set(self, occurrence: Occurrence, **values: datetime) -> bool:
        changed = await self._session.write(
            update(OccurrenceRow)
            .where(
                OccurrenceRow.job == occurrence.job,
                OccurrenceRow.due_at == occurrence.due_at,
                OccurrenceRow.attempts == occurrence.attempts,
                OccurrenceRow.done_at.is_(None),
            )
            .values(**values)
        )
        return changed.rowcount == 1
