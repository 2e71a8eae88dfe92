"""Plans, the projects in them, and the units that may be registered for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, NewType, Self, TypeVar

from domain.filings.model import UnitType
from domain.shared.errors import NotFoundError

__all__ = [
    "Countdown",
    "Milestone",
    "Plan",
    "PlanBook",
    "PlanId",
    "PlanKind",
    "PlanNotFoundError",
    "PlanState",
    "Project",
    "ProjectId",
    "ProjectNotFoundError",
    "Unit",
    "UnitId",
    "UnitNotFoundError",
    "countdown",
    "monthly_rent",
]

_Item = TypeVar("_Item")

PlanId = NewType("PlanId", str)
"""A plan of ours; opaque."""

ProjectId = NewType("ProjectId", str)
"""A project of one plan; opaque."""

UnitId = NewType("UnitId", str)
"""A unit type on offer in one project; opaque."""


class PlanNotFoundError(NotFoundError):
    """No plan is on record under that id."""

    code = "plan-not-found"


class ProjectNotFoundError(NotFoundError):
    """No project is on record under that id or scene."""

    code = "project-not-found"


class UnitNotFoundError(NotFoundError):
    """No unit is on record under that id."""

    code = "unit-not-found"


class PlanKind(StrEnum):
    """How a plan allots: by filed family at once, or by fill-in and draw.

    Source: Q-33.
    """

    QUICK = "quick"
    SPECIAL = "special"


class PlanState(StrEnum):
    """Where a plan's registration stands at a moment; derived from time, never stored."""

    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"


class Milestone(StrEnum):
    """What a countdown runs to."""

    OPENS = "opens"
    CLOSES = "closes"
    CLOSED = "closed"
    """Nothing more to wait for."""


