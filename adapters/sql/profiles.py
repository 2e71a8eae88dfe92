"""What citizens told about themselves, in SQL: one sealed row an account."""

import json
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.accounts.profiles import Profile
from domain.shared.records import AccountId

__all__ = ["ProfileRow", "SqlProfiles"]


class ProfileRow(Base):
    """A profile; ``told`` is sealed."""

    __tablename__ = "profiles"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    told: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SqlProfiles:
    """The `ProfileStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def of(self, account_id: AccountId) -> Profile:
        """Return an account's profile; an empty one while nothing was told."""
        told = select(ProfileRow.told).where(ProfileRow.account_id == account_id)
        sealed = (await self._session.read(told)).scalar()
        if sealed is None:
            return Profile()
        return Profile.from_json(json.loads(self._session.cipher.open_text(sealed)))

    async def save(self, account_id: AccountId, profile: Profile, *, at: datetime) -> None:
        """Keep a profile in place of an earlier one."""
        text = json.dumps(profile.to_json(), ensure_ascii=False)
        kept = {"told": self._session.cipher.seal_text(text), "changed_at": at}
        if not await self._session.insert_new(ProfileRow, account_id=account_id, **kept):
            await self._session.write(
                update(ProfileRow).where(ProfileRow.account_id == account_id).values(**kept)
            )

    async def forget(self, account_id: AccountId) -> bool:
        """Erase an account's profile; tell whether there was one."""
        gone = delete(ProfileRow).where(ProfileRow.account_id == account_id)
        return bool((await self._session.write(gone)).rowcount)
