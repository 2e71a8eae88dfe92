"""The room in which agents talk with citizens.

Source: S1-57, S1-58, S4-78.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from bot.bodies import read_form
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from bot.console.talk_views import queue_view, talk_view
from bot.console.talk_watch import Watch, events
from bot.handover import ended_reply, shown
from bot.wiring import SqlWork
from dialogs.engine.excuses import excuse
from domain.content.segments import initials
from domain.escalation.desk import HandoverService
from domain.escalation.handovers import Ending, HandoverGoneError, Presence
from domain.escalation.replies import must_be_filled
from domain.officers.model import Right
from domain.shared.errors import ConflictError, DomainError, NotFoundError
from domain.shared.records import OpenId

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/talk"
_TYPING: Final = timedelta(seconds=6)
_NO_STORE: Final = {"Cache-Control": "no-store"}
_PICTURE: Final = _NO_STORE | {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
_STREAM: Final = _NO_STORE | {"X-Accel-Buffering": "no"}
_NOBODY: Final = OpenId("")

router: Final = APIRouter()

Talker = Annotated[Seat, needs(Right.TALK)]
Watcher = Annotated[Seat, needs(Right.TALK, watching=True)]


@router.get(PATH, response_class=HTMLResponse)
async def show_room(seat: Talker) -> Response:
    """Show the room; its script asks for the rest."""
    callers = seat.house.outside.staff.targets
    return show(seat, "talk/room.html", callers=callers, me=seat.officer.id)


@router.get(f"{PATH}/queue")
async def queue(seat: Watcher) -> Response:
    """Tell who waits and who talks."""
    async with seat.open_work() as work:
        return _told(await queue_view(seat.house, work, seat.officer.id))


@router.get(f"{PATH}/events")
async def changes(seat: Watcher) -> Response:
    """Tell at once what changes, for some minutes; then the page asks anew."""
    watch = _watch(seat.request, seat)
    stream = events(seat.request, watch)
    return StreamingResponse(stream, media_type="text/event-stream", headers=_STREAM)


@router.get(f"{PATH}/replies")
async def replies(seat: Watcher) -> Response:
    """Tell the kept replies, each with the letters by which it is found."""
    async with seat.open_work() as work:
        kept = await work.canned.current()
    return _told(
        {
            "replies": [
                {"title": one.title, "text": one.text, "letters": initials(one.title)}
                for one in kept
            ]
        }
    )


@router.post(f"{PATH}/here")
async def be_here(seat: Watcher) -> Response:
    """Keep that the agent is at the desk, and what they look at."""
    form, now = await read_form(seat.request), seat.house.clock.now()
    looking = form.get("looking", "")
    presence = Presence(
        seat.officer.id,
        seat.officer.name,
        now,
        int(looking) if looking.isdecimal() else None,
        now + _TYPING if form.get("typing") else None,
    )
    async with seat.open_work() as work:
        await work.handovers.sign(presence)
        await work.commit()
    return Response(status_code=204)


@router.post(f"{PATH}/away")
async def be_away(seat: Talker) -> Response:
    """Leave the desk: whom the agent has waits for another, in front."""
    async with seat.open_work() as work:
        handovers = _service(seat, work)
        for handover in await work.handovers.live():
            if handover.agent == seat.officer.id:
                await handovers.put_back(handover)
        await work.handovers.sign_off(seat.officer.id)
        await work.commit()
    return Response(status_code=204)


@router.get(f"{PATH}/{{handover_id}}")
async def talk(seat: Watcher, handover_id: int) -> Response:
    """Tell a talk; from now on somebody has looked."""
    async with _told_if_not(seat) as (work, answer):
        handover, lines = await _service(seat, work).see(handover_id, seat.officer.id)
        answer.update(await talk_view(seat.house, work, handover, lines, seat.officer.id))
    return _answer(answer)


@router.get(f"{PATH}/{{handover_id}}/pictures/{{line_id}}")
async def picture(seat: Watcher, handover_id: int, line_id: int) -> Response:
    """Return a picture that the citizen sent, to whoever may talk with them."""
    async with seat.open_work() as work:
        found = await work.talk_pictures.find(handover_id, line_id)
    if found is None:
        return Response(status_code=404, headers=_NO_STORE)
    return Response(found, media_type="image/jpeg", headers=_PICTURE)


@router.post(f"{PATH}/{{handover_id}}/take")
async def take(seat: Talker, handover_id: int) -> Response:
    """Take a citizen; of two agents one does."""
    async with _told_if_not(seat) as (work, answer):
        await _service(seat, work).take(handover_id, seat.officer.id, seat.officer.name)
    return _answer(answer)


@router.post(f"{PATH}/{{handover_id}}/say")
async def say_it(seat: Talker, handover_id: int) -> Response:
    """Say something to the citizen, or note it; once for each key."""
    form = await read_form(seat.request)
    text, key = form.get("text", ""), form.get("key", "")[:64] or None
    async with _told_if_not(seat) as (work, answer):
        handovers, me = _service(seat, work), seat.officer.id
        if form.get("note"):
            await handovers.note(handover_id, me, text, key=key)
        else:
            must_be_filled(text)
            await handovers.answer(handover_id, me, text, key=key)
    return _answer(answer)


@router.post(f"{PATH}/{{handover_id}}/pass")
async def pass_on(seat: Talker, handover_id: int) -> Response:
    """Give the citizen to another agent who is at the desk."""
    to = (await read_form(seat.request)).get("to", "")
    async with _told_if_not(seat) as (work, answer):
        since = seat.house.clock.now() - timedelta(minutes=5)
        names = {one.agent: one.name for one in await work.handovers.here(since=since)}
        if to not in names or to == seat.officer.id:
            raise HandoverGoneError
        await _service(seat, work).pass_on(handover_id, seat.officer.id, to, names[to])
    return _answer(answer)


@router.post(f"{PATH}/{{handover_id}}/end")
async def end(seat: Talker, handover_id: int) -> Response:
    """End the talk; the citizen is told, and offered to go on at the very step."""
    async with _told_if_not(seat) as (work, answer):
        handover = await work.handovers.find(handover_id)
        if handover is None:
            raise HandoverGoneError
        words = shown(seat.house, ended_reply(handover, Ending.AGENT))
        await _service(seat, work).end(handover_id, seat.officer.id, words)
    return _answer(answer)


@router.post(f"{PATH}/{{handover_id}}/come-back")
async def come_back(seat: Talker, handover_id: int) -> Response:
    """Ask the citizen by SMS to come back to the chat."""
    async with _told_if_not(seat) as (work, answer):
        handover = await work.handovers.find(handover_id)
        if handover is None:
            raise HandoverGoneError
        account = (await seat.house.desk(work, handover.openid).citizen()).account
        if account is not None:
            await _service(seat, work).come_back(handover, account.phone)
    return _answer(answer)


def _service(seat: Seat, work: SqlWork) -> HandoverService:
    return seat.house.desk(work, _NOBODY, front="console").handovers


def _watch(request: Request, seat: Seat) -> Watch:
    state = request.app.state
    if not hasattr(state, "talk_watch") or state.talk_watch_of is not seat.house:
        state.talk_watch, state.talk_watch_of = Watch(seat.house), seat.house
    watch: Watch = state.talk_watch
    return watch


@asynccontextmanager
async def _told_if_not(seat: Seat) -> AsyncIterator[tuple[SqlWork, dict[str, object]]]:
    """Lend a work and an answer; commit, or have the answer say why not."""
    answer: dict[str, object] = {}
    try:
        async with seat.open_work() as work:
            yield work, answer
            if work.changed:
                await work.commit()
    except DomainError as error:
        answer.clear()
        answer.update(refused=excuse(error, seat.house.clock.now()), status=_status(error))


def _status(error: DomainError) -> int:
    match error:
        case NotFoundError():
            return 404
        case ConflictError():
            return 409
        case _:
            return 422


def _answer(answer: dict[str, object]) -> Response:
    status = answer.pop("status", 200)
    return JSONResponse(answer, status_code=int(str(status)), headers=_NO_STORE)


def _told(answer: Mapping[str, object]) -> Response:
    return JSONResponse(dict(answer), headers=_NO_STORE)
