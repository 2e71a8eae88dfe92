"""Profiles, and what lies about of citizens, in memory."""

from collections.abc import Sequence
from datetime import datetime

from domain.accounts.model import Account
from domain.accounts.profiles import Profile
from domain.shared.records import AccountId, OpenId
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

    def __init__(self) -> None:
        self.registered: set[AccountId] = set()
        self.pages_wiped: list[OpenId] = []
        self.people_wiped: list[str] = []

    async def has_registered(self, account: Account) -> bool:
        """Tell whether anything was ever registered through an account."""
        return account.id in self.registered

    async def wipe_pages(self, openids: Sequence[OpenId]) -> int:
        """Erase the one-time pages of some citizens."""
        self.pages_wiped.extend(openids)
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
        self.traces = MemoryTraces()
