"""Every route of the console × every role, by the application's own list."""

import re
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from bot.console.guard import SIGN_IN_PATH
from bot.console.rooms import ROOMS
from bot.main import create_app
from bot.settings import Settings
from domain.officers.model import RIGHTS, Right, Role
from tests.support.console import open_console, signed_in_officer
from tests.support.console_routes import OPEN, ConsoleRoute, console_routes
from tests.support.town import Town, found_town

ROUTES = console_routes(create_app(Settings()))
GUARDED = [route for route in ROUTES if route.guard]


in_one_town = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def one_town(template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Lend one town for all: what is refused changes nothing, and what is only read neither."""
    async with found_town(template, tmp_path_factory.mktemp("console")) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="module")
async def console(one_town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with open_console(one_town.app) as client:
        yield client


def address(route: ConsoleRoute) -> str:
    return re.sub(r"{[^}]+}", "1", route.path)


def named(value: object) -> str:
    return value.name if isinstance(value, ConsoleRoute) else str(value)


def test_every_route_of_the_console_is_guarded_or_open_with_a_reason() -> None:
    assert {route.name for route in ROUTES if not route.guard} == set(OPEN)
    assert len(GUARDED) >= 4


def test_every_room_has_a_page_that_asks_for_the_rooms_right() -> None:
    doors = {route.path: route.guard.right for route in GUARDED if route.guard}
    assert {room.path: doors.get(room.path) for room in ROOMS} == {
        room.path: room.right for room in ROOMS
    }


def test_every_right_is_somebodys_and_every_role_may_something() -> None:
    assert {right for rights in RIGHTS.values() for right in rights} == set(Right)
    assert set(RIGHTS) == set(Role)
    assert all(RIGHTS.values())


@pytest.mark.parametrize("route", GUARDED, ids=named)
@in_one_town
async def test_who_is_not_signed_in_is_led_to_the_sign_in_page(
    console: httpx.AsyncClient, route: ConsoleRoute
) -> None:
    seen = await console.request(route.verb, address(route))
    assert seen.status_code == 303
    assert seen.headers["location"].startswith(SIGN_IN_PATH)


@pytest.mark.parametrize(
    ("route", "role"),
    [
        (route, role)
        for route, role in product(GUARDED, Role)
        if route.guard and route.guard.right and route.guard.right not in RIGHTS[role]
    ],
    ids=named,
)
@in_one_town
async def test_a_role_without_the_right_is_kept_out(
    console: httpx.AsyncClient, route: ConsoleRoute, role: Role
) -> None:
    await signed_in_officer(console, role)
    seen = await console.request(route.verb, address(route))
    assert seen.status_code == 403
    assert "您的角色没有这项权限" in seen.text


@pytest.mark.parametrize(
    ("route", "role"),
    [
        (route, role)
        for route, role in product(GUARDED, Role)
        if route.verb == "GET"
        and route.guard
        and (route.guard.right is None or route.guard.right in RIGHTS[role])
    ],
    ids=named,
)
@in_one_town
async def test_a_role_with_the_right_comes_in(
    console: httpx.AsyncClient, route: ConsoleRoute, role: Role
) -> None:
    await signed_in_officer(console, role)
    # What an address of this form names may not exist; that is not a matter of rights.
    seen = await console.request(route.verb, address(route))
    assert seen.status_code not in {303, 401, 403}
    assert seen.status_code < 500


@pytest.mark.parametrize("route", [route for route in ROUTES if route.verb == "POST"], ids=named)
@pytest.mark.parametrize(
    "says",
    [
        {"Origin": "http://elsewhere.test", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://elsewhere.test"},
        {"Origin": "http://other.anju.test", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://anju.test", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {},
    ],
    ids=str,
)
@in_one_town
async def test_what_another_page_sends_changes_nothing(
    console: httpx.AsyncClient, route: ConsoleRoute, says: dict[str, str]
) -> None:
    await signed_in_officer(console, *Role)
    del console.headers["Origin"], console.headers["Sec-Fetch-Site"]
    seen = await console.post(address(route), headers=says)
    assert seen.status_code == 403
    assert "不是从后台页面发出的" in seen.text
