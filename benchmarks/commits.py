"""What a committing turn costs: bound citizens who say «确定», all for one unit, many at once.

    .venv/bin/python -m benchmarks.commits postgresql+asyncpg://postgres@127.0.0.1/anju_bench

Takes turns in this process through the whole bot but the webhook: claim, load, think, one commit,
answer. Conversations are kept in memory, so that what is measured is the turn and its records. The
database is migrated and filled as far as needed; it should be used for nothing else.
"""

import argparse
import asyncio
import cProfile
import json
import logging
import os
import pstats
import secrets
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import (
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    chdir,
    contextmanager,
    suppress,
)
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
import uvloop
from pydantic import SecretStr
from sqlalchemy import event, insert, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from adapters.sql import schema
from adapters.sql.people import AccountRow, FamilyRow, OpenIdLinkRow, PersonRow
from benchmarks.filling import fill, now
from bot.settings import Database, Security, Settings
from bot.turns import Turns
from bot.wechat.wire import Delivery
from bot.wiring import Resources, load_demo
from dialogs.catalog import catalog
from dialogs.engine.messages import Said, SaidKind
from domain.plans.model import PlanState
from domain.shared.conversations import Claim, Mine
from domain.shared.records import OpenId

_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
_ACCOUNT = "gh_anju00000000"
_GROWN = 1_000_000
_ROUNDS = 20
_WARM_UP = 200
"""Turns that are taken before the clock starts: connections, prepared statements, caches."""


