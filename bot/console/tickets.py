"""The room of tickets: words that citizens left for a person.

Source: S4-73, S4-78.
"""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from dialogs.engine.excuses import excuse
from domain.escalation.model import Ticket, TicketCategory, TicketRoute, TicketState
from domain.escalation.service import EscalationService
from domain.officers.model import Right
from domain.shared.errors import DomainError
from domain.shared.idents import Masked, mask
from domain.shared.pushes import PushKind, PushState
from domain.shared.records import OpenId

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/tickets"

STATES: Final = {
    TicketState.OPEN: "待处理",
    TicketState.TAKEN: "处理中",
    TicketState.ANSWERED: "已答复",
    TicketState.CLOSED: "已关闭",
}
CATEGORIES: Final = {
    TicketCategory.QUESTION: "咨询",
    TicketCategory.FAULT: "故障",
    TicketCategory.ACCOUNT: "账号",
}
ROUTES: Final = {TicketRoute.FRONT: "窗口", TicketRoute.UPPER: "上级"}

_WORDS: Final = {"state": STATES, "category": CATEGORIES, "route": ROUTES}

router: Final = APIRouter()

Clerk = Annotated[Seat, needs(Right.TICKETS)]
Named = TypeVar("Named", bound=StrEnum)


@router.get(PATH, response_class=HTMLResponse)
async def show_tickets(
    seat: Clerk, state: str = "", category: str = "", route: str = ""
) -> Response:
    """List tickets, the oldest first."""
    chosen = _one_of(TicketState, state)
    async with seat.open_work() as work:
        tickets = await work.tickets.listed(
            states=[chosen] if chosen else [one for one in TicketState if one != "closed"],
            category=_one_of(TicketCategory, category),
            route=_one_of(TicketRoute, route),
        )
    return show(
        seat,
        "tickets/list.html",
        tickets=tickets,
        chosen={"state": state, "category": category, "route": route},
        words=_WORDS,
    )


@router.get(f"{PATH}/{{ticket_id}}", response_class=HTMLResponse)
async def show_ticket(seat: Clerk, ticket_id: int) -> Response:
    """Show one ticket, and what may be done with it."""
    return await _shown(seat, ticket_id)


@router.post(f"{PATH}/{{ticket_id}}", response_class=HTMLResponse)
async def move_ticket(seat: Clerk, ticket_id: int) -> Response:
    """Take, answer, send up or close a ticket."""
    form = await read_form(seat.request)
    act = _ACTS.get(form.get("act", ""))
    if act is None:
        return await _shown(seat, ticket_id, refused="没有这个操作。", status=422)
    try:
        async with seat.open_work() as work:
            escalation = seat.house.desk(work, OpenId(""), front="console").escalation
            await act(escalation, ticket_id, seat.officer.id, form.get("answer", ""))
            await work.commit()
    except DomainError as error:
        words = excuse(error, seat.house.clock.now())
        return await _shown(
            seat, ticket_id, refused=words, answer=form.get("answer", ""), status=409
        )
    return RedirectResponse(f"{PATH}/{ticket_id}", status_code=303)


async def _shown(
    seat: Seat, ticket_id: int, *, refused: str = "", answer: str = "", status: int = 200
) -> Response:
    async with seat.open_work() as work:
        ticket = await work.tickets.find(ticket_id)
        if ticket is None:
            return show(
                seat,
                "say.html",
                title="没有这张问题单",
                words="请回到列表再看。",
                status=404,
            )
        officers = {one.id: one.name for one in await work.officers.all()}
        pushed = await work.pushes.states(ticket.openid, PushKind.FROM_DESK)
    return show(
        seat,
        "tickets/one.html",
        status=status,
        ticket=ticket,
        phone=mask(ticket.phone, Masked.PHONE) if ticket.phone else "没有留",
        clerk=officers.get(ticket.officer, ticket.officer),  # type: ignore[call-overload] # an id
        mine=ticket.officer == seat.officer.id,
        told=_told(ticket, pushed),
        refused=refused,
        answer=answer,
        words=_WORDS,
    )


def _told(ticket: Ticket, pushed: Mapping[str, tuple[PushState, str]]) -> str:
    if ticket.answered_at is None:
        return ""
    topic = f"ticket-{ticket.id}-{ticket.answered_at.timestamp():.0f}"
    state, _ = pushed.get(topic, (PushState.SENT, ""))
    return {
        PushState.SENT: "已送到微信",
        PushState.DELIVERED: "已送到微信",
        PushState.WAITING: "还没送到微信，会自动再送；急的话请打电话",
    }.get(state, "没能送到微信，请打电话")


def _one_of(kind: type[Named], words: str) -> Named | None:
    return kind(words) if words in set(kind) else None


_Act = Callable[[EscalationService, int, str, str], Awaitable[Ticket]]
_ACTS: Final[Mapping[str, _Act]] = {
    "take": lambda desk, ticket, officer, _: desk.take(ticket, officer),
    "answer": lambda desk, ticket, officer, words: desk.answer(ticket, officer, words),
    "up": lambda desk, ticket, officer, _: desk.send_up(ticket, officer),
    "close": lambda desk, ticket, officer, _: desk.close(ticket, officer),
}
