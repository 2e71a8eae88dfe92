"""Recoveries in SQL: sealed where they name a phone or a session, found by blind index."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    LargeBinary,
    RowMapping,
    String,
    delete,
    exists,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.cipher import Cipher
from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.people import AccountRow, OpenIdLinkRow, PersonRow, account_of
from adapters.sql.records import ActRow
from domain.accounts.model import ENTRIES, Account, AccountState
from domain.identity.faces import FaceSession
from domain.identity.model import AccountSeen, Recovery, RecoveryState
from domain.shared.idents import long_id
from domain.shared.records import AccountId, OpenId

__all__ = ["RecoveryRow", "SqlRecoveries"]

_INDEX_LENGTH = 64


class RecoveryRow(Base):
    """A wish to get an account back. ``secrets`` holds session, phones and word, sealed."""

    __tablename__ = "recoveries"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    openid: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    faced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    receipt_index: Mapped[str | None] = mapped_column(String(_INDEX_LENGTH), index=True)
    old_phone_index: Mapped[str | None] = mapped_column(String(_INDEX_LENGTH), index=True)
    secrets: Mapped[bytes] = mapped_column(LargeBinary)


class SqlRecoveries:
    """The `RecoveryStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, recovery: Recovery) -> None:
        """Keep a new recovery."""
        await self._session.insert_new(
            RecoveryRow, id=recovery.id, **_columns(recovery, self._session.cipher)
        )

    async def find(self, recovery_id: str) -> Recovery | None:
        """Return a recovery; ``None`` if not on record."""
        return await self._newest(RecoveryRow.id == recovery_id)

    async def of_receipt(self, receipt: str) -> Recovery | None:
        """Return the recovery of a face session; ``None`` if not on record."""
        index = self._session.cipher.index("face-receipt", receipt)
        return await self._newest(RecoveryRow.receipt_index == index)

    async def of_old_phone(self, phone: str, *, since: datetime) -> Recovery | None:
        """Return the last recovery done since a moment that took an account from a phone."""
        return await self._newest(
            RecoveryRow.old_phone_index == self._session.cipher.index("phone", phone),
            RecoveryRow.state == RecoveryState.DONE.value,
            RecoveryRow.done_at >= since,
        )

    async def lost_by(self, phone: str, *, since: datetime) -> AccountId | None:
        """Return the account that a phone lost since a moment, and may take back; or ``None``."""
        found = await self.of_old_phone(phone, since=since)
        return None if found is None else found.account_id

    async def done_with(self, account_id: AccountId, *, since: datetime) -> list[Recovery]:
        """Return what gave an account a new phone since a moment and stands, oldest first."""
        found = await self._session.read(
            select(RecoveryRow.__table__)
            .where(RecoveryRow.account_id == account_id)
            .where(RecoveryRow.state == RecoveryState.DONE.value, RecoveryRow.done_at >= since)
            .order_by(RecoveryRow.done_at, RecoveryRow.opened_at)
        )
        return [_recovery(row, self._session.cipher) for row in found.mappings()]

    async def of_account(self, account: Account) -> list[Recovery]:
        """Return what was done to recover an account, oldest first."""
        theirs = (RecoveryRow.account_id == account.id) | (
            RecoveryRow.person_id == account.person_id
        )
        chosen = select(RecoveryRow.__table__).where(theirs).order_by(RecoveryRow.opened_at)
        found = await self._session.read(chosen)
        return [_recovery(row, self._session.cipher) for row in found.mappings()]

    async def at_home(self, openid: OpenId, id_number: str) -> bool:
        """Tell whether a citizen was ever signed in to an account of an ID number's person."""
        index = self._session.cipher.index("id-number", long_id(id_number))
        theirs = (
            select(AccountRow.id)
            .join(PersonRow, PersonRow.id == AccountRow.person_id)
            .where(PersonRow.number_index == index)
        )
        signed_in = exists().where(
            ActRow.actor == openid,
            ActRow.tag.in_(ENTRIES),
            ActRow.object_id.in_(theirs.scalar_subquery()),
        )
        return bool((await self._session.read(select(signed_in))).scalar())

    async def save(self, recovery: Recovery, *, was: RecoveryState) -> bool:
        """Keep how a recovery has gone on; ``False``, with nothing written, if it had moved."""
        moved = await self._session.write(
            update(RecoveryRow)
            .where(RecoveryRow.id == recovery.id, RecoveryRow.state == was.value)
            .values(**_columns(recovery, self._session.cipher))
        )
        return moved.rowcount == 1

    async def accounts_of(self, person_id: str) -> list[AccountSeen]:
        """Return a person's live accounts, the last used first."""
        in_use = (
            select(OpenIdLinkRow.openid).where(OpenIdLinkRow.account_id == AccountRow.id).exists()
        )
        found = await self._session.read(
            select(*AccountRow.__table__.columns, in_use.label("in_use"))
            .where(AccountRow.person_id == person_id)
            .where(AccountRow.state == AccountState.ACTIVE.value)
        )
        seen = [
            AccountSeen(
                account_of(row, self._session.cipher),
                row["used_at"] or row["created_at"],
                bool(row["in_use"]),
            )
            for row in found.mappings()
        ]
        return sorted(seen, key=lambda one: (one.used_at, one.in_use), reverse=True)

    async def hold(
        self, account_id: AccountId, *, until: datetime, keep_password: bool = False
    ) -> None:
        """Hold an account until a moment, and forget its password unless it is to be kept."""
        forgotten = {} if keep_password else {"password_hash": None}
        await self._session.write(
            update(AccountRow)
            .where(AccountRow.id == account_id)
            .values(held_until=until, **forgotten)
        )

    async def forget(self, *, before: datetime) -> int:
        """Drop the recoveries opened before a moment; return how many."""
        old = delete(RecoveryRow).where(RecoveryRow.opened_at < before)
        return (await self._session.write(old)).rowcount

    async def _newest(self, *conditions: Any) -> Recovery | None:
        found = await self._session.read(
            select(RecoveryRow.__table__)
            .where(*conditions)
            .order_by(RecoveryRow.done_at.desc(), RecoveryRow.opened_at.desc())
            .limit(1)
        )
        row = found.mappings().first()
        return None if row is None else _recovery(row, self._session.cipher)


def _columns(recovery: Recovery, cipher: Cipher) -> dict[str, Any]:
    face = recovery.face
    secrets = {
        "face": [face.url, face.receipt] if face else None,
        "counted": recovery.counted,
        "old_phone": recovery.old_phone,
        "new_phone": recovery.new_phone,
        "word": recovery.word,
    }
    return {
        "openid": recovery.openid,
        "person_id": recovery.person_id,
        "account_id": recovery.account_id,
        "state": recovery.state.value,
        "opened_at": recovery.opened_at,
        "faced_at": recovery.faced_at,
        "done_at": recovery.done_at,
        "receipt_index": cipher.index("face-receipt", face.receipt) if face else None,
        "old_phone_index": (
            cipher.index("phone", recovery.old_phone) if recovery.old_phone else None
        ),
        "secrets": cipher.seal_text(json.dumps(secrets)),
    }


def _recovery(row: RowMapping, cipher: Cipher) -> Recovery:
    secrets = json.loads(cipher.open_text(row["secrets"]))
    return Recovery(
        id=row["id"],
        openid=OpenId(row["openid"]),
        person_id=row["person_id"],
        state=RecoveryState(row["state"]),
        opened_at=row["opened_at"],
        face=FaceSession(*secrets["face"]) if secrets["face"] else None,
        faced_at=row["faced_at"],
        counted=tuple(secrets["counted"]),
        account_id=None if row["account_id"] is None else AccountId(row["account_id"]),
        old_phone=secrets["old_phone"],
        new_phone=secrets["new_phone"],
        word=secrets["word"],
        done_at=row["done_at"],
    )
