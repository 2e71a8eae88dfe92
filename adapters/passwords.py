"""Passwords kept as argon2id hashes, and judged by how many guesses they withstand."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.accounts.strength import Strength, Weakness

__all__ = ["Argon2Passwords", "GuessingMeter"]


class Argon2Passwords:
    """The `PasswordHasher` of RFC 9106's low-memory profile, in threads.

    Parameters
    ----------
    at_once
        How many may be computed at the same time: each takes 64 MiB and a processor.
    """

    def __init__(self, *, at_once: int = 2) -> None:
        self._hasher = PasswordHasher()
        self._places = asyncio.Semaphore(at_once)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return what may be kept of a password: a salted hash with its own parameters."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, kept: str | None) -> bool:
        """Tell whether a password is the one that was kept; of anything but a hash it is not.

        Where none was kept the work is done all the same, against a hash that is nobody's.
        """
        known = kept is not None
        against = kept if kept is not None else await self._nobody()
        async with self._places:
            try:
                return await asyncio.to_thread(self._hasher.verify, against, password) and known
            except (VerificationError, InvalidHashError, UnicodeEncodeError):
                return False

    async def _nobody(self) -> str:
        if self._nobodys is None:
            self._nobodys = await self.hash("")
        return self._nobodys


_LONGEST: Final = 64

_PATTERNS: Final = {
    "spatial": Weakness.KEYBOARD,
    "repeat": Weakness.REPEAT,
    "sequence": Weakness.SEQUENCE,
    "regex": Weakness.DATE,
    "date": Weakness.DATE,
}


class GuessingMeter:
    """The `PasswordMeter` that counts guesses as zxcvbn does: words, names, patterns, dates."""

    async def weigh(self, password: str, known: Sequence[str]) -> Strength:
        """Judge a password; what is beyond 64 characters is not looked at."""
        return await asyncio.to_thread(_weigh, password[:_LONGEST], [*known])


def _weigh(password: str, known: list[str]) -> Strength:
    if not password:
        return Strength(0, Weakness.SHORT)
    from zxcvbn import zxcvbn  # noqa: PLC0415 (12 MB of words, and few processes ever need them)

    found = zxcvbn(password, user_inputs=known)
    parts: list[Mapping[str, Any]] = found["sequence"]
    return Strength(found["score"], _weakness(max(parts, key=lambda part: len(part["token"]))))


def _weakness(part: Mapping[str, Any]) -> Weakness:
    """Return what is wrong with the longest part of a password."""
    if part["pattern"] == "dictionary":
        own = part["dictionary_name"] == "user_inputs"
        return Weakness.OWN if own else Weakness.COMMON
    return _PATTERNS.get(part["pattern"], Weakness.PLAIN)
