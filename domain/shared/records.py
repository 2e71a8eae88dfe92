"""Records that any subject may leave: acts, consents, and the one effect of a draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol

from domain.shared.errors import ConflictError

__all__ = [
    "AccountId",
    "Act",
    "ActStore",
    "Consent",
    "ConsentStore",
    "Effect",
    "EffectConflictError",
    "EffectStore",
    "OpenId",
]

OpenId = NewType("OpenId", str)
"""A citizen's identifier at one official account, 28 characters, given by the platform."""

AccountId = NewType("AccountId", str)
"""An account of ours; opaque."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something of consequence that somebody did.

    ``tag`` is ``subject:object:action``. ``actor`` is an account, an openid or an officer's name;
    ``object_id`` names the record; neither holds personal data. ``front`` is ``chat``, ``h5``,
    ``console`` or ``command``.
    """

    tag: str
    actor: str
    object_id: str
    at: datetime
    front: str
    note: str = ""


class ActStore(Protocol):
    """The event trail: append only."""

    async def add(self, act: Act) -> None:
        """Append an act."""

    async def about(self, object_id: str) -> list[Act]:
        """Return the acts on one record, oldest first."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A citizen's agreement to one version of one document.

    ``text_hash`` is the SHA-256 of the text in hex, so that what was agreed to can be shown later.
    ``withdrawn_at`` is ``None`` while it stands.

    Source: S0-16, S0-43.
    """

    actor: str
    document: str
    version: int
    text_hash: str
    at: datetime
    withdrawn_at: datetime | None = None


class ConsentStore(Protocol):
    """Agreements, append only, and their withdrawal."""

    async def add(self, consent: Consent) -> None:
        """Append a consent."""

    async def of(self, actor: str) -> list[Consent]:
        """Return what one actor agreed to, oldest first; what was withdrawn says when."""

    async def withdraw(self, actor: str, documents: Sequence[str], *, at: datetime) -> int:
        """Mark one actor's standing consents to some documents; return how many."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The one effect that a draft had.

    ``fingerprint`` is a keyed hash of the answers it was submitted with; ``receipt`` is what the
    citizen was told, as JSON text.
    """

    draft_id: str
    flow: str
    fingerprint: str
    receipt: str
    at: datetime


class EffectConflictError(ConflictError):
    """The draft already had its effect, with other answers."""

    code = "effect-conflict"


class EffectStore(Protocol):
    """One row per draft that was submitted; the draft's id is unique."""

    async def find(self, draft_id: str) -> Effect | None:
        """Return the draft's effect; ``None`` while it had none."""

    async def add(self, effect: Effect) -> None:
        """Keep a draft's effect; `EffectConflictError` if it already had one.

        Of one that another work keeps meanwhile, the commit tells: `CollidedError`.
        """
