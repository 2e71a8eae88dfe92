from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.escalation.model import (
    InvalidTicketTextError,
    OfficeHours,
    Ticket,
    TicketCategory,
    TicketState,
    hours_at,
    is_open,
    opens_next,
    ticket_text,
)
from domain.shared.clock import CHINA
from tests.support.allotment import NOW, OPENID, PHONE, FixedCalendar

HOURS = OfficeHours()
HOLIDAY = FixedCalendar(off=[date(2026, 3, 12), date(2026, 3, 13)], on=[date(2026, 3, 15)])
works = HOLIDAY.is_working_day
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(CHINA))  # noqa: DTZ001 (the strategy adds the zone)


def at(day: int, clock: str) -> datetime:
    return datetime.combine(date(2026, 3, day), time.fromisoformat(clock), CHINA)


@pytest.mark.parametrize(
    ("moment", "open_now", "next_opening"),
    [
        (at(11, "08:59:59"), False, at(11, "09:00")),
        (at(11, "09:00"), True, at(15, "09:00")),
        (at(11, "16:59:59"), True, at(15, "09:00")),
        (at(11, "17:00"), False, at(15, "09:00")),
        (at(12, "10:00"), False, at(15, "09:00")),
        (at(14, "10:00"), False, at(15, "09:00")),
        (at(15, "10:00"), True, at(16, "09:00")),
    ],
    ids=["early", "opening", "late", "closing", "holiday", "saturday", "make-up sunday"],
)
def test_people_answer_in_office_hours_of_working_days(
    moment: datetime,
    open_now: bool,  # noqa: FBT001 (a column of the table)
    next_opening: datetime,
) -> None:
    """Source: Q-15."""
    hours = hours_at(moment, HOURS, works)
    assert (hours.open, hours.opens_next) == (open_now, next_opening)
    assert (hours.opens, hours.closes) == (time(9), time(17))


@given(MOMENTS)
def test_the_next_opening_is_the_first_moment_after_now_at_which_people_come(
    now: datetime,
) -> None:
    opening = opens_next(now, HOURS, works)
    assert opening > now
    assert is_open(opening, HOURS, works)
    assert not is_open(opening - timedelta(microseconds=1), HOURS, works)
    days = (opening.date() - now.date()).days
    skipped = [now.date() + timedelta(days=day) for day in range(1, days)]
    assert not any(works(day) for day in skipped)


def test_a_calendar_without_any_working_day_is_broken() -> None:
    with pytest.raises(ValueError, match="working day"):
        opens_next(
            NOW,
            HOURS,
            FixedCalendar(
                off=[NOW.date() + timedelta(days=day) for day in range(99)]
            ).is_working_day,
        )


@pytest.mark.parametrize("text", ["", "  \n ", "长" * 1001])
def test_a_ticket_needs_some_words_but_not_too_many(text: str) -> None:
    with pytest.raises(InvalidTicketTextError):
        ticket_text(text)


@pytest.mark.parametrize("text", ["房", "长" * 1000, "第一行\n第二行"])
def test_words_are_kept_as_they_were_written(text: str) -> None:
    assert ticket_text(f"  {text}\n") == text


def test_a_ticket_is_called_by_its_day_in_china_and_its_count() -> None:
    evening = datetime(2026, 3, 11, 23, 30, tzinfo=CHINA)
    ticket = Ticket(7, OPENID, PHONE, "请回电", TicketCategory.QUESTION, TicketState.OPEN, evening)
    assert ticket.number == "WT20260311000007"
