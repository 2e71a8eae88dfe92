"""A plan as a table asks for it, and the offer that comes of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from domain.filings.model import UnitType
from domain.plans.model import Plan, PlanId, PlanKind, Project, ProjectId, Unit, UnitId
from domain.plans.offers import Offer
from domain.shared.clock import CHINA

__all__ = ["Proposal", "ProposedProject", "ProposedUnit", "merged", "rows_of"]

_NOTICE: Final = "notice-quick"


@dataclass(frozen=True, slots=True)
class ProposedUnit:
    """A unit as a table has it."""

    unit_type: UnitType
    area_from: Decimal
    area_to: Decimal
    rent_rate: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class ProposedProject:
    """A project as a table has it; without a choosing of its own it has the plan's."""

    name: str
    district: str
    address: str
    choosing_from: datetime | None
    choosing_to: datetime | None
    summary: str
    units: tuple[ProposedUnit, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan as a table has it."""

    name: str
    opens_at: datetime
    closes_at: datetime
    choosing_from: datetime
    choosing_to: datetime
    limit: int | None
    projects: tuple[ProposedProject, ...]


def merged(present: Offer | None, proposal: Proposal, token: Callable[[], str]) -> Offer:
    """Return the offer that a table asks for.

    Projects are known by their names and units by their types, so that whatever was on offer
    before keeps its id, its poster and its registrations.

    Parameters
    ----------
    present
        The plan that the table is for; ``None`` for a new one.
    proposal
        What the table says.
    token
        Makes ids that nobody guesses.

    Source
    ------
    S0-32, S0-35, S0-61.
    """
    plan = _plan(present, proposal, token)
    known = {project.name: project for project in present.projects} if present else {}
    projects, units = [], []
    for asked in proposal.projects:
        project = _project(plan, asked, known.get(asked.name), token)
        projects.append(project)
        kept = {one.unit_type: one for one in (present.units_of(project.id) if present else ())}
        units += [_unit(project, one, kept.get(one.unit_type), token) for one in asked.units]
    return Offer(plan, tuple(projects), tuple(units), draft=present.draft if present else True)


def rows_of(offer: Offer) -> Iterator[tuple[str, ...]]:
    """Yield an offer as rows of the table, to be changed and read again.

    Source: S0-02, S0-32, S0-35.
    """
    plan = offer.plan
    of_plan = (plan.name, *map(_moment, (plan.opens_at, plan.closes_at)))
    choosing = (_moment(plan.choosing_from), _moment(plan.choosing_to))
    limit = "" if plan.limit is None else str(plan.limit)
    for project in offer.projects:
        of_project = (project.name, project.district, project.address)
        its_own = (_moment(project.choosing_from), _moment(project.choosing_to), project.summary)
        for unit in offer.units_of(project.id):
            facts = (unit.area_from, unit.area_to, unit.rent_rate)
            said = (unit.unit_type.value, *(f"{fact:f}" for fact in facts), str(unit.count))
            yield (*of_plan, *choosing, limit, *of_project, *its_own, *said)


def _plan(present: Offer | None, proposal: Proposal, token: Callable[[], str]) -> Plan:
    known = (
        present.plan
        if present
        else Plan(
            id=PlanId(token()),
            name="",
            kind=PlanKind.QUICK,
            opens_at=proposal.opens_at,
            closes_at=proposal.closes_at,
            choosing_from=proposal.choosing_from,
            choosing_to=proposal.choosing_to,
            notice=_NOTICE,
            limit=None,
            demo=False,
        )
    )
    return replace(
        known,
        name=proposal.name,
        opens_at=proposal.opens_at,
        closes_at=proposal.closes_at,
        choosing_from=proposal.choosing_from,
        choosing_to=proposal.choosing_to,
        limit=proposal.limit,
    )


def _project(
    plan: Plan, asked: ProposedProject, known: Project | None, token: Callable[[], str]
) -> Project:
    return Project(
        id=known.id if known else ProjectId(token()),
        plan_id=plan.id,
        name=asked.name,
        district=asked.district,
        address=asked.address,
        choosing_from=asked.choosing_from or plan.choosing_from,
        choosing_to=asked.choosing_to or plan.choosing_to,
        summary=asked.summary,
        scene=known.scene if known else f"p{token()}",
    )


def _unit(
    project: Project, asked: ProposedUnit, known: Unit | None, token: Callable[[], str]
) -> Unit:
    return Unit(
        id=known.id if known else UnitId(token()),
        project_id=project.id,
        unit_type=asked.unit_type,
        area_from=asked.area_from,
        area_to=asked.area_to,
        rent_rate=asked.rent_rate,
        count=asked.count,
    )


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"
