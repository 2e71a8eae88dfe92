"""A page that belongs to a citizen opens for that citizen's browser alone. Source: S0-60; Q-31."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot import wiring
from bot.main import create_app
from bot.settings import Settings, read
from bot.wiring import Resources
from domain.shared.openers import OPENING_LIFE, PASS_LIFE
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.production import PRODUCTION
from tests.support.town import PUBLIC_URL, Resident, Town
from tests.support.wechat.server import WechatServer, wechat

FORBIDDEN, SEE_OTHER, OK = 403, 303, 200
NOT_YOURS = "这个页面是给别人的"


@pytest.fixture
async def who(town: Town) -> Resident:
    who = town.residents["周安然"]
    await town.bring(who, ["signed-up", "verified"])
    return who


@pytest.fixture
def other(town: Town, who: Resident) -> Resident:
    return next(one for one in town.residents.values() if one is not who)


@asynccontextmanager
async def a_phone(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a browser that has been nowhere yet."""
    transport = httpx.ASGITransport(town.app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as browser:
        yield browser


@pytest.fixture
async def phone(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with a_phone(town) as browser:
        yield browser


async def a_page(town: Town, who: Resident) -> str:
    async with town.house.open_work() as work:
        url = await town.desk(work, who).pages.issue(
            openid=who.openid, draft_id=who.openid, flow="recover", step="person"
        )
        await work.commit()
    return url.removeprefix(PUBLIC_URL)


async def opened(phone: httpx.AsyncClient, path: str, who: Resident) -> httpx.Response:
    """Open a page as the simulator does, whoever holds the phone."""
    return await phone.get(
        "/simulator/open", params={"openid": who.openid, "to": path}, follow_redirects=True
    )


def asked(answer: httpx.Response) -> bool:
    """Tell whether the browser was sent to be recognised on its way."""
    return any("/simulator/authorize" in str(step.url) for step in answer.history)


async def test_the_owner_is_recognised_once_and_fills_the_form(
    town: Town, phone: httpx.AsyncClient, who: Resident
) -> None:
    path = await a_page(town, who)
    first = await opened(phone, path, who)
    assert (first.status_code, asked(first)) == (OK, True)
    assert first.url.path == path
    second = await opened(phone, path, who)
    assert (second.status_code, asked(second)) == (OK, False)
    filled = {"name": who.name, "id_number": who.id_number}
    assert (await phone.post(path, data=filled)).status_code == OK


async def test_a_link_that_was_passed_on_opens_nothing_for_another(
    town: Town, phone: httpx.AsyncClient, who: Resident, other: Resident
) -> None:
    path = await a_page(town, who)
    refused = await opened(phone, path, other)
    assert refused.status_code == FORBIDDEN
    assert NOT_YOURS in refused.text
    before = await town.counts()
    sent = await phone.post(path, data={"name": who.name, "id_number": who.id_number})
    assert sent.status_code == FORBIDDEN
    assert await town.counts() == before
    # The owner's link is as good as before.
    async with a_phone(town) as own:
        assert (await opened(own, path, who)).status_code == OK


async def test_two_citizens_on_one_phone_are_told_apart(
    town: Town, phone: httpx.AsyncClient, who: Resident, other: Resident
) -> None:
    path, theirs = await a_page(town, who), await a_page(town, other)
    assert (await opened(phone, path, who)).status_code == OK
    assert (await opened(phone, theirs, other)).status_code == OK
    assert NOT_YOURS in (await opened(phone, path, other)).text


@pytest.mark.parametrize("ending", ["", ".pdf"])
async def test_a_print_link_is_its_owners(
    town: Town, phone: httpx.AsyncClient, who: Resident, other: Resident, ending: str
) -> None:
    async with town.house.open_work() as work:
        link = town.desk(work, who).pages.print_link(who.openid, "DJ202603110001")
    path = link.removeprefix(PUBLIC_URL) + ending
    assert NOT_YOURS in (await opened(phone, path, other)).text
    own = await opened(phone, path, who)
    assert asked(own)
    assert NOT_YOURS not in own.text


async def test_an_export_link_is_its_owners(
    town: Town, phone: httpx.AsyncClient, who: Resident, other: Resident
) -> None:
    async with town.house.open_work() as work:
        desk = town.desk(work, who)
        account = (await desk.citizen()).signed_in()
        url = await desk.pages.issue(
            openid=who.openid,
            draft_id="d",
            flow="export_my_data",
            step="link",
            about={"account": account.id},
            path="/h5/export",
        )
        await work.commit()
    path = url.removeprefix(PUBLIC_URL)
    assert NOT_YOURS in (await opened(phone, path, other)).text
    assert (await phone.post(path)).status_code == FORBIDDEN
    assert (await opened(phone, path, who)).status_code == OK
    assert (await phone.post(path)).headers["content-type"] == "application/zip"


async def test_whoever_was_recognised_long_ago_is_asked_again(
    town: Town, phone: httpx.AsyncClient, who: Resident
) -> None:
    await opened(phone, await a_page(town, who), who)
    town.clock.forward(PASS_LIFE.total_seconds())
    assert asked(await opened(phone, await a_page(town, who), who))


async def sent_off(town: Town, phone: httpx.AsyncClient, who: Resident) -> str:
    """Open a page up to where the browser is to be recognised; return the state it bears."""
    path = await a_page(town, who)
    await phone.get("/simulator/open", params={"openid": who.openid, "to": path})
    answer = await phone.get(path)
    assert answer.status_code == SEE_OTHER
    [state] = parse_qs(urlsplit(answer.headers["location"]).query)["state"]
    return state


async def code_of(town: Town, who: Resident, *, preview: bool = False) -> str:
    assert town.house.stand_ins
    return await town.house.stand_ins.platform.opens(who.openid, preview=preview)


async def came_back(phone: httpx.AsyncClient, code: str, state: str) -> httpx.Response:
    return await phone.get("/h5/opened", params={"code": code, "state": state})


async def test_nobody_slips_their_code_into_anothers_browser(
    town: Town, phone: httpx.AsyncClient, who: Resident
) -> None:
    state = await sent_off(town, phone, who)
    for wrong in ("", "another", "状态"):
        assert (await came_back(phone, await code_of(town, who), wrong)).status_code == FORBIDDEN
    async with a_phone(town) as elsewhere:
        stolen = await came_back(elsewhere, await code_of(town, who), state)
        assert stolen.status_code == FORBIDDEN
    assert (await came_back(phone, "", state)).status_code == FORBIDDEN
    assert (await came_back(phone, await code_of(town, who), state)).status_code == SEE_OTHER


async def test_who_took_too_long_begins_anew(
    town: Town, phone: httpx.AsyncClient, who: Resident
) -> None:
    state = await sent_off(town, phone, who)
    town.clock.forward(OPENING_LIFE.total_seconds())
    assert (await came_back(phone, await code_of(town, who), state)).status_code == FORBIDDEN


async def test_a_preview_is_never_believed(
    town: Town, phone: httpx.AsyncClient, who: Resident
) -> None:
    state = await sent_off(town, phone, who)
    seen = await came_back(phone, await code_of(town, who, preview=True), state)
    assert seen.status_code == FORBIDDEN
    assert "使用完整服务" in seen.text


async def test_a_code_that_is_used_up_leads_back_once_and_no_more(
    town: Town, phone: httpx.AsyncClient, who: Resident
) -> None:
    state = await sent_off(town, phone, who)
    again = await came_back(phone, "used-up", state)
    assert again.status_code == SEE_OTHER
    [second] = parse_qs(urlsplit(again.headers["location"]).query)["state"]
    assert second != state
    assert (await came_back(phone, "used-up", second)).status_code == FORBIDDEN


async def test_the_simulators_browser_opens_pages_of_our_own_only(
    phone: httpx.AsyncClient, who: Resident
) -> None:
    for strange in ("//evil.test/h5", "https://evil.test", "/\\evil.test", ""):
        answer = await phone.get("/simulator/open", params={"openid": who.openid, "to": strange})
        assert answer.status_code == 422
    unnamed = await phone.get("/simulator/authorize?redirect_uri=/h5/opened&state=x")
    assert unnamed.status_code == FORBIDDEN


# In production, against the platform


@pytest.fixture
def platform() -> Iterator[WechatServer]:
    with wechat(FakeClock()) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: WechatServer) -> Settings:
    url = f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}"
    for name, value in (PRODUCTION | {"ANJU_DATABASE__URL": url}).items():
        monkeypatch.setenv(name, value)
    kept = read()
    nearby = kept.wechat.model_copy(update={"api_base": platform.http.base})
    return kept.model_copy(update={"wechat": nearby})


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[tuple[Resources, httpx.AsyncClient]]:
    await wiring.migrate(settings)
    app = create_app(settings, clock=FakeClock())
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        browser = httpx.AsyncClient(transport=transport, base_url="https://anju.test")
        yield app.state.house, await opened.enter_async_context(browser)


