"""The machine's clock and its randomness."""

import secrets
from datetime import UTC, datetime

__all__ = ["SystemClock", "SystemRandomness"]


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class SystemRandomness:
    """The operating system's generator; nobody can guess it."""

    def digits(self, count: int) -> str:
        """Return so many decimal digits, leading zeros included."""
        return f"{secrets.randbelow(10**count):0{count}d}"

    def token(self) -> str:
        """Return 128 random bits as 22 characters that may stand in a URL."""
        return secrets.token_urlsafe(16)

    def below(self, bound: int) -> int:
        """Return a whole number from 0 up to, but not including, a bound of at least 1."""
        return secrets.randbelow(bound)
