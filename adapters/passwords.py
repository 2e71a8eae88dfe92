"""Passwords kept as argon2id hashes."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["Argon2Passwords"]


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

    async def hash(self, password: str) -> str:
        """Return what may be kept of a password: a salted hash with its own parameters."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, kept: str) -> bool:
        """Tell whether a password is the one that was kept; of anything but a hash it is not."""
        async with self._places:
            try:
                return await asyncio.to_thread(self._hasher.verify, kept, password)
            except (VerificationError, InvalidHashError, UnicodeEncodeError):
                return False
