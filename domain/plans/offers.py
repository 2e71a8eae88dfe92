"""A plan with all that hangs on it, as officers change it, and what they may not change.

A plan is a draft until it is published. What citizens have seen does not vanish, and what they
registered for does not change under them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from domain.plans.model import Plan, PlanState, Project, Unit

__all__ = [
    "MOMENTS",
    "Change",
    "ChangeKind",
    "Changed",
    "Objection",
    "Offer",
    "OfferRule",
    "changes",
    "objections",
]

_Item = TypeVar("_Item", Plan, Project, Unit)


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan, its projects and their units, in the order in which citizens see them."""

    plan: Plan
    projects: tuple[Project, ...]
    units: tuple[Unit, ...]
    draft: bool

    def units_of(self, project_id: str) -> tuple[Unit, ...]:
        """Return the units of one project."""
        return tuple(unit for unit in self.units if unit.project_id == project_id)

    @property
    def fingerprint(self) -> str:
        """What two looks at the same offer have in common, and no two different offers."""
        words = repr((self.plan, self.projects, self.units, self.draft))
        return hashlib.sha256(words.encode()).hexdigest()


class ChangeKind(StrEnum):
    """What becomes of a plan, a project or a unit."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Changed:
    """One field that changes: its name in the record, what it was and what it shall be."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one thing. ``item`` is as it shall be, or as it was where it is missing."""

    kind: ChangeKind
    item: Plan | Project | Unit
    fields: tuple[Changed, ...] = ()


