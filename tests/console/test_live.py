"""What happens right now: counted where it happens, seen by whom it concerns."""

import re

import httpx

from bot import metrics
from bot.console.look import HOME
from bot.turn_counts import add_up
from domain.officers.model import Role
from tests.support.console import signed_in_officer
from tests.support.town import Town


async def seen(console: httpx.AsyncClient) -> dict[str, str]:
    page = (await console.get(f"{HOME}/live")).text
    return dict(re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page))


async def test_messages_and_registrations_of_today_are_counted(
    town: Town, console: httpx.AsyncClient
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    before = metrics.taken()
    who = town.residents["周安然"]
    for _ in range(3):
        await town.deliver(town.platform.text(who.openid, "菜单"))
    await town.bring(who, ["signed-up", "verified", "bound"])
    await town.register(who, "青禾家园", "二居室")
    assert await add_up(town.house, before) == before + 3
    figures = await seen(console)
    assert (figures["今天的消息"], figures["今天的登记"]) == ("3", "1")
    assert figures["搁置的通知"] == "0"
    town.clock.forward(24 * 3600)
    await signed_in_officer(console, Role.OPERATOR)
    figures = await seen(console)
    assert (figures["今天的消息"], figures["今天的登记"]) == ("0", "0")


async def test_looking_by_itself_keeps_no_session_alive(
    town: Town, console: httpx.AsyncClient
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    for _ in range(4):
        town.clock.forward(7 * 60)
        assert (await console.get(f"{HOME}/live")).status_code == 200
    town.clock.forward(3 * 60)
    gone = await console.get(f"{HOME}/live", headers={"HX-Request": "true"})
    assert gone.status_code == 401
    assert gone.headers["hx-redirect"] == f"{HOME}/sign-in"
