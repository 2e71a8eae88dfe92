"""Plans and published texts in SQL, and what the process remembers of them.

Plans and texts change seldom and are read at every message, so that a process reads them once
and keeps them until `PlanCache.invalidate` or `ContentCache.invalidate`. Browsing then costs no
statement at all, save a count of registrations once a second.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, ForeignKey, Integer, Row, String, Text, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.registrations import live_counts
from domain.content.model import Document, Faq
from domain.filings.model import UnitType
from domain.plans.model import Plan, PlanBook, PlanId, PlanKind, Project, ProjectId, Unit, UnitId

__all__ = [
    "ContentCache",
    "DocumentRow",
    "FaqRow",
    "PlanCache",
    "PlanRow",
    "ProjectRow",
    "SqlDocuments",
    "SqlPlans",
    "UnitRow",
]

_T = TypeVar("_T")

_COUNTS_LIFE = timedelta(seconds=1)
_HUNDREDTHS = Decimal(100)


class PlanRow(Base):
    """A plan. ``limit`` is the most live registrations of one family, none for any number."""

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


class DocumentRow(Base):
    """One published version of a text; never changed."""

    __tablename__ = "documents"

    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    text_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FaqRow(Base):
    """A frequent question; ``position`` orders the questions that citizens see."""

    __tablename__ = "faqs"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    question: Mapped[str] = mapped_column(String(200))
    aliases: Mapped[list[str]] = mapped_column(JSON)
    answer: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class _Kept(Generic[_T]):
    """A value read once and kept until it is dropped."""

    def __init__(self) -> None:
        self._value: _T | None = None
        self._drops = 0

    async def get(self, read: Callable[[], Awaitable[_T]]) -> _T:
        """Return the kept value, reading it first where there is none.

        Many may read at once when nothing is kept: a lock would let turns that hold a connection
        wait for one that needs a connection. A value dropped while being read is not kept.
        """
        if self._value is not None:
            return self._value
        drops = self._drops
        value = await read()
        if drops == self._drops:
            self._value = value
        return value

    def drop(self) -> None:
        """Read again at the next wish."""
        self._value = None
        self._drops += 1


class PlanCache:
    """What a process remembers of the plans. Lives as long as the process."""

    def __init__(self) -> None:
        self.book = _Kept[PlanBook]()
        self._counts: Mapping[str, int] | None = None
        self._counted_at: datetime | None = None

    def invalidate(self) -> None:
        """Read everything again; to be called after plans, projects or units changed."""
        self.book.drop()
        self._counts = None

    async def counts(
        self, now: datetime, read: Callable[[], Awaitable[Mapping[str, int]]]
    ) -> Mapping[str, int]:
        """Return counts at most a second old.

        While one turn counts again, the others are given the counts of a moment ago.
        """
        if self._counts is not None and self._is_fresh(now):
            return self._counts
        self._counted_at = now
        self._counts = await read()
        return self._counts

    def _is_fresh(self, now: datetime) -> bool:
        """Tell whether the last count is young; a clock set back makes it old."""
        age = now - (self._counted_at or now)
        return timedelta(0) <= age < _COUNTS_LIFE


class ContentCache:
    """What a process remembers of the published texts. Lives as long as the process."""

    def __init__(self) -> None:
        self.documents = _Kept[Mapping[str, Document]]()
        self.faqs = _Kept[tuple[Faq, ...]]()

    def invalidate(self) -> None:
        """Read everything again; to be called after something was published."""
        self.documents.drop()
        self.faqs.drop()


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
        plans = await self._session.read(select(PlanRow.__table__))
        projects = await self._session.read(
            select(ProjectRow.__table__).order_by(ProjectRow.position, ProjectRow.id)
        )
        units = await self._session.read(
            select(UnitRow.__table__).order_by(UnitRow.position, UnitRow.id)
        )
        return PlanBook.of(map(_plan, plans), map(_project, projects), map(_unit, units))


class SqlDocuments:
    """The `DocumentStore` in SQL, behind the process's cache."""

    def __init__(self, session: SqlSession, cache: ContentCache) -> None:
        self._session = session
        self._cache = cache

    async def documents(self) -> Mapping[str, Document]:
        """Return the newest version of each kind."""
        return await self._cache.documents.get(self._read_documents)

    async def faqs(self) -> tuple[Faq, ...]:
        """Return every question in its order."""
        return await self._cache.faqs.get(self._read_faqs)

    async def is_on_record(self, kind: str, version: int, text_hash: str) -> bool:
        """Tell whether such a text was ever published."""
        published = exists().where(
            DocumentRow.kind == kind,
            DocumentRow.version == version,
            DocumentRow.text_hash == text_hash,
        )
        return bool((await self._session.read(select(published))).scalar_one())

    async def _read_documents(self) -> Mapping[str, Document]:
        oldest_first = select(DocumentRow.__table__).order_by(DocumentRow.version)
        return {row.kind: _document(row) for row in await self._session.read(oldest_first)}

    async def _read_faqs(self) -> tuple[Faq, ...]:
        chosen = select(FaqRow.__table__).order_by(FaqRow.position, FaqRow.id)
        return tuple(_faq(row) for row in await self._session.read(chosen))


def _plan(row: Row[Any]) -> Plan:
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


def _project(row: Row[Any]) -> Project:
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


def _unit(row: Row[Any]) -> Unit:
    return Unit(
        id=UnitId(row.id),
        project_id=ProjectId(row.project_id),
        unit_type=UnitType(row.unit_type),
        area_from=row.area_from_hundredths / _HUNDREDTHS,
        area_to=row.area_to_hundredths / _HUNDREDTHS,
        rent_rate=row.rent_rate_fen / _HUNDREDTHS,
        count=row.flats,
    )


def _document(row: Row[Any]) -> Document:
    return Document(
        kind=row.kind,
        version=row.version,
        title=row.title,
        text=row.text,
        text_hash=row.text_hash,
        published_at=row.published_at,
    )


def _faq(row: Row[Any]) -> Faq:
    return Faq(
        id=row.id,
        question=row.question,
        aliases=tuple(row.aliases),
        answer=row.answer,
        updated_at=row.updated_at,
    )
