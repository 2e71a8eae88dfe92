"""Leaving word for a person."""

from datetime import date, datetime
from typing import Protocol

from domain.escalation.model import (
    Hours,
    OfficeHours,
    Ticket,
    TicketCategory,
    hours_at,
    ticket_text,
)
from domain.shared.clock import Clock
from domain.shared.records import Act, OpenId
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

    async def add(
        self, *, openid: OpenId, phone: str, text: str, category: TicketCategory, at: datetime
    ) -> Ticket:
        """Keep a new open ticket and return it with its number."""

    async def of(self, openid: OpenId) -> list[Ticket]:
        """Return a citizen's tickets, newest first."""


class EscalationWork(Work, Protocol):
    """What asking for a person may touch."""

    @property
    def tickets(self) -> TicketStore:
        """Tickets."""


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

    def hours(self, now: datetime) -> Hours:
        """Return whether people are at their desks, and which opening is next.

        Source: Q-15.
        """
        return hours_at(now, self._office_hours, self._calendar.is_working_day)

    async def of(self, openid: OpenId) -> list[Ticket]:
        """Return what a citizen left for a person, newest first."""
        return await self._work.tickets.of(openid)

    async def leave_word(
        self,
        *,
        openid: OpenId,
        phone: str,
        text: str,
        category: TicketCategory = TicketCategory.QUESTION,
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
        )
        act = Act(
            tag="escalation:ticket:create",
            actor=openid,
            object_id=ticket.number,
            at=ticket.created_at,
            front=self._front,
        )
        await self._work.acts.add(act)
        return ticket
