"""What lies about of a citizen, found across the tables."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, delete, exists, or_, select, update

from adapters.sql.base import SqlSession
from adapters.sql.notices import AgreedCardRow, ChoiceRow, SqlAgreedCards, WatchedDraftRow
from adapters.sql.people import AccountRow, FamilyRow, PersonRow
from adapters.sql.push_rows import PushRow, push_of
from adapters.sql.records import ActRow, ConsentRow, PageRow, SqlPages
from adapters.sql.recoveries import RecoveryRow
from adapters.sql.registrations import RegistrationRow
from domain.accounts.model import Account, AccountState
from domain.content.model import DocumentKind
from domain.identity.model import RECOGNIZED
from domain.shared.pages import OneTimePage
from domain.shared.pushes import Push
from domain.shared.records import AccountId, Act, Consent, OpenId

__all__ = ["SqlTraces"]


class SqlTraces:
    """The `TraceStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def has_registered(self, account: Account) -> bool:
        """Tell whether anything was ever registered through an account."""
        theirs = exists().where(RegistrationRow.account_id == account.id)
        return bool((await self._session.read(select(theirs))).scalar())

    async def acts_of(self, account: Account) -> list[Act]:
        """Return what was done through an account, or to it and whose it is; oldest first."""
        named = [name for name in (account.id, account.person_id) if name]
        registered = select(RegistrationRow.number).where(RegistrationRow.account_id == account.id)
        about = or_(
            ActRow.actor == account.id,
            ActRow.object_id.in_(named),
            ActRow.object_id.in_(registered.scalar_subquery()),
            ActRow.object_id.in_(_recoveries(_about(account))),
        )
        chosen = select(ActRow.__table__).where(about).order_by(ActRow.serial)
        return [
            Act(row.tag, row.actor, row.object_id, row.at, row.front, row.note)
            for row in await self._session.read(chosen)
        ]

    async def consents_of(self, account: Account) -> list[Consent]:
        """Return what was agreed to through an account, or by its person to be recognized."""
        theirs = or_(ConsentRow.actor == account.id, ConsentRow.actor.in_(_recognized(account)))
        chosen = select(ConsentRow.__table__).where(theirs)
        found = await self._session.read(chosen.order_by(ConsentRow.at, ConsentRow.serial))
        consents = [
            Consent(row.actor, row.document, row.version, row.text_hash, row.at, row.withdrawn_at)
            for row in found
        ]
        # One to a face check hangs on the account as well, once the account was found.
        once = {(one.document, one.version, one.at): one for one in consents}
        return list(once.values())

    async def pages_of(self, account: Account, openids: Sequence[OpenId]) -> list[OneTimePage]:
        """Return the one-time pages that an account's citizens were given, oldest first."""
        signed_out = PageRow.account_id.is_(None) & PageRow.openid.in_(openids)
        theirs = or_(PageRow.account_id == account.id, signed_out)
        chosen = select(PageRow.token_hash).where(theirs).order_by(PageRow.serial)
        hashes = list((await self._session.read(chosen)).scalars())
        store = SqlPages(self._session)
        pages = [page for one in hashes if (page := await store.find(one))]
        return [
            page
            for page in pages
            if page.account_id == account.id or page.about.get("phone") == account.phone
        ]

    async def told_to(self, account: Account) -> list[tuple[datetime, Push]]:
        """Return what still waits to be told to an account, or its phone; oldest first.

        Few wait at any moment, and their phones are sealed: each is looked at.
        """
        theirs = (PushRow.account_id == account.id) | PushRow.phone.is_not(None)
        waiting = select(PushRow.__table__).where(PushRow.told.is_not(None), theirs)
        rows = (await self._session.read(waiting.order_by(PushRow.serial))).mappings()
        found = [(row["at"], push_of(row, self._session.cipher)) for row in rows]
        return [
            (at, push)
            for at, push in found
            if push.account == account.id or push.phone == account.phone
        ]

    async def wipe_choices(self, openids: Sequence[OpenId], *, of: AccountId | None = None) -> None:
        """Forget which cards some citizens agreed to, and what an account wished to be told."""
        await self._session.write(delete(AgreedCardRow).where(AgreedCardRow.openid.in_(openids)))
        if of is not None:
            for row in (ChoiceRow, WatchedDraftRow):
                await self._session.write(delete(row).where(row.account_id == of))

    async def cards_of(self, openids: Sequence[OpenId]) -> Sequence[tuple[OpenId, str, int]]:
        """Return which cards some citizens agreed to, and how many of each are left."""
        return await SqlAgreedCards(self._session).of_many(openids)

    async def wipe_pages(self, openids: Sequence[OpenId], *, of: AccountId | None = None) -> int:
        """Erase one-time pages, with all that was sent on them."""
        theirs: ColumnElement[bool] = PageRow.openid.in_(openids)
        if of is not None:
            theirs = (PageRow.account_id == of) | (theirs & PageRow.account_id.is_(None))
        return (await self._session.write(delete(PageRow).where(theirs))).rowcount

    async def withdraw_recognition(self, account: Account, *, at: datetime) -> int:
        """Mark the standing consents to face checks of an account's person; return how many."""
        standing = update(ConsentRow).where(
            ConsentRow.actor.in_(_recognized(account)) | (ConsentRow.actor == account.id),
            ConsentRow.document == DocumentKind.FACE_CONSENT.value,
            ConsentRow.withdrawn_at.is_(None),
        )
        return (await self._session.write(standing.values(withdrawn_at=at))).rowcount

    async def wipe_recoveries(self, account: Account) -> int:
        """Erase what was done to recover an account; of one who has no other, all there was."""
        others = exists().where(
            AccountRow.person_id == account.person_id,
            AccountRow.state == AccountState.ACTIVE.value,
            AccountRow.id != account.id,
        )
        last = (RecoveryRow.person_id == account.person_id) & ~others
        gone = delete(RecoveryRow).where((RecoveryRow.account_id == account.id) | last)
        return (await self._session.write(gone)).rowcount

    async def wipe_person(self, person_id: str) -> bool:
        """Erase a person, with whatever was done to recover their accounts."""
        theirs = exists().where(AccountRow.person_id == person_id)
        if (await self._session.read(select(theirs))).scalar():
            return False
        await self._session.write(delete(RecoveryRow).where(RecoveryRow.person_id == person_id))
        gone = await self._session.write(delete(PersonRow).where(PersonRow.id == person_id))
        return bool(gone.rowcount)

    async def wipe_family(self, family_id: str) -> bool:
        """Erase what the register said about a family."""
        bound = exists().where(AccountRow.family_id == family_id)
        registered = exists().where(RegistrationRow.family_id == family_id)
        unbound = delete(FamilyRow).where(FamilyRow.id == family_id, ~bound, ~registered)
        # Somebody may bind it at this very moment: then the account's own constraint keeps it.
        return await self._session.update_free(unbound)


def _about(account: Account) -> ColumnElement[bool]:
    """Choose the recoveries of an account, and all that were begun in its person's name."""
    return (RecoveryRow.account_id == account.id) | (RecoveryRow.person_id == account.person_id)


def _recoveries(condition: ColumnElement[bool]) -> ScalarSelect[str]:
    return select(RecoveryRow.id).where(condition).scalar_subquery()


def _recognized(account: Account) -> ScalarSelect[str]:
    """Choose the recoveries in which it was the person: what others agreed to is theirs."""
    states = [state.value for state in RECOGNIZED]
    return _recoveries(_about(account) & RecoveryRow.state.in_(states))
