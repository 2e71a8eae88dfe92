"""``anju worker`` as a process of its own, beside those that serve. Source: S0-71."""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from adapters.sql.pushes import PushRow
from adapters.system import SystemClock
from bot import cli
from domain.shared.pushes import Push, PushKind
from tests.support.house import ROOT
from tests.support.town import KEY, Town, found_shared_town

PHONE = "+8619900000001"
TO_PHONE = Push(PushKind.PHONE_CHANGED, ("139****5678",), phone=PHONE)
SECONDS_TO_START = 30
SECONDS_TO_STOP = 30


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with found_shared_town(tmp_path) as town:
        town.clock.moment = SystemClock().now()  # which is what a worker goes by
        yield town


def environment(town: Town) -> dict[str, str]:
    return {
        "ANJU_DATABASE__URL": town.settings.database.url,
        "ANJU_REDIS__URL": town.settings.redis.url,
        "ANJU_SECURITY__DATA_KEY": base64.b64encode(KEY).decode(),
    }


@asynccontextmanager
async def started(settings: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Lend a worker that has said it runs; whatever became of it, nothing of it is left."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "worker"),
        cwd=ROOT,
        env={"PATH": os.defpath, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert worker.stdout
        async with asyncio.timeout(SECONDS_TO_START):
            assert "后台进程正在运行" in (await worker.stdout.readline()).decode()
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
        await worker.communicate()


async def write(town: Town, many: int = 1) -> None:
    async with town.house.open_work() as work:
        for _ in range(many):
            await work.outbox.add(TO_PHONE, at=town.clock.now())
        await work.commit()


async def states(town: Town) -> list[str]:
    async with town.house.engine.connect() as connection:
        return list((await connection.execute(select(PushRow.state))).scalars())


async def ended(town: Town, seconds: float = 10) -> None:
    """Wait until nothing waits."""
    async with asyncio.timeout(seconds):
        while "waiting" in await states(town):  # noqa: ASYNC110 (another process sends)
            await asyncio.sleep(0.02)


async def test_what_one_process_writes_down_another_sends_and_a_third_shows(town: Town) -> None:
    async with started(environment(town)):
        await write(town, 5)
        await ended(town)
    assert await states(town) == ["sent"] * 5
    seen = await town.client.get("/simulator/sms", params={"phone": PHONE})
    assert len(seen.json()) == 5
    assert town.inbox(PHONE.removeprefix("+86")) == []


async def test_two_workers_share_the_work_and_send_nothing_twice(town: Town) -> None:
    async with started(environment(town)), started(environment(town)):
        await write(town, 40)
        await ended(town)
    seen = await town.client.get("/simulator/sms", params={"phone": PHONE})
    assert len(seen.json()) == 40


@pytest.mark.usefixtures("town")
async def test_a_process_that_serves_beside_workers_does_no_such_work_itself() -> None:
    tasks = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}
    assert not [name for name in tasks if "_rounds" in name]


async def test_a_worker_that_is_told_to_end_ends_soon_and_in_good_order(town: Town) -> None:
    async with started(environment(town)) as worker:
        await write(town, 30)
        worker.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS_TO_STOP):
            assert await worker.wait() == 0
    async with town.house.engine.connect() as connection:
        left = select(PushRow.serial).where(
            PushRow.state == "waiting", PushRow.left_by.is_not(None)
        )
        assert (await connection.execute(left)).all() == []


async def test_a_killed_workers_push_is_taken_over_by_another_within_thirty_seconds(
    town: Town,
) -> None:
    async with started(environment(town)) as worker:
        async with town.house.open_work() as work:
            await work.outbox.add(TO_PHONE, at=town.clock.now())
            # As if this very worker had claimed it and were gone before anything else.
            await work.pushes.claim(now=town.clock.now())
            await work.commit()
        worker.kill()
        await worker.wait()
    async with started(environment(town)):
        await ended(town, 30)
    assert await states(town) == ["sent"]


@pytest.mark.parametrize("missing", ["ANJU_REDIS__URL", "ANJU_DATABASE__URL"])
def test_without_shared_stores_a_worker_refuses_in_a_clear_sentence(
    town: Town, tmp_path: Path, missing: str
) -> None:
    embedded = {"ANJU_DATABASE__URL": f"sqlite:///{tmp_path}/anju.db", "ANJU_REDIS__URL": ""}
    settings = environment(town) | {missing: embedded[missing]}
    refused = CliRunner().invoke(cli.app, ["worker"], env=settings)
    assert refused.exit_code == 1
    assert "anju serve" in refused.stderr
    assert "PostgreSQL" in refused.stderr
