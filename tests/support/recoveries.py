"""Recoveries in memory, a face check by hand, and a person who has accounts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.accounts.model import ENTRIES, Account, Proof, Purpose
from domain.accounts.service import AccountService
from domain.content.model import AGREEMENTS, DocumentKind
from domain.identity.faces import FaceOutcome, FaceSession
from domain.identity.model import AccountSeen, Recovery, RecoveryState, Verified
from domain.identity.recovery import RecoveryService
from domain.identity.showing import FaceService
from domain.shared.errors import DomainError, UnavailableError
from domain.shared.idents import long_id
from domain.shared.records import AccountId, OpenId
from tests.support.allotment import MemoryActs
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.works import (
    ALICE,
    PHONE,
    MemoryAccounts,
    MemoryPeople,
    MemorySecrets,
    PeopleWork,
)

__all__ = [
    "FACE",
    "MALLORY",
    "NAME",
    "NEW_PHONE",
    "NUMBER",
    "OTHER_NUMBER",
    "THREE",
    "FakeFaces",
    "MemoryRecoveries",
    "Office",
    "Read",
    "refusal",
]

NAME, NUMBER = "曹雪芹", "11010519491231002X"
OTHER_NUMBER = "110100198809230028"
NEW_PHONE = "+8613900000009"
MALLORY = OpenId("oTestMallory00000000000004")


@dataclass(frozen=True)
class Read:
    """A document that was agreed to."""

    kind: str
    version: int = 1
    text_hash: str = "0" * 64


THREE = [Read(kind) for kind in AGREEMENTS]
FACE = [Read(DocumentKind.FACE_CONSENT)]


class FakeFaces:
    """A `FaceCheck` whose outcomes are set by hand."""

    source = "fake"

    def __init__(self) -> None:
        self.outcomes: dict[str, FaceOutcome] = {}
        self.begun: list[tuple[str, str]] = []
        self.silent = False

    async def begin(self, name: str, id_number: str, *, back: str) -> FaceSession:
        """Open a session."""
        self._answer()
        self.begun.append((name, id_number))
        receipt = f"receipt-{len(self.begun)}"
        self.outcomes[receipt] = FaceOutcome.PENDING
        return FaceSession(f"https://faces.test/{receipt}", receipt)

    async def outcome(self, receipt: str, *, name: str, id_number: str) -> FaceOutcome:
        """Return what was set, of the person the session was opened for."""
        self._answer()
        opened = self.begun[int(receipt.removeprefix("receipt-")) - 1]
        if opened != (name, id_number):
            raise UnavailableError
        return self.outcomes.get(receipt, FaceOutcome.EXPIRED)

    def called(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Never be called."""
        return None

    def last(self, outcome: FaceOutcome) -> None:
        """Set the outcome of the last session."""
        self.outcomes[f"receipt-{len(self.begun)}"] = outcome

    def _answer(self) -> None:
        if self.silent:
            raise UnavailableError


