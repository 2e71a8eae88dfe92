"""The paper of a registration: the family prints it, and whoever holds it may check it."""

from typing import Final, Protocol

from domain.accounts.model import Account
from domain.filings.model import Family
from domain.filings.service import FilingsWork
from domain.identity.service import IdentityWork
from domain.registrations.model import InvalidCheckCodeError, Paper, Registration, check_code
from domain.registrations.service import RegistrationNotFoundError, RegistrationsWork
from domain.shared.clock import Clock
from domain.shared.errors import NotFoundError
from domain.shared.throttle import DAY, HOUR, Limit, SecretStore, charge

__all__ = ["PaperService", "PaperUnknownError", "PapersWork"]

_WRONG_CODES: Final = (Limit(30, HOUR), Limit(200, DAY))
"""For each address. Phones of one carrier share theirs, and the code alone is safe from guessing:
this is to make trying dull, not to keep anybody's neighbours out."""


class PaperUnknownError(NotFoundError):
    """No paper carries this check code."""

    code = "paper-unknown"


class PapersWork(RegistrationsWork, FilingsWork, IdentityWork, Protocol):
    """What a paper may look at."""


class PaperService:
    """What a paper tells, to its family and to whoever was handed it."""

    def __init__(self, work: PapersWork, secrets: SecretStore, clock: Clock) -> None:
        self._work = work
        self._secrets = secrets
        self._clock = clock

    async def of(self, account: Account, family: Family, number: str) -> Paper:
        """Return the paper of one registration of a family.

        Raises
        ------
        RegistrationNotFoundError
            The number is unknown, or belongs to another family: the same answer.

        Source
        ------
        S0-48, S0-60.
        """
        found = await self._work.registrations.find(number)
        if found is None or found.family_id != family.id:
            raise RegistrationNotFoundError(number)
        return await self._about(found, family)

    async def check(self, code: str, *, asker: str) -> Paper:
        """Return the paper that carries a check code, as it stands now.

        Parameters
        ----------
        code
            As it was copied or scanned.
        asker
            The network address that asks. Only its wrong codes count.

        Raises
        ------
        PaperUnknownError
            No paper carries it.
        ThrottledError
            Too many codes from there were wrong; the right one must wait too.

        Source
        ------
        S0-48, Q-32.
        """
        try:
            digits = check_code(code)
        except InvalidCheckCodeError:
            raise PaperUnknownError from None
        attempt = charge(self._secrets, self._clock.now())
        await attempt.take(f"paper-check {asker}", *_WRONG_CODES)
        found = await self._work.registrations.of_check_code(digits)
        if found is None:
            raise PaperUnknownError
        family = await self._work.families.find(found.family_id)
        if family is None:
            raise PaperUnknownError
        await attempt.give_back()
        return await self._about(found, family)

    async def _about(self, registration: Registration, family: Family) -> Paper:
        book = await self._work.plans.book()
        account = await self._work.accounts.find(registration.account_id)
        person_id = account.person_id if account else None
        return Paper(
            registration=registration,
            plan=book.plan(registration.plan_id),
            project=book.project(registration.project_id),
            unit=book.unit(registration.unit_id),
            family=family,
            person=await self._work.people.find(person_id) if person_id else None,
        )
