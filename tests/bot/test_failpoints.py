"""The orders of a harness are taken once, by whoever gets there first, and leave a trail."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from bot.failpoints import Orders
from domain.shared.failpoints import FailpointError, Point
from tests.support.house import ROOT

CRASHING = """
import asyncio, sys
from pathlib import Path
from bot.failpoints import Orders
from domain.shared.failpoints import Point, arm, reach
arm(Orders(Path(sys.argv[1])))
asyncio.run(reach(Point.AFTER_COMMIT, "key"))
"""


def trail(folder: Path) -> list[list[str]]:
    return [line.split(" ", 5) for line in (folder / "trail").read_text().splitlines()]


async def test_an_order_is_obeyed_once_and_only_at_its_point(tmp_path: Path) -> None:
    orders = Orders(tmp_path)
    (tmp_path / Point.BEFORE_SAVE).write_text("exception")
    await orders(Point.AFTER_LOAD, "key", 3)
    with pytest.raises(FailpointError):
        await orders(Point.BEFORE_SAVE, "key", 3)
    await orders(Point.BEFORE_SAVE, "another key", 4)
    assert [line[1:] for line in trail(tmp_path)] == [
        [str(os.getpid()), "after_load", "-", "3", "key"],
        [str(os.getpid()), "before_save", "exception", "3", "key"],
        [str(os.getpid()), "before_save", "-", "4", "another key"],
    ]


async def test_a_pause_keeps_one_turn_and_a_block_keeps_all(tmp_path: Path) -> None:
    orders = Orders(tmp_path)
    (tmp_path / Point.AFTER_CLAIM).write_text("pause 0.02")
    paused = asyncio.create_task(orders(Point.AFTER_CLAIM, "key", 0))
    await asyncio.sleep(0)
    assert not paused.done()
    (tmp_path / Point.AFTER_LOAD).write_text("block 0.03")
    began = time.monotonic()
    await orders(Point.AFTER_LOAD, "key", 0)
    assert time.monotonic() - began >= 0.03
    await paused


async def test_a_crash_leaves_no_time_for_anything_but_the_trail(tmp_path: Path) -> None:
    (tmp_path / Point.AFTER_COMMIT).write_text("crash")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASHING, str(tmp_path), cwd=ROOT
    )
    assert await process.wait() == -signal.SIGKILL
    assert trail(tmp_path)[0][2:4] == ["after_commit", "crash"]
