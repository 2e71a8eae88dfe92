"""Officers and their sessions in SQL: names and seeds sealed, passwords and tokens hashed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    LargeBinary,
    Select,
    String,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.cipher import Cipher
from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.prepared import Found, Prepared
from domain.officers.model import (
    Credentials,
    Officer,
    OfficerId,
    OfficerSession,
    OfficerStart,
    Role,
)

__all__ = [
    "BackUpCodeRow",
    "OfficerRow",
    "OfficerSessionRow",
    "SqlOfficerSessions",
    "SqlOfficers",
]

_HASH_LENGTH: Final = 64
_ID_LENGTH: Final = 32


class OfficerRow(Base):
    """An officer; ``start_*`` is the set-up link that was given out last, until it is used."""

    __tablename__ = "officers"

    id: Mapped[str] = mapped_column(String(_ID_LENGTH), primary_key=True)
    login: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    roles: Mapped[str] = mapped_column(String(120))
    disabled: Mapped[bool]
    demo: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    password_hash: Mapped[str | None] = mapped_column(Text)
    seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger)
    start_hash: Mapped[str | None] = mapped_column(String(_HASH_LENGTH), unique=True)
    start_seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    start_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OfficerSessionRow(Base):
    """A browser in which an officer is signed in."""

    __tablename__ = "officer_sessions"

    token_hash: Mapped[str] = mapped_column(String(_HASH_LENGTH), primary_key=True)
    officer_id: Mapped[str] = mapped_column(ForeignKey("officers.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    browser: Mapped[str] = mapped_column(String(160))


class BackUpCodeRow(Base):
    """A back-up code that was not used yet, by its blind index."""

    __tablename__ = "officer_codes"

    officer_id: Mapped[str] = mapped_column(ForeignKey("officers.id"), primary_key=True)
    code_index: Mapped[str] = mapped_column(String(_HASH_LENGTH), primary_key=True)


_SESSION: Final = Prepared(
    select(
        OfficerSessionRow.__table__,
        *(column for column in OfficerRow.__table__.columns if column.name != "start_seed"),
    )
    .join(OfficerRow, OfficerRow.id == OfficerSessionRow.officer_id)
    .where(OfficerSessionRow.token_hash == bindparam("token_hash"))
)


class SqlOfficers:
    """The `OfficerStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, officer: Officer) -> bool:
        """Keep a new officer; ``False``, with nothing written, if the login name is taken."""
        return await self._session.insert_new(
            OfficerRow,
            id=officer.id,
            login=officer.login,
            name=self._session.cipher.seal_text(officer.name),
            roles=_roles_text(officer.roles),
            disabled=officer.disabled,
            demo=officer.demo,
            created_at=officer.created_at,
            last_step=0,
        )

    async def find(self, officer_id: OfficerId) -> Officer | None:
        """Return an officer; ``None`` if there is none."""
        return await self._one(OfficerRow.id == officer_id)

    async def of_login(self, login: str) -> Officer | None:
        """Return the officer of a login name; ``None`` if there is none."""
        return await self._one(OfficerRow.login == login)

    async def all(self) -> list[Officer]:
        """Return every officer, in the order of their login names."""
        found = await self._session.read(_everybody())
        return [_officer(row, self._session.cipher) for row in found.mappings()]

    async def all_for_update(self) -> list[Officer]:
        """Return the same; nobody else changes any of them until this work ends."""
        found = await self._session.lock(_everybody().with_for_update())
        return [_officer(row, self._session.cipher) for row in found.mappings()]

    async def set_roles(self, officer_id: OfficerId, roles: frozenset[Role]) -> None:
        """Give an officer these roles and no others."""
        await self._set(OfficerRow.id == officer_id, roles=_roles_text(roles))

    async def set_disabled(self, officer_id: OfficerId, *, disabled: bool) -> None:
        """Shut an officer out, or let them in again."""
        await self._set(OfficerRow.id == officer_id, disabled=disabled)

    async def credentials_of(self, officer_id: OfficerId) -> Credentials | None:
        """Return what an officer proves to be; ``None`` where that is not set up."""
        wanted = select(OfficerRow.password_hash, OfficerRow.seed, OfficerRow.last_step)
        found = await self._session.read(wanted.where(OfficerRow.id == officer_id))
        row = found.one_or_none()
        if row is None or row.password_hash is None or row.seed is None:
            return None
        seed = self._session.cipher.open_text(row.seed)
        return Credentials(row.password_hash, seed, row.last_step)

    async def begin(
        self, officer_id: OfficerId, *, token_hash: str, seed: str, expires_at: datetime
    ) -> None:
        """Keep a set-up link in the place of an earlier one, of the password and of all codes."""
        await self._set(
            OfficerRow.id == officer_id,
            password_hash=None,
            seed=None,
            start_hash=token_hash,
            start_seed=self._session.cipher.seal_text(seed),
            start_expires_at=expires_at,
        )
        await self._drop_codes(officer_id)

    async def begun(self, token_hash: str) -> OfficerStart | None:
        """Return what a set-up link is for; ``None`` if there is none, or it was used."""
        wanted = select(OfficerRow.__table__).where(OfficerRow.start_hash == token_hash)
        row = (await self._session.read(wanted)).mappings().one_or_none()
        if row is None:
            return None
        cipher = self._session.cipher
        seed = cipher.open_text(row["start_seed"])
        return OfficerStart(_officer(row, cipher), seed, row["start_expires_at"])

    async def enrol(
        self, token_hash: str, credentials: Credentials, back_up: Sequence[str]
    ) -> bool:
        """Set credentials up and use the link up; of many at once exactly one succeeds."""
        used = (
            update(OfficerRow)
            .where(OfficerRow.start_hash == token_hash)
            .values(
                password_hash=credentials.password,
                seed=self._session.cipher.seal_text(credentials.seed),
                last_step=credentials.last_step,
                start_hash=None,
                start_seed=None,
                start_expires_at=None,
            )
            .returning(OfficerRow.id)
        )
        officer_id = (await self._session.write(used)).scalar_one_or_none()
        if officer_id is None:
            return False
        await self._drop_codes(officer_id)
        rows = [
            {"officer_id": officer_id, "code_index": self._index(officer_id, code)}
            for code in back_up
        ]
        await self._session.write(insert(BackUpCodeRow).values(rows))
        return True

    async def spend_step(self, officer_id: OfficerId, step: int) -> bool:
        """Note that a half minute's code was used; ``False`` if it, or a later one, was before."""
        return await self._set(
            (OfficerRow.id == officer_id) & (OfficerRow.last_step < step), last_step=step
        )

    async def spend_back_up(self, officer_id: OfficerId, code: str) -> bool:
        """Use a back-up code up; ``False`` if it is none, or was used before."""
        used = delete(BackUpCodeRow).where(
            BackUpCodeRow.officer_id == officer_id,
            BackUpCodeRow.code_index == self._index(officer_id, code),
        )
        spent: int = (await self._session.write(used)).rowcount
        return spent == 1

    async def back_ups_left(self, officer_id: OfficerId) -> int:
        """Return how many back-up codes an officer still has."""
        counted = select(func.count()).where(BackUpCodeRow.officer_id == officer_id)
        left: int = (await self._session.read(counted)).scalar_one()
        return left

    async def _one(self, condition: Any) -> Officer | None:
        found = await self._session.read(select(OfficerRow.__table__).where(condition))
        row = found.mappings().one_or_none()
        return None if row is None else _officer(row, self._session.cipher)

    async def _set(self, condition: Any, **values: object) -> bool:
        changed = await self._session.write(update(OfficerRow).where(condition).values(**values))
        touched: int = changed.rowcount
        return touched == 1

    async def _drop_codes(self, officer_id: str) -> None:
        await self._session.write(
            delete(BackUpCodeRow).where(BackUpCodeRow.officer_id == officer_id)
        )

    def _index(self, officer_id: str, code: str) -> str:
        return self._session.cipher.index("officer-code", f"{officer_id}:{code}")


class SqlOfficerSessions:
    """The `OfficerSessionStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def open(self, session: OfficerSession) -> None:
        """Keep a new session."""
        await self._session.write(
            insert(OfficerSessionRow).values(
                token_hash=session.id,
                officer_id=session.officer_id,
                opened_at=session.opened_at,
                used_at=session.used_at,
                browser=session.browser,
            )
        )

    async def find(self, session_id: str) -> tuple[OfficerSession, Officer] | None:
        """Return a session and whose it is; ``None`` if unknown."""
        row = await self._session.row(_SESSION, token_hash=session_id)
        return None if row is None else (_seat(row), _officer(row, self._session.cipher))

    async def of(self, officer_id: OfficerId) -> list[OfficerSession]:
        """Return an officer's sessions, newest first."""
        found = await self._session.read(
            select(OfficerSessionRow.__table__)
            .where(OfficerSessionRow.officer_id == officer_id)
            .order_by(OfficerSessionRow.opened_at.desc(), OfficerSessionRow.token_hash)
        )
        return [_seat(row) for row in found.mappings()]

    async def touch(self, session_id: str, at: datetime) -> None:
        """Keep when a session was last used."""
        used = update(OfficerSessionRow).where(OfficerSessionRow.token_hash == session_id)
        await self._session.write(used.values(used_at=at))

    async def end(self, session_id: str, officer_id: OfficerId) -> bool:
        """End one session of an officer; ``False`` if it is another's, or has ended."""
        ended = delete(OfficerSessionRow).where(
            OfficerSessionRow.token_hash == session_id, OfficerSessionRow.officer_id == officer_id
        )
        gone: int = (await self._session.write(ended)).rowcount
        return gone == 1

    async def end_all(self, officer_id: OfficerId, *, but: str = "") -> int:
        """End all sessions of an officer, but perhaps one; return how many that were."""
        ended = delete(OfficerSessionRow).where(
            OfficerSessionRow.officer_id == officer_id, OfficerSessionRow.token_hash != but
        )
        gone: int = (await self._session.write(ended)).rowcount
        return gone

    async def forget(self, *, before: datetime) -> None:
        """Drop those that were opened before a moment."""
        await self._session.write(
            delete(OfficerSessionRow).where(OfficerSessionRow.opened_at < before)
        )


def _everybody() -> Select[Any]:
    return select(OfficerRow.__table__).order_by(OfficerRow.login)


def _officer(row: Found, cipher: Cipher) -> Officer:
    return Officer(
        id=OfficerId(row["id"]),
        login=row["login"],
        name=cipher.open_text(row["name"]),
        roles=frozenset(Role(word) for word in row["roles"].split(",") if word),
        created_at=row["created_at"],
        disabled=row["disabled"],
        ready=row["password_hash"] is not None,
        demo=row["demo"],
    )


def _seat(row: Found) -> OfficerSession:
    return OfficerSession(
        id=row["token_hash"],
        officer_id=OfficerId(row["officer_id"]),
        opened_at=row["opened_at"],
        used_at=row["used_at"],
        browser=row["browser"],
    )


def _roles_text(roles: frozenset[Role]) -> str:
    return ",".join(sorted(roles))