class Countdown(NamedTuple):
    """The next milestone of a plan's registration, and how long until then (zero once closed)."""

    to: Milestone
    left: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch of projects that families register for in one window.

    Registration is possible from ``opens_at`` up to but not including ``closes_at``; families
    choose their flats from ``choosing_from`` to ``choosing_to``. ``notice`` is the kind of the
    document shown before registering. ``limit`` is the most live registrations one family may
    have in the plan (`None`: any number). ``demo`` marks test data without reference value.

    Source: S0-02, S0-31, S0-39, S0-47, Q-01, Q-33.
    """

    id: PlanId
    name: str
    kind: PlanKind
    opens_at: datetime
    closes_at: datetime
    choosing_from: datetime
    choosing_to: datetime
    notice: str
    limit: int | None
    demo: bool

    def state_at(self, now: datetime) -> PlanState:
        """Return where registration stands at a moment.

        Source: S0-31, S0-39.
        """
        if now < self.opens_at:
            return PlanState.COMING
        return PlanState.OPEN if now < self.closes_at else PlanState.CLOSED


@dataclass(frozen=True, slots=True)
class Project:
    """An estate offered in one plan.

    ``scene`` is the opaque word in its poster's QR code, at most 64 characters and unique.

    Source: S0-32, S0-33, S0-34, S0-61.
    """

    id: ProjectId
    plan_id: PlanId
    name: str
    district: str
    address: str
    choosing_from: datetime
    choosing_to: datetime
    summary: str
    scene: str


@dataclass(frozen=True, slots=True)
class Unit:
    """The flats of one unit type in one project.

    Built area lies between ``area_from`` and ``area_to`` m², two decimals; ``rent_rate`` is yuan
    per m² and month; ``count`` is how many flats are on offer.

    Source: S0-35, S0-36.
    """

    id: UnitId
    project_id: ProjectId
    unit_type: UnitType
    area_from: Decimal
    area_to: Decimal
    rent_rate: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class PlanBook:
    """Everything on offer, as one immutable snapshot. Made by `PlanBook.of`."""

    _plans: Mapping[str, Plan]
    _projects: Mapping[str, Project]
    _units: Mapping[str, Unit]
    _projects_of: Mapping[str, tuple[Project, ...]]
    _units_of: Mapping[str, tuple[Unit, ...]]
    _scenes: Mapping[str, Project]

    @classmethod
    def of(cls, plans: Iterable[Plan], projects: Iterable[Project], units: Iterable[Unit]) -> Self:
        """Bind plans, projects and units into a book.

        Parameters
        ----------
        plans
            In any order; the book keeps the newest opening first.
        projects, units
            In the order in which citizens shall see them. Every one names a plan or project
            that is in the book.

        Raises
        ------
        PlanNotFoundError, ProjectNotFoundError
            A project or unit hangs in the air.
        """
        newest_first = sorted(plans, key=lambda plan: (plan.opens_at, plan.id), reverse=True)
        kept_plans = {str(plan.id): plan for plan in newest_first}
        projects_of: dict[str, list[Project]] = {plan_id: [] for plan_id in kept_plans}
        kept_projects: dict[str, Project] = {}
        for project in projects:
            if project.plan_id not in projects_of:
                raise PlanNotFoundError(project.plan_id)
            projects_of[project.plan_id].append(project)
            kept_projects[project.id] = project
        units_of: dict[str, list[Unit]] = {project_id: [] for project_id in kept_projects}
        kept_units: dict[str, Unit] = {}
        for unit in units:
            if unit.project_id not in units_of:
                raise ProjectNotFoundError(unit.project_id)
            units_of[unit.project_id].append(unit)
            kept_units[unit.id] = unit
        return cls(
            _plans=MappingProxyType(kept_plans),
            _projects=MappingProxyType(kept_projects),
            _units=MappingProxyType(kept_units),
            _projects_of=_frozen(projects_of),
            _units_of=_frozen(units_of),
            _scenes=MappingProxyType({one.scene: one for one in kept_projects.values()}),
        )

    def plans(self) -> tuple[Plan, ...]:
        """Return every plan, the newest opening first.

        Source: S0-31.
        """
        return tuple(self._plans.values())

    def plan(self, plan_id: str) -> Plan:
        """Return one plan; `PlanNotFoundError` if there is none."""
        if plan_id not in self._plans:
            raise PlanNotFoundError(plan_id)
        return self._plans[plan_id]

    def projects(self, plan_id: str) -> tuple[Project, ...]:
        """Return the projects of a plan in their order; `PlanNotFoundError` without the plan.

        Source: S0-32.
        """
        if plan_id not in self._projects_of:
            raise PlanNotFoundError(plan_id)
        return self._projects_of[plan_id]

    def project(self, project_id: str) -> Project:
        """Return one project; `ProjectNotFoundError` if there is none."""
        if project_id not in self._projects:
            raise ProjectNotFoundError(project_id)
        return self._projects[project_id]

    def units(self, project_id: str) -> tuple[Unit, ...]:
        """Return the units of a project in their order; `ProjectNotFoundError` without it.

        Source: S0-35.
        """
        if project_id not in self._units_of:
            raise ProjectNotFoundError(project_id)
        return self._units_of[project_id]

    def unit(self, unit_id: str) -> Unit:
        """Return one unit; `UnitNotFoundError` if there is none."""
        if unit_id not in self._units:
            raise UnitNotFoundError(unit_id)
        return self._units[unit_id]

    def project_by_scene(self, scene: str) -> Project:
        """Return the project whose poster carries the scene; `ProjectNotFoundError` if none does.

        Source: S0-61.
        """
        if scene not in self._scenes:
            raise ProjectNotFoundError
        return self._scenes[scene]


def countdown(plan: Plan, now: datetime) -> Countdown:
    """Return what comes next for a plan's registration, and in how long.

    Returns
    -------
    Countdown
        To the opening before it, to the closing while open, then `Milestone.CLOSED` and zero.

    Source
    ------
    Q-09.
    """
    match plan.state_at(now):
        case PlanState.COMING:
            return Countdown(Milestone.OPENS, plan.opens_at - now)
        case PlanState.OPEN:
            return Countdown(Milestone.CLOSES, plan.closes_at - now)
        case PlanState.CLOSED:
            return Countdown(Milestone.CLOSED, timedelta(0))


def monthly_rent(area: Decimal, rate: Decimal) -> Decimal:
    """Compute what a flat costs a month.

    Parameters
    ----------
    area
        Built area in m².
    rate
        Yuan per m² and month.

    Returns
    -------
    Decimal
        Whole yuan per month, rounded half up.

    Source
    ------
    S0-35.
    """
    return (area * rate).quantize(Decimal(1), ROUND_HALF_UP)


def _frozen(lists: dict[str, list[_Item]]) -> Mapping[str, tuple[_Item, ...]]:
    return MappingProxyType({key: tuple(items) for key, items in lists.items()})
