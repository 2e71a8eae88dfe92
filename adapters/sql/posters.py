"""Posters in SQL, what the process remembers of them, and what came of their scans.

Who scanned is kept as a keyed hash alone: enough to know them again when they sign up or register,
nothing to write to them by. After 30 days that goes too.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    Date,
    Index,
    Integer,
    Row,
    String,
    bindparam,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.plans import KeptOnce
from adapters.sql.prepared import Prepared
from adapters.sql.revisions import Kept, bump
from domain.posters.model import (
    Counted,
    DayCount,
    Poster,
    PosterBook,
    PosterId,
    Scan,
    SceneCode,
    Target,
    TargetKind,
)
from domain.shared.clock import china_time
from domain.shared.records import OpenId

__all__ = ["PosterCache", "PosterRow", "ScanCreditRow", "ScanRow", "SqlPosters", "SqlScans"]


class PosterRow(Base):
    """A poster; ``target_id`` is empty for 客服."""

    __tablename__ = "posters"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    scene: Mapped[str] = mapped_column(String(64), unique=True)
    target_kind: Mapped[str] = mapped_column(String(16))
    target_id: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(64))
    caption: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(300))
    ticket: Mapped[str] = mapped_column(String(300))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ScanRow(Base):
    """A scan; ``delivery`` is a keyed hash of the message that told of it."""

    __tablename__ = "scans"
    __table_args__ = (
        Index("ix_scans_openid", "openid_index", "at"),
        Index("ix_scans_day", "poster_id", "day"),
        Index("ix_scans_at", "at"),
    )

    delivery: Mapped[str] = mapped_column(String(64), primary_key=True)
    poster_id: Mapped[str] = mapped_column(String(64))
    openid_index: Mapped[str | None] = mapped_column(String(64))
    followed: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date]


class ScanCreditRow(Base):
    """Something that a poster brought, never who did it."""

    __tablename__ = "scan_credits"
    __table_args__ = (
        Index("ix_scan_credits_day", "poster_id", "day"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    poster_id: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(16))
    day: Mapped[date]


def _scan(insertion: postgresql.Insert | sqlite.Insert) -> Prepared:
    columns = ScanRow.__table__.columns
    values = {one.name: bindparam(one.name, type_=one.type) for one in columns}
    return Prepared(insertion.inline().values(values).on_conflict_do_nothing())


_SCAN: Final = {
    "postgresql": _scan(postgresql.insert(ScanRow)),
    "sqlite": _scan(sqlite.insert(ScanRow)),
}
_LAST_SCAN: Final = (
    select(
        ScanRow.poster_id,
        bindparam("what", type_=String),
        bindparam("day", type_=Date),
    )
    .where(
        ScanRow.openid_index == bindparam("openid_index"),
        ScanRow.at >= bindparam("since", type_=UtcDateTime),
    )
    .order_by(ScanRow.at.desc())
    .limit(literal(1, Integer))
)
_CREDIT: Final = Prepared(
    insert(ScanCreditRow)
    .inline()
    .from_select(["poster_id", "what", "day"], _LAST_SCAN, include_defaults=False)
)
"""Looks the scan up and counts in one statement, which goes with the turn's others."""


class PosterCache:
    """What a process remembers of the posters. Lives as long as the process."""

    def __init__(self) -> None:
        self.book = KeptOnce[PosterBook]()

    def invalidate(self) -> None:
        """Read them again; to be called after one was made or retired."""
        self.book.drop()


