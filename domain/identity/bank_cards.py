"""Whether a bank card belongs to a person: the bank-card check's port.

Refunds and subsidies go to a card of the citizen's own; nobody else's card will do.
"""

from enum import StrEnum
from typing import Protocol

__all__ = ["BankCardCheck", "CardVerdict"]


class CardVerdict(StrEnum):
    """What a comparison of a card with its holder says."""

    MATCH = "match"
    MISMATCH = "mismatch"
    """Name, ID number and card do not belong together; never which of the three is wrong."""
    UNUSABLE = "unusable"
    """The card is lost, expired, frozen or of a kind that cannot be checked: take another one."""


class BankCardCheck(Protocol):
    """Compares a bank card with a name and an ID number."""

    async def compare(self, name: str, id_number: str, card_number: str) -> CardVerdict:
        """Compare a card with its holder; a card nobody issued is a mismatch.

        Raises
        ------
        UnavailableError
            The line is down: nothing is known.
        ThrottledError
            Whoever compares will not do it again for this card or person before a moment.
        """
