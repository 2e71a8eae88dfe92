"""Comparing a name with an ID number, and keeping whose account it is."""

import hmac
from datetime import datetime
from typing import Final, Protocol

from domain.accounts.model import Account
from domain.accounts.service import AccountsWork
from domain.identity.model import KnownNumber, Person, Verdict, Verified
from domain.shared.clock import Clock, china_time
from domain.shared.errors import ConflictError, RefusedError, UnavailableError
from domain.shared.idents import long_id, person_name, resident_id
from domain.shared.records import AccountId, Act, OpenId
from domain.shared.throttle import DAY, Limit, SecretStore, charge

__all__ = [
    "AlreadyVerifiedError",
    "IdentityCheck",
    "IdentityService",
    "IdentityWork",
    "MismatchError",
    "PersonStore",
    "WrongNumberError",
]

_PER_CITIZEN: Final = Limit(3, DAY)
_PER_NUMBER: Final = Limit(5, DAY)
_KNOWN: Final = Limit(5, DAY)


class MismatchError(RefusedError):
    """The name and the ID number do not belong together; which is wrong is not told."""

    code = "identity-mismatch"


class WrongNumberError(RefusedError):
    """The ID number is not the one of the account's person."""

    code = "wrong-number"


class AlreadyVerifiedError(ConflictError):
    """The account was already verified as somebody else's."""

    code = "already-verified"


class IdentityCheck(Protocol):
    """The register that knows which name belongs to which ID number."""

    @property
    def source(self) -> str:
        """Who compares, for the record."""

    async def compare(self, name: str, id_number: str) -> Verdict:
        """Compare a name with an ID number; a number not on record is a mismatch.

        Raises
        ------
        UnavailableError
            The line is down: nothing is known.
        ThrottledError
            Whoever compares will not do it again for this person before a moment.
        """


class PersonStore(Protocol):
    """Persons on record, one for each ID number."""

    async def find(self, person_id: str) -> Person | None:
        """Return a person; ``None`` if not on record."""

    async def of_number(self, id_number: str) -> Person | None:
        """Return the person of an ID number in either notation; ``None`` if not on record."""

    async def save(self, verified: Verified) -> Person:
        """Keep what was compared, in place of what was known under the same ID number."""


class IdentityWork(AccountsWork, Protocol):
    """What the real-name use cases may touch."""

    @property
    def people(self) -> PersonStore:
        """Persons."""


class IdentityService:
    """How an account gets a real name."""

    def __init__(
        self,
        work: IdentityWork,
        check: IdentityCheck,
        secrets: SecretStore,
        clock: Clock,
        *,
        front: str = "chat",
    ) -> None:
        self._work = work
        self._check = check
        self._secrets = secrets
        self._clock = clock
        self._front = front

    async def compare(self, openid: OpenId, name: str, id_number: str) -> Verified:
        """Compare a name with an ID number; nothing is kept yet.

        Every answer counts, a match too: the check must not serve to find out about others. A
        silent line does not count.

        Parameters
        ----------
        openid
            Who asks: at most 3 answers within a day.
        name
            As typed.
        id_number
            As typed: at most 5 answers within a day, whoever asks.

        Raises
        ------
        InvalidIdNumberError, InvalidNameError
            They cannot be right; nobody is asked.
        ThrottledError
            Too many answers within a day.
        MismatchError
            They do not belong together.
        UnavailableError
            The register is silent.

        Source
        ------
        S0-21, S0-23, S0-24.
        """
        now = self._clock.now()
        number = resident_id(id_number, china_time(now).date())
        known_as = person_name(name)
        verdict = await self._ask(openid, known_as, number, now)
        if verdict is Verdict.MISMATCH:
            raise MismatchError
        return Verified(known_as, number, now, self._check.source)

    async def confirm(self, account_id: AccountId, verified: Verified) -> Person:
        """Keep a real name and say that the account is this person's.

        Raises
        ------
        AlreadyVerifiedError
            The account is somebody else's.

        Source
        ------
        S0-22, S0-24.
        """
        person = await self._work.people.save(verified)
        if not await self._work.accounts.set_person(account_id, person.id):
            raise AlreadyVerifiedError
        await self._work.acts.add(
            Act(
                tag="identity:person:verify",
                actor=account_id,
                object_id=person.id,
                at=self._clock.now(),
                front=self._front,
                note=verified.source,
            )
        )
        return person

    async def person_of(self, account: Account) -> Person | None:
        """Return whose account it is; ``None`` before the real name was compared."""
        if account.person_id is None:
            return None
        return await self._work.people.find(account.person_id)

    async def recognize(self, openid: OpenId, account: Account, id_number: str) -> KnownNumber:
        """Hold an ID number against the one of the account's person; nobody outside is asked.

        Parameters
        ----------
        openid
            Who is signed in to the account: at most 5 wrong numbers within a day.
        account
            Likewise, whoever asks.
        id_number
            As typed.

        Raises
        ------
        InvalidIdNumberError
            It cannot be right; this does not count.
        ThrottledError
            Too many wrong ones.
        WrongNumberError
            It is another one, or the account has no person.

        Source
        ------
        S0-73, S0-74.
        """
        now = self._clock.now()
        number = resident_id(id_number, china_time(now).date())
        attempt = charge(self._secrets, now)
        await attempt.take(f"identity:known:citizen:{openid}", _KNOWN)
        await attempt.take(f"identity:known:account:{account.id}", _KNOWN)
        person = await self.person_of(account)
        kept = long_id(person.id_number) if person else ""
        if not hmac.compare_digest(number.encode(), kept.encode()):
            raise WrongNumberError
        await attempt.give_back()
        return KnownNumber(openid, account.id, now)

    async def _ask(self, openid: OpenId, name: str, number: str, now: datetime) -> Verdict:
        attempt = charge(self._secrets, now)
        await attempt.take(f"identity:citizen:{openid}", _PER_CITIZEN)
        await attempt.take(f"identity:number:{number}", _PER_NUMBER)
        try:
            return await self._check.compare(name, number)
        except UnavailableError:
            await attempt.give_back()
            raise
