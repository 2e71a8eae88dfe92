"""What stands on a poster, and what makes a file of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.plans.model import Plan, PlanBook
from domain.posters.model import Target, TargetKind

__all__ = [
    "PosterFormat",
    "PosterPress",
    "PosterSheet",
    "PosterSize",
    "Publisher",
    "plan_of",
]


class PosterSize(StrEnum):
    """How large a poster is."""

    A4 = "a4"
    A3 = "a3"
    ROLLUP = "rollup"
    """易拉宝, 80 by 200 cm."""


class PosterFormat(StrEnum):
    """What file a poster is made into."""

    PNG = "png"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who puts the poster up, as citizens know them."""

    operator: str
    hotline: str
    account_name: str


@dataclass(frozen=True, slots=True)
class PosterSheet:
    """Everything that stands on a poster, top to bottom.

    ``rows`` are facts, each a name and what it is. ``url`` is what the code holds.
    """

    operator: str
    title: str
    subtitle: str
    rows: tuple[tuple[str, str], ...]
    url: str
    caption: str
    how: str
    hotline: str
    small: str
    made_at: datetime


class PosterPress(Protocol):
    """What makes a file for the printer out of a poster's sheet."""

    async def press(self, sheet: PosterSheet, size: PosterSize, kind: PosterFormat) -> bytes:
        """Return the file; the same sheet gives the same picture.

        Raises
        ------
        UnavailableError
            It cannot print here: the font is missing.
        """

    async def preview(self, sheet: PosterSheet, size: PosterSize) -> bytes:
        """Return a small PNG for a screen; raises as `press`."""


def plan_of(target: Target, book: PlanBook) -> Plan | None:
    """Return the plan that a target belongs to; ``None`` for a service and for 客服.

    Raises
    ------
    PlanNotFoundError, ProjectNotFoundError
        There is no such plan or project.
    """
    match target.kind:
        case TargetKind.PLAN:
            return book.plan(target.id)
        case TargetKind.PROJECT:
            return book.plan(book.project(target.id).plan_id)
        case TargetKind.SERVICE | TargetKind.PERSON:
            return None
