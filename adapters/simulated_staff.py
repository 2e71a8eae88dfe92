"""The stand-in for the operator's own people: whoever is called to the desk."""

from typing import Final

from adapters.simulated import Line
from adapters.sql.sandbox import Arrivals, Arrived
from domain.shared.clock import Clock, china_time
from domain.shared.errors import UnavailableError

__all__ = ["SimulatedStaff"]

_DESK: Final = "desk"


class SimulatedStaff:
    """The `StaffCaller` of the sandbox: calls arrive where every process finds them.

    Parameters
    ----------
    targets
        How many can be called.
    """

    def __init__(self, arrivals: Arrivals, clock: Clock, targets: int) -> None:
        self._arrivals = arrivals
        self._clock = clock
        self.targets = targets
        self.line = Line()

    async def call(self, target: int, words: str) -> bool:
        """Call one of them, counted from 0; ``False`` if that certainly failed."""
        if not 0 <= target < self.targets:
            return False
        try:
            await self.line.reach()
        except UnavailableError:
            return False
        now = self._clock.now()
        call = {"target": target, "words": words, "at": china_time(now).isoformat()}
        await self._arrivals.keep(Arrived.STAFF, _DESK, call, at=now)
        return True

    async def calls(self) -> list[dict[str, object]]:
        """Return the calls, newest first."""
        return await self._arrivals.of(Arrived.STAFF, _DESK)
