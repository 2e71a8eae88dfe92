"""Somebody at the console of a town."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.console import open_console
from tests.support.town import Town


@pytest.fixture
async def console(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """Lend somebody at the console; nobody is signed in yet."""
    async with open_console(town.app) as client:
        yield client
