"""What can go wrong in a simulated house, and how a call feels it.

Every call that leaves a worker is a trip there and back. On it the worker may be dead (it never
goes on), asleep (it goes on when woken), or the thing called may be slow, silent, or cut off just
after it did what was asked.
"""

import asyncio
import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.support.simulation.loop import SimulatedLoop

__all__ = ["Dependency", "Fault", "Worker"]

_SILENCE_SECONDS: Final = 1.0
"""How long a client waits for a server that does not answer."""


class Fault(StrEnum):
    """What a seed can do to a house."""

    KILL = "kill a worker"
    PAUSE = "pause a worker"
    DRAIN = "stop a worker politely"
    FLUSH = "empty the conversation store"
    ROLL_BACK = "put an older copy of the conversation store back"
    TALK_DOWN = "conversation store refuses"
    TALK_HANGS = "conversation store hangs"
    RECORDS_DOWN = "records refuse"
    RECORDS_HANG = "records hang"
    RECORDS_SLOW = "records are slow"
    PHONES_DOWN = "the SMS vendor refuses"
    PHONES_HANG = "the SMS vendor hangs"
    CUT_COMMIT = "cut the line between a commit and its answer"
    CLOCK = "set a worker's clock wrong"


@dataclass(slots=True)
class Dependency:
    """Something that all workers share, and how it is doing."""

    down: bool = False
    hanging: bool = False
    slow_by: float = 0.0
    cut_commits: int = 0


@dataclass(slots=True, eq=False)
class Worker:
    """One process: its number, whether it lives, and what its clock says."""

    number: int
    dice: random.Random
    dead: bool = False
    asleep_until: float = 0.0
    disturbed_at: list[float] = field(default_factory=list)
    skew: float = 0.0

    async def trip(self, to: Dependency) -> None:
        """Travel one way; `OSError` if nobody is there."""
        await self._go_on()
        await asyncio.sleep(self.dice.uniform(0.0001, 0.003) + to.slow_by)
        await self._go_on()
        if to.hanging:
            await asyncio.sleep(_SILENCE_SECONDS)
            await self._go_on()
        if to.hanging or to.down:
            raise ConnectionError("nobody answers")

    async def _go_on(self) -> None:
        """Go on, unless this process is dead or asleep."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        await asyncio.sleep(max(self.asleep_until - loop.time(), 0.0))
        if self.dead:
            await loop.forever()
