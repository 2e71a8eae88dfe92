"""Plans in SQL as officers change them: read fresh, drafts too, and never from memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row, Select, delete, insert, select, update

from adapters.sql.base import Base, SqlSession
from adapters.sql.plans import PlanRow, ProjectRow, UnitRow, plan_of, project_of, unit_of
from adapters.sql.revisions import Kept, bump
from adapters.sql.tallies import live_counts
from domain.plans.model import Project, Unit
from domain.plans.offers import Offer

__all__ = ["SqlOffers"]

_AT_ONCE: Final = 200
"""Rows in one statement: PostgreSQL takes 32,767 values, SQLite no fewer."""

_Values = dict[str, Any]


class SqlOffers:
    """The `OfferStore` in SQL."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def all(self) -> list[Offer]:
        """Return every offer, the newest opening first."""
        newest = select(PlanRow.__table__).order_by(PlanRow.opens_at.desc(), PlanRow.id.desc())
        return await self._offers(newest, _PROJECTS, _UNITS)

    async def find(self, plan_id: str) -> Offer | None:
        """Return one offer as it stands now; ``None`` if there is no such plan."""
        theirs = select(ProjectRow.id).where(ProjectRow.plan_id == plan_id)
        found = await self._offers(
            select(PlanRow.__table__).where(PlanRow.id == plan_id),
            _PROJECTS.where(ProjectRow.plan_id == plan_id),
            _UNITS.where(UnitRow.project_id.in_(theirs)),
        )
        return found[0] if found else None

    async def live(self) -> Mapping[str, int]:
        """Return how many live registrations each unit has."""
        return await live_counts(self._session)

    async def lock(self) -> None:
        """Let nobody else change an offer until the end, which every process then notices."""
        await bump(self._session, Kept.PLANS)

    async def save(self, offer: Offer) -> None:
        """Keep an offer in place of what was known under its ids."""
        await self._put(PlanRow, [_plan_values(offer)])
        await self._put(ProjectRow, list(_project_values(offer)))
        await self._put(UnitRow, list(_unit_values(offer)))

    async def discard(self, plan_id: str) -> bool:
        """Remove a draft; ``False``, with nothing removed, if it is none."""
        draft = select(PlanRow.id).where(PlanRow.id == plan_id, PlanRow.draft)
        if (await self._session.read(draft)).first() is None:
            return False
        theirs = select(ProjectRow.id).where(ProjectRow.plan_id == plan_id)
        await self._session.write(delete(UnitRow).where(UnitRow.project_id.in_(theirs)))
        await self._session.write(delete(ProjectRow).where(ProjectRow.plan_id == plan_id))
        await self._session.write(delete(PlanRow).where(PlanRow.id == plan_id))
        return True

    async def _offers(
        self, plans: Select[Any], projects: Select[Any], units: Select[Any]
    ) -> list[Offer]:
        of_plan: dict[str, list[Project]] = {}
        for row in await self._session.read(projects):
            of_plan.setdefault(row.plan_id, []).append(project_of(row))
        of_project: dict[str, list[Unit]] = {}
        for row in await self._session.read(units):
            of_project.setdefault(row.project_id, []).append(unit_of(row))
        return [
            _offer(row, of_plan.get(row.id, ()), of_project)
            for row in await self._session.read(plans)
        ]

    async def _put(self, row: type[Base], wanted: Sequence[_Values]) -> None:
        """Insert the rows that are missing, and update those that differ."""
        table = row.__table__
        kept: dict[str, _Values] = {}
        for some in _in_parts([values["id"] for values in wanted]):
            found = await self._session.read(select(table).where(table.c.id.in_(some)))
            kept |= {one.id: one._asdict() for one in found}
        for new in _in_parts([values for values in wanted if values["id"] not in kept]):
            await self._session.write(insert(row).values(new))
        for values in wanted:
            if kept.get(values["id"], values) != values:
                mine = update(row).where(table.c.id == values["id"])
                await self._session.write(mine.values(**values))


_PROJECTS: Final = select(ProjectRow.__table__).order_by(ProjectRow.position, ProjectRow.id)
_UNITS: Final = select(UnitRow.__table__).order_by(UnitRow.position, UnitRow.id)


def _offer(row: Row[Any], projects: Iterable[Project], units: Mapping[str, list[Unit]]) -> Offer:
    shown = tuple(projects)
    theirs = tuple(unit for project in shown for unit in units.get(project.id, ()))
    return Offer(plan_of(row), shown, theirs, row.draft)


def _in_parts(items: Sequence[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(items), _AT_ONCE):
        yield list(items[first : first + _AT_ONCE])


def _plan_values(offer: Offer) -> _Values:
    plan = offer.plan
    return {
        "id": plan.id,
        "name": plan.name,
        "kind": plan.kind.value,
        "opens_at": plan.opens_at,
        "closes_at": plan.closes_at,
        "choosing_from": plan.choosing_from,
        "choosing_to": plan.choosing_to,
        "notice": plan.notice,
        "limit": plan.limit,
        "demo": plan.demo,
        "draft": offer.draft,
    }


def _project_values(offer: Offer) -> Iterator[_Values]:
    for position, project in enumerate(offer.projects):
        yield {
            "id": project.id,
            "plan_id": project.plan_id,
            "position": position,
            "name": project.name,
            "district": project.district,
            "address": project.address,
            "choosing_from": project.choosing_from,
            "choosing_to": project.choosing_to,
            "summary": project.summary,
            "scene": project.scene,
        }


def _unit_values(offer: Offer) -> Iterator[_Values]:
    for _, of_project in groupby(offer.units, key=lambda unit: unit.project_id):
        for position, unit in enumerate(of_project):
            yield {
                "id": unit.id,
                "project_id": unit.project_id,
                "position": position,
                "unit_type": unit.unit_type.value,
                "area_from_hundredths": int(unit.area_from * 100),
                "area_to_hundredths": int(unit.area_to * 100),
                "rent_rate_fen": int(unit.rent_rate * 100),
                "flats": unit.count,
            }