class MemoryConversations:
    """A conversation store that costs next to nothing."""

    def __init__(self) -> None:
        self.kept: dict[OpenId, bytes] = {}

    async def claim(self, key: str, openid: OpenId, *, wait: float) -> Claim:
        """Give the turn."""
        return Mine(openid, 1, self.kept.get(openid))

    def holds(self, claim: Mine) -> bool:
        """Nobody else ever has it."""
        return True

    async def finish(self, claim: Mine, *, payload: bytes, reply: bytes) -> None:
        """Save the talk."""
        self.kept[OpenId(claim.ticket)] = payload

    async def abandon(self, claim: Mine) -> None:
        """Let go."""

    async def erase(self, openid: OpenId) -> None:
        """Drop the talk."""
        self.kept.pop(openid, None)


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody bound to a family of their own."""

    openid: OpenId
    family_id: str


@dataclass(slots=True)
class Figures:
    """What some turns took."""

    taken: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0
    server_cpu: float = 0.0

    def add(self, taken: list[float], wall: float, cpu: float, server_cpu: float) -> None:
        """Take in some turns more; all in seconds."""
        self.taken += taken
        self.wall += wall
        self.cpu += cpu
        self.server_cpu += server_cpu

    def beside(self, other: "Figures") -> str:
        """Return how many times as much a turn costs as another."""
        here, there = self.cpu / other.cpu, self.server_cpu / other.server_cpu
        whole = (self.cpu + self.server_cpu) / (other.cpu + other.server_cpu)
        return f"{whole:.2f} × the processor: {here:.2f} × here, {there:.2f} × in PostgreSQL"

    def lines(self) -> str:
        """Return them in words."""
        count = len(self.taken)
        slowest = sorted(self.taken)[count * 99 // 100]
        return (
            f"turns        {count} in {self.wall:.2f} s: {count / self.wall:.0f} a second\n"
            f"latency      {statistics.median(self.taken) * 1e3:.1f} ms median, "
            f"{slowest * 1e3:.1f} ms p99\n"
            f"processor    {self.cpu / count * 1e3:.2f} ms a turn here, "
            f"{self.server_cpu / count * 1e3:.2f} ms in PostgreSQL\n"
        )


class Bench:
    """The bot on a database, with citizens who stand before their last word."""

    def __init__(self, house: Resources) -> None:
        self.talks = MemoryConversations()
        self.house = replace(house, conversations=self.talks)  # type: ignore[arg-type] # the part that is used
        self.turns = Turns(self.house, catalog())
        self.waiting: list[Citizen] = []
        self.figures = Figures()
        self.warm = False
        self._spoken = 0

    async def say(self, openid: OpenId, words: str) -> str:
        """Let a citizen say something; return the answer."""
        self._spoken += 1
        key = f"{openid}:{self._spoken}"
        said = Said(SaidKind.TEXT, words)
        delivery = Delivery(key, openid, _ACCOUNT, said, int(time.time()))
        return (await self.turns.answer(delivery)).text

    async def scan(self, openid: OpenId, scene: str) -> str:
        """Let a citizen scan a poster."""
        self._spoken += 1
        said = Said(SaidKind.SCAN, scene)
        delivery = Delivery(f"{openid}:{self._spoken}", openid, _ACCOUNT, said, int(time.time()))
        return (await self.turns.answer(delivery)).text

    async def settle(self, count: int) -> list[Citizen]:
        """Put so many citizens on record: account, person, family."""
        seal, index, at = self.house.cipher.seal_text, self.house.cipher.index, now()
        rows: dict[type, list[dict[str, object]]] = {
            row: [] for row in (PersonRow, FamilyRow, AccountRow, OpenIdLinkRow)
        }
        citizens = []
        for _ in range(count):
            one = secrets.token_hex(14)
            citizens.append(Citizen(OpenId(one), f"f{one}"))
            rows[PersonRow].append(
                {
                    "id": one, "number_index": index("id-number", one), "number": seal(one),
                    "name": seal("周演示"), "verified_at": at, "source": "bench",
                }
            )  # fmt: skip
            members = [{"name": "周演示", "id_number": one, "relation": "申请人"}]
            rows[FamilyRow].append(
                {
                    "id": f"f{one}", "number": seal(one), "district": "朝阳",
                    "unit_types": "一居室,二居室", "order_group": "2P", "state": "valid",
                    "members": seal(json.dumps(members)), "filed_at": None,
                }
            )  # fmt: skip
            rows[AccountRow].append(
                {
                    "id": one, "phone_index": index("phone", one), "phone": seal("+8619900000001"),
                    "state": "active", "created_at": at, "person_id": one,
                    "family_id": f"f{one}", "used_at": at,
                }
            )  # fmt: skip
            rows[OpenIdLinkRow].append(
                {"openid": one, "account_id": one, "linked_at": at, "used_at": at}
            )
        async with self.house.engine.begin() as connection:
            for row, values in rows.items():
                await connection.execute(insert(row), values)
        return citizens

    async def bring_to_review(self, citizens: Sequence[Citizen], project: str) -> None:
        """Bring citizens to the last page: one walks the way, the others get copies of the talk."""
        first = citizens[0].openid
        async with self.house.open_work() as work:
            book = await work.plans.book()
        scene = next(
            one.scene
            for plan in book.plans()
            if plan.state_at(now()) is PlanState.OPEN
            for one in book.projects(plan.id)
            if one.name.startswith(project)
        )
        await self.scan(first, scene)
        await self.say(first, "二居室")
        shown = await self.say(first, "去登记")
        while "下一页" in shown:
            shown = await self.say(first, "下一页")
        shown = await self.say(first, "我已阅读并同意")
        if "确定" not in shown:
            raise SystemExit(f"the way to the last page has changed:\n{shown}")
        talk = self.house.cipher.open(self.talks.kept[first]).decode()
        draft = json.loads(talk)["drafts"][-1]["id"]
        for citizen in citizens:
            own = secrets.token_urlsafe(16)
            copy = talk.replace(draft, own).replace(draft[:8], own[:8])
            copy = copy.replace(first, citizen.openid)
            self.talks.kept[citizen.openid] = self.house.cipher.seal(copy.encode())

    async def confirm(self, count: int, at_once: int) -> None:
        """Let so many say their last word, so many at once; every answer must be a receipt."""
        ahead = [self.waiting.pop() for _ in range(count)]
        taken: list[float] = []

        async def one_after_another() -> None:
            while ahead:
                citizen = ahead.pop()
                begun = time.perf_counter()
                told = await self.say(citizen.openid, "确定")
                taken.append(time.perf_counter() - begun)
                if "登记成功" not in told:
                    raise SystemExit(f"this is no receipt:\n{told}")

        before = await self._server_ticks()
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one_after_another() for _ in range(at_once)))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        after = await self._server_ticks()
        ticks = sum(count - before.get(pid, 0) for pid, count in after.items())
        if self.warm:
            self.figures.add(taken, wall, cpu, ticks / os.sysconf("SC_CLK_TCK"))
        self.warm = True

    async def _server_ticks(self) -> dict[int, int]:
        """Return how long the server has worked for each connection; nothing from afar."""
        ours = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        async with self.house.engine.connect() as connection:
            pids = (await connection.execute(ours)).scalars().all()
        ticks = {}
        for pid in pids:
            with suppress(OSError):
                ticks[pid] = _ticks(pid)
        return ticks

    async def sent_for(self) -> list[str]:
        """Return all that is sent to PostgreSQL for one last word, each a round trip."""
        sent: list[str] = []

        def listen(connection: DBAPIConnection, *_: object) -> None:
            driver: Any = connection.driver_connection
            driver.add_query_logger(lambda query: sent.append(query.query))

        engine = self.house.engine.sync_engine
        event.listen(engine, "checkout", listen)
        await self.say(self.waiting.pop().openid, "确定")
        event.remove(engine, "checkout", listen)
        return sent


def _ticks(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(stat[11]) + int(stat[12])


def _asked() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("url")
    asked.add_argument("--turns", type=int, default=4000)
    asked.add_argument("--at-once", type=int, default=64)
    asked.add_argument("--registrations", type=int, default=1_000, help="on record before")
    asked.add_argument("--plans", type=int, default=0, help="on record before")
    asked.add_argument("--grown", help="URL of a database beside, with a million registrations")
    asked.add_argument("--statements", action="store_true", help="print what is sent")
    asked.add_argument("--profile", action="store_true", help="print where the time goes")
    return asked.parse_args()


@asynccontextmanager
async def _opened(url: str, registrations: int, asked: argparse.Namespace) -> AsyncIterator[Bench]:
    """Lend a bench whose citizens stand before their last word."""
    settings = Settings(database=Database(url=url), security=Security(data_key=SecretStr(_KEY)))
    await schema.upgrade(url)
    await load_demo(settings)
    with TemporaryDirectory() as folder, chdir(folder):  # where the talks that we do not use lie
        house = await Resources.open(settings)
    async with aclosing(house):
        bench = Bench(house)
        await fill(url, registrations, asked.plans)
        bench.waiting = await bench.settle(1 + asked.turns + _WARM_UP)
        await bench.bring_to_review(bench.waiting, "青禾家园")
        await bench.confirm(_WARM_UP, asked.at_once)
        yield bench


async def _main(asked: argparse.Namespace) -> None:
    async with AsyncExitStack() as opened:
        benches = [await opened.enter_async_context(_opened(asked.url, asked.registrations, asked))]
        if asked.grown:
            grown = _opened(asked.grown, _GROWN, asked)
            benches.append(await opened.enter_async_context(grown))
        with _profiled(wanted=asked.profile):
            # In turns, so that whatever else this machine does falls on all alike.
            for _ in range(_ROUNDS):
                for bench in benches:
                    await bench.confirm(asked.turns // _ROUNDS, asked.at_once)
        for bench in benches:
            sys.stdout.write(bench.figures.lines())
        sent = await benches[0].sent_for()
        sys.stdout.write(f"round trips  {len(sent)} a turn\n")
        sys.stdout.writelines(f"  {' '.join(one.split())}\n" for one in sent if asked.statements)
        for bench in benches[1:]:
            sys.stdout.write(f"growth       {bench.figures.beside(benches[0].figures)}\n")


@contextmanager
def _profiled(*, wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    with cProfile.Profile() as profile:
        yield
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    uvloop.run(_main(_asked()))
