"""What lies about of a citizen beside the records that are kept, found across the tables."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, select

from adapters.sql.base import SqlSession
from adapters.sql.people import AccountRow, PersonRow
from adapters.sql.records import PageRow
from adapters.sql.recoveries import RecoveryRow
from adapters.sql.registrations import RegistrationRow
from domain.accounts.model import Account
from domain.shared.records import OpenId

__all__ = ["SqlTraces"]


class SqlTraces:
    """The `TraceStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def has_registered(self, account: Account) -> bool:
        """Tell whether anything was ever registered through an account."""
        theirs = exists().where(RegistrationRow.account_id == account.id)
        return bool((await self._session.read(select(theirs))).scalar())

    async def wipe_pages(self, openids: Sequence[OpenId]) -> int:
        """Erase the one-time pages of some citizens, with all that was sent on them."""
        gone = delete(PageRow).where(PageRow.openid.in_(openids))
        return (await self._session.write(gone)).rowcount

    async def wipe_person(self, person_id: str) -> bool:
        """Erase a person, with whatever was done to recover their accounts."""
        theirs = exists().where(AccountRow.person_id == person_id)
        if (await self._session.read(select(theirs))).scalar():
            return False
        await self._session.write(delete(RecoveryRow).where(RecoveryRow.person_id == person_id))
        gone = await self._session.write(delete(PersonRow).where(PersonRow.id == person_id))
        return bool(gone.rowcount)