async def test_in_production_every_browser_is_recognised_by_the_platform(
    service: tuple[Resources, httpx.AsyncClient], platform: WechatServer
) -> None:
    house, browser = service
    owner = OpenId("oTestAlice000000000000000001")
    async with house.open_work() as work:
        url = await house.desk(work, owner).pages.issue(
            openid=owner, draft_id="d", flow="recover", step="person"
        )
        await work.commit()
    sent = await browser.get(url)
    assert sent.status_code == SEE_OTHER
    assert sent.headers["location"].startswith(
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1234567890abcdef"
        "&redirect_uri=https%3A%2F%2Fanju.test%2Fh5%2Fopened&"
    )
    for mark in ("HttpOnly", "Secure", "SameSite=lax", "Path=/h5"):
        assert mark in sent.headers["set-cookie"]
    [state] = parse_qs(urlsplit(sent.headers["location"]).query)["state"]
    code = platform.account.opens(owner)
    back = await came_back(browser, code, state)
    assert back.status_code == SEE_OTHER
    assert (await browser.get(back.headers["location"])).status_code == OK


async def test_in_production_another_and_a_silent_platform_open_nothing(
    service: tuple[Resources, httpx.AsyncClient], platform: WechatServer
) -> None:
    house, browser = service
    owner = OpenId("oTestAlice000000000000000001")
    async with house.open_work() as work:
        url = await house.desk(work, owner).pages.issue(
            openid=owner, draft_id="d", flow="recover", step="person"
        )
        await work.commit()
    for code, status in (
        (platform.account.opens("oSomebodyElse"), FORBIDDEN),
        (platform.account.opens(owner, snapshot=True), FORBIDDEN),
    ):
        sent = await browser.get(url)
        [state] = parse_qs(urlsplit(sent.headers["location"]).query)["state"]
        assert (await came_back(browser, code, state)).status_code == status
    assert (await browser.post(url, data={"name": "x"})).status_code == FORBIDDEN
    platform.account.barred = True
    sent = await browser.get(url)
    [state] = parse_qs(urlsplit(sent.headers["location"]).query)["state"]
    assert (await came_back(browser, platform.account.opens(owner), state)).status_code == 503
