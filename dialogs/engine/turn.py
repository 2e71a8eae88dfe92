"""What mending a talk needs of the talk."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from dialogs.engine.messages import Option, Reply, Start
from dialogs.engine.place import Place

__all__ = ["Turn"]


class Turn(Place, ABC):
    """What repair needs of the talk it mends, beside its place.

    ``undo`` takes back what was written in this turn.
    """

    undo: Callable[[], Awaitable[None]]

    @abstractmethod
    async def begin(self, start: Start) -> Reply:
        """Begin a flow."""

    @abstractmethod
    async def restart(self) -> Reply:
        """Begin the top draft anew."""

    @abstractmethod
    async def enter(self, lead: str = "") -> Reply:
        """Open the top draft."""

    @abstractmethod
    async def words(self, text: str) -> Reply:
        """Take words as an answer, or as words outside any flow."""

    @abstractmethod
    async def chosen(self, option: Option) -> Reply:
        """Take an option, if it was shown with the question that is open now."""

    @abstractmethod
    async def question(self) -> Reply:
        """Put the open question again."""

    @abstractmethod
    async def home(self) -> Reply:
        """Return the home page."""
