"""Codes by SMS: sent rarely, guessed hardly ever, used once.

Everything is counted before it is done, in one atomic step each, so that a hundred turns at once
get no more than one turn after another.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final, NoReturn, Protocol

from domain.accounts.code_errors import (
    CaptchaNeededError,
    CodeExpiredError,
    CodeReplacedError,
    CodeSpentError,
    PhoneUnreachableError,
    TooSoonError,
    WrongCodeError,
)
from domain.accounts.model import (
    CodeLimits,
    CodeRequest,
    Issued,
    Proof,
    Purpose,
    Sent,
    code_of,
    key_of,
    number_said,
    prefix_of,
    same_code,
    sum_in_words,
)
from domain.accounts.trail import AccountTrail
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from domain.shared.throttle import (
    DAY,
    Charge,
    Limit,
    SecretStore,
    ThrottledError,
    charge,
)

__all__ = [
    "CaptchaNeededError",
    "CodeExpiredError",
    "CodeReplacedError",
    "CodeService",
    "CodeSpentError",
    "PhoneUnreachableError",
    "SmsSender",
    "TooSoonError",
    "WrongCodeError",
]

_TO_ANY_PHONE: Final = frozenset(Purpose) - {
    Purpose.BIND_FAMILY,
    Purpose.CANCEL,
    Purpose.CLOSE_ACCOUNT,
    Purpose.EXPORT,
    Purpose.WITHDRAW,
}
"""Codes that go to a phone just typed; all others go to the phone of one's own account."""

_OLDER_KEPT: Final = 3
_MEMORY: Final = 30 * DAY


class SmsSender(Protocol):
    """Sends codes to phones; the wording is the adapter's matter."""

    async def send(self, phone: str, code: str, purpose: Purpose) -> None:
        """Hand a code over to the operator.

        Raises
        ------
        UnavailableError
            The line is down or did not answer in time. The message may have left all the same.
        ThrottledError
            The operator lets no message through to this phone before a moment.
        PhoneUnreachableError
            The operator never will.
        """


