"""Posters: a printed code that opens the account at one place, and what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, NewType, Self

from domain.plans.model import Plan
from domain.shared.errors import NotFoundError, RefusedError

__all__ = [
    "CREDIT_SPAN",
    "LONGEST_CAPTION",
    "LONGEST_LIFE",
    "LONGEST_TITLE",
    "Counted",
    "DayCount",
    "DayFigures",
    "Figures",
    "Poster",
    "PosterBook",
    "PosterId",
    "PosterMootError",
    "PosterNotFoundError",
    "PosterWordsError",
    "Scan",
    "SceneCode",
    "Target",
    "TargetKind",
    "by_day",
    "life_of",
    "total",
]

PosterId = NewType("PosterId", str)
"""A poster of ours; opaque."""

LONGEST_LIFE: Final = timedelta(days=30)
"""The platform lets a temporary code work so long at most. Source: wechat-platform 4.6."""

CREDIT_SPAN: Final = timedelta(days=30)
"""For so long after a scan, what a citizen does is put down to that poster."""

LONGEST_TITLE: Final = 30
LONGEST_CAPTION: Final = 40
"""In characters: what is longer cannot be read from across a street."""


class PosterNotFoundError(NotFoundError):
    """No poster is on record under that id or scene."""

    code = "poster-not-found"


class PosterMootError(RefusedError):
    """A poster would lead to a plan whose registration is over."""

    code = "poster-moot"


class PosterWordsError(RefusedError):
    """The title or the caption is too long to be read on a poster."""

    code = "poster-words"


class TargetKind(StrEnum):
    """What a poster may lead to."""

    PLAN = "plan"
    PROJECT = "project"
    SERVICE = "service"
    """A flow."""
    PERSON = "person"
    """客服."""


class Target(NamedTuple):
    """Where a poster leads; ``id`` names a plan, a project or a flow, and is empty for 客服."""

    kind: TargetKind
    id: str = ""


@dataclass(frozen=True, slots=True)
class SceneCode:
    """What the platform gives for a scene: the URL to draw, and by which it is fetched drawn."""

    url: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Poster:
    """A poster that may hang somewhere.

    ``scene`` is what its code carries: random, at most 64 characters, telling nothing. The code
    works until ``expires_at`` (`None`: for ever). A poster that was retired still counts its scans
    but leads nowhere any more: paper cannot be called back.

    Source: S0-61.
    """

    id: PosterId
    scene: str
    target: Target
    title: str
    caption: str
    code: SceneCode
    expires_at: datetime | None
    made_by: str
    made_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PosterBook:
    """Every poster on record, as one immutable snapshot. Made by `PosterBook.of`."""

    _posters: Mapping[str, Poster]
    _scenes: Mapping[str, Poster]

    @classmethod
    def of(cls, posters: Iterable[Poster]) -> Self:
        """Bind posters into a book, the newest first."""
        by_id = sorted(posters, key=lambda one: one.id)
        newest = sorted(by_id, key=lambda one: one.made_at, reverse=True)
        return cls(
            _posters=MappingProxyType({str(one.id): one for one in newest}),
            _scenes=MappingProxyType({one.scene: one for one in newest}),
        )

    def posters(self) -> tuple[Poster, ...]:
        """Return every poster, the newest first."""
        return tuple(self._posters.values())

    def poster(self, poster_id: str) -> Poster:
        """Return one poster; `PosterNotFoundError` if there is none."""
        if poster_id not in self._posters:
            raise PosterNotFoundError(poster_id)
        return self._posters[poster_id]

    def by_scene(self, scene: str) -> Poster | None:
        """Return the poster that carries a scene; ``None`` if none does.

        Source: S0-61.
        """
        return self._scenes.get(scene)

    def hanging(self, target: Target, now: datetime) -> Poster | None:
        """Return the newest poster of a target whose code works on; ``None`` if there is none."""
        for one in self._posters.values():
            works = one.expires_at is None or now < one.expires_at
            if one.target == target and one.retired_at is None and works:
                return one
        return None


def life_of(plan: Plan | None, now: datetime) -> timedelta | None:
    """Return for how long a new code has to work.

    Parameters
    ----------
    plan
        The plan that the poster is about; ``None`` if it is about none.

    Returns
    -------
    timedelta | None
        At most 30 days, where the plan closes so soon; ``None``: for ever. Codes that work for
        ever are scarce, and none can be taken back.

    Raises
    ------
    PosterMootError
        The plan's registration is over.

    Source
    ------
    wechat-platform 4.6.
    """
    if plan is None:
        return None
    left = plan.closes_at - now
    if left <= timedelta(0):
        raise PosterMootError(plan.id)
    return left if left <= LONGEST_LIFE else None


class Counted(StrEnum):
    """What is counted of a poster."""

    SCAN = "scan"
    """A scan, by followers and new followers."""
    FOLLOWER = "follower"
    """A scan by which somebody began to follow."""
    SIGN_UP = "sign_up"
    """An account opened within 30 days after its citizen's last scan, which was of this poster."""
    REGISTRATION = "registration"
    """A registration made so; one cancelled later was made all the same."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of a poster.

    ``delivery`` is the platform's message about it: the same message sent again is the same scan.
    ``followed`` tells whether the citizen began to follow by it.
    """

    poster_id: PosterId
    openid: str
    delivery: str
    followed: bool
    at: datetime


class DayCount(NamedTuple):
    """How often something was counted on one day in China."""

    day: date
    what: Counted
    times: int


class Figures(NamedTuple):
    """What came of a poster, in a day or altogether. The one definition is `Counted`."""

    scans: int = 0
    followers: int = 0
    sign_ups: int = 0
    registrations: int = 0


class DayFigures(NamedTuple):
    """What came of a poster on one day in China."""

    day: date
    figures: Figures


_PLACES: Final = (Counted.SCAN, Counted.FOLLOWER, Counted.SIGN_UP, Counted.REGISTRATION)


def by_day(counts: Iterable[DayCount], first: date, last: date) -> list[DayFigures]:
    """Arrange counts by day.

    Returns
    -------
    list[DayFigures]
        One for each day from the first to the last, both included, also for days without anything;
        what was counted outside of them is left out.

    Source
    ------
    S0-61; ecosystem 20.
    """
    found = {(one.day, one.what): one.times for one in counts}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        DayFigures(day, Figures(*(found.get((day, what), 0) for what in _PLACES))) for day in days
    ]


def total(days: Sequence[DayFigures]) -> Figures:
    """Return the figures of several days together.

    Source: S0-61; ecosystem 20.
    """
    return Figures(*(sum(one.figures[place] for one in days) for place in range(len(_PLACES))))
