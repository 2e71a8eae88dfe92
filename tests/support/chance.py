"""Chance that repeats itself."""

import base64
import random

__all__ = ["SeededRandomness"]


class SeededRandomness:
    """The same luck in every run of a test."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 (tests must repeat)

    def digits(self, count: int) -> str:
        """Return so many decimal digits."""
        return f"{self._random.randrange(10**count):0{count}d}"

    def token(self) -> str:
        """Return 22 characters that may stand in a URL."""
        return base64.urlsafe_b64encode(self._random.randbytes(16)).rstrip(b"=").decode()

    def below(self, bound: int) -> int:
        """Return a whole number from 0 up to, but not including, the bound."""
        return self._random.randrange(bound)