class SqlPosters:
    """The `PosterStore` in SQL, behind the process's cache."""

    def __init__(self, session: SqlSession, cache: PosterCache) -> None:
        self._session = session
        self._cache = cache

    async def book(self) -> PosterBook:
        """Return the kept snapshot."""
        return await self._cache.book.get(self.read)

    async def read(self) -> PosterBook:
        """Return the posters on record."""
        return PosterBook.of(map(_poster, await self._session.read(select(PosterRow.__table__))))

    async def add(self, poster: Poster) -> bool:
        """Keep a poster; ``False`` if its id or scene is on record."""
        added = await self._session.insert_new(
            PosterRow,
            id=poster.id,
            scene=poster.scene,
            target_kind=poster.target.kind.value,
            target_id=poster.target.id,
            title=poster.title,
            caption=poster.caption,
            url=poster.code.url,
            ticket=poster.code.ticket,
            expires_at=poster.expires_at,
            made_by=poster.made_by,
            made_at=poster.made_at,
            retired_at=poster.retired_at,
        )
        if added:
            await bump(self._session, Kept.POSTERS)
        return added

    async def retire(self, poster_id: PosterId, at: datetime) -> bool:
        """Retire a poster; ``False`` if it is retired or not on record."""
        hanging = update(PosterRow).where(PosterRow.id == poster_id, PosterRow.retired_at.is_(None))
        retired: int = (await self._session.write(hanging.values(retired_at=at))).rowcount
        if retired:
            await bump(self._session, Kept.POSTERS)
        return retired == 1


class SqlScans:
    """The `ScanStore` in SQL."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, scan: Scan) -> None:
        """Count a scan with the commit, unless its delivery was counted."""
        await self._session.later(
            _SCAN[self._session.dialect],
            delivery=self._session.cipher.index("scan-delivery", scan.delivery),
            poster_id=scan.poster_id,
            openid_index=self._index(scan.openid),
            followed=scan.followed,
            at=scan.at,
            day=china_time(scan.at).date(),
        )

    async def credit(self, openid: OpenId, what: Counted, at: datetime, *, since: datetime) -> None:
        """Put something down to the poster that a citizen scanned last, with the commit."""
        await self._session.later(
            _CREDIT,
            what=what.value,
            day=china_time(at).date(),
            openid_index=self._index(openid),
            since=since,
        )

    async def counts(self, posters: Sequence[PosterId]) -> dict[PosterId, list[DayCount]]:
        """Return what was counted of each of some posters, by day."""
        found: dict[PosterId, list[DayCount]] = {poster_id: [] for poster_id in posters}
        scans = (
            select(
                ScanRow.poster_id,
                ScanRow.day,
                literal(Counted.SCAN.value).label("what"),
                func.count().label("times"),
            )
            .where(ScanRow.poster_id.in_(posters))
            .group_by(ScanRow.poster_id, ScanRow.day)
        )
        followers = (
            select(
                ScanRow.poster_id,
                ScanRow.day,
                literal(Counted.FOLLOWER.value).label("what"),
                func.count().label("times"),
            )
            .where(ScanRow.poster_id.in_(posters), ScanRow.followed)
            .group_by(ScanRow.poster_id, ScanRow.day)
        )
        brought = (
            select(ScanCreditRow.poster_id, ScanCreditRow.day, ScanCreditRow.what, func.count())
            .where(ScanCreditRow.poster_id.in_(posters))
            .group_by(ScanCreditRow.poster_id, ScanCreditRow.day, ScanCreditRow.what)
        )
        for row in await self._session.read(union_all(scans, followers, brought)):
            found[row.poster_id].append(DayCount(row.day, Counted(row.what), row.times))
        return found

    async def forget(self, *, before: datetime) -> int:
        """Forget who made old scans."""
        old = update(ScanRow).where(ScanRow.at < before, ScanRow.openid_index.is_not(None))
        forgotten: int = (await self._session.write(old.values(openid_index=None))).rowcount
        return forgotten

    def _index(self, openid: str) -> str:
        return self._session.cipher.index("scan-openid", openid)


def _poster(row: Row[Any]) -> Poster:
    return Poster(
        id=PosterId(row.id),
        scene=row.scene,
        target=Target(TargetKind(row.target_kind), row.target_id),
        title=row.title,
        caption=row.caption,
        code=SceneCode(row.url, row.ticket),
        expires_at=row.expires_at,
        made_by=row.made_by,
        made_at=row.made_at,
        retired_at=row.retired_at,
    )
