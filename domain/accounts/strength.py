"""How hard a password is to guess, and how hard it must be."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Strength", "Weakness", "too_weak"]

_SHORTEST: Final = 8
_LEAST_SCORE: Final = 2
"""Of 4: beyond the reach of whoever may try a few times a day, as all must here."""


class Weakness(StrEnum):
    """What makes a password easy to guess."""

    SHORT = "short"
    COMMON = "common"
    """It is, or holds, what very many people choose."""
    OWN = "own"
    """It holds what others know of the citizen, or the name of this service."""
    SEQUENCE = "sequence"
    REPEAT = "repeat"
    KEYBOARD = "keyboard"
    DATE = "date"
    PLAIN = "plain"
    """Nothing stands out; there is just too little of it."""


@dataclass(frozen=True, slots=True)
class Strength:
    """How hard a password is to guess: ``score`` 0 to 4, and what weakens it most."""

    score: int
    weakness: Weakness


def too_weak(password: str, strength: Strength) -> Weakness | None:
    """Return why a password is not strong enough; ``None`` if it is.

    Length and guessability count, not which kinds of characters there are.

    Source: S0-08; ASVS 6.2.1, 6.2.4, 6.2.5.
    """
    if len(password) < _SHORTEST:
        return Weakness.SHORT
    return strength.weakness if strength.score < _LEAST_SCORE else None
