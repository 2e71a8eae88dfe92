"""One simulated opening day for each seed."""

import random
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.wiring import Resources
from tests.support.simulation.check import violations
from tests.support.simulation.faults import Fault
from tests.support.simulation.loop import SimulatedLoop, run
from tests.support.simulation.town import SimulatedTown, Wish
from tests.support.town import Town, residents

__all__ = ["Days", "Played", "laid_out_days"]

_WORKERS: Final = 2
_MOST_FAULTS: Final = 6
_PROJECT: Final = "青禾家园"
_WISHES: Final = (("周安然", "二居室"), ("林若溪", "二居室"), ("沈玉兰", "一居室"))
"""Two of one family, who want the same; and one of another."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one seed."""

    seed: int
    faults: tuple[str, ...]
    heard: tuple[tuple[str, float, str | None], ...]
    violations: tuple[str, ...]

    def __str__(self) -> str:
        told = [f"  {at:7.2f} {key[-6:]} {(text or '-')[:60]!r}" for key, at, text in self.heard]
        return "\n".join([f"seed {self.seed}", *self.violations, *self.faults, *told])


@dataclass(frozen=True, slots=True)
class Days:
    """Where every day begins: citizens who are bound to their families, and an open plan."""

    house: Resources
    template: Path
    scratch: Path
    wishes: Sequence[Wish]

    def play(self, seed: int, kinds: Sequence[Fault] = tuple(Fault)) -> Played:
        """Play the day of a seed from its beginning to its end."""
        dice = random.Random(seed)  # noqa: S311 (a seed must repeat)
        faults = [dice.choice(kinds) for _ in range(dice.randint(0, _MOST_FAULTS))]

        async def day(loop: SimulatedLoop) -> SimulatedTown:
            town = SimulatedTown(loop, dice, self.house, self.template, self.scratch, self.wishes)
            await town.live(_WORKERS, faults)
            return town

        town = run(day, dice)
        broken = tuple(violations(town))
        town.records.engine.dispose()
        return Played(
            seed,
            tuple(f"  {at:7.2f} {fault}" for at, fault in town.faults),
            tuple((one.key, one.answered_at, one.text) for one in town.heard),
            broken,
        )


@asynccontextmanager
async def laid_out_days(template: Path, folder: Path) -> AsyncIterator[Days]:
    """Bring the citizens to where the days begin, in a real town."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    town = Town(folder)
    await town.open()
    who = residents()
    for name, _ in _WISHES:
        await town.bring(who[name], ["signed-up", "verified", "bound"])
    found = await town.project(_PROJECT)
    assert found
    async with town.house.open_work() as work:
        await work.documents.documents()
        await work.documents.faqs()
    house = town.house
    await town.close()
    with closing(sqlite3.connect(folder / "anju.db")) as records:
        records.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    wishes = [Wish(who[name], found[0].scene, unit) for name, unit in _WISHES]
    yield Days(house, folder / "anju.db", folder / "day.db", wishes)
