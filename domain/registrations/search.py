"""What an officer types into the one box, and what may be found by it."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Protocol

from domain.accounts.model import Account
from domain.filings.model import Family, filing_number
from domain.identity.model import Person
from domain.registrations.exports import ListedFamily
from domain.registrations.model import is_registration_number
from domain.shared.errors import InvalidError
from domain.shared.idents import half_width, mobile, person_name, resident_id

__all__ = ["MOST_HITS", "AccountCase", "CaseStore", "Sought", "SoughtKind", "sought"]

MOST_HITS: Final = 50
"""More than that nobody reads; they are told to say more."""

_TAIL: Final = re.compile(r"[0-9]{4}")


class SoughtKind(StrEnum):
    """What words may be."""

    REGISTRATION = "registration"
    FILING = "filing"
    PHONE = "phone"
    PHONE_TAIL = "phone-tail"
    ID_NUMBER = "id-number"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Sought:
    """One thing that was meant by what was typed, as it stands in the records."""

    kind: SoughtKind
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountCase:
    """An account with whose it is and which family is bound; closed ones too."""

    account: Account
    person: Person | None = field(repr=False)
    family: Family | None = field(repr=False)


class CaseStore(Protocol):
    """Finding people and cases by blind indexes, never by reading them all."""

    async def accounts(self, wanted: Sought, *, most: int) -> list[AccountCase]:
        """Return the accounts of a phone, a phone's end, an ID number or a name, newest first."""

    async def account(self, account_id: str) -> AccountCase | None:
        """Return one account, closed ones too; ``None`` if it is not on record."""

    async def of_family(self, family_id: str) -> list[AccountCase]:
        """Return the live accounts that are bound to a family, oldest first."""

    async def family(self, family_id: str) -> ListedFamily | None:
        """Return one family; ``None`` if it is not on record."""

    async def index_older(self, *, most: int) -> int:
        """Make some older records findable; return how many were not."""


def sought(words: str, pattern: str, today: date) -> tuple[Sought, ...]:
    """Return everything that was perhaps meant by what was typed.

    Parameters
    ----------
    words
        As typed or pasted.
    pattern
        What a filing number looks like here.
    today
        The day in China.

    Source
    ------
    Ours: S0-29, S0-44 and S0-77 say what the numbers are; what may be asked for is decided here.
    """
    said = " ".join(half_width(words).split())
    code = said.replace(" ", "").upper()
    if is_registration_number(code):
        return (Sought(SoughtKind.REGISTRATION, code),)
    if _TAIL.fullmatch(code):
        return (Sought(SoughtKind.PHONE_TAIL, code),)
    readers: tuple[tuple[SoughtKind, Callable[[], str]], ...] = (
        (SoughtKind.PHONE, lambda: mobile(said)),
        (SoughtKind.ID_NUMBER, lambda: resident_id(said, today)),
        (SoughtKind.FILING, lambda: filing_number(said, pattern)),
        (SoughtKind.NAME, lambda: person_name(said)),
    )
    found = []
    for kind, read in readers:
        with suppress(InvalidError):
            found.append(Sought(kind, read()))
    return tuple(found)
