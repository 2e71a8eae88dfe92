"""The phones of a simulated town: what arrived, as the phones know it and nobody else."""

from collections.abc import Sequence
from typing import Any

from domain.notices.model import Card
from domain.notices.service import Handed
from domain.shared.errors import UnansweredError, UnavailableError
from domain.shared.pushes import PushKind
from domain.shared.records import OpenId
from domain.shared.windows import Handover
from tests.support.simulation.faults import Dependency, Worker

__all__ = ["Outside", "Phones"]


class Phones(Dependency):
    """Every message that arrived, in the order in which it did."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[str] = []


class Outside:
    """What a worker takes for whoever is outside: an SMS vendor and the platform.

    The others are as they were; nobody asks them anything on a simulated day.
    """

    def __init__(self, phones: Phones, worker: Worker, others: object) -> None:
        self._phones = phones
        self._worker = worker
        self._others = others
        self.sms = self
        self.pushes = self

    def __getattr__(self, name: str) -> Any:
        """Return one of the others."""
        return getattr(self._others, name)

    async def tell(self, phone: str, kind: PushKind, values: Sequence[str]) -> None:
        """Send a notice; its answer may be lost on the way back."""
        await self._hand_over(values[0])

    async def push(self, openid: OpenId, text: str) -> Handover:
        """Send a message to a chat."""
        await self._hand_over(text)
        return Handover.TAKEN

    async def push_card(self, openid: OpenId, card: Card) -> Handed:
        """Send a card to a chat."""
        await self._hand_over(card.key)
        return Handed(Handover.TAKEN)

    async def _hand_over(self, text: str) -> None:
        try:
            await self._worker.trip(self._phones)
        except OSError as error:
            raise UnavailableError("phones") from error
        self._phones.arrived.append(text)
        try:
            await self._worker.trip(self._phones)
        except OSError as error:
            raise UnansweredError("phones") from error
