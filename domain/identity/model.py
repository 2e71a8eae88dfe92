"""Persons whose name and ID number were compared, and accounts that they get back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

from domain.accounts.model import HOLD, PROOF_LIFE, Account
from domain.identity.faces import FaceSession
from domain.shared.conversations import Json
from domain.shared.records import AccountId, OpenId

__all__ = [
    "ALLOWED",
    "HOLD",
    "RECOGNIZED",
    "RECOVERIES_KEPT",
    "RECOVERY_LIFE",
    "AccountSeen",
    "KnownNumber",
    "Person",
    "Recovery",
    "RecoveryState",
    "Verdict",
    "Verified",
]

RECOVERY_LIFE: Final = timedelta(hours=1)
"""How long a recovery may take, from the name to the new phone."""

RECOVERIES_KEPT: Final = timedelta(days=30)
"""After which nothing can come of one, and it is dropped; the acts stay."""


class Verdict(StrEnum):
    """What a comparison of name and ID number says; never which of the two is wrong."""

    MATCH = "match"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Verified:
    """A name and an ID number that belong together.

    ``source`` names who compared them.

    Source: S0-24.
    """

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    at: datetime
    source: str

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back."""
        return {
            "name": self.name,
            "id_number": self.id_number,
            "at": self.at.isoformat(),
            "source": self.source,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Json]) -> Self:
        """Rebuild it from `to_json`."""
        return cls(
            name=str(kept["name"]),
            id_number=str(kept["id_number"]),
            at=datetime.fromisoformat(str(kept["at"])),
            source=str(kept["source"]),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A person whose name is real; one record however many accounts the person has.

    Source: S0-24.
    """

    id: str
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    verified_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """The citizen knew the ID number of an account's person at a moment; the number is not kept.

    Source: S0-73; whoever only holds the chat does not know it.
    """

    openid: OpenId
    account_id: AccountId
    at: datetime

    def holds(self, *, openid: OpenId, account_id: AccountId, now: datetime) -> bool:
        """Tell whether it is this citizen's, of this account, and at most 30 minutes old."""
        same = (self.openid, self.account_id) == (openid, account_id)
        return same and timedelta(0) <= now - self.at <= PROOF_LIFE

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back."""
        return {
            "openid": self.openid,
            "account_id": self.account_id,
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Json]) -> Self:
        """Rebuild it from `to_json`."""
        return cls(
            openid=OpenId(str(kept["openid"])),
            account_id=AccountId(str(kept["account_id"])),
            at=datetime.fromisoformat(str(kept["at"])),
        )


class RecoveryState(StrEnum):
    """How far a recovery has come."""

    OPEN = "open"
    """The name and the ID number are a person's who has accounts."""
    FACING = "facing"
    """A face check was begun and has no outcome yet."""
    PROVEN = "proven"
    """The citizen is that person."""
    FAILED = "failed"
    DONE = "done"
    """An account has a new phone; for a day this can be taken back."""
    UNDONE = "undone"


RECOGNIZED: Final = frozenset({RecoveryState.PROVEN, RecoveryState.DONE, RecoveryState.UNDONE})
"""States in which whoever began a recovery is, or once was, known to be the person."""

ALLOWED: Final[Mapping[RecoveryState, frozenset[RecoveryState]]] = MappingProxyType(
    {
        # A session that ends without an outcome leads back to the beginning.
        RecoveryState.OPEN: frozenset({RecoveryState.FACING}),
        RecoveryState.FACING: frozenset(
            {RecoveryState.OPEN, RecoveryState.PROVEN, RecoveryState.FAILED}
        ),
        RecoveryState.PROVEN: frozenset({RecoveryState.DONE}),
        RecoveryState.FAILED: frozenset(),
        RecoveryState.DONE: frozenset({RecoveryState.UNDONE}),
        RecoveryState.UNDONE: frozenset(),
    }
)
"""What may become of what.

Source: S0-66 to S0-72.
"""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A citizen's wish to get an account back; or, done from the beginning, a change of phone.

    ``face`` and ``faced_at`` are the vendor's session and when it was begun; ``counted`` undoes
    its two counts. ``account_id``, ``old_phone``, ``new_phone``, ``word`` and ``done_at`` are set
    once an account has its new phone: the word, sent to the old one, takes it all back.

    Source: S0-66 to S0-72.
    """

    id: str
    openid: OpenId
    person_id: str
    state: RecoveryState
    opened_at: datetime
    face: FaceSession | None = field(default=None, repr=False)
    faced_at: datetime | None = None
    counted: tuple[str, ...] = ()
    account_id: AccountId | None = None
    old_phone: str = field(default="", repr=False)
    new_phone: str = field(default="", repr=False)
    word: str = field(default="", repr=False)
    done_at: datetime | None = None

    def alive(self, now: datetime) -> bool:
        """Tell whether it may still lead to an account.

        Source: S0-66; proofs are of a moment.
        """
        ended = (RecoveryState.FAILED, RecoveryState.DONE, RecoveryState.UNDONE)
        return self.state not in ended and now - self.opened_at <= RECOVERY_LIFE


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """One of a person's accounts: when somebody last signed in to it, and whether anybody is.

    Source: S0-69.
    """

    account: Account
    used_at: datetime
    in_use: bool
