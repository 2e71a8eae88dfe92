"""How officers begin, sign in and out: password, one-time code, and a session that ends."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.accounts.passwords import WeakPasswordError
from domain.accounts.service_ports import PasswordHasher, PasswordMeter
from domain.accounts.strength import too_weak
from domain.officers.model import (
    BACK_UP_CODES,
    Credentials,
    Officer,
    OfficerId,
    OfficerSession,
    OfficerStart,
)
from domain.officers.ports import OfficersWork, OneTimeCodes
from domain.officers.service import hash_of
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.errors import RefusedError
from domain.shared.pages import LinkBrokenError, LinkExpiredError
from domain.shared.records import Act
from domain.shared.throttle import HOUR, Limit, SecretStore, charge

__all__ = [
    "Enrolled",
    "OfficerProofs",
    "OfficerSignIn",
    "WrongOneTimeCodeError",
    "WrongSignInError",
]

_WRONG_PER_LOGIN: Final = Limit(5, HOUR / 4)
_UNKNOWN_TOLD: Final = Limit(60, HOUR)
"""How many wrong login names are kept as acts: whoever invents them must not fill the trail."""

_TOUCHED_EVERY: Final = timedelta(minutes=1)
_NOBODY: Final = "nobody"
_NO_SEED: Final = "A" * 32
_KNOWN: Final = ("anju", "anjubot", "beijing", "baozhangfang", "安居", "保障房")
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_LETTERS_PER_CODE: Final = 10


class WrongSignInError(RefusedError):
    """Login name, password and code do not belong together; which is wrong is not told."""

    code = "wrong-sign-in"


class WrongOneTimeCodeError(RefusedError):
    """The code is not the one that the phone shows now, or it was used before."""

    code = "wrong-one-time-code"


@dataclass(frozen=True, slots=True)
class OfficerProofs:
    """What judges passwords and codes, and counts those that were wrong."""

    hasher: PasswordHasher
    meter: PasswordMeter
    codes: OneTimeCodes
    secrets: SecretStore


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an officer takes along from the set-up: back-up codes, and a session's token."""

    officer: Officer
    back_up: tuple[str, ...]
    token: str


