from datetime import time, timedelta

import pytest

from domain.escalation.model import (
    InvalidTicketTextError,
    OfficeHours,
    TicketCategory,
    TicketState,
)
from domain.escalation.service import EscalationService
from tests.support.allotment import NOW, OPENID, PHONE, AllotmentWork, FixedCalendar
from tests.support.clock import FakeClock


async def test_words_left_become_an_open_ticket_with_an_act() -> None:
    """Source: S4-78."""
    work = AllotmentWork()
    service = EscalationService(work, FakeClock(NOW), FixedCalendar())
    ticket = await service.leave_word(openid=OPENID, phone=PHONE, text=" 请回电 ")
    assert (ticket.text, ticket.phone, ticket.state) == ("请回电", PHONE, TicketState.OPEN)
    assert ticket.category is TicketCategory.QUESTION
    assert work.tickets.rows == [ticket]
    (act,) = await work.acts.about(ticket.number)
    assert (act.tag, act.actor, act.note) == ("escalation:ticket:create", OPENID, "")


async def test_two_words_left_are_two_tickets() -> None:
    work = AllotmentWork()
    service = EscalationService(work, FakeClock(NOW), FixedCalendar())
    first = await service.leave_word(openid=OPENID, phone=PHONE, text="一")
    second = await service.leave_word(
        openid=OPENID, phone="", text="二", category=TicketCategory.FAULT
    )
    assert first.number != second.number
    assert await work.tickets.of(OPENID) == [second, first]


async def test_saying_nothing_leaves_no_ticket() -> None:
    work = AllotmentWork()
    service = EscalationService(work, FakeClock(NOW), FixedCalendar())
    with pytest.raises(InvalidTicketTextError):
        await service.leave_word(openid=OPENID, phone=PHONE, text=" ")
    assert work.tickets.rows == []
    assert work.acts.rows == []


def test_office_hours_follow_the_calendar_and_the_setting() -> None:
    """Source: Q-15."""
    usual = EscalationService(AllotmentWork(), FakeClock(NOW), FixedCalendar())
    morning = OfficeHours(time(9), time(12))
    short = EscalationService(
        AllotmentWork(), FakeClock(NOW), FixedCalendar(), office_hours=morning
    )
    assert usual.hours(NOW).open
    assert not short.hours(NOW).open


def test_the_days_that_are_told_are_those_of_the_next_opening() -> None:
    """Source: S1-58, Q-15."""
    service = EscalationService(AllotmentWork(), FakeClock(NOW), FixedCalendar())
    friday_evening = NOW + timedelta(days=2, hours=8)
    sunday_morning = friday_evening + timedelta(days=1, hours=12)
    until_friday = [(NOW, friday_evening)]
    over_sunday = [(NOW, NOW + timedelta(days=9))]
    assert not service.hours(friday_evening, until_friday).every_day
    assert service.hours(friday_evening, over_sunday).every_day
    told = service.hours(sunday_morning, over_sunday)
    assert told.every_day
    assert told.opens_next < service.hours(sunday_morning).opens_next