class MemoryRecoveries:
    """A `RecoveryStore` in a dict, over accounts in memory."""

    def __init__(self, accounts: MemoryAccounts, people: MemoryPeople, acts: MemoryActs) -> None:
        self.rows: dict[str, Recovery] = {}
        self._accounts = accounts
        self._people = people
        self._acts = acts

    async def add(self, recovery: Recovery) -> None:
        """Keep a new recovery."""
        self.rows[recovery.id] = recovery

    async def find(self, recovery_id: str) -> Recovery | None:
        """Return a recovery."""
        return self.rows.get(recovery_id)

    async def of_receipt(self, receipt: str) -> Recovery | None:
        """Return the recovery of a face session."""
        rows = self.rows.values()
        return next((one for one in rows if one.face and one.face.receipt == receipt), None)

    async def of_old_phone(self, phone: str, *, since: datetime) -> Recovery | None:
        """Return the last recovery done that took an account from a phone."""
        done = [
            (one.done_at, one)
            for one in self.rows.values()
            if one.old_phone == phone and one.state is RecoveryState.DONE and one.done_at
        ]
        late = [(at, one) for at, one in done if at >= since]
        return max(late, key=lambda pair: pair[0])[1] if late else None

    async def lost_by(self, phone: str, *, since: datetime) -> AccountId | None:
        """Return the account that a phone lost."""
        found = await self.of_old_phone(phone, since=since)
        return found.account_id if found else None

    async def done_with(self, account_id: AccountId, *, since: datetime) -> list[Recovery]:
        """Return what gave an account a new phone, oldest first."""
        mine = [one for one in self.rows.values() if one.account_id == account_id]
        done = [one for one in mine if one.state is RecoveryState.DONE]
        late = [(one.done_at, one) for one in done if one.done_at and one.done_at >= since]
        return [one for _, one in sorted(late, key=lambda pair: pair[0])]

    async def of_account(self, account: Account) -> list[Recovery]:
        """Return what was done to recover an account, oldest first."""
        return [
            one
            for one in self.rows.values()
            if one.account_id == account.id or one.person_id == account.person_id
        ]

    async def at_home(self, openid: OpenId, id_number: str) -> bool:
        """Tell whether a citizen was ever signed in to an account of an ID number's person."""
        number = long_id(id_number)
        named = {one.id for one in self._people.rows.values() if long_id(one.id_number) == number}
        theirs = {one.id for one in self._accounts.rows.values() if one.person_id in named}
        return any(
            act.actor == openid and act.tag in ENTRIES and act.object_id in theirs
            for act in self._acts.rows
        )

    async def save(self, recovery: Recovery, *, was: RecoveryState) -> bool:
        """Keep how a recovery has gone on, unless it had moved."""
        kept = self.rows.get(recovery.id)
        if kept is None or kept.state is not was:
            return False
        self.rows[recovery.id] = recovery
        return True

    async def accounts_of(self, person_id: str) -> list[AccountSeen]:
        """Return a person's accounts."""
        found = [
            AccountSeen(one, one.used_at or one.created_at, one.id in self._accounts.links.values())
            for account_id in self._accounts.rows
            if (one := await self._accounts.find(account_id)) and one.person_id == person_id
        ]
        return sorted(found, key=lambda one: (one.used_at, one.in_use), reverse=True)

    async def hold(
        self, account_id: AccountId, *, until: datetime, keep_password: bool = False
    ) -> None:
        """Hold an account and forget its password."""
        if not keep_password:
            self._accounts.passwords.pop(account_id, None)
        held = replace(
            self._accounts.rows[account_id],
            held_until=until,
            has_password=account_id in self._accounts.passwords,
        )
        self._accounts.rows[account_id] = held

    async def forget(self, *, before: datetime) -> int:
        """Drop old recoveries."""
        old = [one.id for one in self.rows.values() if one.opened_at < before]
        for recovery_id in old:
            del self.rows[recovery_id]
        return len(old)


class _Work(PeopleWork):
    def __init__(self) -> None:
        super().__init__()
        self.recoveries = MemoryRecoveries(  # type: ignore[assignment] # does more
            self.accounts, self.people, self.acts
        )


class Office:
    """Everything that recovers accounts, in memory."""

    def __init__(self) -> None:
        self.work = _Work()
        self.clock = FakeClock()
        self.secrets = MemorySecrets()
        self.check = FakeFaces()
        self.accounts = AccountService(self.work, self.clock)
        self.recovery = RecoveryService(
            self.work, self.accounts, self.secrets, self.clock, SeededRandomness()
        )
        self.faces = FaceService(
            self.work, self.check, self.secrets, self.clock, back="https://anju.test/back"
        )

    async def settle(self, *phones: str, name: str = NAME, number: str = NUMBER) -> list[AccountId]:
        """Give a person an account for each phone; return their ids."""
        person = await self.work.people.save(Verified(name, number, self.clock.now(), "test"))
        opened = []
        for phone in phones or (PHONE,):
            account = await self.work.accounts.add(phone=phone, at=self.clock.now())
            assert account is not None
            assert await self.work.accounts.set_person(account.id, person.id)
            opened.append(account.id)
        return opened

    async def proven(self, openid: OpenId = ALICE) -> Recovery:
        """Bring a citizen's recovery of the person to where the face was known."""
        recovery = await self.recovery.open(openid, NAME, NUMBER)
        await self.faces.begin(recovery, FACE)
        self.check.last(FaceOutcome.PASSED)
        return await self.faces.seen(openid, recovery.id)

    def code(
        self,
        openid: OpenId = ALICE,
        phone: str = NEW_PHONE,
        why: Purpose = Purpose.RECOVER,
    ) -> Proof:
        """Return the proof that a right code would have given just now."""
        return Proof(openid, phone, why, "draft", self.clock.now())

    async def finish(
        self, recovery: Recovery, account_id: str, *, phone: str = NEW_PHONE
    ) -> Account:
        """Finish a recovery with a new phone."""
        return await self.recovery.finish(
            openid=recovery.openid,
            recovery_id=recovery.id,
            account_id=account_id,
            proof=self.code(recovery.openid, phone),
            agreed=THREE,
        )

    @property
    def word(self) -> str:
        """The word that the old phone was told."""
        [notice] = self.work.outbox.to_phones()
        return notice.values[1]


async def refusal(wish: Callable[[], Awaitable[object]]) -> type[DomainError] | None:
    """Return what a wish was refused with; ``None`` if it was not."""
    try:
        await wish()
    except DomainError as error:
        return type(error)
    return None
