"""What goes wrong, and how often: one fault every few seconds, each written down from on to off.

A nemesis knows nothing of citizens. Two never touch the same component at once; faults of
different components may meet, which is when it gets interesting.
"""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.chaos.disks import Ballast
from benchmarks.chaos.fleet import Fleet, Web
from benchmarks.chaos.history import Event, Fault
from benchmarks.chaos.proxy import Manner, Proxy
from benchmarks.chaos.servers import PrivatePostgres, PrivateRedis
from domain.shared.failpoints import Point

__all__ = ["HITS", "ORDERS", "Nemeses", "Scene"]

ORDERS: Final = ("crash", "exception", "pause", "block")
"""What a failpoint may be told."""

HITS: Final = 3
"""A cell of points and orders that was hit fewer times than this proves little."""

_LONGEST: Final[Mapping[str, float]] = {"before_claim": 1.0, "before_send": 1.0}
"""Seconds of pause where the platform's five would else be used up by the fault alone."""

_TOLD_TO_WAIT: Final = (4.2, 6.0)
"""Seconds of pause after which an answer is pushed, and the background worker has something to do.
"""

_IN_THE_BACKGROUND: Final = frozenset({Point.AFTER_VENDOR, Point.BEFORE_MARK})
"""Points that only the background worker reaches."""

_AHEAD: Final = 3
"""By how many orders a cell may be ahead of the rarest."""

_SELDOM: Final = 3.0
"""So much less often something is ordered once every cell was hit often enough."""

_LONGEST_CALM: Final = 8.0
_BETWEEN_CRASHES: Final = 5.0
"""Seconds: a service that dies all the time shows nothing else any more."""

_COMMITS: Final = (b"registrations:registration:",)
"""What a request holds that makes a registration last, or its end: the act, which goes along.

Not COMMIT: what a turn writes goes as one statement, which is a transaction by itself.
"""

_LATE: Final = (6.5, 7.5)
"""Seconds: the dead process's turn has been given to another, and PostgreSQL, which counts from a
statement's first word, would still take it."""

_WAITED_FOR: Final = 5.0

_SKEWS: Final = (90, -90, 200, -200)
"""Seconds; within what the webhook takes for a message of now."""


@dataclass
class Scene:
    """Everything that can be broken."""

    fleet: Fleet
    postgres: PrivatePostgres
    redis: PrivateRedis
    postgres_line: Proxy
    redis_line: Proxy
    orders: Path
    postgres_disk: Ballast | None = None
    redis_disk: Ballast | None = None


