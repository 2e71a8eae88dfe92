"""Profiles, and what lies about of citizens, in memory."""

from collections.abc import Sequence
from datetime import datetime

from domain.accounts.model import Account
from domain.accounts.profiles import Profile
from domain.shared.pages import OneTimePage
from domain.shared.pushes import Push
from domain.shared.records import AccountId, Act, Consent, OpenId
from tests.support.allotment import MemoryActs, MemoryConsents
from tests.support.works import PeopleWork

__all__ = ["MemoryProfiles", "MemoryTraces", "PersonalWork"]


class MemoryProfiles:
    """A `ProfileStore` in a dict."""

    def __init__(self) -> None:
        self.rows: dict[AccountId, Profile] = {}

    async def of(self, account_id: AccountId) -> Profile:
        """Return an account's profile."""
        return self.rows.get(account_id, Profile())

    async def save(self, account_id: AccountId, profile: Profile, *, at: datetime) -> None:
        """Keep a profile."""
        assert at.tzinfo
        self.rows[account_id] = profile

    async def forget(self, account_id: AccountId) -> bool:
        """Erase an account's profile."""
        return self.rows.pop(account_id, None) is not None


class MemoryTraces:
    """A `TraceStore` that only remembers what was asked of it."""

    def __init__(self, acts: MemoryActs, consents: MemoryConsents) -> None:
        self._acts = acts
        self._consents = consents
        self.registered: set[AccountId] = set()
        self.pages_wiped: list[tuple[OpenId, AccountId | None]] = []
        self.people_wiped: list[str] = []
        self.families_wiped: list[str] = []
        self.wiped_choices: list[tuple[tuple[OpenId, ...], AccountId | None]] = []
        self.recoveries_wiped: list[AccountId] = []
        self.recognition_withdrawn: list[tuple[AccountId, datetime]] = []

    async def acts_of(self, account: Account) -> list[Act]:
        """Return what was done through an account, or to it."""
        rows = self._acts.rows
        return [one for one in rows if account.id in (one.actor, one.object_id)]

    async def consents_of(self, account: Account) -> list[Consent]:
        """Return what was agreed to through an account."""
        return await self._consents.of(account.id)

    async def pages_of(self, account: Account, openids: Sequence[OpenId]) -> list[OneTimePage]:
        """Return no pages."""
        return []

    async def told_to(self, account: Account) -> list[tuple[datetime, Push]]:
        """Return nothing: nobody waits in memory."""
        return []

    async def wipe_choices(self, openids: Sequence[OpenId], *, of: AccountId | None = None) -> None:
        """Keep whose were forgotten."""
        self.wiped_choices.append((tuple(openids), of))

    async def cards_of(self, openids: Sequence[OpenId]) -> Sequence[tuple[OpenId, str, int]]:
        """Return nothing: nobody agreed to cards in memory."""
        return []

    async def withdraw_recognition(self, account: Account, *, at: datetime) -> int:
        """Remember whose consents to face checks were withdrawn."""
        self.recognition_withdrawn.append((account.id, at))
        return 0

    async def wipe_recoveries(self, account: Account) -> int:
        """Erase recoveries."""
        self.recoveries_wiped.append(account.id)
        return 0

    async def wipe_family(self, family_id: str) -> bool:
        """Erase a family."""
        self.families_wiped.append(family_id)
        return True

    async def has_registered(self, account: Account) -> bool:
        """Tell whether anything was ever registered through an account."""
        return account.id in self.registered

    async def wipe_pages(self, openids: Sequence[OpenId], *, of: AccountId | None = None) -> int:
        """Erase the one-time pages of some citizens."""
        self.pages_wiped.extend((openid, of) for openid in openids)
        return len(openids)

    async def wipe_person(self, person_id: str) -> bool:
        """Erase a person."""
        self.people_wiped.append(person_id)
        return True


class PersonalWork(PeopleWork):
    """What the personal centre and leaving may touch."""

    def __init__(self) -> None:
        super().__init__()
        self.profiles = MemoryProfiles()
        self.traces = MemoryTraces(self.acts, self.consents)
