"""Who opens a page: the platform's browser can be asked, an address that was passed on cannot.

Source: Q-31; S0-60.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

from domain.shared.chance import Randomness
from domain.shared.clock import Clock, utc_from_timestamp
from domain.shared.pages import LinkSigner
from domain.shared.records import OpenId

__all__ = [
    "OPENED_PATH",
    "OPENING_LIFE",
    "PASS_LIFE",
    "OpenerCheck",
    "OpenerService",
    "Opening",
    "Stranger",
]

OPENED_PATH: Final = "/h5/opened"
"""Where browsers come back to, below the public address."""

PASS_LIFE: Final = timedelta(minutes=30)
"""How long a browser that was recognised is believed; longer than any form is good."""

OPENING_LIFE: Final = timedelta(minutes=10)
"""How long a browser may take to come back."""

_KNOWN: Final = "opener"
_OPENING: Final = "opening"


class Stranger(StrEnum):
    """Why somebody who opens a page is nobody we may believe to know."""

    LATE = "late"
    """The code was used before, is too old, or was never given out: ask once more."""
    PREVIEW = "preview"
    """The page is shown as a preview, to a made-up identity: never believed."""


class OpenerCheck(Protocol):
    """Tells which citizen a browser belongs to."""

    def asked_at(self, *, back: str, state: str) -> str:
        """Return the address to which a browser is sent so that it is recognised.

        Parameters
        ----------
        back
            The absolute address to which it then comes back, with ``code`` and ``state``.
        state
            Random and known to this browser only, so that nobody else's code is slipped in.
        """

    async def who(self, code: str) -> OpenId | Stranger:
        """Return who came back with a code; each code works once.

        Raises
        ------
        UnavailableError
            The platform is silent.
        """


@dataclass(frozen=True, slots=True)
class Opening:
    """A browser that was sent to be recognised: for whose page, and where that page is.

    ``again`` tells that it is sent for the second time.
    """

    state: str
    owner: OpenId
    back: str
    again: bool


class OpenerService:
    """Knows a browser by what it was given to keep.

    What is given is sealed: it can be neither made nor read outside.

    Parameters
    ----------
    came_back_at
        The absolute address to which the platform sends browsers back.
    """

    def __init__(
        self,
        check: OpenerCheck,
        signer: LinkSigner,
        clock: Clock,
        chance: Randomness,
        *,
        came_back_at: str,
    ) -> None:
        self._check = check
        self._signer = signer
        self._clock = clock
        self._chance = chance
        self._came_back_at = came_back_at

    def admit(self, openid: OpenId) -> str:
        """Return what a recognised browser is given, so that it is not asked again for a while."""
        return self._seal(_KNOWN, PASS_LIFE, openid)

    def admitted(self, kept: str) -> OpenId | None:
        """Return whose browser it is that keeps this; ``None`` if nobody can tell any more."""
        found = self._opened(_KNOWN, kept)
        return OpenId(found[0]) if found else None

    def begin(self, owner: OpenId, back: str, *, again: bool = False) -> tuple[str, str]:
        """Have a browser recognised.

        Parameters
        ----------
        owner
            Whose page it wants to see.
        back
            The path of that page.

        Returns
        -------
        tuple
            Where to send the browser, and what to give it to keep meanwhile.
        """
        state = self._chance.token()
        kept = self._seal(_OPENING, OPENING_LIFE, state, owner, back, "again" if again else "")
        return self._check.asked_at(back=self._came_back_at, state=state), kept

    def opening(self, kept: str, state: str) -> Opening | None:
        """Return what a browser was sent for; ``None`` if it is not the browser that was sent."""
        found = self._opened(_OPENING, kept)
        if not found or not hmac.compare_digest(found[0].encode(), state.encode()):
            return None
        return Opening(found[0], OpenId(found[1]), found[2], again=bool(found[3]))

    async def who(self, code: str) -> OpenId | Stranger:
        """Return who came back with a code; raises as `OpenerCheck.who`."""
        return await self._check.who(code)

    def _seal(self, kind: str, life: timedelta, *words: str) -> str:
        expires = (self._clock.now() + life).timestamp()
        return self._signer.sign(json.dumps([kind, expires, *words]))

    def _opened(self, kind: str, kept: str) -> list[str]:
        read = self._signer.read(kept) if kept.isascii() else None
        if read is None:
            return []
        found, *rest = json.loads(read)
        if found != kind or utc_from_timestamp(rest[0]) <= self._clock.now():
            return []
        return [str(word) for word in rest[1:]]
