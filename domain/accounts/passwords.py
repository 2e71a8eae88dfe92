"""Passwords: chosen on a page, checked on a page, never stored and never guessed for long."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain.accounts.model import Account, KnownPassword, Proof, Purpose
from domain.accounts.service import (
    AccountsWork,
    CodeNotProvenError,
    PasswordHasher,
    PasswordMeter,
)
from domain.accounts.strength import Weakness, too_weak
from domain.accounts.trail import AccountTrail
from domain.shared.clock import Clock
from domain.shared.errors import InvalidError, NotFoundError, RefusedError
from domain.shared.records import Act, OpenId
from domain.shared.throttle import (
    DAY,
    HOUR,
    Charge,
    Limit,
    SecretStore,
    ThrottledError,
    charge,
)

__all__ = [
    "NoAccountError",
    "PasswordNotProvenError",
    "PasswordService",
    "WeakPasswordError",
    "WrongPasswordError",
]

_QUARTER: Final = HOUR / 4
_WRONG_PER_CITIZEN: Final = (Limit(10, HOUR), Limit(20, DAY))
_WRONG_PER_PHONE: Final = (Limit(5, _QUARTER), Limit(20, DAY), Limit(100, 30 * DAY))
"""Since the last right password. A code by SMS opens the account all the same."""

_OUR_NAMES: Final = ("anju", "anjubot", "beijing", "baozhangfang", "bphc", "安居", "保障房")


class WrongPasswordError(RefusedError):
    """The phone and the password do not belong together; which is wrong is not told."""

    code = "wrong-password"


class WeakPasswordError(InvalidError):
    """The password is too easy to guess.

    Parameters
    ----------
    weakness
        What weakens it most.
    score
        0 to 4; at least 2 is asked for.
    """

    code = "weak-password"

    def __init__(self, weakness: Weakness, score: int) -> None:
        super().__init__(weakness)
        self.weakness = weakness
        self.score = score


class PasswordNotProvenError(RefusedError):
    """The password was given too long ago, or has been changed since."""

    code = "password-not-proven"


class NoAccountError(NotFoundError):
    """The phone, although it is this citizen's, has no account."""

    code = "account-not-found"


class PasswordService:
    """How passwords are chosen, checked and replaced.

    Parameters
    ----------
    work, clock
        The records and the time.
    hasher, meter
        Make passwords unreadable, and judge them.
    secrets
        Counts wrong ones.
    front
        Through which front it is done.
    """

    def __init__(  # noqa: PLR0913 (one for each thing outside, one with a usual value)
        self,
        work: AccountsWork,
        clock: Clock,
        hasher: PasswordHasher,
        meter: PasswordMeter,
        secrets: SecretStore,
        *,
        front: str = "chat",
    ) -> None:
        self._work = work
        self._clock = clock
        self._hasher = hasher
        self._meter = meter
        self._secrets = secrets
        self._front = front
        self._trail = AccountTrail(work, secrets, clock, front=front)

    async def choose(self, password: str, *, known: Sequence[str] = ()) -> str:
        """Judge a password that a citizen wishes to have; nothing is written down.

        Parameters
        ----------
        password
            As typed.
        known
            What others know of the citizen, such as the phone.

        Returns
        -------
        str
            What may be kept of it.

        Raises
        ------
        WeakPasswordError
            It is too easy to guess.

        Source
        ------
        S0-08, S0-18.
        """
        strength = await self._meter.weigh(password, [*known, *_OUR_NAMES])
        weakness = too_weak(password, strength)
        if weakness is not None:
            raise WeakPasswordError(weakness, strength.score)
        return await self._hasher.hash(password)

    async def check(self, openid: OpenId, phone: str, password: str) -> KnownPassword:
        """Check a phone and a password; a phone without either is just as wrong, and as slow.

        Returns
        -------
        KnownPassword
            That the citizen knew it just now.

        Raises
        ------
        WrongPasswordError
            They do not belong together.
        ThrottledError
            Too many wrong ones by this citizen, or for this phone.

        Source
        ------
        S0-12; ASVS 6.3.1, 6.3.8.
        """
        now = self._clock.now()
        attempt = await self._count(openid, phone, now)
        account = await self._work.accounts.of_phone(phone)
        kept = await self._work.accounts.password_of(account.id) if account else None
        right = await self._hasher.matches(password, kept)
        if not right or account is None or kept is None:
            # For a phone without an account as well: it must not be told from one that has one.
            await self._trail.wrong_password(openid, phone)
            raise WrongPasswordError
        await attempt.give_back()
        await self._secrets.forgive(_wrong_for(phone))
        return KnownPassword.of(openid, account.id, kept, now)

    async def account_of(self, openid: OpenId, known: KnownPassword) -> Account:
        """Return the account whose password a citizen knew a while ago, if it still is that.

        Raises
        ------
        PasswordNotProvenError
            It was long ago, or another password or none holds now.

        Source
        ------
        S0-12.
        """
        kept = await self._work.accounts.password_of(known.account_id)
        account = await self._work.accounts.find(known.account_id)
        now = self._clock.now()
        if account is None or kept is None or not known.holds(openid=openid, kept=kept, now=now):
            raise PasswordNotProvenError
        return account

    async def must_have_account(self, phone: str) -> None:
        """Raise `NoAccountError` where a phone has no account.

        To be asked only after a proof: whether a phone has one is nobody else's business.
        """
        if await self._work.accounts.of_phone(phone) is None:
            raise NoAccountError

    async def reset(self, *, openid: OpenId, proof: Proof, kept: str) -> Account:
        """Give the account of the proven phone a new password; everybody else is signed out of it.

        Parameters
        ----------
        openid
            Who wishes it; stays signed in where they are.
        proof
            That this citizen holds the phone.
        kept
            The new password, as `choose` made it.

        Raises
        ------
        CodeNotProvenError
            The proof is for something else, or too old.
        NoAccountError
            The phone has no account.

        Source
        ------
        S0-18.
        """
        now = self._clock.now()
        purpose = Purpose.RESET_PASSWORD
        if not proof.holds(openid=openid, phone=proof.phone, purpose=purpose, now=now):
            raise CodeNotProvenError
        account = await self._work.accounts.of_phone(proof.phone)
        if account is None:
            raise NoAccountError
        await self._work.accounts.set_password(account.id, kept)
        await self._work.accounts.unlink_all(account.id, but=openid)
        await self._secrets.forgive(_wrong_for(proof.phone))
        await self._work.acts.add(
            Act("accounts:password:reset", openid, account.id, now, self._front)
        )
        return account

    async def _count(self, openid: OpenId, phone: str, now: datetime) -> Charge:
        attempt = charge(self._secrets, now)
        await attempt.take(f"passwords:citizen:{openid}", *_WRONG_PER_CITIZEN)
        try:
            await attempt.take(_wrong_for(phone), *_WRONG_PER_PHONE)
        except ThrottledError as full:
            await self._trail.rests(openid, phone, what="passwords", until=full.until)
            raise
        return attempt


def _wrong_for(phone: str) -> str:
    return f"passwords:wrong:{phone}"
