"""A real browser and a real server on this machine, both inside the test's own event loop."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect
from starlette.types import ASGIApp

__all__ = ["DESKTOP", "PHONE", "open_chromium", "open_page", "serve"]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}

# A page is waited for as long as a busy machine may need; what never comes still fails.
expect.set_options(timeout=20_000)

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    """Open the system's Chromium; without one skip aloud, or fail where CI promises one."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI") == "true":  # noqa: TID251 (tests read it, the program does not)
            pytest.fail("Chromium is required in CI: install the package chromium")
        pytest.skip("Chromium is missing: install the package chromium to run browser tests")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(browser: Browser, size: ViewportSize) -> AsyncIterator[Page]:
    """Open a page that remembers nothing and moves nothing."""
    context = await browser.new_context(viewport=size, reduced_motion="reduce")
    try:
        yield await context.new_page()
    finally:
        await context.close()


@asynccontextmanager
async def serve(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app on a free port of 127.0.0.1; yield its address once it has started."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, ws="none", log_level="warning"))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not (server.started or running.done()):  # noqa: ASYNC110 (it tells nobody)
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()
