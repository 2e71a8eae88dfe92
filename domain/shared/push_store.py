"""Who keeps what is to be told until it has left, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.shared.pushes import (
    Channel,
    Outbox,
    Push,
    PushClaim,
    PushKind,
    PushState,
    Receipt,
    SetAside,
)
from domain.shared.records import OpenId

__all__ = ["PushStore"]


class PushStore(Outbox, Protocol):
    """Pushes, and what became of them. Of many who ask for work at once, each gets another."""

    async def claim(self, *, now: datetime, most: int = 1) -> Sequence[PushClaim]:
        """Begin attempts at the pushes that are due longest, so many at most, longest first.

        One atomic step: the attempts are counted and nobody else gets these for `LEASE`, so that
        whoever dies over one holds up neither it nor the others.
        """

    async def leave(self, claim: PushClaim, channel: Channel, *, now: datetime) -> bool:
        """Note that it is about to be handed over; ``False`` if the attempt is no longer ours."""

    async def stay(self, claim: PushClaim) -> None:
        """Take back `leave`: it was refused and certainly did not go."""

    async def put_off(
        self, claim: PushClaim, *, until: datetime, reason: str, foreseen: bool = True
    ) -> None:
        """End an attempt without a result; the push is due again then, or when it expires."""

    async def settle(
        self,
        claim: PushClaim,
        state: PushState,
        *,
        now: datetime,
        reason: str = "",
        receipt: str = "",
    ) -> bool:
        """End an attempt; ``False`` if `ALLOWED` forbids it or another attempt has begun since.

        What need not be said again is forgotten: whom it went to by phone, and the words. By its
        ``receipt`` the platform will know it when it reports what became of it; empty: it won't.
        """

    async def reported(self, receipt: Receipt) -> Push | None:
        """Return what a receipt is about, while its words are kept; ``None`` if they are not."""

    async def confirm(self, receipt: Receipt, *, now: datetime) -> bool:
        """Say whether a push that has left arrived; ``False`` if none is known by this receipt.

        Of several that are known by the same, the one that left first.
        """

    async def take_for(self, openid: OpenId, *, now: datetime, most: int) -> list[Push]:
        """Take what waits for a citizen, or for the account they are signed in to: it is sent.

        One atomic step, part of the transaction: what is taken and not committed still waits.
        Oldest first, at most so many; only what may come as words in the chat.
        """

    async def expire(self, *, now: datetime) -> int:
        """End what is worth nothing any more, and forget its words; return how many."""

    async def take_along(
        self, openid: OpenId, kind: PushKind, *, now: datetime, most_bytes: int
    ) -> list[Push]:
        """End what of a kind waits for a citizen as sent, and return it in its order.

        For a reply that carries it, as much as fits; the rest is due at once. What somebody is
        handing over just now stays theirs.
        """

    async def states(self, openid: OpenId, kind: PushKind) -> Mapping[str, tuple[PushState, str]]:
        """Return what became of a kind's pushes for a citizen, and why, by topic."""

    async def set_aside(self) -> list[SetAside]:
        """Return what waits for a person, oldest first, 200 at most."""

    async def retry(self, push_id: int, *, now: datetime) -> bool:
        """Let a push that was set aside wait again, with a full life; ``False`` if it was not."""

    async def tally(self) -> Mapping[PushState, int]:
        """Return how many waiting and parked pushes there are."""

    async def ways(self) -> Mapping[tuple[Channel, PushState], int]:
        """Return how many have left by each way, and what is known of them."""

    async def forget(self, *, before: datetime) -> int:
        """Drop pushes that ended before a moment; return how many."""
