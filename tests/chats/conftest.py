"""A town for each test, copied from one that was laid out once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.edges import WalkedEdges
from tests.support.town import Town, found_town, lay_out


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    asyncio.run(lay_out(folder))
    return folder


@pytest.fixture
async def town(template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with found_town(template, tmp_path) as town:
        yield town


@pytest.fixture(scope="session")
def walked_edges() -> WalkedEdges:
    """Remember which edges each chat walked, for the test that asks whether any was left out."""
    return WalkedEdges()
