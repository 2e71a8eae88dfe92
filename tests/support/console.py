"""Officers at the console: over HTTP without a browser, and in Chromium.

Signing in takes a password's slow hash and a code that counts once. Tests that are about something
else are handed a session instead, as the guard would find it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
from fastapi import FastAPI
from playwright.async_api import Page

from bot.console.guard import COOKIE
from bot.console.look import HOME
from bot.wiring import DEMO_OFFICERS, DEMO_PASSWORD, DEMO_SEED, Resources
from domain.officers.model import Officer, OfficerId, OfficerSession, Role
from domain.officers.service import hash_of

__all__ = [
    "ORIGIN",
    "a_token",
    "open_console",
    "sign_in_page",
    "signed_in_browser",
    "signed_in_officer",
]

ORIGIN = "http://anju.test"


@asynccontextmanager
async def open_console(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Lend somebody at the console of an open application; nobody is signed in yet."""
    transport = httpx.ASGITransport(app)
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield client


async def a_token(house: Resources, *roles: Role) -> tuple[Officer, str]:
    """Add an officer with some roles and a session of theirs; return its token."""
    token, now = uuid4().hex, house.clock.now()
    officer = Officer(
        OfficerId(token[:22]), f"o{token[:12]}", f"试用{roles[0]}", frozenset(roles), now
    )
    async with house.open_work() as work:
        await work.officers.add(officer)
        await work.officer_sessions.open(OfficerSession(hash_of(token), officer.id, now, now))
        await work.commit()
    return officer, token


async def signed_in_officer(client: httpx.AsyncClient, *roles: Role) -> Officer:
    """Sign a new officer with some roles in, in the place of whoever was before."""
    transport = client._transport  # noqa: SLF001 (the kit's own, which holds the application)
    assert isinstance(transport, httpx.ASGITransport)
    app: FastAPI = transport.app  # type: ignore[assignment] # ours is one
    officer, token = await a_token(app.state.house, *roles)
    client.cookies.set(COOKIE, token, domain="anju.test", path=HOME)
    return officer


async def signed_in_browser(page: Page, url: str, app: FastAPI, *roles: Role) -> Officer:
    """Sign a new officer with some roles in on a page's browser, and go home."""
    # The first page is answered when the application has started.
    await page.goto(f"{url}{HOME}")
    officer, token = await a_token(app.state.house, *roles)
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": f"{url}{HOME}"}])
    await page.goto(f"{url}{HOME}")
    return officer


async def sign_in_page(page: Page, url: str, app: FastAPI, role: Role) -> None:
    """Sign the demo's officer of a role in, as people do: on the page."""
    house: Resources = app.state.house
    [demo] = [one for one in DEMO_OFFICERS if one.role is role]
    await page.goto(f"{url}{HOME}")
    await page.get_by_label("登录名").fill(demo.login)
    await page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    code = house.officer_proofs.codes.code_at(DEMO_SEED, house.clock.now())
    await page.get_by_label("动态口令").fill(code)
    await page.get_by_role("button", name="登录", exact=True).click()
