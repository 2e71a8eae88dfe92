"""What a phone needs from the platform behind it, and a platform that keeps nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

__all__ = ["NoNetwork", "PhoneNetwork"]


class PhoneNetwork(Protocol):
    """The platform, as the simulator's phones see it. All but pictures: `UnavailableError`."""

    def keep_picture(self, media_id: str, picture: bytes) -> None:
        """Take in what a citizen sent, under the name by which the account may fetch it."""

    async def acts(self, openid: str, did: str, scene: str = "") -> None:
        """Let a citizen do something: ``writes``, ``taps``, ``follows`` or ``leaves``."""

    async def answers(self, openid: str, templates: Iterable[str], *, agrees: bool) -> None:
        """Let a citizen agree to one notice of each of these templates, or refuse them all."""

    async def agreed(self, openid: str) -> Mapping[str, int | None]:
        """Return how many notices of each template a citizen may yet be sent; ``None``: any."""

    async def due(self, openid: str) -> Sequence[Mapping[str, Any]]:
        """Return the elements of the events about a citizen's cards that are due, each once."""

    async def outbox(self, openid: str) -> Sequence[Mapping[str, Any]]:
        """Return what the account sent to a citizen, newest first, and what became of it."""


class NoNetwork:
    """Nobody behind the phone: what it does is told to the account and to no one else."""

    def keep_picture(self, media_id: str, picture: bytes) -> None:
        """Forget a picture."""

    async def acts(self, openid: str, did: str, scene: str = "") -> None:
        """Forget what was done."""

    async def answers(self, openid: str, templates: Iterable[str], *, agrees: bool) -> None:
        """Forget an answer."""

    async def agreed(self, openid: str) -> Mapping[str, int | None]:
        """Know of no agreement."""
        return {}

    async def due(self, openid: str) -> Sequence[Mapping[str, Any]]:
        """Report nothing."""
        return ()

    async def outbox(self, openid: str) -> Sequence[Mapping[str, Any]]:
        """Know of nothing that was sent."""
        return ()
