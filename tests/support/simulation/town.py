"""A simulated opening day: workers that die, stores that forget, citizens who want one thing each.

What runs is the product's: turns, routing, engine, flows, services and SQL stores. What is
simulated is time, chance, the ways between processes, and what goes wrong on them.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import text as sql

from bot.jobs.outbox import deliver
from bot.turns import Turns
from bot.wechat.render import Bubble
from bot.wechat.wire import Delivery
from bot.wiring import Resources
from dialogs.catalog import catalog
from dialogs.engine.messages import Said, SaidKind
from domain.shared.errors import DomainError
from domain.shared.pushes import Push, PushKind
from domain.shared.records import OpenId
from tests.support.chance import SeededRandomness
from tests.support.simulation.faults import Dependency, Fault, Worker
from tests.support.simulation.loop import SimulatedLoop
from tests.support.simulation.records import RecordsOf, SharedRecords
from tests.support.simulation.talk import SharedTalk, TalkOf
from tests.support.simulation.vendor import Outside, Phones
from tests.support.town import Resident
from tests.support.works import MemorySecrets

__all__ = ["BUSY", "NUMBER", "Heard", "SimulatedTown", "Wish"]

BUSY: Final = "系统繁忙"
NUMBER: Final = re.compile(r"DJ\d{15}")

_NOON: Final = datetime(2026, 3, 11, 4, tzinfo=UTC)
_MARKUP: Final = re.compile(r"<[^>]*>")
_PLATFORM_PATIENCE: Final = 5.0
_PLATFORM_TRIES: Final = 3
_STEPS_AT_MOST: Final = 40
_TIME_TO_HEAL: Final = 60.0
_TIME_TO_SEND: Final = 900.0 + 3600.0
"""Four pauses between attempts that failed, each twice as long as the one before; and an hour, as
whoever died with a clock that was an hour fast had put things off until then."""

_LOOK_SECONDS: Final = 2.0
_SLOWEST_VENDOR: Final = 4.0
_NOTICES: Final = (0, 0, 0, 0, 0, 3)
"""How many phones are to be told something: on one day in six, to keep most days short."""

_CATALOG: Final = catalog()


@dataclass(slots=True)
class _SkewedClock:
    """What the time is on one worker."""

    worker: Worker

    def now(self) -> datetime:
        """Return the virtual moment, as this worker's clock has it."""
        since = asyncio.get_running_loop().time() + self.worker.skew
        return _NOON + timedelta(seconds=since)


@dataclass(slots=True, eq=False)
class _Process:
    """A worker that answers, and what it holds."""

    worker: Worker
    turns: Turns
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What one citizen has come for."""

    who: Resident
    scene: str
    unit: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One try of the platform to deliver, and what came of it; ``text`` is none for silence."""

    key: str
    openid: OpenId
    asked_at: float
    answered_at: float
    worker: int
    text: str | None
    undisturbed: bool


