"""What the tests of the stores share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.support.sql import DATABASES, fresh_engine


@pytest.fixture(params=DATABASES)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """Lend an engine on an empty SQLite file, and on an empty PostgreSQL database."""
    async with fresh_engine(tmp_path, request.param) as engine:
        yield engine
