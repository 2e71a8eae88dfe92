"""Finding people and cases in SQL by blind indexes, and listing all of a kind by their keys."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, true, update

from adapters.cipher import Cipher, SealBrokenError
from adapters.sql.base import Base, SqlSession
from adapters.sql.families import FamilyRow, family_of
from adapters.sql.people import (
    AccountRow,
    PersonRow,
    account_of,
    name_index,
    person_of,
    tail_index,
)
from adapters.sql.prepared import Found
from adapters.sql.registrations import RegistrationRow, registration_of
from domain.accounts.model import AccountState
from domain.registrations.exports import ListedFamily, ListedRegistration, Page
from domain.registrations.search import AccountCase, Sought, SoughtKind
from domain.shared.idents import long_id

__all__ = ["SqlCases", "SqlListings"]

_WINDOW: Final = 2_000
"""Registrations are read by stretches of their numbers: a stretch costs the same, however many of
it belong to the plan that is asked for."""

_FAMILIES: Final = 500


_LABELS: Final[Mapping[type[Base], Sequence[tuple[str, str]]]] = {
    row: [(column.name, f"{row.__tablename__}__{column.name}") for column in row.__table__.columns]
    for row in (AccountRow, FamilyRow, PersonRow, RegistrationRow)
}


def _columns(*rows: type[Base]) -> list[Any]:
    """Return all columns of some tables, each under its table's name."""
    return [row.__table__.c[name].label(label) for row in rows for name, label in _LABELS[row]]


def _part(found: Found, row: type[Base]) -> dict[str, Any] | None:
    """Return the columns of one table; ``None`` where an outer join found no row of it."""
    part = {name: found[label] for name, label in _LABELS[row]}
    return None if part["id"] is None else part


_WITH_PEOPLE: Final = (
    select(*_columns(AccountRow, PersonRow, FamilyRow))
    .select_from(AccountRow)
    .outerjoin(PersonRow, PersonRow.id == AccountRow.person_id)
    .outerjoin(FamilyRow, FamilyRow.id == AccountRow.family_id)
)
_LIVE: Final = AccountRow.state == AccountState.ACTIVE.value
_BOUND: Final = (
    select(func.count())
    .select_from(AccountRow)
    .where(AccountRow.family_id == FamilyRow.id, _LIVE)
    .scalar_subquery()
    .label("bound")
)


class SqlCases:
    """The `CaseStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def accounts(self, wanted: Sought, *, most: int) -> list[AccountCase]:
        """Return the accounts of a phone, a phone's end, an ID number or a name, newest first."""
        statement = self.statement(wanted, most=most)
        return [] if statement is None else await self._cases(statement)

    def statement(self, wanted: Sought, *, most: int) -> Select[Any] | None:
        """Return what finds them; ``None`` for what no account is found by."""
        condition = self._condition(wanted)
        if condition is None:
            return None
        found = _WITH_PEOPLE.where(condition, _LIVE)
        return found.order_by(AccountRow.created_at.desc(), AccountRow.id).limit(most)

    async def account(self, account_id: str) -> AccountCase | None:
        """Return one account, closed ones too; ``None`` if it is not on record."""
        found = await self._cases(_WITH_PEOPLE.where(AccountRow.id == account_id))
        return found[0] if found else None

    async def of_family(self, family_id: str) -> list[AccountCase]:
        """Return the live accounts that are bound to a family, oldest first."""
        theirs = _WITH_PEOPLE.where(AccountRow.family_id == family_id, _LIVE)
        return await self._cases(theirs.order_by(AccountRow.created_at, AccountRow.id))

    async def family(self, family_id: str) -> ListedFamily | None:
        """Return one family; ``None`` if it is not on record."""
        mine = select(FamilyRow.__table__, _BOUND).where(FamilyRow.id == family_id)
        row = (await self._session.read(mine)).mappings().first()
        return None if row is None else _listed_family(row, self._session)

    async def index_older(self, *, most: int) -> int:
        """Make some older records findable; return how many were not."""
        cipher = self._session.cipher
        phones = select(AccountRow.id, AccountRow.phone).where(AccountRow.phone_tail.is_(None))
        accounts = (await self._session.read(phones.limit(most))).all()
        for row in accounts:
            phone = _opened(cipher, row.phone)
            await self._session.write(
                update(AccountRow)
                # The citizen may have changed it since we looked.
                .where(AccountRow.id == row.id, AccountRow.phone_tail.is_(None))
                .values(phone_tail=tail_index(cipher, phone) if phone else "")
            )
        names = select(PersonRow.id, PersonRow.name).where(PersonRow.name_index.is_(None))
        people = (await self._session.read(names.limit(most))).all()
        for row in people:
            await self._session.write(
                update(PersonRow)
                .where(PersonRow.id == row.id)
                .values(name_index=name_index(cipher, _opened(cipher, row.name)))
            )
        return len(accounts) + len(people)

    def _condition(self, wanted: Sought) -> ColumnElement[bool] | None:
        cipher, words = self._session.cipher, wanted.words
        match wanted.kind:
            case SoughtKind.PHONE:
                return AccountRow.phone_index == cipher.index("phone", words)
            case SoughtKind.PHONE_TAIL:
                return AccountRow.phone_tail == tail_index(cipher, words)
            case SoughtKind.ID_NUMBER:
                return PersonRow.number_index == cipher.index("id-number", long_id(words))
            case SoughtKind.NAME:
                return PersonRow.name_index == name_index(cipher, words)
            case _:
                return None

    async def _cases(self, statement: Select[Any]) -> list[AccountCase]:
        found = (await self._session.read(statement)).mappings()
        return [_account_case(row, self._session) for row in found]


