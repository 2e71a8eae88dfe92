"""A citizen's way out: taking back what was agreed, closing the account, letting the WeChat go."""

from collections.abc import Sequence
from typing import Protocol

from domain.accounts.model import Account, Proof, Purpose
from domain.accounts.profiles import ProfilesWork
from domain.accounts.service import CodeNotProvenError
from domain.content.model import AGREEMENTS
from domain.shared.clock import Clock
from domain.shared.records import Act, Consent, OpenId

__all__ = ["LeavingService", "LeavingWork", "TraceStore"]


class TraceStore(Protocol):
    """What lies about of a citizen beside the records that are kept."""

    async def has_registered(self, account: Account) -> bool:
        """Tell whether anything was ever registered through an account."""

    async def wipe_pages(self, openids: Sequence[OpenId]) -> int:
        """Erase the one-time pages of some citizens, with all that was sent on them."""

    async def wipe_person(self, person_id: str) -> bool:
        """Erase a person, with whatever was done to recover their accounts.

        Returns
        -------
        bool
            Whether they were erased; ``False`` while another account is theirs.
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
        return await self._work.consents.of(account.id)

    async def acts(self, account: Account) -> list[Act]:
        """Return what was done to an account, oldest first."""
        return await self._work.acts.about(account.id)

    async def withdraw(self, openid: OpenId, account: Account) -> list[OpenId]:
        """Take back the agreements: what was told freely is erased, everybody is signed out.

        The account can be signed in to again by agreeing again. Registrations stand.

        Returns
        -------
        list of OpenId
            Who was signed in; their conversations must be forgotten.

        Raises
        ------
        HeldError
            The account was recovered a short while ago.

        Source
        ------
        S0-16, S0-20.
        """
        now = self._clock.now()
        account.must_be_free(now)
        await self._work.consents.withdraw(account.id, [kind.value for kind in AGREEMENTS], at=now)
        gone = await self._sign_everybody_out(account)
        await self._record("consent:withdraw", openid, account)
        return gone

    async def close(self, openid: OpenId, account: Account, proof: Proof) -> list[OpenId]:
        """Close an account for good; its phone is free for another one.

        Of an account through which somebody registered, whose it was stays on record beside the
        registrations; of any other nothing but its number, its consents and its acts.

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
        if not proof.holds(
            openid=openid, phone=account.phone, purpose=Purpose.CLOSE_ACCOUNT, now=now
        ):
            raise CodeNotProvenError
        account.must_be_free(now)
        registered = await self._work.traces.has_registered(account)
        gone = await self._sign_everybody_out(account)
        await self._work.accounts.close(account.id, keep_person=registered)
        if account.person_id is not None and not registered:
            await self._work.traces.wipe_person(account.person_id)
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
        await self._record("session:end", openid, account, "unsubscribe")
        return True

    async def _sign_everybody_out(self, account: Account) -> list[OpenId]:
        gone = [one.openid for one in await self._work.accounts.sessions(account.id)]
        await self._work.accounts.unlink_all(account.id)
        await self._work.profiles.forget(account.id)
        await self._work.traces.wipe_pages(gone)
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
