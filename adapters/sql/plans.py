"""Plans in SQL, and what the process remembers of them.

Plans change seldom and are read at every message, so that a process reads them once and keeps them
until `PlanCache.invalidate`. Browsing then costs no
statement at all, save a count of registrations once a second.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ForeignKey,
    Integer,
    Row,
    String,
    Text,
    false,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.engine import translated
from adapters.sql.tallies import live_counts
from domain.filings.model import UnitType
from domain.plans.model import Plan, PlanBook, PlanId, PlanKind, Project, ProjectId, Unit, UnitId
from domain.shared.errors import UnavailableError

__all__ = [
    "KeptOnce",
    "PlanCache",
    "PlanRow",
    "ProjectRow",
    "SqlPlans",
    "UnitRow",
    "plan_of",
    "project_of",
    "unit_of",
]

_T = TypeVar("_T")

_NOBODY = text("''")
_COUNTS_LIFE = timedelta(seconds=1)
_HUNDREDTHS = Decimal(100)


class PlanRow(Base):
    """A plan. ``limit`` is the most live registrations of one family, none for any number.

    A ``draft`` is seen by officers only.
    """

    __tablename__ = "plans"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    choosing_from: Mapped[datetime] = mapped_column(UtcDateTime)
    choosing_to: Mapped[datetime] = mapped_column(UtcDateTime)
    notice: Mapped[str] = mapped_column(String(64))
    limit: Mapped[int | None] = mapped_column(Integer)
    demo: Mapped[bool]
    draft: Mapped[bool] = mapped_column(server_default=false())


class ProjectRow(Base):
    """A project of a plan; ``position`` orders the projects that citizens see."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(64), ForeignKey("plans.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(200))
    district: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(200))
    choosing_from: Mapped[datetime] = mapped_column(UtcDateTime)
    choosing_to: Mapped[datetime] = mapped_column(UtcDateTime)
    summary: Mapped[str] = mapped_column(Text)
    scene: Mapped[str] = mapped_column(String(64), unique=True)


class UnitRow(Base):
    """The flats of one type in a project: areas in 0.01 m², rent in fen per m² and month."""

    __tablename__ = "units"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(64), ForeignKey("projects.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    unit_type: Mapped[str] = mapped_column(String(16))
    area_from_hundredths: Mapped[int] = mapped_column(Integer)
    area_to_hundredths: Mapped[int] = mapped_column(Integer)
    rent_rate_fen: Mapped[int] = mapped_column(Integer)
    flats: Mapped[int] = mapped_column(Integer)


class KeptOnce(Generic[_T]):
    """A value read once and kept until it is dropped.

    What was dropped is given once more where nothing newer can be read.
    """

    def __init__(self) -> None:
        self._value: _T | None = None
        self._dropped: _T | None = None
        self._drops = 0

    async def get(self, read: Callable[[], Awaitable[_T]]) -> _T:
        """Return the kept value, reading it first where there is none.

        Many may read at once when nothing is kept: a lock would let turns that hold a connection
        wait for one that needs a connection. A value dropped while being read is not kept.
        """
        if self._value is not None:
            return self._value
        drops = self._drops
        try:
            with translated():
                value = await read()
        except UnavailableError:
            if self._dropped is None:
                raise
            return self._dropped
        if drops == self._drops:
            self._value = value
        return value

    @property
    def at_hand(self) -> _T | None:
        """The kept value; ``None`` where it must be read first."""
        return self._value

    def drop(self) -> None:
        """Read again at the next wish."""
        if self._value is not None:
            self._value, self._dropped = None, self._value
        self._drops += 1


class PlanCache:
    """What a process remembers of the plans. Lives as long as the process."""

    def __init__(self) -> None:
        self.book = KeptOnce[PlanBook]()
        self._counts: Mapping[str, int] | None = None
        self._counted_at: datetime | None = None

    def invalidate(self) -> None:
        """Read everything again; to be called after plans, projects or units changed."""
        self.book.drop()
        self._counted_at = None

    async def counts(
        self, now: datetime, read: Callable[[], Awaitable[Mapping[str, int]]]
    ) -> Mapping[str, int]:
        """Return counts at most a second old; the last known ones while the records are silent.

        While one turn counts again, the others are given the counts of a moment ago.
        """
        if self._counts is not None and self._is_fresh(now):
            return self._counts
        self._counted_at = now
        try:
            with translated():
                self._counts = await read()
        except UnavailableError:
            if self._counts is None:
                raise
        return self._counts

    def book_at_hand(self) -> PlanBook | None:
        """Return the present book; ``None`` where it must be read first."""
        return self.book.at_hand

    def counts_at_hand(self, now: datetime) -> Mapping[str, int] | None:
        """Return counts at most a second old; ``None`` where they must be read first."""
        return self._counts if self._is_fresh(now) else None

    def _is_fresh(self, now: datetime) -> bool:
        """Tell whether the last count is young; a clock set back makes it old."""
        counted_at = self._counted_at
        return counted_at is not None and timedelta(0) <= now - counted_at < _COUNTS_LIFE


class SqlPlans:
    """The `PlanStore` in SQL, behind the process's cache."""

    def __init__(self, session: SqlSession, cache: PlanCache) -> None:
        self._session = session
        self._cache = cache

    async def book(self) -> PlanBook:
        """Return the present snapshot."""
        return await self._cache.book.get(self._read_book)

    async def counts(self, now: datetime) -> Mapping[str, int]:
        """Return live registrations by unit, at most a second old."""
        return await self._cache.counts(now, self._read_counts)

    async def _read_counts(self) -> Mapping[str, int]:
        return await live_counts(self._session)

    async def _read_book(self) -> PlanBook:
        plans = await self._session.read(select(PlanRow.__table__).where(~PlanRow.draft))
        published = {row.id: plan_of(row) for row in plans}
        projects = await self._session.read(
            select(ProjectRow.__table__).order_by(ProjectRow.position, ProjectRow.id)
        )
        # Drafts, and what is being published while we read: it is read again in a moment.
        seen = {row.id: project_of(row) for row in projects if row.plan_id in published}
        units = await self._session.read(
            select(UnitRow.__table__).order_by(UnitRow.position, UnitRow.id)
        )
        offered = [unit_of(row) for row in units if row.project_id in seen]
        return PlanBook.of(published.values(), seen.values(), offered)


def plan_of(row: Row[Any]) -> Plan:
    """Return the plan that a row of `PlanRow` holds."""
    return Plan(
        id=PlanId(row.id),
        name=row.name,
        kind=PlanKind(row.kind),
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        choosing_from=row.choosing_from,
        choosing_to=row.choosing_to,
        notice=row.notice,
        limit=row.limit,
        demo=row.demo,
    )


def project_of(row: Row[Any]) -> Project:
    """Return the project that a row of `ProjectRow` holds."""
    return Project(
        id=ProjectId(row.id),
        plan_id=PlanId(row.plan_id),
        name=row.name,
        district=row.district,
        address=row.address,
        choosing_from=row.choosing_from,
        choosing_to=row.choosing_to,
        summary=row.summary,
        scene=row.scene,
    )


def unit_of(row: Row[Any]) -> Unit:
    """Return the unit that a row of `UnitRow` holds."""
    return Unit(
        id=UnitId(row.id),
        project_id=ProjectId(row.project_id),
        unit_type=UnitType(row.unit_type),
        area_from=row.area_from_hundredths / _HUNDREDTHS,
        area_to=row.area_to_hundredths / _HUNDREDTHS,
        rent_rate=row.rent_rate_fen / _HUNDREDTHS,
        count=row.flats,
    )
