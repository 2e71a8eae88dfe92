"""A token that all processes share: fetched once, early, under a lock, and replaced once.

Whoever finds it missing takes the lock, looks again, and fetches; the others wait for what comes.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.shared.clock import Clock, utc_from_timestamp
from domain.shared.errors import UnavailableError
from domain.shared.throttle import DAY, Limit, SecretStore

__all__ = ["Fetched", "SharedToken"]

_EARLY: Final = timedelta(minutes=5)
"""How long before its end a token is replaced: the old and the new are good together so long."""

_SHORTEST: Final = timedelta(seconds=30)
_LOCK: Final = Limit(1, timedelta(seconds=15))
"""After which whoever holds the lock is taken for dead; longer than a fetch may last."""

_FORCED: Final = (Limit(1, timedelta(seconds=30)), Limit(10, DAY))
"""The platform allows 20 a day, half a minute apart; the other half is for people."""

_PATIENCE_SECONDS: Final = 12.0
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Fetched:
    """A token fresh from the platform, and for how many seconds it is good."""

    word: str
    seconds: int


class SharedToken:
    """One token, or ticket, of one account.

    Parameters
    ----------
    name
        Under which all processes find it.
    fetch
        Gets one from the platform; it may be the one that we know.
    force
        Gets another, which makes all others worth nothing; ``None``: that cannot be had.
    """

    def __init__(
        self,
        name: str,
        secrets: SecretStore,
        clock: Clock,
        fetch: Callable[[], Awaitable[Fetched]],
        force: Callable[[], Awaitable[Fetched]] | None = None,
    ) -> None:
        self._name = name
        self._secrets = secrets
        self._clock = clock
        self._fetch = fetch
        self._force = force
        self._here: tuple[str, datetime] | None = None
        self._one_here = asyncio.Lock()

    async def current(self) -> str:
        """Return the token.

        Raises
        ------
        UnavailableError
            Neither the store nor the platform has one for us; or whatever ``fetch`` raises.
        """
        return self._known() or await self._another(than=None)

    async def renew(self, refused: str) -> str:
        """Return another token than one that the platform refused: of many who ask, one fetches.

        Raises
        ------
        UnavailableError
            The platform gives out the refused one again, and may not be forced so soon.
        """
        known = self._known()
        return known if known and known != refused else await self._another(than=refused)

    async def fetch_now(self) -> str:
        """Ask the platform whatever is known, for a person who wants to see it answer."""
        return await self._keep(await self._fetch())

    def _known(self) -> str | None:
        if self._here is None or self._here[1] <= self._clock.now():
            return None
        return self._here[0]

    async def _another(self, *, than: str | None) -> str:
        async with self._one_here:
            known = self._known()
            if known and known != than:
                return known
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    return await self._found_or_fetched(than)
            except TimeoutError:
                raise UnavailableError(f"{self._name}: nobody fetches it") from None

    async def _found_or_fetched(self, than: str | None) -> str:
        while True:
            found = await self._look()
            if found and found != than:
                return found
            held = await self._secrets.take(f"{self._name} lock", [_LOCK], self._clock.now())
            if held.until is None:
                break
            # Another process is fetching; all that we have in common is the store.
            await asyncio.sleep(_LOOK_SECONDS)
        try:
            found = await self._look()
            return found if found and found != than else await self._fetched(than)
        finally:
            await self._secrets.give_back(f"{self._name} lock", held.ticket)

    async def _fetched(self, than: str | None) -> str:
        fresh = await self._fetch()
        if fresh.word == than and self._force:
            taken = await self._secrets.take(f"{self._name} forced", _FORCED, self._clock.now())
            if taken.until is not None:
                raise UnavailableError(f"{self._name}: refused, and given out again")
            fresh = await self._force()
        return await self._keep(fresh)

    async def _keep(self, fresh: Fetched) -> str:
        good_for = max(timedelta(seconds=fresh.seconds) - _EARLY, _SHORTEST)
        until = self._clock.now() + good_for
        kept = json.dumps([fresh.word, until.timestamp()]).encode()
        await self._secrets.put(self._name, kept, expires_at=until)
        self._here = (fresh.word, until)
        return fresh.word

    async def _look(self) -> str | None:
        kept = await self._secrets.get(self._name, now=self._clock.now())
        if kept is None:
            return None
        word, until = json.loads(kept)
        self._here = (word, utc_from_timestamp(until))
        return str(word)
