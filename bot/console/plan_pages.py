"""What the pages about plans show, and what citizens see of a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.console.sheet_words import field_of, named, objection
from bot.jobs.export_rows import PLAN_STATES
from dialogs.plans.board import EVERY_TYPE, board_of
from dialogs.plans.words import standing
from domain.plans.model import PlanBook, PlanState
from domain.plans.offers import ChangeKind, Offer
from domain.plans.service_offers import Weighed

__all__ = [
    "ChangeShown",
    "PlanShown",
    "Seen",
    "as_citizens_see",
    "changes_shown",
    "objections_shown",
    "plan_shown",
]


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a citizen gets it: its words, and the lines to choose from."""

    words: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class PlanShown:
    """A plan in a list."""

    offer: Offer
    state: str
    badge: str
    standing: str
    flats: int
    registered: int


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """A change in a list."""

    kind: ChangeKind
    name: str
    fields: Sequence[str]


_BADGES = {PlanState.COMING: "", PlanState.OPEN: "good", PlanState.CLOSED: ""}


def plan_shown(offer: Offer, live: Mapping[str, int], now: datetime) -> PlanShown:
    """Return what a list tells about a plan."""
    state = offer.plan.state_at(now)
    return PlanShown(
        offer=offer,
        state="草稿" if offer.draft else PLAN_STATES[state],
        badge="warn" if offer.draft else _BADGES[state],
        standing="市民还看不到" if offer.draft else standing(offer.plan, now),
        flats=sum(unit.count for unit in offer.units),
        registered=sum(live.get(unit.id, 0) for unit in offer.units),
    )


def changes_shown(weighed: Weighed) -> list[ChangeShown]:
    """Return what would become of everything; what stays as it is, is only counted."""
    return [
        ChangeShown(
            change.kind,
            named(change.item, weighed.wanted, weighed.present),
            [field_of(one) for one in change.fields],
        )
        for change in weighed.changes
        if change.kind is not ChangeKind.SAME
    ]


def as_citizens_see(offer: Offer, live: Mapping[str, int], now: datetime) -> list[Seen]:
    """Return a plan's messages in the words in which citizens get them."""
    book = PlanBook.of([offer.plan], offer.projects, offer.units)
    board, plan = board_of(book, now, live), offer.plan
    projects = [one.label for one in board.projects(plan.id, EVERY_TYPE)]
    pages = [Seen(board.plan_page(plan), projects)]
    for project in offer.projects:
        units = [one.label for one in board.units(project, EVERY_TYPE)]
        pages.append(Seen(board.project_page(project), units))
    return pages


def objections_shown(weighed: Weighed) -> list[str]:
    """Return what speaks against a change, in sentences."""
    offer = weighed.wanted
    known = [objection(one, offer) for one in weighed.objections]
    return list(dict.fromkeys(known))
