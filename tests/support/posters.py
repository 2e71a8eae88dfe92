"""Posters and scans for tests."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.plans.model import PlanBook
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
from domain.posters.service import ScenesUsedUpError
from domain.shared.clock import china_time
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from tests.support.allotment import NOW, AllotmentWork

__all__ = ["FewCodes", "PosterWork", "a_poster", "a_scan"]


class FewCodes:
    """A platform with so many codes that work for ever, and whether it is ``silent``."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.permanent: set[str] = set()
        self.silent = False

    async def make(self, scene: str, *, life: timedelta | None) -> SceneCode:
        """Make a code."""
        if self.silent:
            raise UnavailableError("silent")
        if life is None:
            if len(self.permanent | {scene}) > self.most:
                raise ScenesUsedUpError
            self.permanent.add(scene)
        return SceneCode(f"http://anju.test/{scene}", f"ticket-{scene}")


def a_poster(poster_id: str, target: Target | None = None) -> Poster:
    """Return a poster of 青禾家园 that works for ever."""
    return Poster(
        id=PosterId(poster_id),
        scene=f"scene-{poster_id}",
        target=target or Target(TargetKind.PROJECT, "qinghe"),
        title="青禾家园",
        caption="微信扫一扫",
        code=SceneCode(f"http://weixin.qq.com/q/{poster_id}", f"ticket-{poster_id}"),
        expires_at=None,
        made_by="officer-1",
        made_at=NOW,
    )


def a_scan(
    poster_id: PosterId, openid: str, delivery: str, *, followed: bool = False, at: datetime = NOW
) -> Scan:
    """Return a scan of a poster."""
    return Scan(poster_id, openid, delivery, followed, at)


class MemoryPosters:
    """A `PosterStore` in a dict."""

    def __init__(self) -> None:
        self.rows: dict[PosterId, Poster] = {}

    async def book(self) -> PosterBook:
        """Return the snapshot."""
        return PosterBook.of(self.rows.values())

    async def read(self) -> PosterBook:
        """Return the snapshot."""
        return await self.book()

    async def add(self, poster: Poster) -> bool:
        """Keep a poster."""
        scenes = {one.scene for one in self.rows.values()}
        if poster.id in self.rows or poster.scene in scenes:
            return False
        self.rows[poster.id] = poster
        return True

    async def retire(self, poster_id: PosterId, at: datetime) -> bool:
        """Retire a poster."""
        kept = self.rows.get(poster_id)
        if kept is None or kept.retired_at is not None:
            return False
        self.rows[poster_id] = replace(kept, retired_at=at)
        return True


class MemoryScans:
    """A `ScanStore` in lists."""

    def __init__(self) -> None:
        self.scans: dict[str, Scan] = {}
        self.credits: list[tuple[PosterId, Counted, datetime]] = []

    async def add(self, scan: Scan) -> None:
        """Count a scan once."""
        self.scans.setdefault(scan.delivery, scan)

    async def credit(self, openid: OpenId, what: Counted, at: datetime, *, since: datetime) -> None:
        """Put something down to the last scan."""
        mine = [one for one in self.scans.values() if one.openid == openid and one.at >= since]
        if mine:
            self.credits.append((max(mine, key=lambda one: one.at).poster_id, what, at))

    async def counts(self, posters: Sequence[PosterId]) -> dict[PosterId, list[DayCount]]:
        """Return what was counted of each, by day."""
        return {one: self._counts(one) for one in posters}

    def _counts(self, poster_id: PosterId) -> list[DayCount]:
        seen: Counter[tuple[date, Counted]] = Counter()
        for scan in self.scans.values():
            if scan.poster_id == poster_id:
                seen[china_time(scan.at).date(), Counted.SCAN] += 1
                seen[china_time(scan.at).date(), Counted.FOLLOWER] += scan.followed
        for whose, what, at in self.credits:
            if whose == poster_id:
                seen[china_time(at).date(), what] += 1
        return [DayCount(day, what, times) for (day, what), times in seen.items() if times]

    async def forget(self, *, before: datetime) -> int:
        """Forget who made old scans."""
        old = [key for key, one in self.scans.items() if one.at < before and one.openid]
        for key in old:
            self.scans[key] = replace(self.scans[key], openid="")
        return len(old)


class PosterWork(AllotmentWork):
    """A work over plans and posters that live in memory."""

    def __init__(self, book: PlanBook) -> None:
        super().__init__(book)
        self.posters = MemoryPosters()
        self.scans = MemoryScans()
