"""A citizen's way out: taking back what was agreed, closing the account, letting the WeChat go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.accounts.model import Account, Proof, Purpose
from domain.accounts.profiles import ProfilesWork
from domain.accounts.service import CodeNotProvenError
from domain.content.model import AGREEMENTS
from domain.shared.clock import Clock
from domain.shared.pages import OneTimePage
from domain.shared.pushes import Push
from domain.shared.records import AccountId, Act, Consent, OpenId

__all__ = ["LeavingService", "LeavingWork", "TraceStore"]


class TraceStore(Protocol):
    """What lies about of a citizen, found across the records."""

    async def has_registered(self, account: Account) -> bool:
        """Tell whether anything was ever registered through an account."""

    async def acts_of(self, account: Account) -> list[Act]:
        """Return what was done through an account, or to it and whose it is; oldest first."""

    async def consents_of(self, account: Account) -> list[Consent]:
        """Return what was agreed to through an account, or by its person to be recognized.

        Each once, oldest first.
        """

    async def pages_of(self, account: Account, openids: Sequence[OpenId]) -> list[OneTimePage]:
        """Return the one-time pages that an account's citizens were given, oldest first.

        Parameters
        ----------
        account
            Who was signed in to it.
        openids
            Whose pages count too that were given to somebody signed out, for the account's phone.
        """

    async def told_to(self, account: Account) -> list[tuple[datetime, Push]]:
        """Return what still waits to be told to an account, or its phone; oldest first."""

    async def wipe_choices(self, openids: Sequence[OpenId], *, of: AccountId | None = None) -> None:
        """Forget which cards some citizens agreed to.

        Parameters
        ----------
        openids
            Whose cards.
        of
            Where given, also what this account wished to be told, and what it has begun.
        """

    async def cards_of(self, openids: Sequence[OpenId]) -> Sequence[tuple[OpenId, str, int]]:
        """Return which cards some citizens agreed to, and how many of each are left."""

    async def wipe_pages(self, openids: Sequence[OpenId], *, of: AccountId | None = None) -> int:
        """Erase one-time pages, with all that was sent on them.

        Parameters
        ----------
        openids
            Whose pages.
        of
            Where given, all pages given to whoever was signed in to this account, and of the
            others' those that were given to somebody signed out: who shares a WeChat keeps theirs.
        """

    async def withdraw_recognition(self, account: Account, *, at: datetime) -> int:
        """Mark the standing consents to face checks of an account's person; return how many."""

    async def wipe_recoveries(self, account: Account) -> int:
        """Erase what was done to recover an account; of one who has no other, all there was."""

    async def wipe_person(self, person_id: str) -> bool:
        """Erase a person, with whatever was done to recover their accounts.

        Returns
        -------
        bool
            Whether they were erased; ``False`` while another account is theirs.
        """

    async def wipe_family(self, family_id: str) -> bool:
        """Erase what the register said about a family.

        Returns
        -------
        bool
            Whether it was erased; ``False`` while an account or a registration is the family's.
        """


class LeavingWork(ProfilesWork, Protocol):
    """What leaving may touch."""

    @property
    def traces(self) -> TraceStore:
        """What lies about."""


