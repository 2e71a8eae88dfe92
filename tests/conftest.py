"""What every test may count on."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.town import Town, found_town, lay_out

# Two busy cores make any deadline a coin toss; what is slow is measured elsewhere.
settings.register_profile("anju", deadline=None, print_blob=True)
settings.load_profile("anju")


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what was just gathered: thirteen thousand tests stay."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests from reading how this machine happens to be set up."""
    for name in [*os.environ]:  # noqa: TID251 (cleared so that nobody reads it)
        if name.startswith("ANJU_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def nobody_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep background work from doing by itself what a test does at its own time."""
    monkeypatch.setattr("bot.jobs.rounds.LOOK_SECONDS", 3600)
    monkeypatch.setattr("bot.turn_counts.EVERY_SECONDS", 3600)
    monkeypatch.setattr("bot.jobs.rounds.EXPORT_LOOK_SECONDS", 3600)


@pytest.fixture(autouse=True)
def patient_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the records take their time, but where a test is about that."""
    for patience in ("POOL_WAIT", "CONNECT", "STATEMENT", "LOCK", "IDLE"):
        monkeypatch.setattr(f"adapters.sql.engine._{patience}_SECONDS", 60.0)
    monkeypatch.setattr("adapters.sql.gate._SILENCE_SECONDS", 60.0)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out the records that every town begins with, once."""
    folder = tmp_path_factory.mktemp("town")
    asyncio.run(lay_out(folder))
    return folder


@pytest.fixture
async def town(template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """Lend a town of one's own."""
    async with found_town(template, tmp_path) as town:
        yield town
