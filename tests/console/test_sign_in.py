"""Signing in, setting up, signing out: over HTTP, with the real passwords and codes."""

import re
from collections.abc import Mapping

import httpx
import pytest

from bot.console.guard import COOKIE
from bot.console.look import HOME
from bot.wiring import DEMO_PASSWORD, DEMO_SEED
from domain.officers.model import Role
from tests.support.console import signed_in_officer
from tests.support.town import Town

CHOSEN = "qinghe-yuecai-72"


def code_of(town: Town, seed: str = DEMO_SEED) -> str:
    return town.house.officer_proofs.codes.code_at(seed, town.clock.now())


async def try_to_sign_in(
    console: httpx.AsyncClient, code: str, *, login: str = "admin", password: str = DEMO_PASSWORD
) -> httpx.Response:
    typed = {"login": login, "password": password, "code": code}
    return await console.post(f"{HOME}/sign-in", data=typed)


async def link_for(town: Town, login: str, *roles: Role) -> str:
    async with town.house.open_work() as work:
        _, token = await town.house.officers(work, "operator").add(
            login=login, name="王妍", roles=roles
        )
        await work.commit()
    return f"{HOME}/start/{token}"


def seed_on(page: httpx.Response) -> str:
    [seed] = re.findall(r'class="seed">([A-Z2-7 ]+)<', page.text)
    return str(seed).replace(" ", "")


async def set_up(console: httpx.AsyncClient, town: Town, link: str, **other: str) -> httpx.Response:
    seed = seed_on(await console.get(link))
    typed = {"password": CHOSEN, "again": CHOSEN, "code": code_of(town, seed)}
    return await console.post(link, data=typed | other)


async def test_an_officer_signs_in_by_password_and_code_and_out_again(
    console: httpx.AsyncClient, town: Town
) -> None:
    seen = await try_to_sign_in(console, code_of(town))
    assert (seen.status_code, seen.headers["location"]) == (303, HOME)
    kept = seen.headers["set-cookie"].lower()
    assert all(part in kept for part in ("httponly", "samesite=lax", "path=/console"))
    home = await console.get(HOME)
    assert home.status_code == 200
    assert "演示管理员" in home.text
    token = console.cookies[COOKIE]
    assert (await console.post(f"{HOME}/sign-out")).status_code == 303
    console.cookies.set(COOKIE, token, domain="anju.test", path=HOME)
    assert (await console.get(HOME)).status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [{"login": "nobody"}, {"password": "anju-demo-officer"}, {"code": "000000"}, {"code": ""}],
    ids=str,
)
async def test_whatever_is_wrong_the_answer_is_the_same(
    console: httpx.AsyncClient, town: Town, wrong: Mapping[str, str]
) -> None:
    seen = await try_to_sign_in(console, **({"code": code_of(town)} | wrong))
    assert seen.status_code == 422
    assert "登录名、密码或动态口令没有对上" in seen.text
    assert COOKIE not in console.cookies


async def test_a_code_counts_once(console: httpx.AsyncClient, town: Town) -> None:
    code = code_of(town)
    assert (await try_to_sign_in(console, code)).status_code == 303
    assert (await try_to_sign_in(console, code)).status_code == 422
    town.clock.forward(31)
    assert (await try_to_sign_in(console, code)).status_code == 422
    assert (await try_to_sign_in(console, code_of(town))).status_code == 303


async def test_after_five_wrong_tries_even_the_right_one_waits_a_quarter_of_an_hour(
    console: httpx.AsyncClient, town: Town
) -> None:
    for login in ("admin", "nobody"):
        for _ in range(5):
            assert (await try_to_sign_in(console, "000000", login=login)).status_code == 422
        refused = await try_to_sign_in(console, code_of(town), login=login)
        assert refused.status_code == 429
        assert "12:15" in refused.text or "15 分钟" in refused.text
    town.clock.forward(15 * 60 + 1)
    assert (await try_to_sign_in(console, code_of(town))).status_code == 303


async def test_a_new_officer_sets_up_password_and_codes_by_the_link_and_once(
    console: httpx.AsyncClient, town: Town
) -> None:
    link = await link_for(town, "wangyan", Role.ADMINISTRATOR)
    done = await set_up(console, town, link)
    assert done.status_code == 200
    back_up = re.findall(r"<code>(\w{5}-\w{5})</code>", done.text)
    assert len(set(back_up)) == 10
    assert (await console.get(HOME)).status_code == 200
    assert (await console.get(link)).status_code == 404
    assert (await console.post(link)).status_code == 404
    console.cookies.clear()
    for code, status in ((back_up[0], 303), (back_up[0], 422), (back_up[1].upper(), 303)):
        seen = await try_to_sign_in(console, code, login="wangyan", password=CHOSEN)
        assert seen.status_code == status


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "password1", "again": "password1"}, "很多人都用的词"),
        ({"password": "wangyan-88", "again": "wangyan-88"}, "密码强度"),
        ({"again": "something-else"}, "两次填写的密码不一样"),
        ({"code": "000000"}, "动态口令没有对上"),
    ],
    ids=str,
)
async def test_a_set_up_that_is_not_right_is_mended_on_the_same_page(
    console: httpx.AsyncClient, town: Town, wrong: dict[str, str], said: str
) -> None:
    link = await link_for(town, "wangyan", Role.AGENT)
    seen = await set_up(console, town, link, **wrong)
    assert seen.status_code == 422
    assert said in seen.text
    assert (await set_up(console, town, link)).status_code == 200


