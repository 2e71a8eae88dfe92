"""Every route has a guard: something that keeps out whoever should not come in."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route

from bot import wiring
from bot.main import create_app
from bot.settings import Mode, Settings
from tests.support.console_routes import OPEN, console_routes

SIGNED = "the platform's signature over the message"
ONE_TIME = "an unguessable address, bound to the citizen, taken once"
SIGNED_CALL = "the vendor's signature over the call"
SIGNED_LINK = "a signed address that ends"
OWN_STATE = "what only the browser that was sent to be recognised keeps"
SANDBOX = "exists in sandbox mode only"
CHECK_CODE = "an unguessable code that stands on the paper; wrong ones are counted"
EMPTY = "tells nothing about anybody"
SIGNED_IN = "an officer who is signed in, with the right that the route asks for"

GUARDS = {
    "GET /metrics": SANDBOX,
    "GET /wechat": SIGNED,
    "POST /wechat": SIGNED,
    "GET /h5/form/{token}": ONE_TIME,
    "POST /h5/form/{token}": ONE_TIME,
    "GET /h5/export/{token}": ONE_TIME,
    "POST /h5/export/{token}": ONE_TIME,
    "GET /h5/print/{token}": SIGNED_LINK,
    "GET /h5/print/{token}.pdf": SIGNED_LINK,
    "GET /p": EMPTY,
    "POST /p": EMPTY,
    "GET /p/{code}": CHECK_CODE,
    "GET /h5/face-return": EMPTY,
    "POST /h5/face-call": SIGNED_CALL,
    "GET /h5/face/{token}": SANDBOX,
    "POST /h5/face/{token}": SANDBOX,
    "GET /h5/opened": OWN_STATE,
    "GET /h5/static/*": EMPTY,
    "GET /healthz": EMPTY,
    "GET /readyz": EMPTY,
    "GET /version": EMPTY,
    "GET /simulator": SANDBOX,
    "GET /simulator/static/{name}": SANDBOX,
    "POST /simulator/send": SANDBOX,
    "POST /simulator/again": SANDBOX,
    "GET /simulator/cards/{openid}.png": SANDBOX,
    "GET /simulator/citizens": SANDBOX,
    "GET /simulator/menu": SANDBOX,
    "GET /simulator/open": SANDBOX,
    "GET /simulator/authorize": SANDBOX,
    "GET /simulator/agree": SANDBOX,
    "POST /simulator/agree": SANDBOX,
    "GET /simulator/sms": SANDBOX,
    "GET /simulator/outbox": SANDBOX,
    "GET /simulator/posters": SANDBOX,
    "GET /simulator/posters/{scene}.png": SANDBOX,
}
"""A new route fails until it stands here, with what guards it.

The console's routes carry their guards with them: `tests/console/test_roles.py` tries each.
"""


def guards_of(app: FastAPI) -> dict[str, str]:
    """Return what guards each route, the console's as well."""
    officers = {
        route.name: SIGNED_IN if route.guard else OPEN.get(route.name, "nothing")
        for route in console_routes(app)
    }
    return GUARDS | officers


def routes_of(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route):
            yield from (f"{verb} {route.path}" for verb in (route.methods or ()) if verb != "HEAD")
        elif isinstance(route, Mount):
            yield f"GET {route.path}/*"
        else:
            # FastAPI keeps an included router as one entry; its routes carry their whole path.
            yield from routes_of(vars(route)["original_router"].routes)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ANJU_DATABASE__URL", f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}")
    return Settings()


@pytest.fixture
async def stranger(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Return somebody who knows the addresses and nothing else."""
    await wiring.migrate(settings)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://anju") as client:
            yield client


def test_every_route_stands_in_the_table_and_the_table_has_no_other(settings: Settings) -> None:
    app = create_app(settings)
    guards = guards_of(app)
    assert sorted(routes_of(app.routes)) == sorted(guards)
    assert "nothing" not in guards.values()


def test_production_has_no_route_of_the_sandbox(settings: Settings) -> None:
    production = settings.model_copy(update={"mode": Mode.PRODUCTION})
    app = create_app(production)
    kept = {route for route, guard in guards_of(app).items() if guard != SANDBOX}
    assert set(routes_of(app.routes)) == kept


@pytest.mark.parametrize(
    "route", [route for route, guard in GUARDS.items() if guard not in {SANDBOX, EMPTY}]
)
async def test_a_stranger_is_kept_out(stranger: httpx.AsyncClient, route: str) -> None:
    verb, path = re.sub(r"{\w+}", "A" * 22, route).split()
    seen = await stranger.request(verb, path)
    assert seen.status_code in {403, 404, 410}


@pytest.mark.parametrize("verb", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_the_webhook_knows_two_verbs_only(stranger: httpx.AsyncClient, verb: str) -> None:
    assert (await stranger.request(verb, "/wechat")).status_code == 405


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/redoc", "/h5"])
async def test_nothing_else_answers(stranger: httpx.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).status_code == 404
