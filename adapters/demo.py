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

from sqlalchemy import select, update

from adapters.demo_officers import load_officers
from adapters.platform.account import code_at
from adapters.sql.base import Base, SqlSession
from adapters.sql.documents import DocumentRow
from adapters.sql.plans import PlanRow, ProjectRow, UnitRow
from adapters.sql.posters import PosterRow
from adapters.sql.revisions import Kept, bump
from domain.content.model import faq_kind, fingerprint
from domain.filings.model import UnitType
from domain.plans.model import PlanKind
from domain.posters.model import TargetKind
from domain.shared.clock import CHINA, china_time

__all__ = ["load_demo", "scene_of"]

_Values = dict[str, Any]
"""The columns of one row."""

_OPENS = time(9)
_CLOSES = time(17)
_CHOOSING_DAYS = 2
"""How long families choose in one project."""

_SCENE_LENGTH = 12
_CAPTIONS = {
    TargetKind.PROJECT: "微信扫一扫，看房源并登记",
    TargetKind.PERSON: "微信扫一扫，联系人工客服",
}
_OURS = "demo"
"""By whom the demo's texts were published."""


async def load_demo(session: SqlSession, now: datetime, public_url: str = "") -> None:
    """Write the demo's plans, projects, units, documents, questions, posters and officers.

    Run again on the same day it changes nothing; on a later day it moves the windows along. A
    text that changed since is published as a further version. Of several at once the first
    writes, and the others find it written. Commits nothing.

    Parameters
    ----------
    session
        Where to write.
    now
        The present moment: its day in China is the seeding day.
    public_url
        Where the simulator is, for who holds a poster before a camera.
    """
    content = tomllib.loads((files("adapters") / "demo_content.toml").read_text("utf-8"))
    today = china_time(now).date()
    for document in (*content["document"], *content["announcement"], *content["guide"]):
        await _publish(session, _document(document, now))
    for faq in _faqs(content):
        await _publish(session, faq)
    await _put(session, PlanRow, [_plan(plan, today) for plan in content["plan"]])
    await _put(session, ProjectRow, list(_projects(content, today)))
    await _put(session, UnitRow, list(_units(content)))
    await _hang(session, content, public_url, now)
    if session.changed:
        await bump(session, *Kept)
    await load_officers(session, now)


def scene_of(project_id: str) -> str:
    """Return the scene of a demo project's poster: always the same, and telling nothing.

    Source: S0-61.
    """
    digest = hashlib.sha256(f"anju demo poster {project_id}".encode()).digest()
    return "p" + base64.urlsafe_b64encode(digest).decode()[:_SCENE_LENGTH]


def _document(document: Mapping[str, str], now: datetime) -> _Values:
    return {
        "kind": document["kind"],
        "title": document["title"],
        "text": document["text"].strip(),
        "published_at": now,
    }


async def _publish(session: SqlSession, wanted: _Values) -> None:
    """Publish a text unless its newest edition says the same, or is an officer's.

    What an officer wrote is never written over by the demo's words.
    """
    newest = (
        select(DocumentRow.__table__)
        .where(DocumentRow.kind == wanted["kind"])
        .order_by(DocumentRow.version.desc())
        .limit(1)
    )
    row = (await session.read(newest)).one_or_none()
    text_hash = fingerprint(wanted["text"])
    aliases = wanted.get("aliases")
    said = (wanted["title"], text_hash, aliases)
    if row is not None and (
        row.published_by not in {_OURS, ""} or (row.title, row.text_hash, row.aliases) == said
    ):
        return
    await session.insert_new(
        DocumentRow,
        **{"aliases": None, "position": None, **wanted},
        version=1 if row is None else row.version + 1,
        text_hash=text_hash,
        published_by=_OURS,
        restored=0,
        withdrawn=False,
    )


async def _put(session: SqlSession, row: type[Base], wanted: Sequence[_Values]) -> None:
    """Insert the rows that are missing and update those that differ, by their ``id``."""
    table = row.__table__
    kept = {one.id: one._asdict() for one in await session.read(select(table))}
    for values in wanted:
        key = values["id"]
        if key not in kept:
            await session.insert_new(row, **values)
        elif kept[key] != values:
            await session.write(update(row).where(table.c.id == key).values(**values))


async def _hang(
    session: SqlSession, content: Mapping[str, Any], public_url: str, now: datetime
) -> None:
    """Hang a poster for each project and one for 客服; what became of them since stays so."""
    targets = [
        (_project_id(plan, project), project["name"], TargetKind.PROJECT)
        for plan in content["plan"]
        for project in plan["project"]
    ]
    urls = {row.id: row.url for row in await session.read(select(PosterRow.id, PosterRow.url))}
    for target_id, title, kind in (*targets, ("", "联系人工客服", TargetKind.PERSON)):
        poster_id = f"demo-{target_id or kind}"
        scene = scene_of(target_id or kind)
        url, ticket = code_at(public_url, scene)
        if poster_id not in urls:
            await session.insert_new(
                PosterRow,
                id=poster_id,
                scene=scene,
                target_kind=kind.value,
                target_id=target_id,
                title=title,
                caption=_CAPTIONS[kind],
                url=url,
                ticket=ticket,
                expires_at=None,
                made_by="demo",
                made_at=now,
                retired_at=None,
            )
        elif urls[poster_id] != url:
            moved = update(PosterRow).where(PosterRow.id == poster_id)
            await session.write(moved.values(url=url, ticket=ticket))


def _faqs(content: Mapping[str, Any]) -> Iterator[_Values]:
    updated_at = datetime.combine(content["updated"], _OPENS, CHINA)
    for position, faq in enumerate(content["faq"]):
        yield {
            "kind": faq_kind(faq["id"]),
            "position": position,
            "title": faq["question"],
            "aliases": list(faq["aliases"]),
            "text": faq["answer"] + content["mark"],
            "published_at": updated_at,
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
        "draft": False,
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
