"""What the accounts' use cases ask of the outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.accounts.model import Account, Session
from domain.accounts.strength import Strength
from domain.shared.pushes import Outbox
from domain.shared.records import AccountId, OpenId
from domain.shared.work import Work

__all__ = [
    "AccountStore",
    "AccountsWork",
    "Agreed",
    "LostPhones",
    "PasswordHasher",
    "PasswordMeter",
]


class Agreed(Protocol):
    """The version of a document that a citizen agreed to."""

    @property
    def kind(self) -> str:
        """What the document is for."""

    @property
    def version(self) -> int:
        """Which version it is."""

    @property
    def text_hash(self) -> str:
        """The SHA-256 of its text in hex."""


class PasswordHasher(Protocol):
    """Makes passwords unreadable. Slow on purpose, so it never blocks other citizens."""

    async def hash(self, password: str) -> str:
        """Return what may be kept of a password."""

    async def matches(self, password: str, kept: str | None) -> bool:
        """Tell whether a password is the one that was kept.

        Where none was kept it is not, and finding that out takes as long.
        """


class PasswordMeter(Protocol):
    """Judges how hard passwords are to guess."""

    async def weigh(self, password: str, known: Sequence[str]) -> Strength:
        """Judge a password.

        Parameters
        ----------
        password
            At most 64 characters.
        known
            Words that others would try first for this citizen.
        """


class AccountStore(Protocol):
    """Accounts on record, and who is signed in to them."""

    async def add(self, *, phone: str, at: datetime) -> Account | None:
        """Open an account; ``None``, with nothing written, if the phone has a live one."""

    async def find(self, account_id: AccountId) -> Account | None:
        """Return a live account; ``None`` if there is none."""

    async def of_openid(self, openid: OpenId) -> Account | None:
        """Return the live account that a citizen is signed in to; ``None`` if signed out."""

    async def of_phone(self, phone: str) -> Account | None:
        """Return the live account of a phone; ``None`` if there is none."""

    async def link(self, openid: OpenId, account_id: AccountId, at: datetime) -> None:
        """Sign a citizen in to an account, and so out of any other."""

    async def unlink(self, openid: OpenId, *, account_id: AccountId | None = None) -> bool:
        """Sign a citizen out, where given of this account only; tell whether they were in."""

    async def unlink_all(self, account_id: AccountId, *, but: OpenId | None = None) -> int:
        """Sign everybody, or everybody but one, out of an account; return how many that were."""

    async def sessions(self, account_id: AccountId) -> list[Session]:
        """Return who is signed in to an account, oldest first."""

    async def touch(self, openid: OpenId, account_id: AccountId, at: datetime) -> None:
        """Keep when a citizen last used an account."""

    async def set_phone(self, account_id: AccountId, phone: str) -> bool:
        """Give an account a phone; ``False``, with nothing written, if another live one has it."""

    async def set_password(self, account_id: AccountId, kept: str) -> None:
        """Keep a hashed password in place of an earlier one."""

    async def password_of(self, account_id: AccountId) -> str | None:
        """Return an account's password as it is kept; ``None`` if it has none."""

    async def close(self, account_id: AccountId, *, keep_person: bool) -> None:
        """Close an account: its phone and password are erased, and whose it was unless kept."""

    async def set_person(self, account_id: AccountId, person_id: str) -> bool:
        """Say whose account it is; ``False``, with nothing written, if it is somebody else's."""

    async def set_family(self, account_id: AccountId, family_id: str) -> bool:
        """Bind a family; ``False``, with nothing written, if another one is bound."""


class LostPhones(Protocol):
    """Phones that accounts went by until a short while ago."""

    async def lost_by(self, phone: str, *, since: datetime) -> AccountId | None:
        """Return the account that a phone lost since a moment, and may take back; or ``None``."""


class AccountsWork(Work, Protocol):
    """What the accounts' use cases may touch."""

    @property
    def accounts(self) -> AccountStore:
        """Accounts."""

    @property
    def recoveries(self) -> LostPhones:
        """Who lost an account."""

    @property
    def outbox(self) -> Outbox:
        """What is to be told."""