class OfferRule(StrEnum):
    """What an offer must keep to."""

    CLOSES_BEFORE_OPENS = "closes-before-opens"
    CHOOSING_BEFORE_CLOSING = "choosing-before-closing"
    CHOOSING_BACKWARDS = "choosing-backwards"
    CHOOSING_OUTSIDE = "choosing-outside"
    """A project's choosing lies outside its plan's."""
    INTO_THE_PAST = "into-the-past"
    """A moment would be moved to where nobody can keep it any more."""
    MOMENT_PASSED = "moment-passed"
    """A moment that has come stays as it was."""
    OPENED = "opened"
    """Citizens register under this name and these rules already."""
    LIMIT_LOWERED = "limit-lowered"
    CLOSED = "closed"
    """After the closing nothing that was registered for is added or changed."""
    VANISHES = "vanishes"
    """Citizens have seen it."""
    REGISTERED = "registered"
    """Families have registered for a unit as it is."""
    NOTHING_OFFERED = "nothing-offered"


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against a change: the rule, what it concerns, and which of its fields."""

    rule: OfferRule
    item: Plan | Project | Unit
    field: str = ""


MOMENTS: Final = ("opens_at", "closes_at", "choosing_from", "choosing_to")
"""The fields of plans and projects that are moments."""

_FACTS: Final = ("area_from", "area_to", "rent_rate")
"""What a family looks at when it chooses a unit."""

_HIDDEN: Final = frozenset({"id", "plan_id", "project_id", "scene", "demo"})


def changes(present: Offer | None, wanted: Offer) -> tuple[Change, ...]:
    """Return what becomes of everything, in the order of the wanted offer; what is missing last.

    Source: S0-02, S0-32, S0-35.
    """
    found = [
        *_compared([present.plan] if present else [], [wanted.plan]),
        *_compared(present.projects if present else (), wanted.projects),
        *_compared(present.units if present else (), wanted.units),
    ]
    return tuple(sorted(found, key=lambda one: one.kind is ChangeKind.MISSING))


def objections(
    present: Offer | None, wanted: Offer, live: Mapping[str, int], now: datetime
) -> tuple[Objection, ...]:
    """Return all that speaks against an offer and against making it of the present one.

    Parameters
    ----------
    present
        As it is on record; ``None`` for a new plan.
    wanted
        As it shall be.
    live
        How many live registrations each unit has.
    now
        The present moment.

    Source
    ------
    S0-02, S0-31, S0-39, S0-47. That nothing moves under whoever has registered, we decided.
    """
    seen = None if present is None or present.draft else present
    return (
        *_shape(wanted),
        *_times(seen, wanted, now),
        *(_against_opened(seen, wanted, now) if seen else ()),
        *(_against_vanishing(seen, wanted) if seen else ()),
        *(_against_registered(seen, wanted, live) if seen else ()),
    )


def _compared(before: Iterable[_Item], after: Iterable[_Item]) -> Iterator[Change]:
    kept = {one.id: one for one in before}
    for item in after:
        old = kept.pop(item.id, None)
        if old is None:
            yield Change(ChangeKind.NEW, item)
        else:
            fields = tuple(_differences(old, item))
            yield Change(ChangeKind.CHANGED if fields else ChangeKind.SAME, item, fields)
    for old in kept.values():
        yield Change(ChangeKind.MISSING, old)


def _differences(before: _Item, after: _Item) -> Iterator[Changed]:
    for field in before.__dataclass_fields__:
        old, new = getattr(before, field), getattr(after, field)
        if field not in _HIDDEN and old != new:
            yield Changed(field, old, new)


def _shape(wanted: Offer) -> Iterator[Objection]:
    plan = wanted.plan
    if plan.closes_at <= plan.opens_at:
        yield Objection(OfferRule.CLOSES_BEFORE_OPENS, plan, "closes_at")
    if plan.choosing_from < plan.closes_at:
        yield Objection(OfferRule.CHOOSING_BEFORE_CLOSING, plan, "choosing_from")
    if plan.choosing_to <= plan.choosing_from:
        yield Objection(OfferRule.CHOOSING_BACKWARDS, plan, "choosing_to")
    if not wanted.projects:
        yield Objection(OfferRule.NOTHING_OFFERED, plan)
    for project in wanted.projects:
        yield from _shape_of(project, wanted)


def _shape_of(project: Project, wanted: Offer) -> Iterator[Objection]:
    plan = wanted.plan
    if project.choosing_to <= project.choosing_from:
        yield Objection(OfferRule.CHOOSING_BACKWARDS, project, "choosing_to")
    if project.choosing_from < plan.choosing_from or project.choosing_to > plan.choosing_to:
        yield Objection(OfferRule.CHOOSING_OUTSIDE, project, "choosing_from")
    if not wanted.units_of(project.id):
        yield Objection(OfferRule.NOTHING_OFFERED, project)


def _times(seen: Offer | None, wanted: Offer, now: datetime) -> Iterator[Objection]:
    """Let what has come stay, and nothing go where it can no longer come."""
    before = {one.id: one for one in _dated(seen)} if seen else {}
    for item in _dated(wanted):
        old = before.get(item.id)
        for field in MOMENTS:
            then, shall = getattr(old, field, None), getattr(item, field, None)
            if shall is None or then == shall:
                continue
            if then is not None and then <= now:
                yield Objection(OfferRule.MOMENT_PASSED, item, field)
            elif shall < now:
                yield Objection(OfferRule.INTO_THE_PAST, item, field)


def _dated(offer: Offer) -> list[Plan | Project]:
    return [offer.plan, *offer.projects]


def _against_opened(seen: Offer, wanted: Offer, now: datetime) -> Iterator[Objection]:
    state, old, new = seen.plan.state_at(now), seen.plan, wanted.plan
    if state is PlanState.COMING:
        return
    for field in ("name", "kind", "notice"):
        if getattr(old, field) != getattr(new, field):
            yield Objection(OfferRule.OPENED, new, field)
    if new.limit is not None and (old.limit is None or new.limit < old.limit):
        yield Objection(OfferRule.LIMIT_LOWERED, new, "limit")
    if state is PlanState.CLOSED:
        known = {unit.id: unit for unit in seen.units}
        for unit in wanted.units:
            if known.get(unit.id) != unit:
                yield Objection(OfferRule.CLOSED, unit)


def _against_vanishing(seen: Offer, wanted: Offer) -> Iterator[Objection]:
    left = {project.id for project in wanted.projects}, {unit.id for unit in wanted.units}
    for project in seen.projects:
        if project.id not in left[0]:
            yield Objection(OfferRule.VANISHES, project)
    for unit in seen.units:
        if unit.id not in left[1]:
            yield Objection(OfferRule.VANISHES, unit)


def _against_registered(seen: Offer, wanted: Offer, live: Mapping[str, int]) -> Iterator[Objection]:
    known = {unit.id: unit for unit in seen.units}
    for unit in wanted.units:
        old = known.get(unit.id)
        if old is None or not live.get(unit.id):
            continue
        for field in _FACTS:
            if getattr(old, field) != getattr(unit, field):
                yield Objection(OfferRule.REGISTERED, unit, field)
