"""When people are at their desks, and the words citizens leave for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from domain.shared.clock import CHINA, china_day, china_time
from domain.shared.errors import ConflictError, InvalidError, NotFoundError
from domain.shared.records import AccountId, OpenId

__all__ = [
    "TICKET_ALLOWED",
    "Hours",
    "InvalidTicketTextError",
    "OfficeHours",
    "Period",
    "Ticket",
    "TicketCategory",
    "TicketMovedError",
    "TicketNotFoundError",
    "TicketRoute",
    "TicketState",
    "WorkDay",
    "hours_at",
    "is_open",
    "opens_next",
    "serving_days",
    "ticket_text",
]

WorkDay = Callable[[date], bool]
"""Tells whether a day in China is a working day."""

Period = tuple[datetime, datetime]
"""From when to when registrations are taken."""

_LONGEST_REST_DAYS = 31
_LONGEST_TEXT = 1000


class InvalidTicketTextError(InvalidError):
    """A ticket needs some words, and at most a thousand characters."""

    code = "ticket-text"


class TicketNotFoundError(NotFoundError):
    """There is no such ticket."""

    code = "ticket-not-found"


class TicketMovedError(ConflictError):
    """Somebody else has this ticket, or it stands elsewhere by now."""

    code = "ticket-moved"


class TicketState(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    TAKEN = "taken"
    ANSWERED = "answered"
    CLOSED = "closed"


TICKET_ALLOWED: Final[Mapping[TicketState, frozenset[TicketState]]] = {
    TicketState.OPEN: frozenset({TicketState.TAKEN, TicketState.CLOSED}),
    # Handed to the upper level it is open again, for somebody there.
    TicketState.TAKEN: frozenset({TicketState.OPEN, TicketState.ANSWERED, TicketState.CLOSED}),
    TicketState.ANSWERED: frozenset({TicketState.TAKEN, TicketState.CLOSED}),
    TicketState.CLOSED: frozenset(),
}
"""From each state, the states that a ticket may go to."""


class TicketRoute(StrEnum):
    """Who deals with a ticket. Source: S4-78."""

    FRONT = "front"
    UPPER = "upper"


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

    ``opens`` and ``closes`` are the usual hours, by the clock in China; ``every_day`` tells that
    they hold on all days around the next opening, not on working days alone.
    """

    open: bool
    opens_next: datetime
    opens: time
    closes: time
    every_day: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """Words that a citizen left for a person.

    ``id`` counts up over all tickets. ``phone`` is where to call back; it may be empty.
    ``account_id`` is whose citizen left them; ``None`` for one who was signed out. ``officer`` is
    who has taken it, or had it last; ``answer`` is what the citizen was told last.

    Source: S4-78.
    """

    id: int
    openid: OpenId
    phone: str
    text: str
    category: TicketCategory
    state: TicketState
    created_at: datetime
    account_id: AccountId | None = None
    route: TicketRoute = TicketRoute.FRONT
    officer: str = ""
    answer: str = ""
    answered_at: datetime | None = None
    closed_at: datetime | None = None

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


def serving_days(works: WorkDay, periods: Sequence[Period]) -> WorkDay:
    """Return on which days people answer: working days, and every day of a registration period.

    Source: S1-58, Q-15.
    """
    spans = [(china_time(begins).date(), china_time(ends).date()) for begins, ends in periods]
    return lambda day: works(day) or any(begins <= day <= ends for begins, ends in spans)


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