class CodeService:
    """Sends codes and checks them.

    Parameters
    ----------
    secrets, sms, clock, rng
        The outside.
    key
        Makes codes of seeds; secret, at least 32 bytes.
    trail
        Keeps what was tried in vain; ``None`` where nothing is kept.
    limits
        How often, how long, how many.
    """

    def __init__(  # noqa: PLR0913 (one for each thing outside, two with usual values)
        self,
        secrets: SecretStore,
        sms: SmsSender,
        clock: Clock,
        rng: Randomness,
        key: bytes,
        *,
        trail: AccountTrail | None = None,
        limits: CodeLimits = CodeLimits(),  # noqa: B008 (frozen)
    ) -> None:
        self._secrets = secrets
        self._sms = sms
        self._clock = clock
        self._rng = rng
        self._key = key
        self._trail = trail
        self._limits = limits

    async def send(self, request: CodeRequest) -> Sent:
        """Send a code; an earlier one of the same request is no good from now on.

        A code that the line may not have delivered is sent again as it was.

        Returns
        -------
        Sent
            From when another may be asked for, and how long this one is good.

        Raises
        ------
        TooSoonError
            The phone was sent one within the last minute, or may have been.
        ThrottledError
            Too many to this phone, too many phones of this citizen, the phone is at rest, its
            number range is paused, or the operator lets nothing through.
        PhoneUnreachableError
            The phone takes no messages.
        CaptchaNeededError
            The citizen must `solve` a sum first.
        UnavailableError
            The line is silent; this does not count.

        Source
        ------
        S0-08, S0-11, S0-15, S0-25, S0-55.
        """
        now = self._clock.now()
        await self._respect_rest(request.phone, now)
        attempt = charge(self._secrets, now)
        await self._count_phone(attempt, request, now)
        await self._count_citizen(attempt, request, now)
        await self._count_prefix(attempt, request.phone, now)
        issued = await self._issue(attempt, request, now)
        try:
            await self._sms.send(
                request.phone, code_of(self._key, request, issued.seed), request.purpose
            )
        except (UnavailableError, ThrottledError) as silence:
            await self._forgive_silence(attempt, request, issued)
            if isinstance(silence, UnavailableError):
                await self._note_unsure(request, now)
            raise
        return Sent(resend_at=now + self._limits.spacing, expires_at=issued.expires_at)

    async def check(self, request: CodeRequest, code: str) -> Proof:
        """Check a code; a right one is used up.

        Returns
        -------
        Proof
            That the citizen held the phone just now, for this purpose.

        Raises
        ------
        WrongCodeError
            It is not the code, and there are tries left.
        CodeSpentError
            It was tried 5 times, or has been used at this very moment.
        CodeExpiredError
            None was sent for this request in the last 10 minutes, or it was used.
        CodeReplacedError
            It is an older code of this request.
        ThrottledError
            Too many wrong codes of this citizen, or for this phone.

        Source
        ------
        S0-11, S0-26, S0-55.
        """
        now = self._clock.now()
        await self._respect_rest(request.phone, now)
        kept = await self._secrets.get(key_of(request), now=now)
        if kept is None:
            raise CodeExpiredError
        issued = Issued.from_bytes(kept)
        attempt = charge(self._secrets, now)
        await self._count_check(attempt, request, issued)
        if not same_code(code, code_of(self._key, request, issued.seed)):
            await self._refuse(request, code, issued, now)
        if not await self._secrets.drop(key_of(request), now=now):
            raise CodeSpentError
        await self._praise(attempt, request.phone, now)
        return Proof(request.openid, request.phone, request.purpose, request.draft_id, now)

    async def solve(self, openid: OpenId, answer: str) -> bool:
        """Check the answer to the citizen's last sum; a right one lets codes be sent for a while.

        A wrong answer leaves the sum as it is. ``8``, ``８`` and ``八`` are the same.
        """
        now = self._clock.now()
        key = f"codes:sum:{openid}"
        expected = await self._secrets.get(key, now=now)
        if expected is None or number_said(answer) != int(expected):
            return False
        if not await self._secrets.drop(key, now=now):
            return False
        until = now + self._limits.captcha_life
        await self._secrets.put(f"codes:solved:{openid}", b"1", expires_at=until)
        return True

    async def another_sum(self, openid: OpenId) -> str:
        """Ask a citizen a sum, in Chinese words; an earlier one counts no more."""
        left, right = 1 + self._rng.below(9), 1 + self._rng.below(9)
        until = self._clock.now() + DAY
        await self._secrets.put(f"codes:sum:{openid}", str(left + right).encode(), expires_at=until)
        return sum_in_words(left, right)

    async def _respect_rest(self, phone: str, now: datetime) -> None:
        until = await self._secrets.get(f"codes:rest:{phone}", now=now)
        if until is not None:
            raise ThrottledError(datetime.fromisoformat(until.decode()))

    async def _lay_to_rest(self, request: CodeRequest, now: datetime) -> datetime:
        phone, until = request.phone, now + self._limits.rest
        rest = until.isoformat().encode()
        await self._secrets.put(f"codes:rest:{phone}", rest, expires_at=until)
        await self._secrets.forgive(f"codes:wrong:phone:{phone}")
        if self._trail:
            await self._trail.rests(request.openid, phone, what="codes", until=until)
        return until

    async def _count_phone(self, attempt: Charge, request: CodeRequest, now: datetime) -> None:
        spacing = self._limits.spacing
        phones = f"codes:phones:{request.openid}"
        await attempt.take(phones, *self._limits.phones_per_citizen, member=request.phone)
        # Spaced for each purpose by itself: whoever just signed up may go straight on to binding.
        try:
            key = f"codes:spacing:{request.phone}:{request.purpose}"
            await attempt.take(key, Limit(1, spacing))
        except ThrottledError as full:
            raise TooSoonError(full.until) from full
        sends = (Limit(None, DAY), *self._limits.sends_per_phone)
        await attempt.take(f"codes:sends:{request.phone}", *sends)

    async def _count_citizen(self, attempt: Charge, request: CodeRequest, now: datetime) -> None:
        if not await self._needs_sum(attempt, request, now):
            return
        if await self._secrets.get(f"codes:solved:{request.openid}", now=now) is None:
            await attempt.give_back()
            raise CaptchaNeededError(await self.another_sum(request.openid))

    async def _needs_sum(self, attempt: Charge, request: CodeRequest, now: datetime) -> bool:
        """Tell whether somebody is sending codes about, to phones that need not be theirs."""
        if request.purpose in _TO_ANY_PHONE:
            key = f"codes:asked:{request.openid}"
            await attempt.take(key, Limit(None, DAY))
            if await self._secrets.count(key, since=now - DAY) > self._limits.sends_without_captcha:
                return True
        return await self._secrets.get("codes:alarm", now=now) is not None

    async def _count_prefix(self, attempt: Charge, phone: str, now: datetime) -> None:
        sends, used = f"codes:prefix:{prefix_of(phone)}", f"codes:used:{prefix_of(phone)}"
        if await attempt.attempt(sends, Limit(self._limits.prefix_sends + 1, DAY)) is None:
            return
        sent = await self._secrets.count(sends, since=now - DAY)
        if await self._secrets.count(used, since=now - DAY) < self._limits.prefix_conversion * sent:
            await attempt.give_back()
            raise ThrottledError(now + self._limits.prefix_pause)
        await attempt.take(sends, Limit(None, DAY))

    async def _issue(self, attempt: Charge, request: CodeRequest, now: datetime) -> Issued:
        kept = await self._secrets.get(key_of(request), now=now)
        last = Issued.from_bytes(kept) if kept else None
        if last and not last.sent and now + self._limits.worth_resending <= last.expires_at:
            issued = replace(last, sent=True)
        else:
            await self._respect_unsure(attempt, request, now)
            older = (last.seed, *last.older)[:_OLDER_KEPT] if last else ()
            issued = Issued(self._rng.token(), now + self._limits.life, sent=True, older=older)
        await self._keep(request, issued)
        return issued

    async def _note_unsure(self, request: CodeRequest, now: datetime) -> None:
        """Note that a code may have come to a phone although nobody said so."""
        until = now + self._limits.spacing
        told = until.isoformat().encode()
        await self._secrets.put(_unsure(request), told, expires_at=until)

    async def _respect_unsure(self, attempt: Charge, request: CodeRequest, now: datetime) -> None:
        """Let no other code follow at once: the same one may, to whoever still has its draft."""
        until = await self._secrets.get(_unsure(request), now=now)
        if until is not None:
            await attempt.give_back()
            raise TooSoonError(datetime.fromisoformat(until.decode()))

    async def _keep(self, request: CodeRequest, issued: Issued) -> None:
        key, expires_at = key_of(request), issued.expires_at
        await self._secrets.put(key, issued.to_bytes(), expires_at=expires_at)

    async def _forgive_silence(self, attempt: Charge, request: CodeRequest, issued: Issued) -> None:
        await self._keep(request, replace(issued, sent=False))
        silence = await self._secrets.take(
            f"codes:silent:{request.phone}", self._limits.silences_forgiven, attempt.at
        )
        if silence.until is None:
            await attempt.give_back()

    async def _count_check(self, attempt: Charge, request: CodeRequest, issued: Issued) -> None:
        citizen, phone = request.openid, request.phone
        await attempt.take(f"codes:wrong:citizen:{citizen}", *self._limits.wrong_per_citizen)
        try:
            await attempt.take(
                f"codes:wrong:phone:{phone}", Limit(self._limits.wrong_per_phone, _MEMORY)
            )
        except ThrottledError as full:
            raise ThrottledError(await self._lay_to_rest(request, attempt.at)) from full
        try:
            await attempt.take(f"codes:tries:{issued.seed}", self._tries)
        except ThrottledError as full:
            raise CodeSpentError from full
        await self._secrets.take("codes:checked", [self._watched], attempt.at)

    @property
    def _tries(self) -> Limit:
        return Limit(self._limits.tries_per_code, self._limits.life)

    @property
    def _watched(self) -> Limit:
        return Limit(None, self._limits.breaker_window)

    async def _refuse(
        self, request: CodeRequest, code: str, issued: Issued, now: datetime
    ) -> NoReturn:
        if any(same_code(code, code_of(self._key, request, seed)) for seed in issued.older):
            raise CodeReplacedError
        await self._watch(request, now)
        wrong = await self._secrets.count(f"codes:wrong:phone:{request.phone}", since=now - _MEMORY)
        if self._trail:
            await self._trail.wrong_code(request)
        if wrong >= self._limits.wrong_per_phone:
            await self._lay_to_rest(request, now)
        tried = await self._secrets.count(
            f"codes:tries:{issued.seed}", since=now - self._limits.life
        )
        left = self._limits.tries_per_code - tried
        if left < 1:
            raise CodeSpentError
        raise WrongCodeError(left)

    async def _watch(self, request: CodeRequest, now: datetime) -> None:
        """Ask everybody for sums while too many codes are wrong: somebody is guessing."""
        since = now - self._limits.breaker_window
        await self._secrets.take("codes:wrong", [self._watched], now)
        checked = await self._secrets.count("codes:checked", since=since)
        wrong = await self._secrets.count("codes:wrong", since=since)
        if checked > self._limits.breaker_checks and wrong > self._limits.breaker_wrong * checked:
            known = await self._secrets.get("codes:alarm", now=now) is not None
            until = now + self._limits.breaker_window
            await self._secrets.put("codes:alarm", b"1", expires_at=until)
            if self._trail and not known:
                await self._trail.alarm(request.openid, checked=checked, wrong=wrong)

    async def _praise(self, attempt: Charge, phone: str, now: datetime) -> None:
        await attempt.give_back()
        await self._secrets.forgive(f"codes:wrong:phone:{phone}")
        await self._secrets.take(f"codes:used:{prefix_of(phone)}", [Limit(None, DAY)], now)


def _unsure(request: CodeRequest) -> str:
    return f"codes:unsure:{request.phone}:{request.purpose}"
