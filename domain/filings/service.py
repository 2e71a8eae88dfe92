"""Finding a filed family on the public rental register, and binding it to an account."""

import json
from datetime import datetime, timedelta
from typing import Final, Protocol

from domain.accounts.model import Account, Proof, Purpose
from domain.accounts.service import AccountsWork, CodeNotProvenError
from domain.filings.model import (
    NUMBER_PATTERN,
    Family,
    FamilyNotFoundError,
    Filing,
    filing_number,
    screen,
)
from domain.identity.model import Person
from domain.shared.clock import Clock
from domain.shared.errors import ConflictError, RefusedError, UnavailableError
from domain.shared.records import Act, OpenId
from domain.shared.throttle import DAY, Charge, Limit, SecretStore, charge

__all__ = [
    "AlreadyBoundError",
    "FamilyLongFoundError",
    "FamilyRegister",
    "FamilyStore",
    "FilingService",
    "FilingsWork",
]

_PER_CITIZEN: Final = Limit(5, DAY)
_PER_FAMILY: Final = Limit(10, DAY)

_FOUND_LIFE: Final = timedelta(hours=2)
"""How long a family that was found may be bound without asking the register again."""


class AlreadyBoundError(ConflictError):
    """Another family is bound to the account."""

    code = "already-bound"


class FamilyLongFoundError(RefusedError):
    """The family was found so long ago that the register must be asked again."""

    code = "family-long-found"


class FamilyRegister(Protocol):
    """The operator's register of families filed for public rental housing."""

    async def find(self, number: str) -> Filing | None:
        """Return what is filed under a number; ``None`` if nothing is.

        Raises
        ------
        UnavailableError
            The line is down: nothing is known.
        """


class FamilyStore(Protocol):
    """Families on our record, one for each filing number."""

    def id_of(self, number: str) -> str:
        """Return the id that a number's family has, or would have. Tells nothing of the number."""

    async def find(self, family_id: str) -> Family | None:
        """Return a family; ``None`` if not on record."""

    async def save(self, filing: Filing) -> Family:
        """Keep what the register says, in place of what was known."""


class FilingsWork(AccountsWork, Protocol):
    """What the filing use cases may touch."""

    @property
    def families(self) -> FamilyStore:
        """Families."""


class FilingService:
    """How a filed family comes to an account."""

    def __init__(  # noqa: PLR0913 (three are outside things, two have usual values)
        self,
        work: FilingsWork,
        register: FamilyRegister,
        secrets: SecretStore,
        clock: Clock,
        *,
        pattern: str = NUMBER_PATTERN,
        front: str = "chat",
    ) -> None:
        self._work = work
        self._register = register
        self._secrets = secrets
        self._clock = clock
        self._pattern = pattern
        self._front = front

    async def look_up(
        self, *, openid: OpenId, account: Account, person: Person, number: str
    ) -> Family:
        """Find the person's family by its filing number; nothing is bound yet.

        A family found is remembered for two hours, for `bind`. An unknown number and somebody
        else's have the same answer and leave the same act, so that numbers cannot be fished for.

        Parameters
        ----------
        openid
            Who asks: at most 5 misses within a day.
        account
            The account it is for.
        person
            Who must be a member.
        number
            As typed: at most 10 misses within a day, whoever asks.

        Raises
        ------
        InvalidFilingNumberError
            It cannot be a number; nobody is asked.
        FamilyNotFoundError
            Nothing is filed under it, or the person is not a member.
        FamilyCancelledError
            It is theirs, but was cancelled.
        ThrottledError
            Too many misses within a day.
        UnavailableError
            The register is silent; this does not count.

        Source
        ------
        S0-25, S0-26, S0-28.
        """
        number = filing_number(number, self._pattern)
        filing = await self._find(openid, account, person, number)
        return self._known(filing)

    async def bind(
        self, *, openid: OpenId, account: Account, person: Person, number: str, proof: Proof
    ) -> Family:
        """Bind the person's family, as it was found, to the account; again changes nothing.

        Nobody outside is asked: records are being written.

        Returns
        -------
        Family
            The family as it is kept.

        Raises
        ------
        CodeNotProvenError
            The citizen has not proven to hold the account's phone, for this, in the last half
            hour.
        AlreadyBoundError
            Another family is bound to the account.
        InvalidFilingNumberError
            It cannot be a number.
        FamilyLongFoundError
            The family was not found for this citizen within the last two hours.

        Source
        ------
        S0-25, S0-27, S0-28; Q-04.
        """
        now = self._clock.now()
        if not proof.holds(
            openid=openid, phone=account.phone, purpose=Purpose.BIND_FAMILY, now=now
        ):
            raise CodeNotProvenError
        number = filing_number(number, self._pattern)
        filing = await self._found(openid, person, number)
        if filing is None:
            raise FamilyLongFoundError
        if account.family_id not in {None, self._work.families.id_of(number)}:
            raise AlreadyBoundError
        family = await self._work.families.save(filing)
        if not await self._work.accounts.set_family(account.id, family.id):
            raise AlreadyBoundError
        if account.family_id is None:
            await self._record("bind", account.id, family.id)
        return family

    async def family_of(self, account: Account) -> Family | None:
        """Return the family bound to an account; ``None`` while there is none.

        Source: S0-29.
        """
        if account.family_id is None:
            return None
        return await self._work.families.find(account.family_id)

    def _known(self, filing: Filing) -> Family:
        return Family.of(filing, self._work.families.id_of(filing.number))

    async def _find(self, openid: OpenId, account: Account, person: Person, number: str) -> Filing:
        known = await self._found(openid, person, number)
        if known is not None:
            return known
        now = self._clock.now()
        attempt = charge(self._secrets, now)
        found = await self._ask(attempt, openid, number)
        try:
            filing = screen(found, person.id_number)
        except FamilyNotFoundError:
            await self._record("refused", account.id, self._work.families.id_of(number))
            raise
        await attempt.give_back()
        await self._remember(_found_by(openid, number), filing, now)
        return filing

    async def _found(self, openid: OpenId, person: Person, number: str) -> Filing | None:
        """Return what was found for a citizen not long ago."""
        kept = await self._secrets.get(_found_by(openid, number), now=self._clock.now())
        if kept is None:
            return None
        filing = Filing.from_json(json.loads(kept))
        return filing if filing.includes(person.id_number) else None

    async def _ask(self, attempt: Charge, openid: OpenId, number: str) -> Filing | None:
        await attempt.take(f"filings:citizen:{openid}", _PER_CITIZEN)
        await attempt.take(f"filings:family:{number}", _PER_FAMILY)
        try:
            return await self._register.find(number)
        except UnavailableError:
            await attempt.give_back()
            raise

    async def _remember(self, key: str, filing: Filing, now: datetime) -> None:
        found = json.dumps(filing.to_json(), ensure_ascii=False).encode()
        await self._secrets.put(key, found, expires_at=now + _FOUND_LIFE)

    async def _record(self, what: str, actor: str, family_id: str) -> None:
        await self._work.acts.add(
            Act(
                tag=f"filings:family:{what}",
                actor=actor,
                object_id=family_id,
                at=self._clock.now(),
                front=self._front,
            )
        )


def _found_by(openid: OpenId, number: str) -> str:
    return f"filings:found:{openid}:{number}"
