"""The demo's plans and texts, written into the records. Days are counted from today.

Source: S0-02; Q-33.
"""

import base64
import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from sqlalchemy import insert, select, update

from adapters.sql.base import Base, SqlSession
from adapters.sql.plans import DocumentRow, FaqRow, PlanRow, ProjectRow, UnitRow
from domain.content.model import fingerprint
from domain.filings.model import UnitType
from domain.plans.model import PlanKind
from domain.shared.clock import CHINA, china_time

__all__ = ["load_demo", "scene_of"]

_Values = dict[str, Any]
"""The columns of one row."""

_OPENS = time(9)
_CLOSES = time(17)
_CHOOSING_DAYS = 2
"""How long families choose in one project."""

_SCENE_LENGTH = 12


async def load_demo(session: SqlSession, now: datetime) -> None:
    """Write the demo's plans, projects, units, documents and questions.

    Run again on the same day it changes nothing; on a later day it moves the windows along. A
    text that changed since is published as a further version. Commits nothing.

    Parameters
    ----------
    session
        Where to write.
    now
        The present moment: its day in China is the seeding day.
    """
    content = tomllib.loads((files("adapters") / "demo_content.toml").read_text("utf-8"))
    today = china_time(now).date()
    for document in content["document"]:
        await _publish(session, document, now)
    await _put(session, FaqRow, list(_faqs(content)))
    await _put(session, PlanRow, [_plan(plan, today) for plan in content["plan"]])
    await _put(session, ProjectRow, list(_projects(content, today)))
    await _put(session, UnitRow, list(_units(content)))


def scene_of(project_id: str) -> str:
    """Return the scene of a demo project's poster: always the same, and telling nothing.

    Source: S0-61.
    """
    digest = hashlib.sha256(f"anju demo poster {project_id}".encode()).digest()
    return "p" + base64.urlsafe_b64encode(digest).decode()[:_SCENE_LENGTH]


async def _publish(session: SqlSession, document: Mapping[str, str], now: datetime) -> None:
    """Publish a text unless it is the newest version of its kind already."""
    kind, text = document["kind"], document["text"].strip()
    newest = (
        select(DocumentRow.version, DocumentRow.text_hash)
        .where(DocumentRow.kind == kind)
        .order_by(DocumentRow.version.desc())
        .limit(1)
    )
    row = (await session.read(newest)).one_or_none()
    version, text_hash = (0, "") if row is None else (row.version, row.text_hash)
    if text_hash == fingerprint(text):
        return
    await session.write(
        insert(DocumentRow).values(
            kind=kind,
            version=version + 1,
            title=document["title"],
            text=text,
            text_hash=fingerprint(text),
            published_at=now,
        )
    )


async def _put(session: SqlSession, row: type[Base], wanted: Sequence[_Values]) -> None:
    """Insert the rows that are missing and update those that differ, by their ``id``."""
    table = row.__table__
    kept = {one.id: one._asdict() for one in await session.read(select(table))}
    for values in wanted:
        key = values["id"]
        if key not in kept:
            await session.write(insert(row).values(**values))
        elif kept[key] != values:
            await session.write(update(row).where(table.c.id == key).values(**values))


def _faqs(content: Mapping[str, Any]) -> Iterator[_Values]:
    updated_at = datetime.combine(content["updated"], _OPENS, CHINA)
    for position, faq in enumerate(content["faq"]):
        yield {
            "id": faq["id"],
            "position": position,
            "question": faq["question"],
            "aliases": list(faq["aliases"]),
            "answer": faq["answer"] + content["mark"],
            "updated_at": updated_at,
        }


def _plan(plan: Mapping[str, Any], today: date) -> _Values:
    choosing = _choosing_day(plan, today)
    return {
        "id": plan["id"],
        "name": plan["name"],
        "kind": PlanKind(plan["kind"]).value,
        "opens_at": _at(_opening_day(plan, today), _OPENS),
        "closes_at": _at(_closing_day(plan, today), _CLOSES),
        "choosing_from": _at(choosing, _OPENS),
        "choosing_to": _at(choosing + timedelta(days=plan["choosing_days"] - 1), _CLOSES),
        "notice": plan["notice"],
        "limit": plan.get("limit"),
        "demo": True,
    }


def _projects(content: Mapping[str, Any], today: date) -> Iterator[_Values]:
    for plan in content["plan"]:
        for position, project in enumerate(plan["project"]):
            project_id = _project_id(plan, project)
            first_day = _choosing_day(plan, today) + timedelta(days=project["choosing_day"])
            yield {
                "id": project_id,
                "plan_id": plan["id"],
                "position": position,
                "name": project["name"],
                "district": project["district"],
                "address": project["address"],
                "choosing_from": _at(first_day, _OPENS),
                "choosing_to": _at(first_day + timedelta(days=_CHOOSING_DAYS - 1), _CLOSES),
                "summary": project["summary"],
                "scene": scene_of(project_id),
            }


def _units(content: Mapping[str, Any]) -> Iterator[_Values]:
    for plan in content["plan"]:
        for project in plan["project"]:
            for position, unit in enumerate(project["unit"]):
                unit_type = UnitType(unit["type"])
                area_from, area_to = (_hundredths(area) for area in unit["area"])
                yield {
                    "id": f"{_project_id(plan, project)}-{unit_type.name.lower()}",
                    "project_id": _project_id(plan, project),
                    "position": position,
                    "unit_type": unit_type.value,
                    "area_from_hundredths": area_from,
                    "area_to_hundredths": area_to,
                    "rent_rate_fen": _hundredths(unit["rent_rate"]),
                    "flats": unit["count"],
                }


def _project_id(plan: Mapping[str, Any], project: Mapping[str, Any]) -> str:
    return f"{plan['id']}-{project['id']}"


def _opening_day(plan: Mapping[str, Any], today: date) -> date:
    return today + timedelta(days=plan["opens_in_days"])


def _closing_day(plan: Mapping[str, Any], today: date) -> date:
    return _opening_day(plan, today) + timedelta(days=plan["open_days"])


def _choosing_day(plan: Mapping[str, Any], today: date) -> date:
    return _closing_day(plan, today) + timedelta(days=plan["choosing_after_days"])


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, CHINA)


def _hundredths(number: str) -> int:
    return int(Decimal(number) * 100)
