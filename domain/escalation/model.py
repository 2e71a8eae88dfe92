"""When people are at their desks, and the words citizens leave for them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.shared.clock import CHINA, china_day, china_time
from domain.shared.errors import InvalidError
from domain.shared.records import OpenId

__all__ = [
    "Hours",
    "InvalidTicketTextError",
    "OfficeHours",
    "Ticket",
    "TicketCategory",
    "TicketState",
    "WorkDay",
    "hours_at",
    "is_open",
    "opens_next",
    "ticket_text",
]

WorkDay = Callable[[date], bool]
"""Tells whether a day in China is a working day."""

_LONGEST_REST_DAYS = 31
_LONGEST_TEXT = 1000


class InvalidTicketTextError(InvalidError):
    """A ticket needs some words, and at most a thousand characters."""

    code = "ticket-text"


class TicketState(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    CLOSED = "closed"


class TicketCategory(StrEnum):
    """What a ticket is about."""

    QUESTION = "question"
    FAULT = "fault"
    ACCOUNT = "account"
    """Two people claim one account; left by itself."""


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """From when to when people answer on a working day, by the clock in China.

    Source: S4-78.
    """

    opens: time = time(9)
    closes: time = time(17)


@dataclass(frozen=True, slots=True)
class Hours:
    """Whether people are at their desks, and the next opening after the moment asked about.

    ``opens`` and ``closes`` are the usual hours, by the clock in China.
    """

    open: bool
    opens_next: datetime
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Ticket:
    """Words that a citizen left for a person.

    ``id`` counts up over all tickets. ``phone`` is where to call back; it may be empty.

    Source: S4-78.
    """

    id: int
    openid: OpenId
    phone: str
    text: str
    category: TicketCategory
    state: TicketState
    created_at: datetime

    @property
    def number(self) -> str:
        """How citizen and officer call it: ``WT``, the day in China, six digits or more."""
        return f"WT{china_day(self.created_at)}{self.id:06d}"


def ticket_text(text: str) -> str:
    """Return the words as they are kept: without surrounding space, 1 to 1,000 characters.

    Raises
    ------
    InvalidTicketTextError
        Nothing is left, or too much.

    Source
    ------
    S4-78.
    """
    words = text.strip()
    if not 0 < len(words) <= _LONGEST_TEXT:
        raise InvalidTicketTextError
    return words


def is_open(now: datetime, hours: OfficeHours, works: WorkDay) -> bool:
    """Tell whether people are at their desks at a moment; the closing minute no longer counts.

    Source: Q-15.
    """
    local = china_time(now)
    return works(local.date()) and hours.opens <= local.time() < hours.closes


def opens_next(now: datetime, hours: OfficeHours, works: WorkDay) -> datetime:
    """Return the next moment at which people come to their desks, after ``now``.

    Returns
    -------
    datetime
        Aware, China time.

    Raises
    ------
    ValueError
        The calendar knows no working day within a month: it is broken.

    Source
    ------
    Q-15.
    """
    today = china_time(now).date()
    for days in range(_LONGEST_REST_DAYS):
        day = today + timedelta(days=days)
        opening = datetime.combine(day, hours.opens, CHINA)
        if opening > now and works(day):
            return opening
    message = "no working day within a month"
    raise ValueError(message)


def hours_at(now: datetime, hours: OfficeHours, works: WorkDay) -> Hours:
    """Return everything about office hours that a citizen may want to know at a moment.

    Source: Q-15.
    """
    return Hours(
        open=is_open(now, hours, works),
        opens_next=opens_next(now, hours, works),
        opens=hours.opens,
        closes=hours.closes,
    )