@dataclass
class SimulatedTown:
    """Everything one seed plays with. ``heard`` is the history; ``told`` the numbers it holds."""

    loop: SimulatedLoop
    dice: random.Random
    house: Resources
    template: Path
    file: Path
    wishes: Sequence[Wish]
    processes: list[_Process] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    told: dict[str, set[str]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    faults: list[tuple[float, Fault]] = field(default_factory=list)
    last_words: set[str] = field(default_factory=set)

    async def live(self, workers: int, faults: Sequence[Fault]) -> None:
        """Let every citizen get what they want while things go wrong; then heal, and ask again."""
        self.records = SharedRecords(self.template, self.file)
        self.talk = SharedTalk()
        self.secrets = MemorySecrets()
        self.phones = Phones()
        self.phones.slow_by = self.dice.uniform(0.0, _SLOWEST_VENDOR)
        self.notices = [f"notice {number}" for number in range(self.dice.choice(_NOTICES))]
        self._messages: Counter[str] = Counter()
        self._extra: set[asyncio.Task[None]] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        for number in range(workers):
            self.processes.append(self._start(number))
        await self._write_notices()
        trouble = asyncio.create_task(self._trouble(faults))
        await asyncio.gather(*(self._register(wish) for wish in self.wishes))
        await trouble
        if self._extra:
            await asyncio.wait(self._extra)
        await self._heal()
        for wish in self.wishes:
            await self._ask_at_last(wish.who)

    async def _heal(self) -> None:
        """Let pass what there is to get over, and all that waits be sent."""
        await asyncio.sleep(_TIME_TO_HEAL)
        until = self.loop.time() + _TIME_TO_SEND
        while self._waiting() and self.loop.time() < until:  # noqa: ASYNC110 (time costs nothing)
            await asyncio.sleep(_LOOK_SECONDS)
        for process in self.processes:
            process.draining = True
        await asyncio.sleep(_LOOK_SECONDS)
        for process in self.processes:
            process.draining = False

    def _waiting(self) -> bool:
        with self.records.engine.connect() as records:
            chosen = sql("SELECT count(*) FROM pushes WHERE state = 'waiting'")
            return bool(records.execute(chosen).scalar())

    # The house

    def _start(self, number: int) -> _Process:
        worker = Worker(number, self.dice)
        house = replace(
            self.house,
            clock=_SkewedClock(worker),
            chance=SeededRandomness(self.dice.randrange(2**32)),
            engine=RecordsOf(self.records, worker),
            conversations=TalkOf(self.talk, worker),
            secrets=self.secrets,
            # Each process counts for itself, and nothing of an earlier day.
            plans=copy(self.house.plans),
            outside=Outside(self.phones, worker, self.house.outside),
        )
        process = _Process(worker, Turns(house, _CATALOG))
        if self.notices:
            self._work(process, house)
        return process

    def _work(self, process: _Process, house: Resources) -> None:
        """Let a process look for work as long as it goes on."""

        async def rounds() -> None:
            while not process.draining:
                await asyncio.sleep(_LOOK_SECONDS)
                with suppress(DomainError, OSError):
                    await deliver(house, lambda: not process.draining)

        self._jobs.add(asyncio.create_task(rounds()))

    async def _write_notices(self) -> None:
        """Write down what phones are to be told, before anything goes wrong."""
        if not self.notices:
            return
        calm = replace(self.house, engine=RecordsOf(self.records, Worker(-1, self.dice)))
        async with calm.open_work() as work:
            for notice in self.notices:
                push = Push(PushKind.PHONE_CHANGED, (notice,), phone="+8619900000000")
                await work.outbox.add(push, at=_NOON)
            await work.commit()

    async def _trouble(self, faults: Sequence[Fault]) -> None:
        for fault in faults:
            await asyncio.sleep(self.dice.uniform(0.0, 3.0))
            self.faults.append((self.loop.time(), fault))
            await self._suffer(fault)

    async def _suffer(self, fault: Fault) -> None:
        process = self.dice.choice(self.processes)
        match fault:
            case Fault.KILL:
                await self._kill(process)
            case Fault.DRAIN:
                await self._drain(process)
            case Fault.PAUSE:
                pause = self.dice.uniform(1.0, 15.0)
                process.worker.disturbed_at.append(self.loop.time())
                process.worker.asleep_until = self.loop.time() + pause
            case Fault.CLOCK:
                process.worker.skew = self.dice.choice((-90.0, 90.0, -3600.0, 3600.0))
            case Fault.FLUSH:
                self.talk.flush()
            case Fault.ROLL_BACK:
                self.talk.copy()
                await asyncio.sleep(self.dice.uniform(0.1, 5.0))
                self.talk.roll_back()
            case Fault.CUT_COMMIT:
                self.records.cut_commits += self.dice.randint(1, 3)
            case _:
                await self._outage(fault)

    async def _outage(self, fault: Fault) -> None:
        place: Dependency = self.records
        if fault in {Fault.TALK_DOWN, Fault.TALK_HANGS}:
            place = self.talk
        if fault in {Fault.PHONES_DOWN, Fault.PHONES_HANG}:
            place = self.phones
        slow_by = place.slow_by
        match fault:
            case Fault.TALK_DOWN | Fault.RECORDS_DOWN | Fault.PHONES_DOWN:
                place.down = True
            case Fault.TALK_HANGS | Fault.RECORDS_HANG | Fault.PHONES_HANG:
                place.hanging = True
            case _:
                place.slow_by = self.dice.uniform(0.05, 1.5)
        await asyncio.sleep(self.dice.uniform(0.1, 6.0))
        place.down, place.hanging, place.slow_by = False, False, slow_by

    async def _kill(self, process: _Process) -> None:
        """Let a process vanish as it stands; the database undoes what it had not committed."""
        process.worker.dead = True
        process.worker.disturbed_at.append(self.loop.time())
        self.records.hang_up(process.worker)
        await asyncio.sleep(self.dice.uniform(0.2, 3.0))
        self.processes[self.processes.index(process)] = self._start(process.worker.number)

    async def _drain(self, process: _Process) -> None:
        """Let a process end what it has begun, and take nothing more."""
        process.draining = True
        await process.turns.drain(8.0)
        process.worker.disturbed_at.append(self.loop.time())
        self.processes[self.processes.index(process)] = self._start(process.worker.number)

    # The platform

    async def _say(self, who: Resident, kind: SaidKind, words: str) -> str | None:
        """Deliver a message as the platform does; return what the citizen sees at last."""
        self._messages[who.openid] += 1
        delivery = Delivery(
            key=f"{who.openid}:{self._messages[who.openid]}",
            openid=who.openid,
            account="gh_simulated",
            said=Said(kind, words),
            sent_at=int((_NOON + timedelta(seconds=self.loop.time())).timestamp()),
        )
        if self.dice.random() < 0.2:
            twin = asyncio.create_task(self._twin(delivery))
            self._extra.add(twin)
        for _ in range(_PLATFORM_TRIES):
            text = await self._try(delivery)
            if text is not None:
                return text
        return None

    async def _twin(self, delivery: Delivery) -> None:
        await asyncio.sleep(self.dice.choice((0.0, 0.0, 0.05, 1.0, 5.0, 20.0)))
        await self._try(delivery)

    async def _ready(self) -> _Process:
        """Return a process that takes messages, as a balancer does; wait while there is none."""
        while True:
            ready = [one for one in self.processes if not (one.draining or one.worker.dead)]
            if ready:
                return self.dice.choice(ready)
            await asyncio.sleep(0.1)

    async def _try(self, delivery: Delivery) -> str | None:
        process = await self._ready()
        asked = self.loop.time()
        task = asyncio.create_task(_answer(process.turns, delivery))
        await asyncio.wait({task}, timeout=_PLATFORM_PATIENCE)
        text = None
        if task.done():
            text = _MARKUP.sub("", task.result().text)
        worker = process.worker
        calm = not any(asked <= at for at in worker.disturbed_at) and worker.asleep_until <= asked
        self.heard.append(
            Heard(
                delivery.key,
                delivery.openid,
                asked,
                self.loop.time(),
                worker.number,
                text,
                calm,
            )
        )
        if text is not None:
            self.told.setdefault(delivery.openid, set()).update(_told(text))
        return text

    # The citizens

    async def _register(self, wish: Wish) -> None:
        """Do what the last reply asks for, until it says that it is done."""
        await asyncio.sleep(self.dice.uniform(0.0, 5.0))
        text: str | None = ""
        said = ""
        for _ in range(_STEPS_AT_MOST):
            if _told(text or ""):
                self.done.add(wish.who.openid)
                return
            if text is None or BUSY in text:
                await asyncio.sleep(self.dice.uniform(1.0, 4.0))
            kind, said = self._next(wish, text or "", said)
            text = await self._say(wish.who, kind, said)
            await asyncio.sleep(self.dice.uniform(0.2, 2.0))

    def _next(self, wish: Wish, text: str, said: str) -> tuple[SaidKind, str]:
        if BUSY in text and said:
            return SaidKind.TEXT, "继续"
        if "回复“结果”" in text:
            return SaidKind.TEXT, "结果"
        for words in ("确定", "我已阅读并同意", "去登记"):
            if f". {words}" in text:
                return SaidKind.TEXT, words
        if f". {wish.unit}" in text:
            return SaidKind.TEXT, wish.unit
        if "已登记" in text or "登记过" in text:
            return SaidKind.TEXT, "我的登记"
        return SaidKind.SCAN, wish.scene

    async def _ask_at_last(self, who: Resident) -> None:
        """Ask for what is on record, now that all is well; the first answer counts."""
        for _ in range(_STEPS_AT_MOST):
            text = await self._say(who, SaidKind.TEXT, "我的登记")
            if text is not None and BUSY not in text:
                self.last_words.add(f"{who.openid}:{self._messages[who.openid]}")
                return
            await asyncio.sleep(1.0)


async def _answer(turns: Turns, delivery: Delivery) -> Bubble:
    """Answer as the webhook does, whatever the turn raises."""
    try:
        return await turns.answer(delivery)
    except (DomainError, OSError):
        return Bubble(text=BUSY)


def _told(text: str) -> set[str]:
    """Return the numbers that a reply says are registered."""
    if "登记成功" in text or "编号" in text:
        return set(NUMBER.findall(text))
    return set()
