"""Signing up, signing in, signing out, and the phone an account goes by."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.accounts.model import HOLD, Account, Entered, Proof, Purpose, Session
from domain.accounts.service_ports import (
    AccountStore,
    AccountsWork,
    Agreed,
    LostPhones,
    PasswordHasher,
    PasswordMeter,
)
from domain.content.model import AGREEMENTS
from domain.shared.clock import Clock
from domain.shared.errors import ConflictError, RefusedError
from domain.shared.idents import Masked, mask
from domain.shared.pushes import Push, PushKind
from domain.shared.records import AccountId, Act, Consent, OpenId

__all__ = [
    "AccountMovedError",
    "AccountService",
    "AccountStore",
    "AccountsWork",
    "Agreed",
    "CodeNotProvenError",
    "ConsentMissingError",
    "LostPhones",
    "PasswordHasher",
    "PasswordMeter",
    "PhoneLostError",
    "PhoneTakenError",
    "must_cover",
]


class CodeNotProvenError(RefusedError):
    """No checked code for this citizen, phone and purpose, or it was checked too long ago."""

    code = "code-not-proven"


class ConsentMissingError(RefusedError):
    """Not all agreements were agreed to.

    Parameters
    ----------
    documents
        The kinds that are missing.
    """

    code = "consent-missing"

    def __init__(self, documents: Sequence[str]) -> None:
        super().__init__(", ".join(documents))
        self.documents = tuple(documents)


class AccountMovedError(ConflictError):
    """The account of this phone came or went between two looks."""

    code = "account-moved"


class PhoneTakenError(ConflictError):
    """The phone is already another account's.

    Source: S0-75.
    """

    code = "phone-taken"


class PhoneLostError(ConflictError):
    """The phone lost its account less than a day ago, may take it back, and gets no other so long.

    Source: S0-72.
    """

    code = "phone-lost"


class AccountService:
    """How a citizen gets to an account."""

    def __init__(
        self,
        work: AccountsWork,
        clock: Clock,
        *,
        front: str = "chat",
    ) -> None:
        self._work = work
        self._clock = clock
        self._front = front

    async def of(self, openid: OpenId) -> Account | None:
        """Return the account that a citizen is signed in to; ``None`` if signed out.

        Source: S0-20.
        """
        return await self._work.accounts.of_openid(openid)

    async def by_phone(self, phone: str) -> Account | None:
        """Return the account of a phone; ``None`` if there is none.

        To be asked only after a proof: whether a phone has an account is nobody else's business.

        Source: S0-10.
        """
        return await self._work.accounts.of_phone(phone)

    async def enter(
        self,
        *,
        openid: OpenId,
        proof: Proof,
        agreed: Sequence[Agreed],
        purpose: Purpose = Purpose.SIGN_IN,
        kept: str | None = None,
    ) -> Entered:
        """Sign a citizen in to the account of the proven phone, opening it if there is none.

        Of many at once for one phone, one opens the account and all are signed in to it.

        Parameters
        ----------
        openid
            Who signs in.
        proof
            That this citizen holds the phone.
        agreed
            The documents agreed to; other kinds than the three agreements are kept too.
        purpose
            What the proof must be for.
        kept
            The password of an account that is opened, as `PasswordService.choose` made it. One
            that there was before keeps its own: that is replaced by `PasswordService.reset` only.

        Returns
        -------
        Entered
            The account, and whether it is new.

        Raises
        ------
        CodeNotProvenError
            The proof is for something else, or too old.
        ConsentMissingError
            One of the three agreements was not agreed to.
        AccountMovedError
            The phone's account was closed at this very moment.
        PhoneLostError
            As `may_open`.

        Source
        ------
        S0-06, S0-08, S0-10, S0-11, S0-16, S0-20.
        """
        now = self._clock.now()
        if not proof.holds(openid=openid, phone=proof.phone, purpose=purpose, now=now):
            raise CodeNotProvenError
        must_cover(agreed)
        entered = await self._open_or_find(proof.phone, now)
        account = entered.account
        await self._work.accounts.link(openid, account.id, now)
        await self._keep_consents(account.id, agreed, now)
        if kept is not None and entered.created:
            await self._work.accounts.set_password(account.id, kept)
            account = replace(account, has_password=True)
        await self._record(
            "account:create" if entered.created else "session:begin", openid, account
        )
        return Entered(account, entered.created)

    async def may_open(self, phone: str, *, by: AccountId | None = None) -> None:
        """Raise `PhoneLostError` where a phone may still take an account back.

        To be asked only after a proof, as `by_phone`.

        Parameters
        ----------
        phone
            Which phone an account would get.
        by
            That account, which may have its own former phone again.

        Source
        ------
        S0-72; whoever lost an account must not lose it by signing up.
        """
        loser = await self._work.recoveries.lost_by(phone, since=self._clock.now() - HOLD)
        if loser is not None and loser != by:
            raise PhoneLostError

    async def change_phone(
        self,
        *,
        openid: OpenId,
        account: Account,
        proof: Proof,
        word: str,
        purpose: Purpose = Purpose.CHANGE_PHONE,
    ) -> Account:
        """Give an account the proven phone; everybody but this citizen is signed out of it.

        The old phone can no longer be signed in with, and is told so. Whether it can take the
        account back, and how long nothing weighty is done with it, is the caller's matter.

        Parameters
        ----------
        openid
            Who holds the new phone, and stays or becomes signed in.
        account
            Whose phone changes. That this citizen may do so is the caller's matter.
        proof
            That this citizen holds the new phone.
        word
            What the old phone is told to object with.
        purpose
            What the proof must be for.

        Raises
        ------
        CodeNotProvenError
            The proof is for something else, or too old.
        HeldError
            The account got its phone a short while ago, and is not being recovered.
        PhoneTakenError
            The phone is another account's.
        PhoneLostError
            It was another account's until a short while ago.

        Source
        ------
        S0-71, S0-72, S0-73, S0-75.
        """
        now = self._clock.now()
        if not proof.holds(openid=openid, phone=proof.phone, purpose=purpose, now=now):
            raise CodeNotProvenError
        if purpose is Purpose.CHANGE_PHONE:
            account.must_be_free(now)
        await self.may_open(proof.phone, by=account.id)
        if not await self._work.accounts.set_phone(account.id, proof.phone):
            raise PhoneTakenError
        others = await self._work.accounts.sessions(account.id)
        await self._work.accounts.unlink_all(account.id, but=openid)
        await self._work.accounts.link(openid, account.id, now)
        if proof.phone != account.phone:
            shown = mask(proof.phone, Masked.PHONE)
            told = Push(PushKind.RECOVERED, (shown, word), phone=account.phone)
            await self._work.outbox.add(told, at=now)
            await self._tell_others(PushKind.RECOVERED, shown, others, but=openid)
        await self._record("phone:change", openid, account)
        return replace(account, phone=proof.phone)

    async def admit(
        self, *, openid: OpenId, account: Account, agreed: Sequence[Agreed], note: str
    ) -> None:
        """Sign a citizen in who has shown otherwise than by a code that an account is theirs.

        Parameters
        ----------
        openid, account
            Who signs in to which account. That this citizen may do so is the caller's matter.
        agreed
            The documents agreed to.
        note
            How it was shown, for the record.

        Raises
        ------
        ConsentMissingError
            One of the three agreements was not agreed to.

        Source
        ------
        S0-12, S0-16.
        """
        now = self._clock.now()
        must_cover(agreed)
        await self._work.accounts.link(openid, account.id, now)
        await self._keep_consents(account.id, agreed, now)
        await self._record("session:begin", openid, account, note)

    async def give_phone_back(self, openid: OpenId, account: Account, phone: str) -> None:
        """Give an account the phone it had before; everybody is signed out of it.

        The phone that it loses is told so. That this may be done is the caller's matter.

        Raises
        ------
        PhoneTakenError
            The phone is another account's by now.

        Source
        ------
        S0-72.
        """
        if not await self._work.accounts.set_phone(account.id, phone):
            raise PhoneTakenError
        others = await self._work.accounts.sessions(account.id)
        await self._work.accounts.unlink_all(account.id)
        shown = mask(phone, Masked.PHONE)
        told = Push(PushKind.PHONE_CHANGED, (shown,), phone=account.phone)
        await self._work.outbox.add(told, at=self._clock.now())
        await self._tell_others(PushKind.PHONE_CHANGED, shown, others, but=openid)
        await self._record("phone:restore", openid, account)

    async def leave(self, openid: OpenId) -> None:
        """Sign a citizen out. Who is not signed in stays so."""
        account = await self._work.accounts.of_openid(openid)
        if await self._work.accounts.unlink(openid) and account is not None:
            await self._record("session:end", openid, account)

    async def _tell_others(
        self, kind: PushKind, phone: str, others: Sequence[Session], *, but: OpenId
    ) -> None:
        """Tell every WeChat that was signed out; the word that takes it back goes by SMS alone."""
        for other in others:
            if other.openid != but:
                told = Push(kind, (phone,), openid=other.openid)
                await self._work.outbox.add(told, at=self._clock.now())

    async def _open_or_find(self, phone: str, now: datetime) -> Entered:
        found = await self._work.accounts.of_phone(phone)
        if found is not None:
            return Entered(found, created=False)
        await self.may_open(phone)
        added = await self._work.accounts.add(phone=phone, at=now)
        if added is not None:
            return Entered(added, created=True)
        # Somebody else was faster, and has finished: the constraint waited for that.
        found = await self._work.accounts.of_phone(phone)
        if found is None:
            raise AccountMovedError
        return Entered(found, created=False)

    async def _keep_consents(
        self, account_id: AccountId, agreed: Sequence[Agreed], now: datetime
    ) -> None:
        earlier = await self._work.consents.of(account_id)
        held = {
            (one.document, one.version, one.text_hash) for one in earlier if not one.withdrawn_at
        }
        for document in agreed:
            if (document.kind, document.version, document.text_hash) not in held:
                await self._work.consents.add(
                    Consent(account_id, document.kind, document.version, document.text_hash, now)
                )

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


def must_cover(agreed: Sequence[Agreed]) -> None:
    """Raise `ConsentMissingError` unless all three agreements were agreed to.

    Source: S0-16.
    """
    kinds = {document.kind for document in agreed}
    missing = [kind.value for kind in AGREEMENTS if kind not in kinds]
    if missing:
        raise ConsentMissingError(missing)
