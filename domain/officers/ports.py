"""What the officers' use cases ask of the outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.officers.model import (
    Credentials,
    Officer,
    OfficerId,
    OfficerSession,
    OfficerStart,
    Role,
)
from domain.shared.work import Work

__all__ = [
    "OfficerSessionStore",
    "OfficerStore",
    "OfficersWork",
    "OneTimeCodes",
]


class OneTimeCodes(Protocol):
    """Codes of six digits that a phone shows, another each half minute."""

    def step_of(self, seed: str, code: str, at: datetime) -> int | None:
        """Return the number of the half minute whose code this is; ``None`` for a wrong one.

        The half minute before and the one after count as well: clocks differ.
        """

    def code_at(self, seed: str, at: datetime) -> str:
        """Return the code that a phone with this seed shows at a moment."""

    def address(self, seed: str, login: str) -> str:
        """Return what a phone's camera reads to take up a seed."""


class OfficerStore(Protocol):
    """Officers, what they prove to be, and the links by which they begin."""

    async def add(self, officer: Officer) -> bool:
        """Keep a new officer; ``False``, with nothing written, if the login name is taken."""

    async def find(self, officer_id: OfficerId) -> Officer | None:
        """Return an officer, disabled or not; ``None`` if there is none."""

    async def of_login(self, login: str) -> Officer | None:
        """Return the officer of a login name, disabled or not; ``None`` if there is none."""

    async def all(self) -> list[Officer]:
        """Return every officer, in the order of their login names."""

    async def all_for_update(self) -> list[Officer]:
        """Return the same; nobody else changes any of them until this work ends."""

    async def set_roles(self, officer_id: OfficerId, roles: frozenset[Role]) -> None:
        """Give an officer these roles and no others."""

    async def set_disabled(self, officer_id: OfficerId, *, disabled: bool) -> None:
        """Shut an officer out, or let them in again."""

    async def credentials_of(self, officer_id: OfficerId) -> Credentials | None:
        """Return what an officer proves to be; ``None`` where that is not set up."""

    async def begin(
        self, officer_id: OfficerId, *, token_hash: str, seed: str, expires_at: datetime
    ) -> None:
        """Keep a set-up link in the place of an earlier one, of the password and of all codes."""

    async def begun(self, token_hash: str) -> OfficerStart | None:
        """Return what a set-up link is for; ``None`` if there is none, or it was used."""

    async def enrol(
        self, token_hash: str, credentials: Credentials, back_up: Sequence[str]
    ) -> bool:
        """Set credentials up and use the link up; of many at once exactly one succeeds."""

    async def spend_step(self, officer_id: OfficerId, step: int) -> bool:
        """Note that a half minute's code was used; ``False`` if it, or a later one, was before."""

    async def spend_back_up(self, officer_id: OfficerId, code: str) -> bool:
        """Use a back-up code up; ``False`` if it is none, or was used before."""

    async def back_ups_left(self, officer_id: OfficerId) -> int:
        """Return how many back-up codes an officer still has."""


class OfficerSessionStore(Protocol):
    """Where officers are signed in; tokens are known by their hashes only."""

    async def open(self, session: OfficerSession) -> None:
        """Keep a new session."""

    async def find(self, session_id: str) -> tuple[OfficerSession, Officer] | None:
        """Return a session and whose it is, whether it has ended or not; ``None`` if unknown."""

    async def of(self, officer_id: OfficerId) -> list[OfficerSession]:
        """Return an officer's sessions, newest first."""

    async def touch(self, session_id: str, at: datetime) -> None:
        """Keep when a session was last used."""

    async def end(self, session_id: str, officer_id: OfficerId) -> bool:
        """End one session of an officer; ``False`` if it is another's, or has ended."""

    async def end_all(self, officer_id: OfficerId, *, but: str = "") -> int:
        """End all sessions of an officer, but perhaps one; return how many that were."""

    async def forget(self, *, before: datetime) -> None:
        """Drop those that were opened before a moment."""


class OfficersWork(Work, Protocol):
    """What the officers' use cases may touch."""

    @property
    def officers(self) -> OfficerStore:
        """Officers."""

    @property
    def officer_sessions(self) -> OfficerSessionStore:
        """Where they are signed in."""
