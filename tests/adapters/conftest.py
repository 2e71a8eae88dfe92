"""What the tests of the stores share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.support.sql import fresh_engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """Lend an engine on a new SQLite file with every table."""
    async with fresh_engine(tmp_path) as engine:
        yield engine
