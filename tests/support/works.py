"""A work over accounts, persons and families, and counters, that live in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.accounts.model import (
    Account,
    AccountState,
    CodeRequest,
    Proof,
    Purpose,
    Session,
)
from domain.filings.model import Family, Filing
from domain.identity.model import Person, Verified
from domain.shared.errors import UnavailableError
from domain.shared.idents import long_id
from domain.shared.records import AccountId, OpenId
from domain.shared.throttle import Limit, Taken
from tests.support.allotment import MemoryActs, MemoryConsents, MemoryEffects
from tests.support.pushes import MemoryOutbox

__all__ = [
    "ALICE",
    "BOB",
    "PHONE",
    "MemoryAccounts",
    "MemoryFamilies",
    "MemoryPeople",
    "MemorySecrets",
    "PeopleWork",
    "PlainPasswords",
    "a_request",
    "proven",
]

ALICE = OpenId("oTestAlice000000000000000001")
BOB = OpenId("oTestBob00000000000000000002")
PHONE = "+8619900000001"


def a_request(
    openid: OpenId = ALICE,
    phone: str = PHONE,
    purpose: Purpose = Purpose.SIGN_IN,
    draft_id: str = "draft",
) -> CodeRequest:
    """Return a wish for a code."""
    return CodeRequest(openid, phone, purpose, draft_id)


def proven(request: CodeRequest, at: datetime) -> Proof:
    """Return the proof that a right code for this request would have given."""
    return Proof(request.openid, request.phone, request.purpose, request.draft_id, at)


class PlainPasswords:
    """A `PasswordHasher` that is quick and hides nothing."""

    async def hash(self, password: str) -> str:
        """Return the password, marked."""
        return f"kept:{password}"

    async def matches(self, password: str, kept: str | None) -> bool:
        """Tell whether it is the one that was kept."""
        return kept == f"kept:{password}"


class MemoryAccounts:
    """An `AccountStore` in dicts."""

    def __init__(self) -> None:
        self.rows: dict[AccountId, Account] = {}
        self.links: dict[OpenId, AccountId] = {}
        self.passwords: dict[AccountId, str] = {}
        self.begun: dict[OpenId, datetime] = {}
        self.used: dict[OpenId, datetime] = {}

    async def add(self, *, phone: str, at: datetime) -> Account | None:
        """Open an account unless the phone has a live one."""
        if await self.of_phone(phone) is not None:
            return None
        account = Account(
            AccountId(f"account-{len(self.rows) + 1}"), phone, AccountState.ACTIVE, at, used_at=at
        )
        self.rows[account.id] = account
        return account

    async def find(self, account_id: AccountId) -> Account | None:
        """Return a live account."""
        found = self.rows.get(account_id)
        return found if found and found.state is AccountState.ACTIVE else None

    async def of_openid(self, openid: OpenId) -> Account | None:
        """Return the live account that a citizen is signed in to."""
        found = await self.find(self.links.get(openid, AccountId("")))
        return replace(found, used_at=self.used[openid]) if found else None

    async def of_phone(self, phone: str) -> Account | None:
        """Return the live account of a phone."""
        live = (one for one in self.rows.values() if one.state is AccountState.ACTIVE)
        return next((one for one in live if one.phone == phone), None)

    async def link(self, openid: OpenId, account_id: AccountId, at: datetime) -> None:
        """Sign a citizen in."""
        self.links[openid] = account_id
        self.begun[openid] = at
        await self.touch(openid, account_id, at)

    async def unlink(self, openid: OpenId, *, account_id: AccountId | None = None) -> bool:
        """Sign a citizen out."""
        if account_id is not None and self.links.get(openid) != account_id:
            return False
        return self.links.pop(openid, None) is not None

    async def unlink_all(self, account_id: AccountId, *, but: OpenId | None = None) -> int:
        """Sign everybody, or everybody but one, out of an account."""
        out = [one for one, linked in self.links.items() if linked == account_id and one != but]
        for openid in out:
            del self.links[openid]
        return len(out)

    async def set_phone(self, account_id: AccountId, phone: str) -> bool:
        """Give an account a phone, unless another live one has it."""
        holder = await self.of_phone(phone)
        if account_id not in self.rows or holder not in {None, self.rows[account_id]}:
            return False
        self.rows[account_id] = replace(self.rows[account_id], phone=phone)
        return True

    async def sessions(self, account_id: AccountId) -> list[Session]:
        """Return who is signed in to an account, oldest first."""
        mine = [openid for openid, linked in self.links.items() if linked == account_id]
        found = [Session(openid, self.begun[openid], self.used[openid]) for openid in mine]
        return sorted(found, key=lambda one: (one.begun_at, one.openid))

    async def touch(self, openid: OpenId, account_id: AccountId, at: datetime) -> None:
        """Keep when a citizen last used an account."""
        self.used[openid] = at
        self.rows[account_id] = replace(self.rows[account_id], used_at=at)

    async def set_password(self, account_id: AccountId, kept: str) -> None:
        """Keep a hashed password."""
        self.passwords[account_id] = kept
        self.rows[account_id] = replace(self.rows[account_id], has_password=True)

    async def password_of(self, account_id: AccountId) -> str | None:
        """Return an account's password as it is kept."""
        return self.passwords.get(account_id)

    async def close(self, account_id: AccountId, *, keep_person: bool) -> None:
        """Close an account."""
        nobody = {} if keep_person else {"person_id": None, "family_id": None}
        self.passwords.pop(account_id, None)
        self.rows[account_id] = replace(
            self.rows[account_id], state=AccountState.CLOSED, phone="", has_password=False, **nobody
        )

    async def set_person(self, account_id: AccountId, person_id: str) -> bool:
        """Say whose account it is."""
        account = self.rows.get(account_id)
        if account is None or account.person_id not in {None, person_id}:
            return False
        self.rows[account_id] = replace(account, person_id=person_id)
        return True

    async def set_family(self, account_id: AccountId, family_id: str) -> bool:
        """Bind a family."""
        account = self.rows.get(account_id)
        if account is None or account.family_id not in {None, family_id}:
            return False
        self.rows[account_id] = replace(account, family_id=family_id)
        return True


