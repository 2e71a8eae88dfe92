"""How often a thing may be done, counted where neither an undone turn nor a restart forgets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from domain.shared.errors import RefusedError

__all__ = ["DAY", "HOUR", "Charge", "Limit", "SecretStore", "Taken", "ThrottledError", "charge"]

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


class ThrottledError(RefusedError):
    """It was done too often.

    Parameters
    ----------
    until
        From when it may be tried again.
    """

    code = "throttled"

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many times within any stretch of time of this length; ``None``: only counted."""

    times: int | None
    within: timedelta


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a wish to be counted.

    ``until`` is ``None`` unless a limit was full; then nothing was counted and this is when to try
    again. ``ticket`` undoes the count; it is empty when nothing new was counted.
    """

    ticket: str = ""
    until: datetime | None = None


class SecretStore(Protocol):
    """Short-lived values, and counters over sliding stretches of time.

    Stands outside the transaction of a turn, so that what was counted stays counted. Every verb is
    one atomic step among all processes. Keys and members may name people: an adapter keeps only
    blind indexes of them, and values sealed. A store that does not answer raises
    `UnavailableError`; callers let it pass, so that limits fail closed.
    """

    async def take(
        self, key: str, limits: Sequence[Limit], at: datetime, *, member: str = ""
    ) -> Taken:
        """Count once under a key, unless one of its limits is full.

        Parameters
        ----------
        key
            What is counted.
        limits
            All must have room. At least one; the longest is how long the count is remembered.
        at
            The present moment.
        member
            Where given, different members are counted, and one already counted may always come
            again.
        """

    async def give_back(self, key: str, ticket: str) -> None:
        """Undo one count; an empty ticket undoes nothing."""

    async def count(self, key: str, *, since: datetime) -> int:
        """Return how often a key was counted later than a moment."""

    async def forgive(self, key: str) -> None:
        """Forget all that was counted under a key."""

    async def put(self, key: str, value: bytes, *, expires_at: datetime) -> None:
        """Keep a value, in place of an earlier one."""

    async def get(self, key: str, *, now: datetime) -> bytes | None:
        """Return a value; ``None`` if there is none or it has expired."""

    async def drop(self, key: str, *, now: datetime) -> bool:
        """Remove a value; of many at once, exactly one learns that it was there and had life."""

    async def sweep(self, *, now: datetime) -> int:
        """Remove what has expired; return how many things that were."""


@dataclass(slots=True)
class Charge:
    """Counts taken so far for one attempt, so that all can be given back."""

    secrets: SecretStore
    at: datetime
    tickets: list[tuple[str, str]]

    async def take(self, key: str, *limits: Limit, member: str = "") -> None:
        """Count once more, or give everything back.

        Raises
        ------
        ThrottledError
            A limit was full; nothing of this attempt remains counted.
        """
        until = await self.attempt(key, *limits, member=member)
        if until is not None:
            await self.give_back()
            raise ThrottledError(until)

    async def attempt(self, key: str, *limits: Limit, member: str = "") -> datetime | None:
        """Count once more and return ``None``, or return when there will be room again."""
        taken = await self.secrets.take(key, limits, self.at, member=member)
        if taken.until is None:
            self.tickets.append((key, taken.ticket))
        return taken.until

    async def give_back(self) -> None:
        """Undo all counts of this attempt."""
        while self.tickets:
            await self.secrets.give_back(*self.tickets.pop())


def charge(secrets: SecretStore, at: datetime) -> Charge:
    """Begin an attempt at a moment, with nothing counted yet."""
    return Charge(secrets, at, [])
