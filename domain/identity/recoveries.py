"""Recoveries on record: how they fail, where they are kept."""

from datetime import datetime
from typing import Protocol

from domain.accounts.model import Account
from domain.accounts.service import LostPhones
from domain.identity.model import AccountSeen, Recovery, RecoveryState
from domain.identity.service import IdentityWork
from domain.shared.errors import ConflictError, NotFoundError, RefusedError
from domain.shared.records import AccountId, OpenId

__all__ = [
    "FaceNotProvenError",
    "NothingToUndoError",
    "NumberNotProvenError",
    "RecoveryEndedError",
    "RecoveryMovedError",
    "RecoveryNotFoundError",
    "RecoveryStore",
    "RecoveryWork",
]


class RecoveryNotFoundError(NotFoundError):
    """No account belongs to a person of this name and ID number; which is wrong is not told."""

    code = "recovery-not-found"


class RecoveryEndedError(RefusedError):
    """The recovery failed, is done, or took too long; another must be begun."""

    code = "recovery-ended"


class RecoveryMovedError(ConflictError):
    """The recovery went on between two looks."""

    code = "recovery-moved"


class FaceNotProvenError(RefusedError):
    """The face check has not been passed."""

    code = "face-not-proven"


class NothingToUndoError(NotFoundError):
    """No recovery of the last day belongs to this phone and word, or it no longer stands."""

    code = "nothing-to-undo"


class NumberNotProvenError(RefusedError):
    """The ID number of the account's person was not given, or too long ago."""

    code = "number-not-proven"


class RecoveryStore(LostPhones, Protocol):
    """Recoveries on record, and the accounts that they are about."""

    async def add(self, recovery: Recovery) -> None:
        """Keep a new recovery."""

    async def find(self, recovery_id: str) -> Recovery | None:
        """Return a recovery; ``None`` if not on record."""

    async def of_receipt(self, receipt: str) -> Recovery | None:
        """Return the recovery of a face session; ``None`` if not on record."""

    async def of_old_phone(self, phone: str, *, since: datetime) -> Recovery | None:
        """Return the last recovery done since a moment that took an account from a phone."""

    async def done_with(self, account_id: AccountId, *, since: datetime) -> list[Recovery]:
        """Return what gave an account a new phone since a moment and stands, oldest first."""

    async def of_account(self, account: Account) -> list[Recovery]:
        """Return what was done to recover an account, oldest first.

        Beside what gave it a phone, what was begun by its person, or in the person's name.
        """

    async def at_home(self, openid: OpenId, id_number: str) -> bool:
        """Tell whether a citizen was ever signed in to an account of an ID number's person."""

    async def save(self, recovery: Recovery, *, was: RecoveryState) -> bool:
        """Keep how a recovery has gone on; ``False``, with nothing written, if it had moved."""

    async def accounts_of(self, person_id: str) -> list[AccountSeen]:
        """Return a person's live accounts, the last used first."""

    async def hold(
        self, account_id: AccountId, *, until: datetime, keep_password: bool = False
    ) -> None:
        """Hold an account until a moment, and forget its password unless it is to be kept."""

    async def forget(self, *, before: datetime) -> int:
        """Drop the recoveries opened before a moment; return how many."""


class RecoveryWork(IdentityWork, Protocol):
    """What the recovery's use cases may touch."""

    @property
    def recoveries(self) -> RecoveryStore:
        """Recoveries."""
