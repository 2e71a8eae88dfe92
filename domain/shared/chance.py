"""Chance as the rules see it: nobody may guess it, and tests may repeat it."""

from typing import Protocol

__all__ = ["Randomness"]


class Randomness(Protocol):
    """The only source of what nobody should be able to guess."""

    def digits(self, count: int) -> str:
        """Return so many decimal digits, leading zeros included."""

    def token(self) -> str:
        """Return 128 random bits as 22 characters that may stand in a URL."""

    def below(self, bound: int) -> int:
        """Return a whole number from 0 up to, but not including, a bound of at least 1."""
