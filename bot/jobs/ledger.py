"""What the platform lets us have, counted before we take it: it never has to refuse us.

A place in a window, a card that was agreed to, a share of the day's cards: each is taken in the
transaction that says a push is about to leave, and given back only if it certainly was not used.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from bot.wiring import SqlWork
from domain.shared.records import OpenId
from domain.shared.windows import Handover, Window

__all__ = ["CARDS_A_DAY", "AgreedCard", "CardOfTheDay", "Nothing", "Place", "PlaceInWindow"]

CARDS_A_DAY: Final = 99_000
"""How many template messages we send a day, of 100,000: a call without an answer is repeated.

At midnight, when clocks differ over which day it is, no card leaves: `domain.shared.pushes`.
"""

_CARDS: Final = "template"


class Place(Protocol):
    """Something that there is only so much of."""

    async def take(self, work: SqlWork) -> Handover:
        """Use one; tells as the platform would if there is none."""

    async def give_back(self, work: SqlWork, said: Handover | None) -> None:
        """Correct the count: the push did not leave.

        Parameters
        ----------
        said
            What the platform said to it; ``None`` if it was not reached.
        """


class Nothing:
    """What needs no place."""

    async def take(self, work: SqlWork) -> Handover:
        """Use nothing."""
        return Handover.TAKEN

    async def give_back(self, work: SqlWork, said: Handover | None) -> None:
        """Give nothing back."""


@dataclass(frozen=True, slots=True)
class PlaceInWindow:
    """One of a window's places; ``None`` where no window is open."""

    openid: OpenId
    window: Window | None

    async def take(self, work: SqlWork) -> Handover:
        """Use a place."""
        if self.window is None:
            return Handover.CLOSED
        taken = await work.places.take(self.openid, self.window)
        return Handover.TAKEN if taken else Handover.FULL

    async def give_back(self, work: SqlWork, said: Handover | None) -> None:
        """Give the place back; where somebody else has used it without counting, it is none."""
        if self.window is not None and said is not Handover.FULL:
            await work.places.give_back(self.openid, self.window)


@dataclass(frozen=True, slots=True)
class AgreedCard:
    """One of the cards that a citizen agreed to be sent."""

    openid: OpenId
    template: str
    lasting: bool

    async def take(self, work: SqlWork) -> Handover:
        """Use one up, unless the agreement lasts."""
        spent = await work.agreed.spend(self.openid, self.template, lasting=self.lasting)
        return Handover.TAKEN if spent else Handover.CLOSED

    async def give_back(self, work: SqlWork, said: Handover | None) -> None:
        """Give it back; where the platform knows of no agreement, there is none."""
        if said is Handover.CLOSED:
            await work.agreed.refuse(self.openid, self.template)
        elif not self.lasting:
            await work.agreed.agree(self.openid, self.template)


@dataclass(frozen=True, slots=True)
class CardOfTheDay:
    """One of the cards that the account may send on a day in China."""

    day: date
    most: int = CARDS_A_DAY

    async def take(self, work: SqlWork) -> Handover:
        """Use one."""
        taken = await work.limits.take(_CARDS, self.day, self.most)
        return Handover.TAKEN if taken else Handover.FULL

    async def give_back(self, work: SqlWork, said: Handover | None) -> None:
        """Give nothing back: the platform counts what it is asked, not what it takes."""
