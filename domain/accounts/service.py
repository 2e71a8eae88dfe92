"""Signing up, signing in, signing out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from domain.accounts.model import Account, Entered, Proof, Purpose
from domain.content.model import AGREEMENTS
from domain.shared.clock import Clock
from domain.shared.errors import ConflictError, RefusedError
from domain.shared.records import AccountId, Act, Consent, OpenId
from domain.shared.work import Work

__all__ = [
    "AccountMovedError",
    "AccountService",
    "AccountStore",
    "AccountsWork",
    "Agreed",
    "CodeNotProvenError",
    "ConsentMissingError",
    "PasswordHasher",
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


class Agreed(Protocol):
    """The version of a document that a citizen agreed to."""

    @property
    def kind(self) -> str:
        """What the document is for."""

    @property
    def version(self) -> int:
        """Which version it is."""

    @property
    def text_hash(self) -> str:
        """The SHA-256 of its text in hex."""


class PasswordHasher(Protocol):
    """Makes passwords unreadable. Slow on purpose, so it never blocks other citizens."""

    async def hash(self, password: str) -> str:
        """Return what may be kept of a password."""

    async def matches(self, password: str, kept: str) -> bool:
        """Tell whether a password is the one that was kept."""


class AccountStore(Protocol):
    """Accounts on record, and who is signed in to them."""

    async def add(self, *, phone: str, at: datetime) -> Account | None:
        """Open an account; ``None``, with nothing written, if the phone has a live one."""

    async def of_openid(self, openid: OpenId) -> Account | None:
        """Return the live account that a citizen is signed in to; ``None`` if signed out."""

    async def of_phone(self, phone: str) -> Account | None:
        """Return the live account of a phone; ``None`` if there is none."""

    async def link(self, openid: OpenId, account_id: AccountId, at: datetime) -> None:
        """Sign a citizen in to an account, and so out of any other."""

    async def unlink(self, openid: OpenId) -> bool:
        """Sign a citizen out; tell whether the citizen was signed in."""

    async def set_password(self, account_id: AccountId, kept: str) -> None:
        """Keep a hashed password in place of an earlier one."""

    async def set_person(self, account_id: AccountId, person_id: str) -> bool:
        """Say whose account it is; ``False``, with nothing written, if it is somebody else's."""

    async def set_family(self, account_id: AccountId, family_id: str) -> bool:
        """Bind a family; ``False``, with nothing written, if another one is bound."""


class AccountsWork(Work, Protocol):
    """What the accounts' use cases may touch."""

    @property
    def accounts(self) -> AccountStore:
        """Accounts."""


class AccountService:
    """How a citizen gets to an account."""

    def __init__(
        self,
        work: AccountsWork,
        clock: Clock,
        passwords: PasswordHasher,
        *,
        front: str = "chat",
    ) -> None:
        self._work = work
        self._clock = clock
        self._passwords = passwords
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
        password: str | None = None,
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
        password
            Where given, the account's password from now on.

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

        Source
        ------
        S0-06, S0-08, S0-10, S0-11, S0-16, S0-20.
        """
        now = self._clock.now()
        if not proof.holds(openid=openid, phone=proof.phone, purpose=Purpose.SIGN_IN, now=now):
            raise CodeNotProvenError
        _must_cover(agreed)
        kept = None if password is None else await self._passwords.hash(password)
        entered = await self._open_or_find(proof.phone, now)
        account = entered.account
        await self._work.accounts.link(openid, account.id, now)
        await self._keep_consents(account.id, agreed, now)
        if kept is not None:
            await self._work.accounts.set_password(account.id, kept)
            account = replace(account, has_password=True)
        await self._record(
            "account:create" if entered.created else "session:begin", openid, account
        )
        return Entered(account, entered.created)

    async def leave(self, openid: OpenId) -> None:
        """Sign a citizen out. Who is not signed in stays so."""
        account = await self._work.accounts.of_openid(openid)
        if await self._work.accounts.unlink(openid) and account is not None:
            await self._record("session:end", openid, account)

    async def _open_or_find(self, phone: str, now: datetime) -> Entered:
        found = await self._work.accounts.of_phone(phone)
        if found is not None:
            return Entered(found, created=False)
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
        held = {(consent.document, consent.version, consent.text_hash) for consent in earlier}
        for document in agreed:
            if (document.kind, document.version, document.text_hash) not in held:
                await self._work.consents.add(
                    Consent(account_id, document.kind, document.version, document.text_hash, now)
                )

    async def _record(self, what: str, openid: OpenId, account: Account) -> None:
        await self._work.acts.add(
            Act(
                tag=f"accounts:{what}",
                actor=openid,
                object_id=account.id,
                at=self._clock.now(),
                front=self._front,
            )
        )


def _must_cover(agreed: Sequence[Agreed]) -> None:
    kinds = {document.kind for document in agreed}
    missing = [kind.value for kind in AGREEMENTS if kind not in kinds]
    if missing:
        raise ConsentMissingError(missing)
