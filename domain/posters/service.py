"""Making posters, finding where a scan leads, and counting what came of it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from domain.plans.service import PlansWork
from domain.posters.model import (
    CREDIT_SPAN,
    LONGEST_CAPTION,
    LONGEST_LIFE,
    LONGEST_TITLE,
    Counted,
    DayCount,
    DayFigures,
    Figures,
    Poster,
    PosterBook,
    PosterId,
    PosterWordsError,
    Scan,
    SceneCode,
    Target,
    TargetKind,
    by_day,
    life_of,
    total,
)
from domain.posters.sheet import plan_of
from domain.shared.chance import Randomness
from domain.shared.clock import Clock, china_time
from domain.shared.errors import RefusedError
from domain.shared.records import Act, OpenId

__all__ = [
    "PosterService",
    "PosterStore",
    "PostersWork",
    "ScanService",
    "ScanStore",
    "SceneCodes",
    "ScenesUsedUpError",
]

_LONGEST_CHART = timedelta(days=365)


class ScenesUsedUpError(RefusedError):
    """The account has no permanent codes left; the platform gives 100,000 and takes none back."""

    code = "scenes-used-up"


class SceneCodes(Protocol):
    """Makes codes that carry a scene, where WeChat knows them."""

    async def make(self, scene: str, *, life: timedelta | None) -> SceneCode:
        """Have a code made that carries a scene; the same scene again is no further one.

        Parameters
        ----------
        scene
            1 to 64 characters.
        life
            For how long it works, 30 days at most; ``None``: for ever.

        Raises
        ------
        ScenesUsedUpError
            It was to work for ever, and no more of those are given.
        UnavailableError
            The platform is silent, or refuses us.
        """


class PosterStore(Protocol):
    """Posters on record. None is ever deleted: paper hangs on."""

    async def book(self) -> PosterBook:
        """Return the snapshot that this process keeps; a change is seen within a second."""

    async def read(self) -> PosterBook:
        """Return the posters as they stand on record now."""

    async def add(self, poster: Poster) -> bool:
        """Keep a poster; ``False``, with nothing written, if its id or scene is on record."""

    async def retire(self, poster_id: PosterId, at: datetime) -> bool:
        """Retire a poster; ``False``, with nothing written, if it is retired or not on record."""


class ScanStore(Protocol):
    """Scans and what is put down to them. Whose they were is forgotten after 30 days."""

    async def add(self, scan: Scan) -> None:
        """Count a scan when the work ends; one of the same delivery is counted already."""

    async def credit(self, openid: OpenId, what: Counted, at: datetime, *, since: datetime) -> None:
        """Put what a citizen did down to the poster they scanned last since then.

        Nothing is written for a citizen who scanned none.
        """

    async def counts(self, posters: Sequence[PosterId]) -> Mapping[PosterId, Sequence[DayCount]]:
        """Return what was counted of each of some posters, by day in China.

        One statement; zeros are left out, but no poster is.
        """

    async def forget(self, *, before: datetime) -> int:
        """Forget who made the scans before a moment, not that they were made; return how many."""


class PostersWork(PlansWork, Protocol):
    """What posters may touch."""

    @property
    def posters(self) -> PosterStore:
        """Posters."""

    @property
    def scans(self) -> ScanStore:
        """Scans."""


class PosterService:
    """What officers may do about posters."""

    def __init__(
        self,
        work: PostersWork,
        codes: SceneCodes,
        clock: Clock,
        chance: Randomness,
        *,
        front: str = "console",
    ) -> None:
        self._work = work
        self._codes = codes
        self._clock = clock
        self._chance = chance
        self._front = front

    async def book(self) -> PosterBook:
        """Return every poster, as they stand on record now."""
        return await self._work.posters.read()

    def new_id(self) -> PosterId:
        """Return an id for a poster to be made: whoever sends a form twice makes one poster."""
        return PosterId(self._chance.token())

    async def make(
        self,
        target: Target,
        *,
        title: str,
        caption: str,
        by: str,
        poster_id: PosterId | None = None,
    ) -> Poster:
        """Make a poster, with a code that works as long as it is needed.

        Where the account has no permanent codes left, one is made that works for 30 days: its
        ``expires_at`` tells, and that is printed.

        Parameters
        ----------
        target
            Where it leads. That a service is one of ours is the caller's matter.
        title
            What stands on top, such as the project's name.
        caption
            What it invites to.
        by
            Which officer makes it.
        poster_id
            As `new_id`; the poster of that id is returned where it was made already.

        Raises
        ------
        PlanNotFoundError, ProjectNotFoundError
            The target is not on record.
        PosterMootError
            The plan's registration is over.
        PosterWordsError
            Title or caption are missing, or too long.
        ScenesUsedUpError, UnavailableError
            The platform gives no code.

        Source
        ------
        S0-61; wechat-platform 4.6.
        """
        made_id = poster_id or self.new_id()
        known = {one.id: one for one in (await self._work.posters.read()).posters()}
        if made_id in known:
            return known[made_id]
        title, caption = _words(title, caption)
        now = self._clock.now()
        life = life_of(plan_of(target, await self._work.plans.book()), now)
        scene = self._chance.token()
        try:
            code = await self._codes.make(scene, life=life)
        except ScenesUsedUpError:
            life = LONGEST_LIFE
            code = await self._codes.make(scene, life=life)
        ends = None if life is None else now + life
        poster = Poster(made_id, scene, target, title, caption, code, ends, by, now)
        if await self._work.posters.add(poster):
            await self._act("make", made_id, by)
            return poster
        return (await self._work.posters.read()).poster(made_id)

    async def take(self, target: Target, *, title: str, caption: str, by: str) -> Poster:
        """Return the poster that hangs with just these words, or make it; raises as `make`.

        Permanent codes are scarce: who prints again needs no further one.
        """
        hanging = (await self._work.posters.read()).hanging(target, self._clock.now())
        if hanging is not None and _words(title, caption) == (hanging.title, hanging.caption):
            return hanging
        return await self.make(target, title=title, caption=caption, by=by)

    async def for_projects_of(self, plan_id: str, *, caption: str, by: str) -> list[Poster]:
        """Return a poster for each project of a plan, in their order.

        One that hangs already is taken again: permanent codes are scarce.

        Raises
        ------
        PlanNotFoundError
            There is no such plan.
        PosterMootError, ScenesUsedUpError, UnavailableError
            As `make`.
        """
        book, posters = await self._work.plans.book(), await self._work.posters.read()
        found = []
        for project in book.projects(plan_id):
            target = Target(TargetKind.PROJECT, project.id)
            hanging = posters.hanging(target, self._clock.now())
            title = _cut(project.name)
            found.append(hanging or await self.make(target, title=title, caption=caption, by=by))
        return found

    async def retire(self, poster_id: PosterId, *, by: str) -> None:
        """Let a poster lead nowhere any more; one that is retired stays so.

        Raises
        ------
        PosterNotFoundError
            There is no such poster.
        """
        (await self._work.posters.read()).poster(poster_id)
        if await self._work.posters.retire(poster_id, self._clock.now()):
            await self._act("retire", poster_id, by)

    async def _act(self, what: str, poster_id: PosterId, by: str) -> None:
        act = Act(f"posters:poster:{what}", by, poster_id, self._clock.now(), self._front)
        await self._work.acts.add(act)


class ScanService:
    """Where scans lead, and what came of them."""

    def __init__(self, work: PostersWork, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    async def poster(self, scene: str) -> Poster | None:
        """Return the poster that carries a scene; ``None`` if we know of none.

        One printed before posters were kept is known by its project: then there is none, either.

        Source: S0-61.
        """
        return (await self._work.posters.book()).by_scene(scene)

    async def count(self, openid: OpenId, scene: str, *, delivery: str, followed: bool) -> bool:
        """Count a scan once, however often the platform tells of it; tell whether it is ours.

        Source: S0-61.
        """
        poster = await self.poster(scene)
        if poster is None:
            return False
        await self._work.scans.add(Scan(poster.id, openid, delivery, followed, self._clock.now()))
        return True

    async def credit(self, openid: OpenId, what: Counted) -> None:
        """Put what a citizen just did down to the poster that brought them, if one did."""
        now = self._clock.now()
        await self._work.scans.credit(openid, what, now, since=now - CREDIT_SPAN)

    async def by_day(self, poster: Poster) -> list[DayFigures]:
        """Return what came of a poster, from the day it was made to today, a year at most."""
        counts = await self._work.scans.counts([poster.id])
        return self._days(poster, counts[poster.id])

    async def totals(self, posters: Sequence[Poster]) -> list[Figures]:
        """Return what came of each poster altogether: the sum of its `by_day`."""
        counts = await self._work.scans.counts([one.id for one in posters])
        return [total(self._days(one, counts[one.id])) for one in posters]

    def _days(self, poster: Poster, counts: Sequence[DayCount]) -> list[DayFigures]:
        now = self._clock.now()
        last = _day(now)
        first = max(_day(poster.made_at), _day(now - _LONGEST_CHART))
        return by_day(counts, min(first, last), last)


def _words(title: str, caption: str) -> tuple[str, str]:
    title, caption = " ".join(title.split()), " ".join(caption.split())
    if not (title and caption) or len(title) > LONGEST_TITLE or len(caption) > LONGEST_CAPTION:
        raise PosterWordsError(f"{len(title)}, {len(caption)}")
    return title, caption


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_TITLE else f"{name[: LONGEST_TITLE - 1]}…"


def _day(moment: datetime) -> date:
    return china_time(moment).date()
