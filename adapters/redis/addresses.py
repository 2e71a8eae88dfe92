"""What lies where in Redis, and how a talk is stamped."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from adapters.cipher import Cipher
from domain.shared.conversations import Mine
from domain.shared.records import OpenId

__all__ = ["Address", "Addresses", "opened", "read_talk", "ticket_of"]

_INDEX_LETTERS: Final = 32
"""128 bits of a blind index: enough that no two citizens ever meet."""

_REMEMBERED: Final = 4096
"""Citizens whose index is not computed again; 0.2 kB each."""

_STAMPED: Final = re.compile(rb"(?P<stamp>(?P<revision>\d+)-\S+) (?P<payload>.*)", re.DOTALL)
_UNSTAMPED: Final = "?"


class Address(NamedTuple):
    """Where a delivery and its citizen are.

    ``citizen`` begins all keys of one citizen; in braces, so that a cluster keeps them together.
    """

    citizen: str
    delivery: str

    def key(self, what: str) -> str:
        """Return the key of one thing about the citizen."""
        return f"{self.citizen}:{what}"

    @property
    def keys(self) -> tuple[str, str, str, str, str]:
        """The keys that a claim looks at: what was answered, lock, talk, line, how many lately."""
        own = self.citizen
        reply = f"{own}:reply:{self.delivery}"
        return reply, f"{own}:lock", f"{own}:talk", f"{own}:line", f"{own}:lately"


class Addresses:
    """Finds addresses by blind indexes, so that neither openid nor message stands in Redis."""

    def __init__(self, cipher: Cipher, prefix: str) -> None:
        self._cipher = cipher
        self._prefix = prefix
        # Who writes once writes again soon.
        self._citizen = lru_cache(_REMEMBERED)(self._found)

    def of(self, openid: OpenId, key: str = "") -> Address:
        """Return the address of a citizen, and of a delivery of theirs."""
        delivery = self._cipher.index("delivery", key)[:_INDEX_LETTERS] if key else ""
        return Address(self._citizen(openid), delivery)

    def _found(self, openid: OpenId) -> str:
        index = self._cipher.index("conversation", openid)[:_INDEX_LETTERS]
        return f"{self._prefix}:{{{index}}}"


def ticket_of(ticket: str, address: Address, stamp: str) -> str:
    """Return the ticket of a claim, which holds all that ending it needs."""
    return f"{ticket} {address.citizen} {address.delivery} {stamp}"


def opened(claim: Mine) -> tuple[str, Address, str]:
    """Return what `ticket_of` put together: Redis's ticket, the address, the stamp found there."""
    ticket, citizen, delivery, stamp = claim.ticket.split(" ")
    return ticket, Address(citizen, delivery), stamp


def read_talk(talk: bytes | None) -> tuple[str, int, bytes | None]:
    """Return stamp, revision and payload; of what we did not write, the bytes as they are."""
    if talk is None:
        return _UNSTAMPED, 0, None
    if stamped := _STAMPED.fullmatch(talk):
        return stamped["stamp"].decode(), int(stamped["revision"]), stamped["payload"]
    return _UNSTAMPED, 0, talk
