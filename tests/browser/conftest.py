"""Chromium for every test here, and phones of both sizes.

A module shares one browser, so its tests share one event loop: each file says
``pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]``.
"""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.support.chromium import DESKTOP, PHONE, open_chromium, open_page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The system's browser."""
    async with open_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def phone(chromium: Browser) -> AsyncIterator[Page]:
    """An empty page of a phone's size, with a memory of its own."""
    async with open_page(chromium, PHONE) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def desktop(chromium: Browser) -> AsyncIterator[Page]:
    """An empty page of a desk's size, with a memory of its own."""
    async with open_page(chromium, DESKTOP) as page:
        yield page
