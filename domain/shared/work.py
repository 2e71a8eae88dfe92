"""One transaction: what a use case may count on."""

from typing import Protocol, Self

from domain.shared.records import ActStore, ConsentStore, EffectStore

__all__ = ["OpenWork", "Work"]


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
        """Make everything written so far last."""

    async def let_go(self) -> None:
        """End the read and return the connection, before waiting on the outside world."""

    async def undo(self) -> None:
        """Take back what was written since the last commit."""

    async def __aenter__(self) -> Self:
        """Open the work."""

    async def __aexit__(self, *exc: object) -> None:
        """Undo what was not committed."""
