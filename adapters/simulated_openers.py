"""A stand-in for the platform where it tells who opens a page: the simulator's browser knows."""

import json
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from adapters.simulated import Line
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.openers import Stranger
from domain.shared.records import OpenId
from domain.shared.throttle import SecretStore

__all__ = ["SimulatedOpeners"]

_CODE_LIFE: Final = timedelta(minutes=5)


class SimulatedOpeners:
    """The `OpenerCheck` of the sandbox.

    Parameters
    ----------
    asks_at
        The address of the page that plays the platform; a path, under whatever name we are reached.
    """

    def __init__(
        self, secrets: SecretStore, clock: Clock, chance: Randomness, *, asks_at: str
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._chance = chance
        self._asks_at = asks_at
        self.line = Line()

    def asked_at(self, *, back: str, state: str) -> str:
        """Return the address of the page that plays the platform."""
        return f"{self._asks_at}?{urlencode({'redirect_uri': back, 'state': state})}"

    async def opens(self, openid: OpenId, *, preview: bool = False) -> str:
        """Let a citizen's browser come; return the code with which it goes back."""
        code = self._chance.token()
        kept = json.dumps([openid, preview]).encode()
        expires_at = self._clock.now() + _CODE_LIFE
        await self._secrets.put(_key(code), kept, expires_at=expires_at)
        return code

    async def who(self, code: str) -> OpenId | Stranger:
        """Tell who came back with a code, once."""
        await self.line.reach()
        now = self._clock.now()
        kept = await self._secrets.get(_key(code), now=now)
        if kept is None or not await self._secrets.drop(_key(code), now=now):
            return Stranger.LATE
        self.line.answer()
        openid, preview = json.loads(kept)
        return Stranger.PREVIEW if preview else OpenId(openid)


def _key(code: str) -> str:
    return f"simulated opener {code}"