class LeavingService:
    """How a citizen leaves, and what is handed over before."""

    def __init__(self, work: LeavingWork, clock: Clock, *, front: str = "chat") -> None:
        self._work = work
        self._clock = clock
        self._front = front

    async def note_export(self, openid: OpenId, account: Account) -> None:
        """Keep that all we know was handed over."""
        await self._record("account:export", openid, account)

    async def consents(self, account: Account) -> list[Consent]:
        """Return what was agreed to through an account, oldest first."""
        return await self._work.traces.consents_of(account)

    async def acts(self, account: Account) -> list[Act]:
        """Return what was done through an account and to it, oldest first."""
        return await self._work.traces.acts_of(account)

    async def pages(self, account: Account) -> list[OneTimePage]:
        """Return the one-time pages that were given to whoever was signed in, oldest first."""
        openids = [one.openid for one in await self._work.accounts.sessions(account.id)]
        return await self._work.traces.pages_of(account, openids)

    async def notices(self, account: Account) -> list[tuple[datetime, Push]]:
        """Return what still waits to be told to an account, and since when."""
        return await self._work.traces.told_to(account)

    async def cards(self, account: Account) -> Sequence[tuple[OpenId, str, int]]:
        """Return which cards were agreed to by whoever is signed in, and how many are left."""
        openids = [one.openid for one in await self._work.accounts.sessions(account.id)]
        return await self._work.traces.cards_of(openids)

    async def withdraw(self, openid: OpenId, account: Account, proof: Proof) -> list[OpenId]:
        """Take back the agreements: what was told freely is erased, everybody is signed out.

        The account can be signed in to again by agreeing again. Registrations stand.

        Returns
        -------
        list of OpenId
            Who was signed in; their conversations must be forgotten.

        Raises
        ------
        CodeNotProvenError
            The proof is for something else, or too old.
        HeldError
            The account was recovered a short while ago.

        Source
        ------
        S0-16, S0-20.
        """
        now = self._clock.now()
        _must_prove(proof, openid, account, Purpose.WITHDRAW, now)
        account.must_be_free(now)
        await self._work.consents.withdraw(account.id, [kind.value for kind in AGREEMENTS], at=now)
        await self._work.traces.withdraw_recognition(account, at=now)
        gone = await self._sign_everybody_out(account)
        await self._record("consent:withdraw", openid, account)
        return gone

    async def close(self, openid: OpenId, account: Account, proof: Proof) -> list[OpenId]:
        """Close an account for good; its phone is free for another one.

        Of an account through which somebody registered, whose it was stays on record beside the
        registrations; of any other nothing but its number, its consents and its acts. A family
        that nobody else is bound to, and that never registered, is forgotten as well.

        Returns
        -------
        list of OpenId
            Who was signed in; their conversations must be forgotten.

        Raises
        ------
        CodeNotProvenError
            The proof is for something else, or too old.
        HeldError
            The account was recovered a short while ago.

        Source
        ------
        S0-20.
        """
        now = self._clock.now()
        _must_prove(proof, openid, account, Purpose.CLOSE_ACCOUNT, now)
        account.must_be_free(now)
        registered = await self._work.traces.has_registered(account)
        gone = await self._sign_everybody_out(account)
        await self._work.traces.wipe_recoveries(account)
        await self._work.accounts.close(account.id, keep_person=registered)
        if not registered:
            await self._forget_whose(account)
        await self._record("account:close", openid, account)
        return gone

    async def unfollow(self, openid: OpenId) -> bool:
        """Sign out a citizen who stopped following us; tell whether they were in.

        Source: S0-20.
        """
        account = await self._work.accounts.of_openid(openid)
        if account is None or not await self._work.accounts.unlink(openid):
            return False
        await self._work.traces.wipe_pages([openid])
        await self._work.traces.wipe_choices([openid])
        await self._record("session:end", openid, account, "unsubscribe")
        return True

    async def _forget_whose(self, account: Account) -> None:
        if account.person_id is not None:
            await self._work.traces.wipe_person(account.person_id)
        if account.family_id is not None:
            await self._work.traces.wipe_family(account.family_id)

    async def _sign_everybody_out(self, account: Account) -> list[OpenId]:
        gone = [one.openid for one in await self._work.accounts.sessions(account.id)]
        await self._work.accounts.unlink_all(account.id)
        await self._work.profiles.forget(account.id)
        await self._work.traces.wipe_pages(gone, of=account.id)
        await self._work.traces.wipe_choices(gone, of=account.id)
        return gone

    async def _record(self, what: str, openid: OpenId, account: Account, note: str = "") -> None:
        await self._work.acts.add(
            Act(
                tag=f"accounts:{what}",
                actor=openid,
                object_id=account.id,
                at=self._clock.now(),
                front=self._front,
                note=note,
            )
        )


def _must_prove(
    proof: Proof, openid: OpenId, account: Account, purpose: Purpose, now: datetime
) -> None:
    if not proof.holds(openid=openid, phone=account.phone, purpose=purpose, now=now):
        raise CodeNotProvenError
