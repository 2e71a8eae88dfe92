"""The replies of turns that changed a record, kept in the transaction that changed it.

The conversation store keeps the reply of every turn, but it may be lost or go back in time. A
message whose effect is on record must still get the same answer when the platform sends it again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.shared.records import OpenId

__all__ = ["Delivered", "DeliveryStore"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery and the reply it got.

    ``key`` is equal for every redelivery of the same message. ``reply`` is opaque: the edge has
    sealed it.
    """

    key: str
    openid: OpenId
    reply: bytes
    at: datetime


class DeliveryStore(Protocol):
    """Replies that were committed together with a record; kept 24 hours."""

    async def find(self, key: str) -> Delivered | None:
        """Return what a delivery was answered; ``None`` if it changed no record."""

    async def add(self, delivered: Delivered) -> bool:
        """Keep a reply; ``False``, and nothing kept, if the delivery already has one.

        Of one that another work keeps meanwhile, the commit tells: `CollidedError`.
        """

    async def forget(self, *, before: datetime) -> int:
        """Drop replies given before a moment; return how many."""
