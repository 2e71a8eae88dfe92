"""The form of a new poster: what may be chosen, and what was."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self
from urllib.parse import urlencode

from bot.poster_words import SERVICES, caption_for
from domain.plans.model import PlanBook, PlanState
from domain.posters.model import (
    LONGEST_CAPTION,
    LONGEST_LIFE,
    LONGEST_TITLE,
    Poster,
    PosterId,
    PosterNotFoundError,
    PosterWordsError,
    SceneCode,
    Target,
    TargetKind,
    life_of,
)
from domain.posters.sheet import plan_of

__all__ = ["EXAMPLE_ID", "PosterForm", "choices", "example"]

EXAMPLE_ID: Final = PosterId("example")


@dataclass(frozen=True, slots=True)
class PosterForm:
    """What stands in the form; ``chosen`` is a kind and an id, such as ``project:qinghe``."""

    poster_id: str = ""
    chosen: str = ""
    title: str = ""
    caption: str = ""

    @classmethod
    def of(cls, boxes: Mapping[str, str]) -> Self:
        """Read what was sent."""
        return cls(*(boxes.get(name, "").strip() for name in ("id", "target", "title", "caption")))

    @property
    def address(self) -> str:
        """What the address of its preview ends with."""
        kept = {"target": self.chosen, "title": self.title, "caption": self.caption}
        return urlencode(kept)

    def target(self, book: PlanBook) -> Target:
        """Return what was chosen.

        Raises
        ------
        PlanNotFoundError, ProjectNotFoundError, PosterNotFoundError
            There is nothing of that kind and id.
        """
        kind, _, about = self.chosen.partition(":")
        if kind not in {*TargetKind}:
            raise PosterNotFoundError(kind)
        target = Target(TargetKind(kind), about)
        plan_of(target, book)
        if (target.kind is TargetKind.SERVICE and about not in SERVICES) or (
            target.kind is TargetKind.PERSON and about
        ):
            raise PosterNotFoundError(about)
        return target

    def poster(self, book: PlanBook, now: datetime) -> Poster:
        """Return the poster as it would be made now, for looking at.

        Raises
        ------
        DomainError
            As `PosterService.make`, short of what the platform says.
        """
        target = self.target(book)
        if not self.title or len(self.title) > LONGEST_TITLE or len(self.caption) > LONGEST_CAPTION:
            raise PosterWordsError
        life = life_of(plan_of(target, book), now)
        ends = now + life if life and life <= LONGEST_LIFE else None
        caption = self.caption or caption_for(target.kind)
        code = SceneCode("", "")
        return Poster(EXAMPLE_ID, "", target, self.title, caption, code, ends, "", now)


def choices(book: PlanBook, now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a poster may lead to, by group: each as the form has it, and in words."""
    plans = [one for one in book.plans() if one.state_at(now) is not PlanState.CLOSED]
    return [
        ("客服", [(f"{TargetKind.PERSON}:", "人工客服")]),
        ("计划", [(f"{TargetKind.PLAN}:{one.id}", one.name) for one in plans]),
        *(
            (
                f"项目 · {plan.name}",
                [(f"{TargetKind.PROJECT}:{one.id}", one.name) for one in book.projects(plan.id)],
            )
            for plan in plans
        ),
        ("服务", [(f"{TargetKind.SERVICE}:{flow}", title) for flow, title in SERVICES.items()]),
    ]


def example(poster: Poster, public_url: str) -> Poster:
    """Return a poster with a code that only shows how one will look."""
    return replace(poster, code=SceneCode(public_url, ""))