class OfficerSignIn:
    """How officers come in.

    Parameters
    ----------
    work, clock, chance
        The records, the time, and what nobody may guess.
    proofs
        What judges passwords and codes.
    admits_demo
        Whether officers of the demo exist: in the sandbox they do.
    """

    def __init__(
        self,
        work: OfficersWork,
        clock: Clock,
        chance: Randomness,
        proofs: OfficerProofs,
        *,
        admits_demo: bool,
    ) -> None:
        self._work = work
        self._clock = clock
        self._chance = chance
        self._proofs = proofs
        self._admits_demo = admits_demo

    async def starting(self, token: str) -> OfficerStart:
        """Return what a set-up link is for.

        Raises
        ------
        LinkBrokenError, LinkExpiredError
            It leads nowhere, or does no longer.
        """
        start = await self._work.officers.begun(hash_of(token))
        if start is None or not self._admits(start.officer):
            raise LinkBrokenError
        if start.expires_at <= self._clock.now():
            raise LinkExpiredError
        return start

    async def enrol(self, token: str, *, password: str, code: str, browser: str) -> Enrolled:
        """Set up password and one-time codes, and sign in.

        Raises
        ------
        LinkBrokenError, LinkExpiredError
            The link leads nowhere, or does no longer.
        WeakPasswordError
            The password is too easy to guess.
        WrongOneTimeCodeError
            The phone has not taken up the seed.

        Source: ASVS 6.3.3, 6.4.1, 6.5.1.
        """
        start, now = await self.starting(token), self._clock.now()
        known = (start.officer.login, start.officer.name, *_KNOWN)
        strength = await self._proofs.meter.weigh(password, known)
        weakness = too_weak(password, strength)
        if weakness is not None:
            raise WeakPasswordError(weakness, strength.score)
        step = self._proofs.codes.step_of(start.seed, _bare(code), now)
        if step is None:
            raise WrongOneTimeCodeError
        back_up = tuple(self._back_up() for _ in range(BACK_UP_CODES))
        credentials = Credentials(await self._proofs.hasher.hash(password), start.seed, step)
        if not await self._work.officers.enrol(
            hash_of(token), credentials, [_bare(one) for one in back_up]
        ):
            raise LinkBrokenError
        await self._work.officer_sessions.end_all(start.officer.id)
        await self._keep("officer:enrol", start.officer.id)
        return Enrolled(start.officer, back_up, await self._open(start.officer, browser))

    async def sign_in(self, *, login: str, password: str, code: str, browser: str) -> str:
        """Sign an officer in; return the token of the session.

        An unknown login name is just as wrong as a wrong password, and as slow.

        Raises
        ------
        WrongSignInError
            Something is wrong; the trail that was left must last.
        ThrottledError
            Too much was wrong under this login name.

        Source: ASVS 6.3.1, 6.3.8, 6.5.1; reliability 2.3.
        """
        name = login.strip().lower()[:64]
        attempt = charge(self._proofs.secrets, self._clock.now())
        await attempt.take(_wrong_for(name), _WRONG_PER_LOGIN)
        officer = await self._work.officers.of_login(name)
        officer = officer if officer and self._admits(officer) else None
        kept = await self._work.officers.credentials_of(officer.id) if officer else None
        right = await self._proofs.hasher.matches(password, kept.password if kept else None)
        step = self._proofs.codes.step_of(
            kept.seed if kept else _NO_SEED, _bare(code), self._clock.now()
        )
        if not (officer and right and await self._spend(officer.id, step, code)):
            await self._wrong(officer)
            raise WrongSignInError
        await self._proofs.secrets.forgive(_wrong_for(name))
        await self._keep("session:open", officer.id)
        return await self._open(officer, browser)

    async def seated(
        self, token: str, *, watching: bool = False
    ) -> tuple[Officer, OfficerSession] | None:
        """Return who is signed in by a token; ``None`` if nobody is any more.

        Parameters
        ----------
        watching
            Whether the page asks by itself: that does not keep a session alive.
        """
        found = await self._work.officer_sessions.find(hash_of(token))
        now = self._clock.now()
        if found is None or found[0].ends_at <= now or not self._admits(found[1]):
            return None
        session, officer = found
        if not watching and now - session.used_at >= _TOUCHED_EVERY:
            await self._work.officer_sessions.touch(session.id, now)
        return officer, session

    async def sessions(self, officer_id: OfficerId) -> list[OfficerSession]:
        """Return where an officer is signed in, newest first."""
        now = self._clock.now()
        kept = await self._work.officer_sessions.of(officer_id)
        return [session for session in kept if session.ends_at > now]

    async def end(self, officer_id: OfficerId, session_id: str) -> bool:
        """End one of one's own sessions; ``False`` if it is none, or has ended."""
        ended = await self._work.officer_sessions.end(session_id, officer_id)
        if ended:
            await self._keep("session:end", officer_id)
        return ended

    def _admits(self, officer: Officer) -> bool:
        return not officer.disabled and (self._admits_demo or not officer.demo)

    async def _spend(self, officer_id: OfficerId, step: int | None, code: str) -> bool:
        """Use a code up, whichever kind it is; a code counts once."""
        if step is not None:
            return await self._work.officers.spend_step(officer_id, step)
        return await self._work.officers.spend_back_up(officer_id, _bare(code))

    async def _wrong(self, officer: Officer | None) -> None:
        if officer is None:
            secrets, now = self._proofs.secrets, self._clock.now()
            if (await secrets.take("officers:unknown", [_UNKNOWN_TOLD], now)).until is not None:
                return
        await self._keep("session:refuse", officer.id if officer else OfficerId(_NOBODY))

    async def _open(self, officer: Officer, browser: str) -> str:
        token, now = self._chance.token(), self._clock.now()
        await self._work.officer_sessions.open(
            OfficerSession(hash_of(token), officer.id, now, now, browser[:160])
        )
        return token

    def _back_up(self) -> str:
        letters = "".join(
            _LETTERS[self._chance.below(len(_LETTERS))] for _ in range(_LETTERS_PER_CODE)
        )
        return f"{letters[:5]}-{letters[5:]}"

    async def _keep(self, what: str, officer_id: OfficerId) -> None:
        now = self._clock.now()
        await self._work.acts.add(Act(f"officers:{what}", officer_id, officer_id, now, "console"))


def _bare(code: str) -> str:
    """Return a code as it is compared: without what makes it easier to read."""
    return "".join(letter for letter in code.lower() if letter.isalnum())[:32]


def _wrong_for(login: str) -> str:
    return f"officers:wrong:{login}"