class MemoryPeople:
    """A `PersonStore` in a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, Person] = {}

    async def find(self, person_id: str) -> Person | None:
        """Return a person."""
        return self.rows.get(person_id)

    async def of_number(self, id_number: str) -> Person | None:
        """Return the person of an ID number."""
        number = long_id(id_number)
        return next((one for one in self.rows.values() if long_id(one.id_number) == number), None)

    async def save(self, verified: Verified) -> Person:
        """Keep what was compared."""
        person_id = f"person-{long_id(verified.id_number)[6:14]}-{verified.id_number[-4:]}"
        person = Person(person_id, verified.name, verified.id_number, verified.at, verified.source)
        self.rows[person_id] = person
        return person


class MemoryFamilies:
    """A `FamilyStore` in a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, Family] = {}

    def id_of(self, number: str) -> str:
        """Return the id that a number's family has, or would have."""
        return f"family-{number[::-1]}"

    async def find(self, family_id: str) -> Family | None:
        """Return a family."""
        return self.rows.get(family_id)

    async def save(self, filing: Filing) -> Family:
        """Keep what the register says."""
        family = Family.of(filing, self.id_of(filing.number))
        self.rows[family.id] = family
        return family


class MemoryLostPhones:
    """A `LostPhones` in a dict, set by hand."""

    def __init__(self) -> None:
        self.rows: dict[str, AccountId] = {}

    async def lost_by(self, phone: str, *, since: datetime) -> AccountId | None:
        """Return the account that a phone lost."""
        return self.rows.get(phone)


class PeopleWork:
    """Everything the use cases about people may touch; subclass it to carry more stores."""

    def __init__(self) -> None:
        self.acts = MemoryActs()
        self.consents = MemoryConsents()
        self.effects = MemoryEffects()
        self.outbox = MemoryOutbox()
        self.accounts = MemoryAccounts()
        self.people = MemoryPeople()
        self.families = MemoryFamilies()
        self.recoveries = MemoryLostPhones()


class MemorySecrets:
    """A `SecretStore` in dicts, which can be made to fall silent."""

    def __init__(self) -> None:
        self.hits: dict[str, list[tuple[str, str, datetime, datetime]]] = {}
        self.kept: dict[str, tuple[bytes, datetime]] = {}
        self.silent = False
        self._tickets = 0

    async def take(
        self, key: str, limits: Sequence[Limit], at: datetime, *, member: str = ""
    ) -> Taken:
        """Count once under a key, unless one of its limits is full."""
        self._answer()
        hits = self.hits.setdefault(key, [])
        longest = max(limit.within for limit in limits)
        if member and any(who == member and when > at - longest for _, who, when, _ in hits):
            return Taken()
        full = [limit for limit in limits if not self._has_room(key, limit, at)]
        if full:
            return Taken(until=max(self._room_again(key, limit) for limit in full))
        self._tickets += 1
        hits.append((str(self._tickets), member, at, at + longest))
        return Taken(ticket=str(self._tickets))

    async def give_back(self, key: str, ticket: str) -> None:
        """Undo one count."""
        self._answer()
        self.hits[key] = [hit for hit in self.hits.get(key, []) if hit[0] != ticket]

    async def count(self, key: str, *, since: datetime) -> int:
        """Return how often a key was counted later than a moment."""
        self._answer()
        return sum(when > since for _, _, when, _ in self.hits.get(key, []))

    async def forgive(self, key: str) -> None:
        """Forget all that was counted under a key."""
        self._answer()
        self.hits.pop(key, None)

    async def put(self, key: str, value: bytes, *, expires_at: datetime) -> None:
        """Keep a value."""
        self._answer()
        self.kept[key] = (value, expires_at)

    async def get(self, key: str, *, now: datetime) -> bytes | None:
        """Return a value."""
        self._answer()
        value, expires_at = self.kept.get(key, (None, now))
        return value if expires_at > now else None

    async def drop(self, key: str, *, now: datetime) -> bool:
        """Remove a value."""
        self._answer()
        _, expires_at = self.kept.pop(key, (b"", now))
        return expires_at > now

    async def sweep(self, *, now: datetime) -> int:
        """Remove what has expired."""
        self._answer()
        gone = sum(1 for _, expires_at in self.kept.values() if expires_at <= now)
        self.kept = {key: kept for key, kept in self.kept.items() if kept[1] > now}
        for key, hits in self.hits.items():
            alive = [hit for hit in hits if hit[3] > now]
            gone += len(hits) - len(alive)
            self.hits[key] = alive
        return gone

    def _answer(self) -> None:
        if self.silent:
            raise UnavailableError

    def _has_room(self, key: str, limit: Limit, at: datetime) -> bool:
        counted = sum(when > at - limit.within for _, _, when, _ in self.hits[key])
        return limit.times is None or counted < limit.times

    def _room_again(self, key: str, limit: Limit) -> datetime:
        newest_first = sorted((when for _, _, when, _ in self.hits[key]), reverse=True)
        assert limit.times is not None
        return newest_first[limit.times - 1] + limit.within