async def test_a_set_up_link_ends_after_a_day(console: httpx.AsyncClient, town: Town) -> None:
    link = await link_for(town, "wangyan", Role.AGENT)
    town.clock.forward(24 * 3600 + 1)
    assert (await console.get(link)).status_code == 410


async def test_a_session_ends_after_half_an_hour_without_use(
    console: httpx.AsyncClient, town: Town
) -> None:
    await signed_in_officer(console, Role.ADMINISTRATOR)
    for _ in range(20):
        town.clock.forward(29 * 60)
        assert (await console.get(HOME)).status_code == 200
    town.clock.forward(30 * 60)
    assert (await console.get(HOME)).status_code == 303


async def test_a_session_ends_after_twelve_hours_however_busy(
    console: httpx.AsyncClient, town: Town
) -> None:
    await signed_in_officer(console, Role.ADMINISTRATOR)
    for _ in range(24):
        town.clock.forward(29 * 60)
        assert (await console.get(HOME)).status_code == 200
    town.clock.forward(29 * 60)
    assert (await console.get(HOME)).status_code == 303


async def test_an_officer_sees_and_ends_their_own_sessions_and_nobody_elses(
    console: httpx.AsyncClient, town: Town
) -> None:
    await try_to_sign_in(console, code_of(town))
    town.clock.forward(31)
    first = console.cookies[COOKIE]
    console.cookies.clear()
    await try_to_sign_in(console, code_of(town))
    page = await console.get(f"{HOME}/my-logins")
    [other] = re.findall(r'name="session" value="(\w{64})"', page.text)
    second = console.cookies[COOKIE]
    await signed_in_officer(console, Role.AGENT)
    await console.post(f"{HOME}/my-logins/end", data={"session": other})
    console.cookies.set(COOKIE, first, domain="anju.test", path=HOME)
    assert (await console.get(HOME)).status_code == 200
    console.cookies.set(COOKIE, second, domain="anju.test", path=HOME)
    await console.post(f"{HOME}/my-logins/end", data={"session": other})
    console.cookies.set(COOKIE, first, domain="anju.test", path=HOME)
    assert (await console.get(HOME)).status_code == 303


@pytest.mark.parametrize(
    ("to", "where"),
    [
        ("/console/my-logins", "/console/my-logins"),
        ("//elsewhere.test", HOME),
        ("https://elsewhere.test/console", HOME),
        ("/console/../wechat", HOME),
        ("/console/sign-in", HOME),
    ],
)
async def test_signing_in_leads_on_within_the_console_only(
    console: httpx.AsyncClient, town: Town, to: str, where: str
) -> None:
    typed = {"login": "admin", "password": DEMO_PASSWORD, "code": code_of(town), "to": to}
    seen = await console.post(f"{HOME}/sign-in", data=typed)
    assert seen.headers["location"] == where


async def test_the_pages_let_nothing_in_and_nothing_out(console: httpx.AsyncClient) -> None:
    seen = await console.get(f"{HOME}/sign-in")
    policy = seen.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert seen.headers["cache-control"] == "no-store"
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert "style=" not in seen.text
    assert "<script>" not in seen.text


async def test_production_admits_no_officer_of_the_demo(
    console: httpx.AsyncClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await try_to_sign_in(console, code_of(town))
    assert (await console.get(HOME)).status_code == 200
    monkeypatch.setattr(type(town.house.settings), "sandboxed", property(lambda _: False))
    assert (await console.get(HOME)).status_code == 303
    town.clock.forward(31)
    assert (await try_to_sign_in(console, code_of(town))).status_code == 422
    assert DEMO_PASSWORD not in (await console.get(f"{HOME}/sign-in")).text


async def test_a_wrong_try_and_a_sign_in_leave_an_act(
    console: httpx.AsyncClient, town: Town
) -> None:
    await try_to_sign_in(console, "000000")
    await try_to_sign_in(console, code_of(town))
    async with town.house.open_work() as work:
        officer = await work.officers.of_login("admin")
        assert officer
        acts = [act.tag for act in await work.acts.about(officer.id)]
    assert acts == ["officers:session:refuse", "officers:session:open"]


async def test_no_page_of_the_console_that_is_missing_speaks_json(
    console: httpx.AsyncClient,
) -> None:
    seen = await console.get(f"{HOME}/no-such-room")
    assert seen.status_code == 404
    assert "没有这个页面" in seen.text
