"""One run: citizens live while nemeses rage; then everything heals, and everybody is asked."""

import asyncio
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.chaos import dump
from benchmarks.chaos.citizens import Actor, Plan, StuckError
from benchmarks.chaos.forgeries import forge
from benchmarks.chaos.history import Citizen, Ended, Event, History, Probe, Run, Writer
from benchmarks.chaos.nemeses import HITS, ORDERS, Nemeses
from benchmarks.chaos.people import Person
from benchmarks.chaos.postman import Postman
from benchmarks.chaos.probes import drained, measure, ready, shown, starving
from benchmarks.chaos.stage import Stage, staged

__all__ = ["Size", "play"]

_BROWSING: Final = 0.9
_ASKED_SECONDS: Final = 60.0
"""For asking everybody at the end."""

_TO_END_SECONDS: Final = 180.0
"""For that, and until nothing is to be told any more."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    registrations: int = 2000
    faults: int = 100
    webs: int = 2
    at_once: int = 96
    every: tuple[float, float] = (1.0, 2.2)
    order_every: float = 1.5
    block_seconds: float = 0.8
    pause_seconds: tuple[float, float] | None = None
    cancels: float = 0.15
    """How many citizens cancel what they registered first."""
    doubled: float = 0.12
    """How many messages come twice at once."""
    newcomers: bool = True
    """Whether some come the whole way, with a page and codes, which may take a minute each."""
    most_seconds: float = 400.0
    worker: bool = True
    disks: bool = True
    heal: float = 135.0
    """Seconds after the last fault in which everybody must come to the end of the plan: a minute,
    and for whoever lost a code, the minute until another may be asked for."""
    only: tuple[str, ...] = ()
    """Faults and orders («crash after_commit») to stage instead of all."""

    @property
    def enough(self) -> float:
        """The share of a run after which nobody begins with what may take a minute for a code."""
        return 1.0 if self.only else 0.7


@dataclass
class _Play:
    """What is under way."""

    stage: Stage
    size: Size
    record: Callable[[Event], None]
    chance: random.Random
    people: list[Person]
    newcomers: list[Person]
    until: list[float]
    begun: float = field(default_factory=time.monotonic)
    actors: list[Actor] = field(default_factory=list)

    @property
    def told(self) -> int:
        """How many registrations citizens were told of."""
        return sum(len(actor.held) + len(actor.gone) for actor in self.actors)

    @property
    def done(self) -> bool:
        """Whether enough has happened, or time is up."""
        return self.share >= 1.0

    @property
    def share(self) -> float:
        """How much of the run is over: of its time, or of what is to happen."""
        size, seconds = self.size, time.monotonic() - self.begun
        told = self.told / size.registrations
        raged = self.nemeses.begun.total() / size.faults if size.faults else told
        covered = 1.0 if size.only else self.nemeses.thinnest / HITS
        return max(seconds / size.most_seconds, min(told, raged, covered))

    def __post_init__(self) -> None:
        fleet = self.stage.scene.fleet
        size = self.size
        self.postman = Postman(
            fleet, self.stage.fake, self.record, self.chance, doubled=size.doubled
        )
        self.nemeses = Nemeses(
            *(self.stage.scene, self.record, self.chance),
            block_seconds=size.block_seconds, pause_seconds=size.pause_seconds,
        )  # fmt: skip

    async def live(self) -> None:
        """Let citizens come and go, so many at once, until enough has happened."""
        waiting = iter([*self._mixed()])
        await asyncio.gather(*(self._lane(waiting) for _ in range(self.size.at_once)))

    def _mixed(self) -> Iterator[tuple[Person, bool]]:
        bound, new = list(self.people), list(self.newcomers)
        every = max(len(bound) // (len(new) + 1), 1)
        for number, person in enumerate(bound):
            yield person, False
            if number % every == every - 1 and new:
                yield new.pop(), True

    async def _lane(self, waiting: Iterator[tuple[Person, bool]]) -> None:
        for person, newcomer in waiting:
            if self.done:
                return
            if newcomer and self.share > self.size.enough:
                continue
            actor = Actor(person, self.postman, self.chance, self.until, newcomer)
            self.actors.append(actor)
            await actor.live(self._plan(newcomer))

    def _plan(self, newcomer: bool) -> Plan:  # noqa: FBT001 (one of two kinds)
        dice, cancels = self.chance.random(), self.size.cancels
        some = self.chance.sample(self.stage.estates, 1 if newcomer else self.chance.randint(1, 4))
        cancel = dice < cancels and self.share <= self.size.enough
        again, browse = dice < cancels / 3, dice > _BROWSING
        return Plan(tuple(some), cancel=cancel, again=again, browse=browse)

    async def rage(self) -> None:
        """Let nemeses and orders loose while there is life."""
        faults = [one for one in self.size.only if one in self.nemeses.all]
        orders = [tuple(one.split()) for one in self.size.only if one.split()[0] in ORDERS]
        raging = self.nemeses.rage(
            every=self.size.every,
            done=lambda: self.done,
            told=lambda: self.told,
            between=self.size.registrations // max(self.size.faults, 1),
            only=faults,
        )
        ordering = self.nemeses.order(
            every=self.size.order_every, done=lambda: self.done, only=orders
        )
        if not self.size.only:
            await asyncio.gather(raging, ordering)
            return
        await asyncio.gather(*([raging] if faults else []), *([ordering] if orders else []))
        raging.close()
        ordering.close()

    async def heal(self) -> None:
        """End every fault, wait for everybody, and ask them all what there is."""
        await self.nemeses.calm()
        self.until[0] = time.monotonic() + self.size.heal

    async def ask(self) -> None:
        """Let everybody look at the end, and see that the menu works."""
        gate = asyncio.Semaphore(self.size.at_once)

        async def one(actor: Actor) -> None:
            async with gate:
                try:
                    await actor.look()
                except StuckError as where:
                    self.record(Ended(time.monotonic_ns(), actor.openid, str(where)))

        await asyncio.gather(*(one(actor) for actor in self.actors))


async def play(
    size: Size,
    *,
    seed: int,
    file: Path,
    plant: Sequence[str] = (),
    name: str = "",
) -> History:
    """Play one run and return its history, which is also written to a file.

    Parameters
    ----------
    size, seed
        How large, and by which dice.
    file
        Where the history goes; beside it, the logs of the processes.
    plant
        Options of `benchmarks.chaos.launch` that plant a bug.
    """
    chance = random.Random(seed)  # noqa: S311 (dice, not secrets)
    # More than are needed: there must be life for as long as there are faults.
    wanted = max(size.registrations, 8)
    people = [Person(number) for number in range(1, wanted + 1)]
    new = max(wanted // 80, 1) if size.newcomers else 0
    newcomers = [Person(number) for number in range(900_001, 900_001 + new)]
    with _recording(file) as record:
        record(Run(time.monotonic_ns(), seed, name))
        async with staged(
            folder=_emptied(file.with_suffix("")), size=size.webs, people=people,
            newcomers=newcomers, record=record, chance=chance, plant=plant,
            worker=size.worker, disks=size.disks,
        ) as stage:  # fmt: skip
            for person in (*people, *newcomers):
                family = stage.cipher.index("filing-number", person.filing)
                words = (person.filing, person.id_number)
                record(Citizen(0, person.openid, family, person.phone, words))
            played = _Play(stage, size, record, chance, people, newcomers, [float("inf")])
            async with asyncio.timeout(size.most_seconds + size.heal + _TO_END_SECONDS):
                await _played(played)
            for line in stage.skipped:
                print(f"skipped: {line}")
            await _ended(stage, record)
    return History.read([file])


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


async def _played(run: _Play) -> None:
    stage, record = run.stage, run.record
    await measure(stage, record, "start")
    beside = [forge(run.postman, record, run.chance), _tell(run), starving(stage, record)]
    tasks = [asyncio.create_task(one) for one in (run.rage(), run.live(), *beside)]
    raging, living, *_ = tasks
    try:
        await raging
        await run.heal()
        record(Probe(time.monotonic_ns(), "calm", 0))
        await ready(stage, record)
        await living
        tasks[2].cancel()
        await _asked(run)
    finally:
        # Nothing may go on when the stage is taken down: a nemesis starts servers.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await run.nemeses.stop()


async def _asked(run: _Play) -> None:
    """Ask everybody and everything what there is in the end."""
    stage, record = run.stage, run.record
    await run.postman.settle()
    run.until[0] = time.monotonic() + _ASKED_SECONDS
    await run.ask()
    if not run.size.only:
        await shown(stage, run.postman, run.people[0], record)
    await run.postman.settle()
    if stage.scene.fleet.workers:
        await drained(stage)
    await measure(stage, record, "end")


async def _ended(stage: Stage, record: Callable[[Event], None]) -> None:
    """Write down what is left: once the processes are gone, so that nothing changes any more."""
    await stage.scene.fleet.stop()
    for event in await dump.records(stage.records_url, stage.cipher):
        record(event)
    for passed in dump.trail(stage.scene.orders):
        record(passed)
    for leak in dump.leaks(stage.folder):
        record(leak)


async def _tell(run: _Play) -> None:
    """Say every ten seconds how far it has come."""
    while True:
        await asyncio.sleep(10)
        seconds = time.monotonic() - run.begun
        faults = run.nemeses.begun.total()
        sys.stderr.write(f"  {seconds:4.0f} s: {run.told} registrations, {faults} faults\n")


@contextmanager
def _recording(file: Path) -> Iterator[Callable[[Event], None]]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as lines, suppress(KeyboardInterrupt):
        yield Writer(lines).add
