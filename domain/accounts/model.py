"""Accounts, and the proof that somebody holds a phone."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from domain.shared.conversations import Json
from domain.shared.errors import RefusedError
from domain.shared.idents import half_width
from domain.shared.records import AccountId, OpenId
from domain.shared.throttle import DAY, HOUR, Limit

__all__ = [
    "ENTRIES",
    "HOLD",
    "PROOF_LIFE",
    "Account",
    "AccountState",
    "CodeLimits",
    "CodeRequest",
    "Entered",
    "HeldError",
    "Issued",
    "KnownPassword",
    "Proof",
    "Purpose",
    "Sent",
    "Session",
    "code_length",
    "code_of",
    "key_of",
    "number_said",
    "prefix_of",
    "same_code",
    "sum_in_words",
]

PROOF_LIFE: Final = timedelta(minutes=30)
"""How long a checked code lets its flow go on."""

HOLD: Final = timedelta(hours=24)
"""How long another phone can be taken back, and nothing weighty be done with the account."""


_NUMERALS: Final = "零一二三四五六七八九十"
_SPOKEN: Final = {word: number for number, word in enumerate(_NUMERALS)} | {
    f"十{word}": 10 + number for number, word in enumerate(_NUMERALS[:10]) if number
}
_NUMBER: Final = re.compile(r"[0-9]{1,3}|[零一二两三四五六七八九十]+")


ENTRIES: Final = ("accounts:account:create", "accounts:session:begin", "accounts:phone:change")
"""The acts by which a citizen came to be signed in to an account."""


class AccountState(StrEnum):
    """Where an account stands. A closed account keeps its records and frees its phone."""

    ACTIVE = "active"
    CLOSED = "closed"


class HeldError(RefusedError):
    """The account got its phone a short while ago; nothing weighty is done with it yet.

    Parameters
    ----------
    until
        From when it may be done.
    """

    code = "account-held"

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


@dataclass(frozen=True, slots=True)
class Account:
    """A citizen's account.

    ``phone`` is ``+86`` and 11 digits. ``person_id`` is set once the real name was compared,
    ``family_id`` once a filed family is bound. ``used_at`` is when it was last used, to the day:
    by the citizen it was found through, or else by anybody. Until ``held_until`` whoever
    gave the account its phone cannot do with it what could not be mended, so that the one it may
    have been taken from has time to object.

    Source: S0-08, S0-20.
    """

    id: AccountId
    phone: str = field(repr=False)
    state: AccountState
    created_at: datetime
    person_id: str | None = None
    family_id: str | None = None
    has_password: bool = False
    held_until: datetime | None = None
    used_at: datetime | None = field(default=None, compare=False)

    def must_be_free(self, now: datetime) -> None:
        """Raise `HeldError` while nothing weighty may be done with the account.

        Source: S0-66, S0-73; a thief who takes an account must not gain by haste.
        """
        if self.held_until is not None and now < self.held_until:
            raise HeldError(self.held_until)


@dataclass(frozen=True, slots=True)
class Session:
    """One WeChat that is signed in to an account: since when, and when last used, to the day."""

    openid: OpenId
    begun_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """An account somebody has just signed in to, and whether it is new."""

    account: Account
    created: bool


class Purpose(StrEnum):
    """What a code is good for, and for nothing else."""

    SIGN_IN = "sign-in"
    BIND_FAMILY = "bind-family"
    CANCEL = "cancel"
    CHANGE_PHONE = "change-phone"
    RECOVER = "recover"
    EXPORT = "export"
    CLOSE_ACCOUNT = "close-account"
    WITHDRAW = "withdraw-consent"
    RESET_PASSWORD = "reset-password"  # noqa: S105 (a purpose)


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """Who asks for a code, to which phone, for what, in which draft; a code answers only these."""

    openid: OpenId
    phone: str = field(repr=False)
    purpose: Purpose
    draft_id: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way: from when another may be asked for, and how long this one lives."""

    resend_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """The citizen held the phone at a moment.

    Source: S0-11, S0-25, S0-55.
    """

    openid: OpenId
    phone: str = field(repr=False)
    purpose: Purpose
    draft_id: str
    at: datetime

    def holds(self, *, openid: OpenId, phone: str, purpose: Purpose, now: datetime) -> bool:
        """Tell whether it proves this, and is at most 30 minutes old."""
        same = (self.openid, self.phone, self.purpose) == (openid, phone, purpose)
        return same and timedelta(0) <= now - self.at <= PROOF_LIFE

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back."""
        return {
            "openid": self.openid,
            "phone": self.phone,
            "purpose": self.purpose.value,
            "draft_id": self.draft_id,
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Json]) -> Self:
        """Rebuild a proof from `to_json`."""
        return cls(
            openid=OpenId(str(kept["openid"])),
            phone=str(kept["phone"]),
            purpose=Purpose(str(kept["purpose"])),
            draft_id=str(kept["draft_id"]),
            at=datetime.fromisoformat(str(kept["at"])),
        )


@dataclass(frozen=True, slots=True)
class KnownPassword:
    """The citizen knew an account's password at a moment; the password itself is not kept.

    ``mark`` is of the password as it was kept then: a password that is changed meanwhile takes
    the proof with it.

    Source: S0-12.
    """

    openid: OpenId
    account_id: AccountId
    mark: str
    at: datetime

    @classmethod
    def of(cls, openid: OpenId, account_id: AccountId, kept: str, at: datetime) -> Self:
        """Return the proof for a password as it is kept now."""
        return cls(openid, account_id, _mark(kept), at)

    def holds(self, *, openid: OpenId, kept: str, now: datetime) -> bool:
        """Tell whether it is this citizen's, of this password, and at most 30 minutes old."""
        same = self.openid == openid and hmac.compare_digest(self.mark, _mark(kept))
        return same and timedelta(0) <= now - self.at <= PROOF_LIFE

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back."""
        return {
            "openid": self.openid,
            "account_id": self.account_id,
            "mark": self.mark,
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Json]) -> Self:
        """Rebuild it from `to_json`."""
        return cls(
            openid=OpenId(str(kept["openid"])),
            account_id=AccountId(str(kept["account_id"])),
            mark=str(kept["mark"]),
            at=datetime.fromisoformat(str(kept["at"])),
        )


def _mark(kept: str) -> str:
    return hashlib.sha256(kept.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CodeLimits:
    """How often, how long, how many.

    Below the operators' own limits, so that a citizen hears our sentence with a time.
    """

    life: timedelta = timedelta(minutes=10)
    worth_resending: timedelta = timedelta(minutes=5)
    """A code that may have been lost is sent again only with as long to live as messages say."""
    spacing: timedelta = timedelta(seconds=60)
    sends_per_phone: tuple[Limit, ...] = (Limit(4, HOUR), Limit(8, DAY))
    """Over all citizens who ask for it."""
    phones_per_citizen: tuple[Limit, ...] = (Limit(3, DAY),)
    sends_without_captcha: int = 2
    captcha_life: timedelta = timedelta(minutes=5)
    """How long a solved sum lets codes be sent."""
    silences_forgiven: tuple[Limit, ...] = (Limit(5, HOUR),)
    """A line that seems dead may deliver all the same: more silences than these count as sends."""
    tries_per_code: int = 5
    wrong_per_citizen: tuple[Limit, ...] = (Limit(10, HOUR), Limit(20, DAY))
    wrong_per_phone: int = 50
    """Since the last right answer; a month without any is forgotten."""
    rest: timedelta = DAY
    breaker_window: timedelta = timedelta(minutes=10)
    breaker_checks: int = 200
    breaker_wrong: float = 0.3
    prefix_sends: int = 30
    prefix_conversion: float = 0.2
    prefix_pause: timedelta = timedelta(minutes=10)
    """What a citizen is told; how long it really is depends on how many codes are used."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What is kept of a code: only the random seed that, with our key, gives it again."""

    seed: str
    expires_at: datetime
    sent: bool
    older: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Return what `from_bytes` takes back."""
        kept = [self.seed, self.expires_at.isoformat(), self.sent, self.older]
        return json.dumps(kept).encode()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        """Rebuild it from `to_bytes`."""
        seed, expires_at, sent, older = json.loads(kept)
        return cls(seed, datetime.fromisoformat(expires_at), sent, tuple(older))


def key_of(request: CodeRequest) -> str:
    """Return under which key a request's code is kept: never another request's.

    Source: ASVS 6.6.2.
    """
    parts = (request.openid, request.phone, request.purpose, request.draft_id)
    return "codes:kept:" + "\x00".join(parts)


def code_length(purpose: Purpose) -> int:
    """Return how many digits a code has: more where it stands between a stranger and an account.

    Source: S0-11, S0-71; ASVS 6.5.3.
    """
    return 8 if purpose is Purpose.RECOVER else 6


def code_of(key: bytes, request: CodeRequest, seed: str) -> str:
    """Return the code that a seed gives for a request: like chance without the key.

    Bound to the whole request: a seed that wandered to another one gives another code.

    Source: S0-15; ASVS 6.5.2 to 6.5.4.
    """
    message = f"{seed}\x00{key_of(request)}".encode()
    number = int.from_bytes(hmac.digest(key, message, hashlib.sha256)[:8])
    digits = code_length(request.purpose)
    return f"{number % 10**digits:0{digits}d}"


def same_code(said: str, code: str) -> bool:
    """Tell whether a citizen's words are the code, taking the same time for every wrong one.

    Source: S0-11.
    """
    plain = "".join(half_width(said).split())
    return hmac.compare_digest(plain.encode(), code.encode())


def prefix_of(phone: str) -> str:
    """Return the number range that a phone belongs to: the country's code and 7 digits.

    Source: GSMA advice on artificially inflated traffic.
    """
    return phone[: len("+861380000")]


def sum_in_words(left: int, right: int) -> str:
    """Ask for the sum of two numbers from 1 to 9, in Chinese words.

    Source: Q-11.
    """
    return f"{_NUMERALS[left]}加{_NUMERALS[right]}等于几"


def number_said(text: str) -> int | None:
    """Return the last number below 20 said in a text, in figures or words; ``None`` if none is.

    Source: Q-11.
    """
    found = _NUMBER.findall(half_width(text))
    if not found:
        return None
    word = found[-1].replace("两", "二")
    return int(word) if word.isdecimal() else _SPOKEN.get(word)
