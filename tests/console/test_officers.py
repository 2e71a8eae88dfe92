"""Administrators let officers in, change what they may, and shut them out."""

import re

import httpx
import pytest

from bot.console.look import HOME
from bot.console.officers import PATH
from domain.officers.model import Officer, Role
from tests.support.console import a_token, open_console, signed_in_officer
from tests.support.town import Town


@pytest.fixture
async def administrator(console: httpx.AsyncClient) -> Officer:
    return await signed_in_officer(console, Role.ADMINISTRATOR)


async def officer_of(town: Town, officer: Officer) -> Officer:
    async with town.house.open_work() as work:
        found = await work.officers.find(officer.id)
    assert found
    return found


async def tags(town: Town, officer: Officer) -> list[str]:
    async with town.house.open_work() as work:
        return [act.tag for act in await work.acts.about(officer.id)]


@pytest.mark.usefixtures("administrator")
async def test_an_officer_is_added_and_gets_a_link_that_works(
    town: Town, console: httpx.AsyncClient
) -> None:
    typed = {"login": "Wangyan", "name": "王妍", "role": ["agent", "reviewer"]}
    seen = await console.post(PATH, data=typed)
    [link] = re.findall(r"http://anju.test(/console/start/[\w-]+)", seen.text)
    assert "王妍" in (await console.get(link)).text
    async with town.house.open_work() as work:
        officer = await work.officers.of_login("wangyan")
    assert officer
    assert officer.roles == {Role.AGENT, Role.REVIEWER}
    assert await tags(town, officer) == ["officers:officer:add"]
    assert "待设置" in (await console.get(PATH)).text


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"login": "王妍", "name": "王妍", "role": ["agent"]}, "登录名要"),
        ({"login": "wangyan", "name": "王妍"}, "至少选一个角色"),
        ({"login": "wangyan", "name": " ", "role": ["agent"]}, "请填写姓名"),
        ({"login": "wangyan", "name": "王妍", "role": ["emperor"]}, "至少选一个角色"),
        ({"login": "admin", "name": "王妍", "role": ["agent"]}, "已经有人用了"),
    ],
    ids=str,
)
async def test_what_cannot_be_kept_is_mended_on_the_page(
    console: httpx.AsyncClient, typed: dict[str, object], said: str
) -> None:
    seen = await console.post(PATH, data=typed)
    assert seen.status_code == 422
    assert said in seen.text
    assert f'value="{typed["name"]}"' in seen.text or typed["name"] == " "


@pytest.mark.usefixtures("administrator")
async def test_changed_roles_count_at_once_and_end_all_sessions(
    town: Town, console: httpx.AsyncClient
) -> None:
    other, token = await a_token(town.house, Role.AGENT)
    seen = await console.post(f"{PATH}/{other.id}/roles", data={"role": ["auditor"]})
    assert seen.status_code == 303
    assert (await officer_of(town, other)).roles == {Role.AUDITOR}
    async with open_console(town.app) as theirs:
        theirs.cookies.set("anju_officer", token, domain="anju.test", path=HOME)
        assert (await theirs.get(HOME)).status_code == 303
    assert await tags(town, other) == ["officers:officer:roles"]


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize("what", ["disable", "reset", "end-sessions"])
async def test_whoever_is_shut_out_reset_or_signed_out_is_out_at_once(
    town: Town, console: httpx.AsyncClient, what: str
) -> None:
    other, token = await a_token(town.house, Role.AGENT)
    async with open_console(town.app) as theirs:
        theirs.cookies.set("anju_officer", token, domain="anju.test", path=HOME)
        assert (await theirs.get(HOME)).status_code == 200
        assert (await console.post(f"{PATH}/{other.id}/{what}")).status_code in {200, 303}
        assert (await theirs.get(HOME)).status_code == 303
    assert (await officer_of(town, other)).disabled == (what == "disable")


@pytest.mark.usefixtures("administrator")
async def test_who_was_shut_out_comes_back_by_a_new_link_only(
    town: Town, console: httpx.AsyncClient
) -> None:
    other, _ = await a_token(town.house, Role.AGENT)
    await console.post(f"{PATH}/{other.id}/disable")
    reset = await console.post(f"{PATH}/{other.id}/reset")
    [dead] = re.findall(r"http://anju.test(/console/start/[\w-]+)", reset.text)
    assert (await console.get(dead)).status_code == 404
    seen = await console.post(f"{PATH}/{other.id}/enable")
    [link] = re.findall(r"http://anju.test(/console/start/[\w-]+)", seen.text)
    assert (await console.get(link)).status_code == 200


async def test_nobody_changes_their_own_roles_or_shuts_themselves_out(
    town: Town, console: httpx.AsyncClient, administrator: Officer
) -> None:
    await a_token(town.house, Role.ADMINISTRATOR)
    for what in ("roles", "disable"):
        seen = await console.post(f"{PATH}/{administrator.id}/{what}", data={"role": ["agent"]})
        assert seen.status_code == 422
        assert "另一位管理员" in seen.text
    assert await officer_of(town, administrator) == administrator


async def test_the_last_administrator_stays(town: Town, administrator: Officer) -> None:
    async with town.house.open_work() as work:
        officers = town.house.officers(work, "operator")
        for attempt in (
            officers.disable(administrator.id),
            officers.change_roles(administrator.id, [Role.AGENT]),
        ):
            with pytest.raises(Exception, match="last-administrator"):
                await attempt
        second, _ = await a_token(town.house, Role.ADMINISTRATOR)
        await officers.disable(administrator.id)
        with pytest.raises(Exception, match="last-administrator"):
            await officers.disable(second.id)


@pytest.mark.usefixtures("administrator")
async def test_an_officer_who_does_not_exist_is_not_found(console: httpx.AsyncClient) -> None:
    assert (await console.get(f"{PATH}/nobody")).status_code == 404
    assert (await console.post(f"{PATH}/nobody/disable")).status_code == 404
