"""One transaction: what a use case may count on."""

from typing import Protocol, Self

from domain.shared.errors import ConflictError, UnavailableError
from domain.shared.records import ActStore, ConsentStore, EffectStore

__all__ = ["CollidedError", "OpenWork", "UnsureError", "Work"]


class CollidedError(ConflictError):
    """Two transactions stood in each other's way; this one was undone and may be tried again."""

    code = "collided"


class UnsureError(UnavailableError):
    """The records fell silent during a commit: whether it lasts is to be looked up."""

    code = "unsure"


class Work(Protocol):
    """What every use case may touch. Leaving without a commit undoes everything."""

    @property
    def acts(self) -> ActStore:
        """The event trail."""

    @property
    def consents(self) -> ConsentStore:
        """What citizens agreed to."""

    @property
    def effects(self) -> EffectStore:
        """The one effect of each draft."""


class OpenWork(Work, Protocol):
    """The edge's view of a work: it alone ends it."""

    @property
    def changed(self) -> bool:
        """Whether anything was written since the last commit."""

    async def commit(self) -> None:
        """Make everything written so far last.

        Raises
        ------
        UnsureError
            The records fell silent before they said whether it lasts.
        UnavailableError
            The records could not be reached; nothing lasts.
        CollidedError
            Another transaction stood in the way; nothing lasts.
        """

    async def let_go(self) -> None:
        """End the read and return the connection, before waiting on the outside world."""

    async def undo(self) -> None:
        """Take back what was written since the last commit."""

    async def __aenter__(self) -> Self:
        """Open the work."""

    async def __aexit__(self, *exc: object) -> None:
        """Undo what was not committed."""
