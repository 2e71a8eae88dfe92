"""Counting outlives a fault, and ends with what was counted last."""

import asyncio

import pytest

from bot import turn_counts
from bot.passages import Passages
from bot.turn_counts import counting
from bot.wiring import Resources
from dialogs.catalog import catalog
from domain.shared.clock import china_time
from tests.support.town import Town


class Faulty(Passages):
    """Breaks the first time it is kept."""

    def __init__(self) -> None:
        super().__init__(catalog())
        self.kept = 0
        self.again = asyncio.Event()

    async def keep(self, house: Resources) -> None:
        self.kept += 1
        if self.kept == 1:
            raise LookupError
        self.again.set()
        await super().keep(house)


async def test_a_fault_nobody_foresaw_does_not_end_the_counting(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_counts, "EVERY_SECONDS", 0.01)
    passages = Faulty()
    async with asyncio.timeout(30), counting(town.house, passages):
        await passages.again.wait()


async def test_what_was_counted_last_is_written_down_at_the_end(town: Town) -> None:
    passages = Faulty()
    passages.kept = 1
    today = china_time(town.clock.now()).date()
    async with counting(town.house, passages):
        await town.deliver(town.platform.text(town.residents["陈晨"].openid, "你好"))
    async with town.house.open_work() as work:
        assert await work.turn_counts.on(today) == 1
    assert passages.again.is_set()
