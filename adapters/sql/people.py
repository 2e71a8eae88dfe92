"""Accounts and persons in SQL: sealed where they name somebody, found by blind index."""

from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    Text,
    bindparam,
    delete,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.cipher import Cipher
from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.families import FamilyRow, SqlFamilies
from adapters.sql.prepared import Found, Prepared
from domain.accounts.model import Account, AccountState, Session
from domain.identity.model import Person, Verified
from domain.shared.idents import long_id
from domain.shared.records import AccountId, OpenId

__all__ = [
    "AccountRow",
    "FamilyRow",
    "OpenIdLinkRow",
    "PersonRow",
    "SqlAccounts",
    "SqlFamilies",
    "SqlPeople",
    "account_of",
    "name_index",
    "person_of",
    "tail_index",
]

_INDEX_LENGTH = 64
_ID_LENGTH = 32
_SOUGHT_LENGTH = 32
_TAIL = 4


class PersonRow(Base):
    """A person whose name is real; officers find it by ``name_index``."""

    __tablename__ = "people"
    __table_args__ = (
        Index(
            "ix_people_without_name",
            "id",
            sqlite_where=text("name_index IS NULL"),
            postgresql_where=text("name_index IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(_ID_LENGTH), primary_key=True)
    number_index: Mapped[str] = mapped_column(String(_INDEX_LENGTH), unique=True)
    number: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    verified_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(64))
    name_index: Mapped[str | None] = mapped_column(String(_SOUGHT_LENGTH), index=True)


class AccountRow(Base):
    """An account; a phone has at most one that is live.

    Officers find it by ``phone_tail``, the blind index of the phone's last four digits; empty once
    it is closed.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        Index(
            "uq_accounts_live_phone",
            "phone_index",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index(
            "ix_accounts_without_tail",
            "id",
            sqlite_where=text("phone_tail IS NULL"),
            postgresql_where=text("phone_tail IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(_ID_LENGTH), primary_key=True)
    phone_index: Mapped[str] = mapped_column(String(_INDEX_LENGTH))
    phone: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    family_id: Mapped[str | None] = mapped_column(ForeignKey("families.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phone_tail: Mapped[str | None] = mapped_column(String(_SOUGHT_LENGTH), index=True)


class OpenIdLinkRow(Base):
    """Which account a citizen is signed in to."""

    __tablename__ = "openid_links"

    openid: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_NOT_OF_A_TURN: Final = frozenset({"used_at", "phone_tail"})
"""When the citizen last used it stands at the link; by its tail only officers find it."""

_READ_ALONG: Final = ((PersonRow, "person__"), (FamilyRow, "family__"))


def _signed_in() -> Select[Any]:
    """Return the live account of a citizen, when they last used it, and whose it is."""
    own = [one for one in AccountRow.__table__.columns if one.name not in _NOT_OF_A_TURN]
    along = [
        column.label(f"{prefix}{column.name}")
        for row, prefix in _READ_ALONG
        for column in row.__table__.columns
    ]
    return (
        select(*own, OpenIdLinkRow.used_at, *along)
        .select_from(OpenIdLinkRow)
        .join(AccountRow, AccountRow.id == OpenIdLinkRow.account_id)
        .outerjoin(PersonRow, PersonRow.id == AccountRow.person_id)
        .outerjoin(FamilyRow, FamilyRow.id == AccountRow.family_id)
        .where(
            OpenIdLinkRow.openid == bindparam("openid"),
            AccountRow.state == AccountState.ACTIVE.value,
        )
    )


_SIGNED_IN: Final = Prepared(_signed_in())
_PERSON: Final = Prepared(select(PersonRow.__table__).where(PersonRow.id == bindparam("id")))
_LINK_USED, _ACCOUNT_USED = (
    Prepared(update(row).where(key == bindparam("key")).values(used_at=bindparam("at")))
    for row, key in ((OpenIdLinkRow, OpenIdLinkRow.openid), (AccountRow, AccountRow.id))
)


class SqlAccounts:
    """The `AccountStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, *, phone: str, at: datetime) -> Account | None:
        """Open an account; ``None``, with nothing written, if the phone has a live one."""
        account = Account(AccountId(uuid4().hex), phone, AccountState.ACTIVE, at, used_at=at)
        inserted = await self._session.insert_new(
            AccountRow,
            id=account.id,
            phone_index=self._session.cipher.index("phone", phone),
            phone=self._session.cipher.seal_text(phone),
            phone_tail=tail_index(self._session.cipher, phone),
            state=account.state.value,
            created_at=at,
            used_at=at,
        )
        return account if inserted else None

    async def find(self, account_id: AccountId) -> Account | None:
        """Return a live account; ``None`` if there is none."""
        return await self._live(select(AccountRow).where(AccountRow.id == account_id))

    async def of_openid(self, openid: OpenId) -> Account | None:
        """Return the live account that a citizen is signed in to; ``None`` if signed out."""
        row = await self._session.row(_SIGNED_IN, openid=openid)
        if row is None:
            return None
        # Who asks for the account mostly asks whose it is next.
        for kept, prefix in _READ_ALONG:
            found = {one.name: row[f"{prefix}{one.name}"] for one in kept.__table__.columns}
            self._session.memory[kept, found["id"]] = found
        return account_of(row, self._session.cipher)

    async def of_phone(self, phone: str) -> Account | None:
        """Return the live account of a phone; ``None`` if there is none."""
        index = self._session.cipher.index("phone", phone)
        return await self._live(select(AccountRow).where(AccountRow.phone_index == index))

    async def link(self, openid: OpenId, account_id: AccountId, at: datetime) -> None:
        """Sign a citizen in to an account, and so out of any other."""
        known = {"account_id": account_id, "linked_at": at}
        if not await self._session.insert_new(OpenIdLinkRow, openid=openid, **known):
            await self._session.write(
                update(OpenIdLinkRow).where(OpenIdLinkRow.openid == openid).values(**known)
            )
        await self.touch(openid, account_id, at)

    async def unlink(self, openid: OpenId, *, account_id: AccountId | None = None) -> bool:
        """Sign a citizen out, where given of this account only; tell whether they were in."""
        gone = delete(OpenIdLinkRow).where(OpenIdLinkRow.openid == openid)
        if account_id is not None:
            gone = gone.where(OpenIdLinkRow.account_id == account_id)
        return await self._touches(gone)

    async def unlink_all(self, account_id: AccountId, *, but: OpenId | None = None) -> int:
        """Sign everybody, or everybody but one, out of an account; return how many that were."""
        gone = delete(OpenIdLinkRow).where(OpenIdLinkRow.account_id == account_id)
        others = gone if but is None else gone.where(OpenIdLinkRow.openid != but)
        return (await self._session.write(others)).rowcount

    async def sessions(self, account_id: AccountId) -> list[Session]:
        """Return who is signed in to an account, oldest first."""
        links = OpenIdLinkRow.__table__
        signed_in = select(links).where(OpenIdLinkRow.account_id == account_id)
        rows = await self._session.read(signed_in.order_by(links.c.linked_at, links.c.openid))
        return [
            Session(OpenId(row.openid), row.linked_at, row.used_at or row.linked_at) for row in rows
        ]

    async def touch(self, openid: OpenId, account_id: AccountId, at: datetime) -> None:
        """Keep when a citizen last used an account."""
        await self._session.later(_LINK_USED, key=openid, at=at)
        await self._session.later(_ACCOUNT_USED, key=account_id, at=at)

    async def set_phone(self, account_id: AccountId, phone: str) -> bool:
        """Give an account a phone; ``False``, with nothing written, if another live one has it."""
        cipher = self._session.cipher
        return await self._session.update_free(
            update(AccountRow)
            .where(AccountRow.id == account_id)
            .values(
                phone_index=cipher.index("phone", phone),
                phone=cipher.seal_text(phone),
                phone_tail=tail_index(cipher, phone),
            )
        )

    async def set_password(self, account_id: AccountId, kept: str) -> None:
        """Keep a hashed password in place of an earlier one."""
        await self._session.write(
            update(AccountRow).where(AccountRow.id == account_id).values(password_hash=kept)
        )

    async def password_of(self, account_id: AccountId) -> str | None:
        """Return an account's password as it is kept; ``None`` if it has none."""
        kept = select(AccountRow.password_hash).where(AccountRow.id == account_id)
        return (await self._session.read(kept)).scalar()

    async def close(self, account_id: AccountId, *, keep_person: bool) -> None:
        """Close an account: its phone and password are erased, and whose it was unless kept."""
        cipher = self._session.cipher
        nobody = {} if keep_person else {"person_id": None, "family_id": None}
        await self._session.write(
            update(AccountRow)
            .where(AccountRow.id == account_id)
            .values(
                state=AccountState.CLOSED.value,
                phone=cipher.seal_text(""),
                phone_index=cipher.index("phone", ""),
                phone_tail="",
                password_hash=None,
                **nobody,
            )
        )

    async def set_person(self, account_id: AccountId, person_id: str) -> bool:
        """Say whose account it is; ``False``, with nothing written, if it is somebody else's."""
        free = or_(AccountRow.person_id.is_(None), AccountRow.person_id == person_id)
        mine = update(AccountRow).where(AccountRow.id == account_id, free)
        return await self._touches(mine.values(person_id=person_id))

    async def set_family(self, account_id: AccountId, family_id: str) -> bool:
        """Bind a family; ``False``, with nothing written, if another one is bound."""
        free = or_(AccountRow.family_id.is_(None), AccountRow.family_id == family_id)
        mine = update(AccountRow).where(AccountRow.id == account_id, free)
        return await self._touches(mine.values(family_id=family_id))

    async def _live(self, statement: Select[Any]) -> Account | None:
        # The columns, not the entity: rows are read without an ORM session.
        columns = statement.with_only_columns(*AccountRow.__table__.columns)
        live = columns.where(AccountRow.state == AccountState.ACTIVE.value)
        row = (await self._session.read(live)).mappings().first()
        return None if row is None else account_of(row, self._session.cipher)

    async def _touches(self, statement: Any) -> bool:
        touched: int = (await self._session.write(statement)).rowcount
        return touched == 1


class SqlPeople:
    """The `PersonStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def find(self, person_id: str) -> Person | None:
        """Return a person; ``None`` if not on record."""
        row = self._session.memory.get((PersonRow, person_id))
        row = row or await self._session.row(_PERSON, id=person_id)
        return None if row is None else person_of(row, self._session.cipher)

    async def of_number(self, id_number: str) -> Person | None:
        """Return the person of an ID number in either notation; ``None`` if not on record."""
        index = self._session.cipher.index("id-number", long_id(id_number))
        return await self._one(PersonRow.number_index == index)

    async def save(self, verified: Verified) -> Person:
        """Keep what was compared, in place of what was known under the same ID number."""
        cipher = self._session.cipher
        index = cipher.index("id-number", long_id(verified.id_number))
        known = {
            "number": cipher.seal_text(verified.id_number),
            "name": cipher.seal_text(verified.name),
            "name_index": name_index(cipher, verified.name),
            "verified_at": verified.at,
            "source": verified.source,
        }
        person_id = uuid4().hex
        if not await self._session.insert_new(PersonRow, id=person_id, number_index=index, **known):
            renewed = update(PersonRow).where(PersonRow.number_index == index).values(**known)
            found = await self._session.write(renewed.returning(PersonRow.id))
            person_id = found.scalar_one()
        return Person(person_id, verified.name, verified.id_number, verified.at, verified.source)

    async def _one(self, condition: Any) -> Person | None:
        found = await self._session.read(select(PersonRow.__table__).where(condition))
        row = found.mappings().first()
        return None if row is None else person_of(row, self._session.cipher)


def tail_index(cipher: Cipher, phone: str) -> str:
    """Return what accounts are found by whose phone ends like this one."""
    return cipher.index("phone-tail", phone[-_TAIL:])[:_SOUGHT_LENGTH]


def name_index(cipher: Cipher, name: str) -> str:
    """Return what persons are found by who have this very name."""
    return cipher.index("name", name)[:_SOUGHT_LENGTH]


def account_of(row: Found, cipher: Cipher) -> Account:
    """Return the account that a row of `AccountRow` holds."""
    return Account(
        id=AccountId(row["id"]),
        phone=cipher.open_text(row["phone"]),
        state=AccountState(row["state"]),
        created_at=row["created_at"],
        person_id=row["person_id"],
        family_id=row["family_id"],
        has_password=row["password_hash"] is not None,
        held_until=row["held_until"],
        used_at=row["used_at"],
    )


def person_of(row: Found, cipher: Cipher) -> Person:
    """Return the person that a row of `PersonRow` holds."""
    return Person(
        id=row["id"],
        name=cipher.open_text(row["name"]),
        id_number=cipher.open_text(row["number"]),
        verified_at=row["verified_at"],
        source=row["source"],
    )
