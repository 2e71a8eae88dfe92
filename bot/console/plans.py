"""Plans in the console: the list, one plan, its dates and texts, publishing, closing early.

Source: S0-02, S0-31 to S0-35, S0-39.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from bot.console.plan_pages import (
    as_citizens_see,
    changes_shown,
    objections_shown,
    plan_shown,
)
from bot.console.sheet_words import FIELDS, problem, told
from dialogs.plans.words import area
from domain.officers.model import Right
from domain.plans.cells import (
    MOST_REGISTRATIONS,
    CellFault,
    Heading,
    WrongCellError,
    beginning,
    ending,
    plain,
    whole,
    words,
)
from domain.plans.model import PlanState, Project, ProjectNotFoundError
from domain.plans.offers import Offer
from domain.plans.service_offers import OfferRefusedError, Weighed

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/plans"

router: Final = APIRouter()

_Read = Callable[[str], object]

_OF_PLAN: Final[dict[str, _Read]] = {
    "name": words(Heading.PLAN),
    "opens_at": beginning,
    "closes_at": ending,
    "choosing_from": beginning,
    "choosing_to": ending,
    "limit": lambda said: whole(MOST_REGISTRATIONS)(said) if said else None,
}
_OF_PROJECT: Final[dict[str, _Read]] = {
    "name": words(Heading.PROJECT),
    "district": words(Heading.DISTRICT),
    "address": words(Heading.ADDRESS),
    "summary": words(Heading.SUMMARY),
    "choosing_from": beginning,
    "choosing_to": ending,
}


@router.get(PATH, response_class=HTMLResponse)
async def show_plans(seat: Annotated[Seat, needs(Right.PLANS)]) -> Response:
    async with seat.open_work() as work:
        offers = seat.house.offers(work, seat.officer.id)
        everything, live = await offers.all(), await offers.live()
    now = seat.house.clock.now()
    plans = [plan_shown(one, live, now) for one in everything]
    return show(seat, "plans/list.html", plans=plans, may_change=seat.may(Right.PLANS_CHANGE))


@router.get(PATH + "/{plan_id}", response_class=HTMLResponse)
async def show_plan(seat: Annotated[Seat, needs(Right.PLANS)], plan_id: str) -> Response:
    async with seat.open_work() as work:
        offers = seat.house.offers(work, seat.officer.id)
        offer, live = await offers.find(plan_id), await offers.live()
    now = seat.house.clock.now()
    return show(
        seat,
        "plans/plan.html",
        plan=plan_shown(offer, live, now),
        offer=offer,
        live=live,
        told=told,
        area=area,
        seen=offer.fingerprint,
        pages=as_citizens_see(offer, live, now),
        is_open=not offer.draft and offer.plan.state_at(now) is PlanState.OPEN,
        may_change=seat.may(Right.PLANS_CHANGE),
        may_export=seat.may(Right.EXPORT),
    )


@router.post(PATH + "/{plan_id}/publish", response_class=HTMLResponse)
async def publish(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan_id: str) -> Response:
    seen = (await read_form(seat.request)).get("seen", "")
    async with seat.open_work() as work:
        offers = seat.house.offers(work, seat.officer.id)
        try:
            await offers.publish(plan_id, seen=seen)
        except OfferRefusedError:
            present = await offers.find(plan_id)
            weighed = await offers.weigh(replace(present, draft=False))
            return _preview(seat, weighed, {}, back=f"{PATH}/{plan_id}")
        await work.commit()
    return RedirectResponse(f"{PATH}/{plan_id}", status_code=303)


@router.post(PATH + "/{plan_id}/close", response_class=HTMLResponse)
async def close_early(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan_id: str) -> Response:
    form = await read_form(seat.request)
    if form.get("sure") == "yes":
        async with seat.open_work() as work:
            offers = seat.house.offers(work, seat.officer.id)
            await offers.close_early(plan_id, seen=form.get("seen", ""))
            await work.commit()
    return RedirectResponse(f"{PATH}/{plan_id}", status_code=303)


@router.post(PATH + "/{plan_id}/discard", response_class=HTMLResponse)
async def discard(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan_id: str) -> Response:
    form = await read_form(seat.request)
    if form.get("sure") != "yes":
        return RedirectResponse(f"{PATH}/{plan_id}", status_code=303)
    async with seat.open_work() as work:
        offers = seat.house.offers(work, seat.officer.id)
        await offers.discard(plan_id, seen=form.get("seen", ""))
        await work.commit()
    return RedirectResponse(PATH, status_code=303)


@router.get(PATH + "/{plan_id}/edit", response_class=HTMLResponse)
async def show_edit(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan_id: str) -> Response:
    offer = await _offer(seat, plan_id)
    return _edit_page(seat, offer, _typed_of(offer.plan, _OF_PLAN), seen=offer.fingerprint)


@router.post(PATH + "/{plan_id}/edit", response_class=HTMLResponse)
async def take_edit(seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan_id: str) -> Response:
    typed = await read_form(seat.request)
    offer = await _offer(seat, plan_id)
    values, faults = _read(typed, _OF_PLAN)
    if faults:
        return _edit_page(seat, offer, typed, faults=faults, seen=typed.get("seen", ""))
    plan = replace(offer.plan, **values)  # type: ignore[arg-type] # as `_OF_PLAN` reads them
    return await _take(seat, replace(offer, plan=plan), typed, _OF_PLAN)


@router.get(PATH + "/{plan_id}/projects/{project_id}", response_class=HTMLResponse)
async def show_project(
    seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan_id: str, project_id: str
) -> Response:
    offer = await _offer(seat, plan_id)
    project = _project(offer, project_id)
    typed = _typed_of(project, _OF_PROJECT)
    return _edit_page(seat, offer, typed, project=project, seen=offer.fingerprint)


@router.post(PATH + "/{plan_id}/projects/{project_id}", response_class=HTMLResponse)
async def take_project(
    seat: Annotated[Seat, needs(Right.PLANS_CHANGE)], plan_id: str, project_id: str
) -> Response:
    typed = await read_form(seat.request)
    offer = await _offer(seat, plan_id)
    project = _project(offer, project_id)
    values, faults = _read(typed, _OF_PROJECT)
    if faults:
        seen = typed.get("seen", "")
        return _edit_page(seat, offer, typed, project=project, faults=faults, seen=seen)
    changed = replace(project, **values)  # type: ignore[arg-type] # as `_OF_PROJECT` reads them
    projects = tuple(changed if one.id == project.id else one for one in offer.projects)
    return await _take(seat, replace(offer, projects=projects), typed, _OF_PROJECT)


async def _take(
    seat: Seat, wanted: Offer, typed: dict[str, str], fields: dict[str, _Read]
) -> Response:
    """Show what a change would do; keep it where the officer has seen that."""
    async with seat.open_work() as work:
        offers = seat.house.offers(work, seat.officer.id)
        weighed = await offers.weigh(wanted)
        if typed.get("keep") == "yes" and not weighed.objections:
            await offers.change(wanted, seen=typed.get("seen", ""))
            await work.commit()
            return RedirectResponse(f"{PATH}/{wanted.plan.id}", status_code=303)
    kept = {name: typed.get(name, "") for name in fields}
    kept["seen"] = typed.get("seen", "")
    return _preview(seat, weighed, kept, back=seat.request.url.path)


def _preview(seat: Seat, weighed: Weighed, kept: dict[str, str], *, back: str) -> Response:
    objections = objections_shown(weighed)
    now = seat.house.clock.now()
    return show(
        seat,
        "plans/preview.html",
        status=422 if objections else 200,
        offer=weighed.wanted,
        changes=changes_shown(weighed),
        objections=objections,
        pages=as_citizens_see(weighed.wanted, weighed.live, now),
        kept=kept,
        action=seat.request.url.path,
        back=back,
    )


def _edit_page(  # noqa: PLR0913 (what a form shows, each by its name)
    seat: Seat,
    offer: Offer,
    typed: dict[str, str],
    *,
    seen: str,
    project: Project | None = None,
    faults: list[str] | None = None,
) -> Response:
    return show(
        seat,
        "plans/edit.html",
        status=422 if faults else 200,
        offer=offer,
        project=project,
        typed=typed,
        fields={name: FIELDS[name] for name in (_OF_PROJECT if project else _OF_PLAN)},
        faults=faults or [],
        seen=seen,
    )


def _read(typed: dict[str, str], fields: dict[str, _Read]) -> tuple[dict[str, object], list[str]]:
    """Return what was typed, read, and what is wrong with it."""
    values: dict[str, object] = {}
    faults: list[str] = []
    for name, read in fields.items():
        said = plain(typed.get(name, ""))
        if not said and name != "limit":
            faults.append(f"「{FIELDS[name]}」没有填。请补上")
            continue
        try:
            values[name] = read(said)
        except WrongCellError as wrong:
            fault = CellFault(0, None, FIELDS[name], wrong.problem, wrong.other)
            faults.append(problem(fault))
    return values, faults


def _typed_of(record: object, fields: dict[str, _Read]) -> dict[str, str]:
    """Return a record as the boxes of a form have it."""
    found = {name: getattr(record, name) for name in fields}
    return {
        name: "" if value is None else told(value).replace(" ", "T") if "_" in name else str(value)
        for name, value in found.items()
    }


async def _offer(seat: Seat, plan_id: str) -> Offer:
    async with seat.open_work() as work:
        return await seat.house.offers(work, seat.officer.id).find(plan_id)


def _project(offer: Offer, project_id: str) -> Project:
    for project in offer.projects:
        if project.id == project_id:
            return project
    raise ProjectNotFoundError(project_id)
