"""Finding people and cases, looking at them, and seeing one masked field with a reason."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from domain.filings.service import FilingsWork
from domain.registrations.exports import ListedFamily, ListingStore, Page
from domain.registrations.model import Registration
from domain.registrations.search import (
    MOST_HITS,
    AccountCase,
    CaseStore,
    Sought,
    SoughtKind,
    sought,
)
from domain.registrations.service import RegistrationNotFoundError, RegistrationsWork
from domain.registrations.service_exports import reason_of
from domain.shared.clock import Clock, china_time
from domain.shared.errors import NotFoundError
from domain.shared.records import Act

__all__ = [
    "CaseNotFoundError",
    "CaseService",
    "CasesWork",
    "Findings",
    "RegistrationCase",
    "Revealed",
]

_FRONT: Final = "console"


class CaseNotFoundError(NotFoundError):
    """No account or family is on record under that."""

    code = "case-not-found"


class Revealed(StrEnum):
    """What may be shown unmasked, one at a time."""

    NAME = "name"
    PHONE = "phone"
    ID_NUMBER = "id-number"
    FILING = "filing"


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found: ``kinds`` is what was looked for; ``more`` that there is more of it."""

    kinds: tuple[SoughtKind, ...]
    registrations: tuple[Registration, ...] = ()
    accounts: tuple[AccountCase, ...] = ()
    families: tuple[ListedFamily, ...] = ()
    more: bool = False

    @property
    def count(self) -> int:
        """How many things were found."""
        return len(self.registrations) + len(self.accounts) + len(self.families)


@dataclass(frozen=True, slots=True)
class RegistrationCase:
    """A registration with all that is known of whose it is."""

    registration: Registration
    family: ListedFamily | None
    account: AccountCase | None
    acts: tuple[Act, ...] = field(default=())


class CasesWork(RegistrationsWork, FilingsWork, Protocol):
    """What looking for cases may touch."""

    @property
    def cases(self) -> CaseStore:
        """People and cases by blind index."""

    @property
    def listings(self) -> ListingStore:
        """Everything of a kind."""


class CaseService:
    """What an officer may find and see; each look leaves an act, without what was typed."""

    def __init__(self, work: CasesWork, clock: Clock, *, officer: str, pattern: str) -> None:
        self._work = work
        self._clock = clock
        self._officer = officer
        self._pattern = pattern

    async def search(self, words: str) -> Findings:
        """Return what is found by what was typed.

        Source: ours, with S0-77; the words themselves are kept nowhere.
        """
        today = china_time(self._clock.now()).date()
        wanted = sought(words, self._pattern, today)
        registrations, accounts, families = [], [], []
        for one in wanted:
            match one.kind:
                case SoughtKind.REGISTRATION:
                    registrations += await self._registration(one)
                case SoughtKind.FILING:
                    families += await self._family(one)
                case _:
                    accounts += await self._work.cases.accounts(one, most=MOST_HITS + 1)
        shown = accounts[:MOST_HITS]
        kinds = tuple(one.kind for one in wanted)
        found = Findings(
            kinds, tuple(registrations), tuple(shown), tuple(families), len(accounts) > MOST_HITS
        )
        await self._record("registrations:case:search", "", f"{' '.join(kinds)}: {found.count}")
        return found

    async def registration(self, number: str) -> RegistrationCase:
        """Return a registration with whose it is; `RegistrationNotFoundError` if there is none."""
        found = await self._work.registrations.find(number)
        if found is None:
            raise RegistrationNotFoundError(number)
        await self._record("registrations:registration:view", number)
        return RegistrationCase(
            found,
            await self._work.cases.family(found.family_id),
            await self._work.cases.account(found.account_id),
            tuple(await self._work.acts.about(number)),
        )

    async def account(self, account_id: str) -> tuple[AccountCase, tuple[Registration, ...]]:
        """Return an account and its family's registrations; `CaseNotFoundError` without one."""
        found = await self._account(account_id)
        await self._record("accounts:account:view", account_id)
        family_id = found.account.family_id
        theirs = await self._work.registrations.of_family(family_id) if family_id else []
        return found, tuple(theirs)

    async def family(
        self, family_id: str
    ) -> tuple[ListedFamily, tuple[AccountCase, ...], tuple[Registration, ...]]:
        """Return a family, its accounts and its registrations; `CaseNotFoundError` without one."""
        found = await self._work.cases.family(family_id)
        if found is None:
            raise CaseNotFoundError
        await self._record("filings:family:view", family_id)
        accounts = await self._work.cases.of_family(family_id)
        return found, tuple(accounts), tuple(await self._work.registrations.of_family(family_id))

    async def families(self, after: str = "") -> Page[ListedFamily]:
        """Return some of all families."""
        await self._record("filings:family:list", "")
        return await self._work.listings.families(after)

    async def reveal_of_account(self, account_id: str, what: Revealed, reason: str) -> str:
        """Return one field of an account as it is.

        Raises
        ------
        ReasonMissingError
            Nobody said why.
        CaseNotFoundError
            There is no such account, or it has no such field.
        """
        why = reason_of(reason)
        found = await self._account(account_id)
        person, family = found.person, found.family
        value = {
            Revealed.PHONE: found.account.phone.removeprefix("+86"),
            Revealed.NAME: person.name if person else "",
            Revealed.ID_NUMBER: person.id_number if person else "",
            Revealed.FILING: family.number if family else "",
        }[what]
        if not value:
            raise CaseNotFoundError
        await self._record("accounts:account:reveal", account_id, f"{what}: {why}")
        return value

    async def reveal_filing(self, family_id: str, reason: str) -> str:
        """Return a family's filing number as it is; raises as `reveal_of_account` does."""
        why = reason_of(reason)
        found = await self._work.cases.family(family_id)
        if found is None:
            raise CaseNotFoundError
        await self._record("filings:family:reveal", family_id, f"{Revealed.FILING}: {why}")
        return found.family.number

    async def _account(self, account_id: str) -> AccountCase:
        found = await self._work.cases.account(account_id)
        if found is None:
            raise CaseNotFoundError
        return found

    async def _registration(self, wanted: Sought) -> list[Registration]:
        found = await self._work.registrations.find(wanted.words)
        return [] if found is None else [found]

    async def _family(self, wanted: Sought) -> list[ListedFamily]:
        found = await self._work.cases.family(self._work.families.id_of(wanted.words))
        return [] if found is None else [found]

    async def _record(self, tag: str, object_id: str, note: str = "") -> None:
        await self._work.acts.add(
            Act(tag, self._officer, object_id, self._clock.now(), _FRONT, note)
        )