@dataclass
class Nemeses:
    """Breaks things, by a seed.

    Parameters
    ----------
    scene, record, chance
        What to break, where to write it down, and by which dice.
    lease
        Seconds after which a turn of a silent process is given to another.
    block_seconds, pause_seconds
        For how long a failpoint keeps a process, and a turn; as long as does most harm if it is
        not said.
    """

    scene: Scene
    record: Callable[[Event], None]
    chance: random.Random
    lease: float = 4.0
    block_seconds: float = 0.8
    pause_seconds: tuple[float, float] | None = None
    begun: Counter[str] = field(default_factory=Counter)
    ordered: Counter[tuple[str, str]] = field(default_factory=Counter)
    lying: dict[str, str] = field(default_factory=dict)
    """What was ordered last at each point; whoever obeys takes the file away."""
    crashed_at: float = 0.0
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def all(self) -> dict[str, tuple[str, Callable[[], Awaitable[None]]]]:
        """Every fault by its name, with the component it touches."""
        found: dict[str, tuple[str, Callable[[], Awaitable[None]]]] = {
            "web kill": ("web", self.kill_web),
            "web stop": ("web", self.stop_web),
            "web restart": ("web", self.restart_web),
            "redis kill": ("redis", self.kill_redis),
            "redis pause": ("redis", self.pause_redis),
            "redis flush": ("redis", self.flush_redis),
            "redis rollback": ("redis", self.roll_redis_back),
            "redis down": ("redis", lambda: self._line("redis", Manner.REFUSE)),
            "redis mute": ("redis", lambda: self._line("redis", Manner.MUTE)),
            "redis slow": ("redis", lambda: self._line("redis", Manner.SLOW)),
            "redis cut": ("redis", lambda: self._cut("redis")),
            "pg kill": ("pg", self.kill_postgres),
            "pg pause": ("pg", self.pause_postgres),
            "pg down": ("pg", lambda: self._line("pg", Manner.REFUSE)),
            "pg mute": ("pg", lambda: self._line("pg", Manner.MUTE)),
            "pg slow": ("pg", lambda: self._line("pg", Manner.SLOW)),
            "pg cut": ("pg", lambda: self._cut("pg")),
            "pg swallow": ("pg", self.swallow_commit),
            "pg late": ("line", self.hold_commit),
        }
        if len(self.scene.fleet.webs) > 1:
            found["all webs"] = ("web", self.kill_all)
        if any(web.clock for web in self.scene.fleet.webs):
            found["clock skew"] = ("clock", self.skew)
        if self.scene.fleet.workers:
            found["worker kill"] = ("worker", self.kill_worker)
            found["worker stop"] = ("worker", self.stop_worker)
        if self.scene.redis_disk:
            found["redis disk full"] = ("redis", self.fill_redis)
        if self.scene.postgres_disk:
            found["pg disk full"] = ("pg", self.fill_postgres)
        return found

    async def rage(
        self,
        *,
        every: tuple[float, float],
        done: Callable[[], bool],
        told: Callable[[], int],
        between: int,
        only: Sequence[str] = (),
    ) -> None:
        """Break one thing after another, each kind as often as the others, until done.

        Between two faults so many registrations are waited for, so that there is life to be broken
        on a slow machine too; but not for long: what is broken may let nobody register.
        """
        waiting: list[str] = []
        while not done():
            if not waiting:
                waiting = list(only or self.all)
                self.chance.shuffle(waiting)
            name = next((one for one in waiting if not self._engaged(one)), None)
            if name is None:
                await asyncio.sleep(0.1)
                continue
            waiting.remove(name)
            self.begin(name)
            enough, until = told() + between, time.monotonic() + _LONGEST_CALM
            await asyncio.sleep(self.chance.uniform(*every))
            while told() < enough and time.monotonic() < until:
                await asyncio.sleep(0.1)

    def _engaged(self, name: str) -> bool:
        """Tell whether a fault would have to wait for another of its component to end."""
        component, _ = self.all[name]
        return component in self._locks and self._locks[component].locked()

    def begin(self, name: str) -> None:
        """Let one fault loose."""
        component, fault = self.all[name]
        task = asyncio.create_task(self._guarded(component, fault))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def order(
        self, *, every: float, done: Callable[[], bool], only: Sequence[tuple[str, ...]] = ()
    ) -> None:
        """Order something at each failpoint, the rarest cell first, until done."""
        cells = [(point, action) for action, point in only]
        cells = cells or [(point.value, action) for point in Point for action in ORDERS]
        while not done():
            fewest = min(self.ordered[cell] for cell in cells)
            ahead = fewest + _AHEAD
            rare = [cell for cell in cells if self.ordered[cell] < ahead and self._may_order(*cell)]
            if rare:
                self.place(*min(rare, key=lambda cell: (self.ordered[cell], self.chance.random())))
            enough = not only and self.thinnest >= HITS
            await asyncio.sleep(_SELDOM * every if enough else every)

    @property
    def thinnest(self) -> int:
        """How often the cell of the failpoints was hit that was hit least."""
        return min(self._hits(point, action) for point in Point for action in ORDERS)

    def _hits(self, point: str, action: str) -> int:
        waits = self.lying.get(point) == action and (self.scene.orders / point).exists()
        return self.ordered[point, action] - waits

    def _all_up(self) -> bool:
        return all(web.up and not web.busy.locked() for web in self.scene.fleet.webs)

    def _may_order(self, point: str, action: str) -> bool:
        """Tell whether nothing waits at a point, and whether everybody is there to be broken."""
        if (self.scene.orders / point).exists():
            return False
        if action != "crash" or point in _IN_THE_BACKGROUND:
            return True
        return self._all_up() and time.monotonic() - self.crashed_at > _BETWEEN_CRASHES

    def place(self, point: str, action: str) -> None:
        """Lay down one order; whoever reaches the point first obeys it."""
        usual = (0.3, _LONGEST[point]) if point in _LONGEST else _TOLD_TO_WAIT
        pause = self.chance.uniform(*(self.pause_seconds or usual))
        seconds = {"pause": pause, "block": self.block_seconds}.get(action)
        self.ordered[point, action] += 1
        self.lying[point] = action
        if action == "crash" and point not in _IN_THE_BACKGROUND:
            self.crashed_at = time.monotonic()
        draft = self.scene.orders / f"{point}.order"
        draft.write_text(action if seconds is None else f"{action} {seconds:.2f}")
        draft.rename(self.scene.orders / point)

    async def calm(self) -> None:
        """Let everything that was begun come to its end, and take back what was ordered."""
        for point in Point:
            (self.scene.orders / point.value).unlink(missing_ok=True)
        while self._running:
            await asyncio.wait(self._running)

    async def stop(self) -> None:
        """Drop whatever is under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    # --- the processes of the service ---------------------------------------------------

    async def kill_web(self) -> None:
        """Kill one of several as a power cut would; its supervisor finds out by itself."""
        async with self._one() as web, self._on("web kill", web):
            await web.kill()
            await web.back()

    async def kill_all(self) -> None:
        """Kill every web process at once."""
        webs = self.scene.fleet.webs
        while not self._all_up():
            await asyncio.sleep(0.1)
        for web in webs:
            self.record(Fault(time.monotonic_ns(), "web kill", on=True, worker=web.number))
        async with AsyncExitStack() as locked, self._on("all webs", None):
            for web in webs:
                await locked.enter_async_context(web.busy)
            await asyncio.gather(*(web.kill() for web in webs))
            await asyncio.gather(*(web.back() for web in webs))
        for web in webs:
            self.record(Fault(time.monotonic_ns(), "web kill", on=False, worker=web.number))

    async def stop_web(self) -> None:
        """Let one sleep, past the lease of its turns as often as not."""
        async with self._one() as web, self._on("web stop", web):
            web.up = False  # a balancer's health check finds a sleeper out
            web.send(signal.SIGSTOP)
            await asyncio.sleep(self.chance.uniform(0.5, 2 * self.lease))
            web.send(signal.SIGCONT)
            web.up = True

    async def restart_web(self) -> None:
        """Update one kindly, as a rolling restart does."""
        async with self._one() as web, self._on("web restart", web):
            await web.renew()

    async def kill_worker(self) -> None:
        """Kill the background worker."""
        for web in self.scene.fleet.workers:
            async with self._on("worker kill", web):
                await web.kill()
                await web.back()

    async def stop_worker(self) -> None:
        """Let the background worker sleep past any lease."""
        for web in self.scene.fleet.workers:
            async with self._on("worker stop", web):
                web.send(signal.SIGSTOP)
                await asyncio.sleep(self.chance.uniform(1.0, 8.0))
                web.send(signal.SIGCONT)

    async def skew(self) -> None:
        """Set the clock of one host off by more than a minute."""
        for web in self.scene.fleet.webs:
            if web.clock:
                async with self._on("clock skew", web):
                    web.clock.write_text(str(self.chance.choice(_SKEWS)))
                    await asyncio.sleep(self.chance.uniform(2.0, 5.0))
                web.clock.write_text("0")

    # --- PostgreSQL and Redis -----------------------------------------------------------

    async def kill_redis(self) -> None:
        """Kill Redis; its append-only file brings everything back."""
        async with self._on("redis kill"):
            await self.scene.redis.kill()
            await asyncio.sleep(self.chance.uniform(0.0, 2.0))
            await self.scene.redis.start()

    async def pause_redis(self) -> None:
        """Let Redis hang: no error, no answer."""
        async with self._on("redis pause"):
            self.scene.redis.send(signal.SIGSTOP)
            await asyncio.sleep(self.chance.uniform(0.5, 5.0))
            self.scene.redis.send(signal.SIGCONT)

    async def flush_redis(self) -> None:
        """Forget all conversations."""
        async with self._on("redis flush"):
            await self.scene.redis.flush()

    async def roll_redis_back(self) -> None:
        """Fail over to a replica that lags: what is there now was there some seconds ago."""
        older = self.scene.redis.copy()
        await asyncio.sleep(self.chance.uniform(1.0, 6.0))
        async with self._on("redis rollback"):
            await self.scene.redis.put_back(older)

    async def kill_postgres(self) -> None:
        """Kill every process of PostgreSQL at once."""
        async with self._on("pg kill"):
            await self.scene.postgres.kill()
            await asyncio.sleep(self.chance.uniform(0.0, 2.0))
            await self.scene.postgres.start()

    async def pause_postgres(self) -> None:
        """Let PostgreSQL hang, every process of it."""
        async with self._on("pg pause"):
            self.scene.postgres.send(signal.SIGSTOP)
            await asyncio.sleep(self.chance.uniform(0.5, 5.0))
            self.scene.postgres.send(signal.SIGCONT)

    async def swallow_commit(self) -> None:
        """Let a commit through and lose its answer."""
        line = self.scene.postgres_line
        before = line.swallowed
        line.swallow_after(*_COMMITS)
        if await self._comes_true(lambda: line.swallowed > before):
            async with self._on("pg swallow"):
                pass
        line.swallow_after()

    async def hold_commit(self) -> None:
        """Kill whoever has just sent a commit, which lies on the line and arrives much later."""
        line, seconds = self.scene.postgres_line, self.chance.uniform(*_LATE)
        before = len(line.held)
        line.hold(*_COMMITS, seconds=seconds)
        if await self._comes_true(lambda: len(line.held) > before):
            sender = self.scene.fleet.who_has(line.held[-1])
            async with self._on("pg late"):
                await asyncio.gather(asyncio.sleep(seconds), self._kill(sender))
        line.hold()

    async def _kill(self, web: Web | None) -> None:
        if web is not None and not web.busy.locked():
            async with web.busy, self._on("web kill", web):
                await web.kill()
                await web.back()

    @staticmethod
    async def _comes_true(what: Callable[[], bool]) -> bool:
        """Wait until something happens; tell whether it did, before nobody waits for it."""
        until = time.monotonic() + _WAITED_FOR
        while not what() and time.monotonic() < until:
            await asyncio.sleep(0.02)
        return what()

    async def fill_redis(self) -> None:
        """Leave Redis no room for its file."""
        if self.scene.redis_disk:
            async with self._on("redis disk full"), self.scene.redis_disk.full():
                await asyncio.sleep(self.chance.uniform(1.0, 3.0))

    async def fill_postgres(self) -> None:
        """Leave PostgreSQL no room for its log."""
        if self.scene.postgres_disk:
            async with self._on("pg disk full"):
                async with self.scene.postgres_disk.full():
                    await asyncio.sleep(self.chance.uniform(1.0, 3.0))
                await self.scene.postgres.revive()

    async def _line(self, component: str, manner: Manner) -> None:
        line = self._proxy(component)
        name = {Manner.REFUSE: "down"}.get(manner, manner.value)
        async with self._on(f"{component} {name}"):
            line.behave(manner, delay_seconds=self.chance.uniform(0.05, 0.4))
            await asyncio.sleep(self.chance.uniform(0.5, 5.0))
            line.behave(Manner.FAIR)

    async def _cut(self, component: str) -> None:
        async with self._on(f"{component} cut"):
            self._proxy(component).cut()

    def _proxy(self, component: str) -> Proxy:
        return self.scene.redis_line if component == "redis" else self.scene.postgres_line

    # --- keeping apart, and writing down ------------------------------------------------

    async def _guarded(self, component: str, fault: Callable[[], Awaitable[None]]) -> None:
        async with self._locks.setdefault(component, asyncio.Lock()):
            await fault()

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[Web]:
        """Choose one web process, once all are there: all die in `kill_all` alone."""
        while not self._all_up():
            await asyncio.sleep(0.1)
        web = self.chance.choice(self.scene.fleet.webs)
        async with web.busy:
            yield web

    @asynccontextmanager
    async def _on(self, name: str, web: Web | None = None) -> AsyncIterator[None]:
        worker = web.number if web else -1
        self.begun[name] += 1
        self.record(Fault(time.monotonic_ns(), name, on=True, worker=worker))
        try:
            yield
        finally:
            self.record(Fault(time.monotonic_ns(), name, on=False, worker=worker))
