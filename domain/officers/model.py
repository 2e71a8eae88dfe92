"""Who works in the console, what each may do there, and how long a session lasts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from domain.shared.errors import InvalidError

__all__ = [
    "BACK_UP_CODES",
    "LINK_LIFE",
    "OFFICER_SESSION_LIFE",
    "RIGHTS",
    "Credentials",
    "InvalidLoginError",
    "Officer",
    "OfficerId",
    "OfficerSession",
    "OfficerStart",
    "Right",
    "Role",
    "login_of",
    "may",
]

OfficerId = NewType("OfficerId", str)
"""An officer of ours; opaque, and what acts name."""

LINK_LIFE: Final = timedelta(hours=24)
"""How long a set-up link may be opened."""

OFFICER_SESSION_LIFE: Final = timedelta(hours=12)
"""How long a session lasts at most, however busy it is."""

BACK_UP_CODES: Final = 10
"""How many codes an officer is given for the day on which the phone is lost."""

_IDLE: Final = timedelta(minutes=30)
_LOGIN: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")


class InvalidLoginError(InvalidError):
    """A login name has 2 to 32 small letters, digits, dots and dashes, and begins with a letter."""

    code = "login"


class Role(StrEnum):
    """What an officer is here for; one officer may have several."""

    AGENT = "agent"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """What the console lets somebody do."""

    TALK = "talk"
    """Answer citizens."""
    TICKETS = "tickets"
    PLANS = "plans"
    """See plans, projects and units."""
    PLANS_CHANGE = "plans_change"
    CONTENT = "content"
    """See texts and their versions."""
    CONTENT_CHANGE = "content_change"
    CASES = "cases"
    """See registrations and people, masked."""
    FAMILIES = "families"
    REVEAL = "reveal"
    """Unmask one field, with a reason."""
    EXPORT = "export"
    POSTERS = "posters"
    FIGURES = "figures"
    CONNECTION = "connection"
    AUDIT = "audit"
    OFFICERS = "officers"


RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.AGENT: frozenset(
        {Right.TALK, Right.TICKETS, Right.PLANS, Right.CONTENT, Right.CASES, Right.REVEAL}
    ),
    Role.OPERATOR: frozenset(
        {
            Right.TICKETS,
            Right.PLANS,
            Right.PLANS_CHANGE,
            Right.CONTENT,
            Right.CONTENT_CHANGE,
            Right.CASES,
            Right.FAMILIES,
            Right.EXPORT,
            Right.POSTERS,
            Right.FIGURES,
            Right.CONNECTION,
        }
    ),
    Role.REVIEWER: frozenset(
        {
            Right.TICKETS,
            Right.PLANS,
            Right.CONTENT,
            Right.CASES,
            Right.FAMILIES,
            Right.REVEAL,
            Right.FIGURES,
        }
    ),
    Role.AUDITOR: frozenset({Right.PLANS, Right.CONTENT, Right.FIGURES, Right.AUDIT}),
    Role.ADMINISTRATOR: frozenset({Right.OFFICERS, Right.CONNECTION, Right.FIGURES, Right.AUDIT}),
}
"""What each role may. Who gives out rights handles no cases: it takes two people to do harm."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who works in the console.

    ``login`` is what they type, ``name`` what others read. ``ready`` tells whether password and
    one-time codes are set up; ``demo`` officers exist for the sandbox alone.
    """

    id: OfficerId
    login: str
    name: str
    roles: frozenset[Role]
    created_at: datetime
    disabled: bool = False
    ready: bool = False
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an officer proves to be: the hashed password, the seed of the codes, the last one used.

    ``last_step`` is the number of the half minute whose code was used last: no code counts twice.
    """

    password: str = field(repr=False)
    seed: str = field(repr=False)
    last_step: int = 0


@dataclass(frozen=True, slots=True)
class OfficerStart:
    """A set-up link that was given out: whose, with which seed to be, until when."""

    officer: Officer
    seed: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OfficerSession:
    """One browser in which an officer is signed in; ``id`` is the hash of its token."""

    id: str
    officer_id: OfficerId
    opened_at: datetime
    used_at: datetime
    browser: str = ""

    @property
    def ends_at(self) -> datetime:
        """When it ends if it is not used again."""
        return min(self.used_at + _IDLE, self.opened_at + OFFICER_SESSION_LIFE)


def may(officer: Officer, right: Right) -> bool:
    """Tell whether an officer may do something: one of the roles must give the right.

    Source: ASVS 8.2.1; the table of roles is ours (decision 019).
    """
    return not officer.disabled and any(right in RIGHTS[role] for role in officer.roles)


def login_of(typed: str) -> str:
    """Return a login name as it is kept.

    Raises
    ------
    InvalidLoginError
        It cannot be one.

    Source: decision 019.
    """
    login = typed.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise InvalidLoginError
    return login