class SqlListings:
    """The `ListingStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def registrations(self, plan_id: str | None, after: str = "") -> Page[ListedRegistration]:
        """Return registrations in the order they were made, of one plan or of all."""
        first = int(after or 0)
        last = (await self._session.read(select(func.max(RegistrationRow.id)))).scalar() or 0
        mine = true() if plan_id is None else RegistrationRow.plan_id == plan_id
        wanted = _LISTED.where(
            RegistrationRow.id > first, RegistrationRow.id <= first + _WINDOW, mine
        )
        rows = (await self._session.read(wanted.order_by(RegistrationRow.id))).mappings()
        items = [_listed_registration(row, self._session) for row in rows]
        reached = first + _WINDOW
        if reached >= last:
            return Page(items, None, 100)
        return Page(items, str(reached), reached * 100 // last)

    async def families(self, after: str = "") -> Page[ListedFamily]:
        """Return families in an order of our own."""
        wanted = select(FamilyRow.__table__, _BOUND).where(FamilyRow.id > after)
        found = await self._session.read(wanted.order_by(FamilyRow.id).limit(_FAMILIES))
        items = [_listed_family(row, self._session) for row in found.mappings()]
        if len(items) < _FAMILIES:
            return Page(items, None, 100)
        last = items[-1].family.id
        # Their ids are blind indexes: spread evenly, so that the first letters tell how far we are.
        return Page(items, last, int(last[:4], 16) * 100 // 0x10000)


_LISTED: Final = (
    select(*_columns(RegistrationRow, PersonRow, FamilyRow))
    .select_from(RegistrationRow)
    .outerjoin(AccountRow, AccountRow.id == RegistrationRow.account_id)
    .outerjoin(PersonRow, PersonRow.id == AccountRow.person_id)
    .outerjoin(FamilyRow, FamilyRow.id == RegistrationRow.family_id)
)


def _opened(cipher: Cipher, sealed: bytes) -> str:
    """Return what was sealed; nothing for what is broken, which must not hold up the others."""
    try:
        return cipher.open_text(sealed)
    except SealBrokenError:
        return ""


def _account_case(found: Found, session: SqlSession) -> AccountCase:
    cipher = session.cipher
    account, person, family = (_part(found, row) for row in (AccountRow, PersonRow, FamilyRow))
    assert account is not None  # noqa: S101 (every case is joined to an account)
    return AccountCase(
        account_of(account, cipher),
        None if person is None else person_of(person, cipher),
        None if family is None else family_of(family, cipher),
    )


def _listed_family(found: Found, session: SqlSession) -> ListedFamily:
    return ListedFamily(family_of(found, session.cipher), found["bound"])


def _listed_registration(found: Found, session: SqlSession) -> ListedRegistration:
    cipher = session.cipher
    parts: Sequence[dict[str, Any] | None] = [
        _part(found, row) for row in (RegistrationRow, PersonRow, FamilyRow)
    ]
    registration, person, family = parts
    assert registration is not None  # noqa: S101 (the others are joined to it)
    return ListedRegistration(
        registration_of(registration, cipher),
        None if family is None else family_of(family, cipher),
        None if person is None else person_of(person, cipher),
    )
