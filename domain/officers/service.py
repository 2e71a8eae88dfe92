"""Who works in the console: adding, resetting, giving roles, shutting out."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Final

from domain.officers.model import LINK_LIFE, Officer, OfficerId, Role, login_of
from domain.officers.ports import OfficersWork
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from domain.shared.records import Act

__all__ = [
    "LastAdministratorError",
    "LoginTakenError",
    "NoRoleError",
    "OfficerNotFoundError",
    "OfficerService",
    "OwnRolesError",
    "hash_of",
    "seed_from",
]

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SEED_LENGTH: Final = 32
"""160 random bits, as RFC 4226 asks for."""


class OfficerNotFoundError(NotFoundError):
    """There is no such officer."""

    code = "officer-not-found"


class LoginTakenError(ConflictError):
    """Another officer has this login name."""

    code = "login-taken"


class NoRoleError(InvalidError):
    """An officer needs a name, and one role at least."""

    code = "officer-without-role"


class OwnRolesError(RefusedError):
    """Nobody changes what they themselves may do."""

    code = "own-roles"


class LastAdministratorError(RefusedError):
    """Somebody must remain who can let officers in."""

    code = "last-administrator"


def hash_of(token: str) -> str:
    """Return what is kept of a token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def seed_from(chance: Randomness) -> str:
    """Return a fresh seed of one-time codes, as phones take it."""
    return "".join(_ALPHABET[chance.below(len(_ALPHABET))] for _ in range(_SEED_LENGTH))


class OfficerService:
    """How officers come, change and go.

    Parameters
    ----------
    work, clock, chance
        The records, the time, and what nobody may guess.
    by
        Who does it: an officer's id, or whoever sits at the command line.
    front
        Through which front it is done.
    """

    def __init__(
        self,
        work: OfficersWork,
        clock: Clock,
        chance: Randomness,
        *,
        by: str = "operator",
        front: str = "console",
    ) -> None:
        self._work = work
        self._clock = clock
        self._chance = chance
        self._by = by
        self._front = front

    async def all(self) -> list[Officer]:
        """Return every officer, in the order of their login names."""
        return await self._work.officers.all()

    async def find(self, officer_id: OfficerId) -> Officer:
        """Return an officer, or raise `OfficerNotFoundError`."""
        officer = await self._work.officers.find(officer_id)
        if officer is None:
            raise OfficerNotFoundError
        return officer

    async def of_login(self, login: str) -> Officer:
        """Return the officer of a login name, or raise `OfficerNotFoundError`."""
        officer = await self._work.officers.of_login(login_of(login))
        if officer is None:
            raise OfficerNotFoundError
        return officer

    async def add(self, *, login: str, name: str, roles: Collection[Role]) -> tuple[Officer, str]:
        """Add an officer.

        Returns
        -------
        tuple[Officer, str]
            The officer, and the token of the set-up link: nobody can read it a second time.

        Raises
        ------
        InvalidLoginError, NoRoleError, LoginTakenError
            It cannot be kept like this.
        """
        now = self._clock.now()
        kept = frozenset(roles)
        if not kept or not name.strip():
            raise NoRoleError
        officer = Officer(
            OfficerId(self._chance.token()), login_of(login), name.strip()[:40], kept, now
        )
        if not await self._work.officers.add(officer):
            raise LoginTakenError
        await self._keep("add", officer, now, _words(kept))
        return officer, await self._begin(officer, now)

    async def reset(self, officer_id: OfficerId) -> str:
        """Take an officer's password, codes and sessions; return the token of a set-up link.

        Raises
        ------
        OfficerNotFoundError
            There is no such officer.
        """
        now = self._clock.now()
        officer = await self.find(officer_id)
        await self._work.officer_sessions.end_all(officer.id)
        await self._keep("reset", officer, now)
        return await self._begin(officer, now)

    async def change_roles(self, officer_id: OfficerId, roles: Collection[Role]) -> Officer:
        """Give an officer these roles and no others; they must sign in again.

        Raises
        ------
        NoRoleError, OwnRolesError, LastAdministratorError, OfficerNotFoundError
            It must not be, or there is nobody to give them to.
        """
        kept = frozenset(roles)
        if not kept:
            raise NoRoleError
        officer = await self._other(officer_id, stays=Role.ADMINISTRATOR in kept)
        if kept != officer.roles:
            await self._work.officers.set_roles(officer.id, kept)
            await self._work.officer_sessions.end_all(officer.id)
            note = f"{_words(officer.roles)} -> {_words(kept)}"
            await self._keep("roles", officer, self._clock.now(), note)
        return officer

    async def disable(self, officer_id: OfficerId) -> Officer:
        """Shut an officer out, everywhere and at once.

        Raises
        ------
        OwnRolesError, LastAdministratorError, OfficerNotFoundError
            It must not be, or there is no such officer.
        """
        officer = await self._other(officer_id, stays=False)
        await self._work.officers.set_disabled(officer.id, disabled=True)
        await self._work.officer_sessions.end_all(officer.id)
        await self._keep("disable", officer, self._clock.now())
        return officer

    async def enable(self, officer_id: OfficerId) -> str:
        """Let an officer in again, by a new set-up link; return its token.

        Raises
        ------
        OfficerNotFoundError
            There is no such officer.
        """
        now = self._clock.now()
        officer = await self.find(officer_id)
        await self._work.officers.set_disabled(officer.id, disabled=False)
        await self._keep("enable", officer, now)
        return await self._begin(officer, now)

    async def end_sessions(self, officer_id: OfficerId) -> int:
        """Sign an officer out everywhere; return of how many browsers that was.

        Raises
        ------
        OfficerNotFoundError
            There is no such officer.
        """
        officer = await self.find(officer_id)
        ended = await self._work.officer_sessions.end_all(officer.id)
        await self._keep("sign-out", officer, self._clock.now())
        return ended

    async def _other(self, officer_id: OfficerId, *, stays: bool) -> Officer:
        """Return an officer whose rights may be changed; ``stays``: as an administrator."""
        if officer_id == self._by:
            raise OwnRolesError
        # Two administrators who shut each other out must not both succeed.
        everybody = await self._work.officers.all_for_update()
        found = [one for one in everybody if one.id == officer_id]
        if not found:
            raise OfficerNotFoundError
        others = [one for one in everybody if one.id != officer_id]
        if _lets_in(found[0]) and not stays and not any(map(_lets_in, others)):
            raise LastAdministratorError
        return found[0]

    async def _begin(self, officer: Officer, now: datetime) -> str:
        token = self._chance.token()
        await self._work.officers.begin(
            officer.id,
            token_hash=hash_of(token),
            seed=seed_from(self._chance),
            expires_at=now + LINK_LIFE,
        )
        return token

    async def _keep(self, what: str, officer: Officer, now: datetime, note: str = "") -> None:
        act = Act(f"officers:officer:{what}", self._by, officer.id, now, self._front, note)
        await self._work.acts.add(act)


def _lets_in(officer: Officer) -> bool:
    """Tell whether somebody is an administrator who can act; a demo's does not count."""
    is_one = Role.ADMINISTRATOR in officer.roles
    return is_one and not officer.disabled and not officer.demo


def _words(roles: Collection[Role]) -> str:
    return ",".join(sorted(roles))
