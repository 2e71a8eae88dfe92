"""What every test may count on."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import URL, Compiled
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import LRUCache

from adapters.sql import engine
from tests.support.town import Town, found_town, lay_out

# Two busy cores make any deadline a coin toss; what is slow is measured elsewhere.
# What is looked for at random is looked for on one's own machine; CI finds the same twice.
_IN_CI = os.environ.get("CI") == "true"  # noqa: TID251 (tests read it, the program does not)
settings.register_profile("anju", deadline=None, print_blob=True, derandomize=_IN_CI)
settings.load_profile("anju")


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what was just gathered: thirteen thousand tests stay."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_this_machine() -> Iterator[None]:
    """Keep tests from reading how this machine happens to be set up."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:  # noqa: TID251 (cleared so that nobody reads it)
            if name.startswith("ANJU_"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def nobody_sweeps() -> Iterator[None]:
    """Keep background work from doing by itself what a test does at its own time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.jobs.rounds.LOOK_SECONDS", 3600)
        patch.setattr("bot.turn_counts.EVERY_SECONDS", 3600)
        patch.setattr("bot.jobs.rounds.EXPORT_LOOK_SECONDS", 3600)
        yield


@pytest.fixture(scope="session", autouse=True)
def patient_records() -> Iterator[None]:
    """Let the records take their time, but where a test is about that."""
    with pytest.MonkeyPatch.context() as patch:
        for patience in ("POOL_WAIT", "CONNECT", "STATEMENT", "LOCK", "IDLE"):
            patch.setattr(f"adapters.sql.engine._{patience}_SECONDS", 60.0)
        patch.setattr("adapters.sql.gate._SILENCE_SECONDS", 60.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Have a process compile a statement once, though it opens a thousand databases."""
    compiled = LRUCache[tuple[Any, ...], Compiled](2000)
    alone = engine._sqlite_engine  # noqa: SLF001 (put back in its place)

    def sharing(url: URL) -> AsyncEngine:
        made = alone(url)
        made.sync_engine._compiled_cache = compiled  # noqa: SLF001 (it takes none from outside)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.sql.engine._sqlite_engine", sharing)
        # A dialect is part of the key; those of one kind compile alike.
        patch.setattr(SQLiteDialect_aiosqlite, "__eq__", lambda one, two: type(one) is type(two))
        patch.setattr(SQLiteDialect_aiosqlite, "__hash__", lambda one: hash(type(one)))
        yield


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
