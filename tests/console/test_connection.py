"""The page about the official account, and who was refused at the callback."""

import ast

import httpx
import pytest
from pydantic import SecretStr

from adapters.system import SystemClock
from bot.connecting import REFUSED_WORDS
from bot.console.connection import PATH
from bot.wechat.refused import RefusedCalls
from domain.officers.model import Role
from domain.shared.errors import UnavailableError
from domain.shared.refusals import Refusal
from tests.support.console import open_console, signed_in_officer
from tests.support.house import modules, tree_of
from tests.support.town import Town
from tests.support.wechat.server import APP_ID, SECRET, wechat


async def written(town: Town) -> list[Refusal]:
    """Return what was written down, once all that waited is."""
    await town.app.state.refused.aclose()
    async with town.house.open_work() as work:
        return await work.refusals.last()


def kinds() -> set[str]:
    """Return the kinds that the callback's code refuses for."""
    calls = [
        node
        for path in modules("bot/wechat")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refuse"
    ]
    said = [call.args[1] for call in calls]
    return {one.value for one in said if isinstance(one, ast.Constant)}


def test_every_kind_of_refusal_has_its_words_and_no_other() -> None:
    assert set(REFUSED_WORDS) == kinds()


async def test_a_refused_call_is_found_on_the_page_with_why(
    town: Town, console: httpx.AsyncClient
) -> None:
    refused = await town.client.post("/wechat?signature=x&timestamp=1&nonce=1", content=b"<xml/>")
    assert refused.status_code == 403
    [row] = await written(town)
    assert (row.status, row.times) == (403, 1)
    await signed_in_officer(console, Role.OPERATOR)
    page = (await console.get(f"{PATH}/refused")).text
    assert REFUSED_WORDS[row.kind][0] in page
    assert REFUSED_WORDS[row.kind][1] in page


async def test_a_good_call_leaves_nothing(town: Town) -> None:
    who = town.residents["周安然"]
    await town.deliver(town.platform.text(who.openid, "菜单"))
    assert await written(town) == []


async def test_a_flood_of_refused_calls_is_one_row_with_its_number(town: Town) -> None:
    calls = RefusedCalls(town.house, between_seconds=0)
    for _ in range(10_000):
        calls.note("signature", 403)
    for number in range(1000):
        calls.note(f"made-up-{number}", 403)
    await calls.aclose()
    rows = await written(town)
    assert Refusal(town.clock.now(), "signature", 403, 10_000) in rows
    assert len(rows) <= 32


async def test_the_page_shows_what_to_paste_and_the_menu_but_no_secret(
    town: Town, console: httpx.AsyncClient
) -> None:
    await signed_in_officer(console, Role.ADMINISTRATOR)
    page = (await console.get(PATH)).text
    assert "http://anju.test/wechat" in page
    assert town.settings.wechat.token.get_secret_value() not in page
    for group in town.settings.menu:
        assert group.name in page
        assert all(button.name in page for button in group.buttons)
    checked = (await console.get(f"{PATH}/check")).text
    assert "ANJU_WECHAT__APP_ID" in checked
    assert "<html" not in checked


async def test_the_sandboxs_account_gets_no_menu(console: httpx.AsyncClient) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    seen = await console.post(f"{PATH}/menu", follow_redirects=True)
    assert "没有菜单可以发布" in seen.text


async def test_the_menu_is_pushed_to_ones_own_account_and_leaves_an_act(town: Town) -> None:
    with wechat(SystemClock()) as server:
        own = {
            "app_id": APP_ID,
            "app_secret": SecretStr(SECRET),
            "api_base": server.http.base,
        }
        changed = town.settings.wechat.model_copy(update=own)
        town.settings = town.settings.model_copy(update={"wechat": changed})
        await town.restart()
        async with open_console(town.app) as console:
            await signed_in_officer(console, Role.OPERATOR)
            assert "自定义菜单" in (await console.get(f"{PATH}/check")).text
            seen = await console.post(f"{PATH}/menu", follow_redirects=True)
            assert "菜单已发布" in seen.text
            assert server.account.menu
            async with town.house.open_work() as work:
                assert [one.tag for one in await work.acts.about(APP_ID)] == [
                    "connection:menu:push"
                ]


async def test_silent_records_hinder_no_refusal(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object) -> None:
        raise UnavailableError

    monkeypatch.setattr("adapters.sql.refusals.SqlRefusals.add", silent)
    refused = await town.client.post("/wechat?signature=x", content=b"<xml/>")
    assert refused.status_code == 403
    assert await written(town) == []
    monkeypatch.undo()
    await town.client.post("/wechat?signature=x", content=b"<xml/>")
    assert len(await written(town)) == 1


async def test_those_who_are_called_can_be_called_once_to_see(
    town: Town, console: httpx.AsyncClient
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    staff = town.house.outside.staff
    called = await console.post(f"{PATH}/staff")
    assert called.status_code == 200
    assert called.text.count("<li>") == staff.targets
    async with town.house.open_work() as work:
        assert [act.tag for act in await work.acts.about("staff")] == ["escalation:staff:test"]
