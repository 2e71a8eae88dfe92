"""Leaving word for a person."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol

from domain.escalation.model import (
    TICKET_ALLOWED,
    Hours,
    OfficeHours,
    Period,
    Ticket,
    TicketCategory,
    TicketMovedError,
    TicketNotFoundError,
    TicketRoute,
    TicketState,
    hours_at,
    serving_days,
    ticket_text,
)
from domain.shared.clock import Clock, china_time
from domain.shared.pushes import Outbox, Push, PushKind
from domain.shared.records import AccountId, Act, OpenId
from domain.shared.work import Work

__all__ = ["EscalationService", "EscalationWork", "TicketStore", "WorkCalendar"]


class WorkCalendar(Protocol):
    """Which days people work in China."""

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work on a day, holidays and make-up days considered.

        For a year whose holidays are not yet published, weekends alone are off.
        """


class TicketStore(Protocol):
    """Tickets on record."""

    async def add(  # noqa: PLR0913 (one for each thing a ticket holds; all are named)
        self,
        *,
        openid: OpenId,
        phone: str,
        text: str,
        category: TicketCategory,
        at: datetime,
        account_id: AccountId | None = None,
    ) -> Ticket:
        """Keep a new open ticket and return it with its number."""

    async def of(self, openid: OpenId) -> list[Ticket]:
        """Return a citizen's tickets, newest first."""

    async def of_account(self, account_id: AccountId, openids: Sequence[OpenId]) -> list[Ticket]:
        """Return an account's tickets, and those that some left while signed out; newest first."""

    async def find(self, ticket_id: int) -> Ticket | None:
        """Return a ticket."""

    async def listed(
        self,
        *,
        states: Collection[TicketState] = (),
        category: TicketCategory | None = None,
        route: TicketRoute | None = None,
        most: int = 200,
    ) -> list[Ticket]:
        """Return tickets, oldest first; without a filter all of them."""

    async def move(self, before: Ticket, after: Ticket) -> bool:
        """Keep a ticket's new state, officer, route and answer; ``False`` if it has moved since."""


class EscalationWork(Work, Protocol):
    """What asking for a person may touch."""

    @property
    def tickets(self) -> TicketStore:
        """Tickets."""

    @property
    def outbox(self) -> Outbox:
        """What is to be told."""


class EscalationService:
    """How a citizen reaches a person."""

    def __init__(
        self,
        work: EscalationWork,
        clock: Clock,
        calendar: WorkCalendar,
        *,
        office_hours: OfficeHours = OfficeHours(),  # noqa: B008 (frozen)
        front: str = "chat",
    ) -> None:
        self._work = work
        self._clock = clock
        self._calendar = calendar
        self._office_hours = office_hours
        self._front = front

    def hours(self, now: datetime, periods: Sequence[Period] = ()) -> Hours:
        """Return whether people are at their desks, and which opening is next.

        Parameters
        ----------
        now
            The moment asked about.
        periods
            When registrations are taken: then people answer every day.

        Source: S1-58, Q-15.
        """
        days = serving_days(self._calendar.is_working_day, periods)
        hours = hours_at(now, self._office_hours, days)
        next_day = china_time(now if hours.open else hours.opens_next).date()
        return replace(hours, every_day=serving_days(lambda _: False, periods)(next_day))

    async def of_account(
        self, account_id: AccountId, phone: str, openids: Sequence[OpenId]
    ) -> list[Ticket]:
        """Return what the citizens of an account left for a person, newest first.

        Parameters
        ----------
        account_id
            Who was signed in to it.
        phone
            The account's phone: whoever asked to be called back there is meant too.
        openids
            Whose words count that were left while signed out, if they name that phone.

        Source: S0-76, S0-82.
        """
        found = await self._work.tickets.of_account(account_id, openids)
        return [one for one in found if one.account_id == account_id or one.phone == phone]

    async def leave_word(
        self,
        *,
        openid: OpenId,
        phone: str,
        text: str,
        category: TicketCategory = TicketCategory.QUESTION,
        account_id: AccountId | None = None,
    ) -> Ticket:
        """Keep a citizen's words for the next officer.

        Parameters
        ----------
        openid
            Who writes.
        phone
            Where to call back, ``+86…``; may be empty.
        text
            What it is about.
        category
            What kind of thing it is.
        account_id
            Which account the citizen is signed in to, if any.

        Returns
        -------
        Ticket
            The open ticket, with its number.

        Raises
        ------
        InvalidTicketTextError
            There are no words, or too many.

        Source
        ------
        S4-78.
        """
        ticket = await self._work.tickets.add(
            openid=openid,
            phone=phone,
            text=ticket_text(text),
            category=category,
            at=self._clock.now(),
            account_id=account_id,
        )
        act = Act(
            tag="escalation:ticket:create",
            actor=account_id or openid,
            object_id=ticket.number,
            at=ticket.created_at,
            front=self._front,
        )
        await self._work.acts.add(act)
        return ticket

    # The officer

    async def take(self, ticket_id: int, officer: str) -> Ticket:
        """Deal with a ticket oneself; of two at once one is told `TicketMovedError`."""
        return await self._move(ticket_id, officer, TicketState.TAKEN, "take")

    async def answer(self, ticket_id: int, officer: str, words: str) -> Ticket:
        """Answer the officer's ticket, and tell the citizen.

        Source: S4-78.
        """
        text, now = ticket_text(words), self._clock.now()
        ticket = await self._move(
            ticket_id, officer, TicketState.ANSWERED, "answer", answer=text, answered_at=now
        )
        told = f"您的问题单 {ticket.number} 有答复了：\n{text}\n还有问题请回复“人工”。"
        topic = f"ticket-{ticket.id}-{now.timestamp():.0f}"
        push = Push(PushKind.FROM_DESK, (told,), openid=ticket.openid, topic=topic)
        await self._work.outbox.add(push, at=now)
        # Leaves only where the words themselves cannot: see `PushKind.ANSWERED`.
        values, phone = ("问题单", ticket.number, "已有答复"), ticket.phone or None
        hint = Push(PushKind.ANSWERED, values, ticket.openid, phone, topic)
        await self._work.outbox.add(hint, at=now)
        return ticket

    async def send_up(self, ticket_id: int, officer: str) -> Ticket:
        """Hand the officer's ticket to the upper level, where it is open again.

        Source: S4-78.
        """
        return await self._move(
            ticket_id, officer, TicketState.OPEN, "send-up", route=TicketRoute.UPPER
        )

    async def close(self, ticket_id: int, officer: str) -> Ticket:
        """End a ticket."""
        now = self._clock.now()
        return await self._move(ticket_id, officer, TicketState.CLOSED, "close", closed_at=now)

    async def _move(
        self, ticket_id: int, officer: str, to: TicketState, verb: str, **kept: Any
    ) -> Ticket:
        before = await self._work.tickets.find(ticket_id)
        if before is None:
            raise TicketNotFoundError
        theirs = before.state is not TicketState.TAKEN or before.officer == officer
        if to not in TICKET_ALLOWED[before.state] or not theirs:
            raise TicketMovedError
        after = replace(before, state=to, officer=officer, **kept)
        if not await self._work.tickets.move(before, after):
            raise TicketMovedError
        tag, now = f"escalation:ticket:{verb}", self._clock.now()
        await self._work.acts.add(Act(tag, officer, after.number, now, self._front))
        return after
