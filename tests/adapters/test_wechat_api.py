"""The platform's API: nothing blocks, nothing repeats itself, nothing secret is said aloud.

Source: S0-01, S0-11.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import structlog

from adapters.platform.agents import Record
from adapters.wechat_account import Follower, Quota, WechatAccount
from adapters.wechat_agents import AgentAccount, WechatAgents
from adapters.wechat_api import WechatApi, WechatSaidNoError
from adapters.wechat_calls import COMPOSE
from adapters.wechat_openers import WechatOpeners, page_signature
from adapters.wechat_outcomes import Outcome
from adapters.wechat_pictures import WechatPictures
from adapters.wechat_pushes import WechatPushes
from domain.notices.model import Card, Fact, receipt_key
from domain.notices.service import Handed
from domain.shared.clock import utc_from_timestamp
from domain.shared.errors import UnansweredError, UnavailableError
from domain.shared.pictures import PictureFault, PictureUnfitError
from domain.shared.records import OpenId
from domain.shared.windows import Handover
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.wechat.access import api_at
from tests.support.wechat.server import SECRET, WechatServer, wechat

ALICE = OpenId("oTestAlice000000000000000001")
SEND = "/cgi-bin/message/custom/send"
MENU = "/cgi-bin/menu/get"
TOKEN = "/cgi-bin/stable_token"  # noqa: S105 (an address)
JPEG = b"\xff\xd8\xff" + b"0" * 100


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[WechatServer]:
    with wechat(clock) as server:
        yield server


@pytest.fixture
async def api(server: WechatServer) -> AsyncIterator[WechatApi]:
    async with api_at(server) as api:
        yield api


def test_the_kit_only_composes_and_never_fetches() -> None:
    call = COMPOSE.message.send_text(ALICE, "你好")
    assert (call.verb, call.path) == ("POST", SEND)
    assert call.body == {"touser": ALICE, "msgtype": "text", "text": {"content": "你好"}}
    assert "access_token" not in call.params
    with pytest.raises(NotImplementedError):
        COMPOSE.fetch_access_token()


async def test_words_go_out_as_they_are(api: WechatApi, server: WechatServer) -> None:
    server.people.writes(ALICE)
    assert await WechatPushes(api).push(ALICE, "您好，王小安") is Handover.TAKEN
    assert "您好，王小安".encode() in server.asked[-1].raw
    assert server.people.known[ALICE].received[0]["text"] == {"content": "您好，王小安"}


async def test_a_busy_platform_is_asked_once_more_where_that_changes_nothing(
    api: WechatApi, server: WechatServer
) -> None:
    server.say(MENU, -1)
    assert await WechatAccount(api).menu() is None
    assert server.calls[MENU] == 2
    server.say(MENU, -1, -1, -1)
    with pytest.raises(UnavailableError):
        await WechatAccount(api).menu()
    assert server.calls[MENU] == 4


async def test_a_message_that_may_have_left_is_not_sent_again(
    api: WechatApi, server: WechatServer
) -> None:
    server.people.writes(ALICE)
    await api.token.current()
    for fault in (Fault.DROPPED, Fault.BROKEN, Fault.NONSENSE, Fault.ELSEWHERE):
        server.http.faults.append(fault)
        with pytest.raises(UnansweredError):
            await WechatPushes(api).push(ALICE, "x")
    assert server.calls[SEND] == 4


async def test_a_busy_platform_did_not_take_the_message(
    api: WechatApi, server: WechatServer
) -> None:
    server.people.writes(ALICE)
    server.say(SEND, -1)
    with pytest.raises(UnavailableError) as busy:
        await WechatPushes(api).push(ALICE, "x")
    assert not isinstance(busy.value, UnansweredError)
    assert server.calls[SEND] == 1


async def test_a_platform_that_is_not_there_took_nothing(clock: FakeClock) -> None:
    with wechat(clock) as server:
        async with api_at(server) as api:
            await api.token.current()
        base = server.http.base
    async with api_at(server, base=base) as api:
        with pytest.raises(UnavailableError) as down:
            await WechatPushes(api).push(ALICE, "x")
    assert not isinstance(down.value, UnansweredError)


async def test_others_are_served_while_the_platform_is_slow(
    api: WechatApi, server: WechatServer
) -> None:
    await api.token.current()
    server.http.faults.append(Fault.SILENT)
    slow = asyncio.create_task(WechatAccount(api).menu())
    while server.http.faults:  # noqa: ASYNC110 (the server is a thread)
        await asyncio.sleep(0.001)
    assert await WechatAccount(api).callback_addresses()
    assert not slow.done()
    slow.cancel()
    server.http.released.set()


async def test_a_call_that_is_used_up_for_today_is_not_made_again_before_tomorrow(
    api: WechatApi, server: WechatServer, clock: FakeClock
) -> None:
    server.limits[MENU] = 1
    await WechatAccount(api).menu()
    for _ in range(3):
        with pytest.raises(WechatSaidNoError) as full:
            await WechatAccount(api).menu()
        assert full.value.outcome is Outcome.DAY_FULL
    assert server.calls[MENU] == 2
    clock.forward(timedelta(hours=12).total_seconds())
    assert await WechatAccount(api).menu() is None


async def test_many_noes_to_one_citizen_do_not_shut_out_the_others(
    api: WechatApi, server: WechatServer
) -> None:
    for _ in range(8):
        assert await WechatPushes(api).push(OpenId("nobody"), "x") is Handover.UNREACHABLE
    server.people.writes(ALICE)
    assert await WechatPushes(api).push(ALICE, "x") is Handover.TAKEN


async def test_nothing_secret_stands_in_a_log(
    api: WechatApi, server: WechatServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with structlog.testing.capture_logs() as lines:
        word = await api.token.current()
        await WechatPushes(api).push(ALICE, "x")
        server.say(MENU, 48001)
        with pytest.raises(WechatSaidNoError):
            await WechatAccount(api).menu()
        server.account.revoke()
        await WechatAccount(api).callback_addresses()
    said = json.dumps(lines, default=str) + caplog.text
    assert "rid" in said
    assert "65f1-" in said
    for secret in (word, server.account.tokens[-1].word, SECRET, ALICE):
        assert secret not in said
    assert SECRET not in repr(api._access)  # noqa: SLF001 (what a stray print would show)


async def test_a_template_is_sent_once_for_one_push(api: WechatApi, server: WechatServer) -> None:
    server.people.follows(ALICE)
    server.people.templates = {"T1": ("thing1",)}
    pushes = WechatPushes(api)
    for _ in range(2):
        sent = await pushes.push_card(ALICE, a_card("登记成功", key="push-7"))
        assert sent == Handed(Handover.TAKEN, receipt_key(1))
    [received] = server.people.known[ALICE].received
    assert received["client_msg_id"] == "push-7"


async def test_a_template_whose_answer_was_lost_is_asked_again_and_sent_once(
    api: WechatApi, server: WechatServer
) -> None:
    server.people.follows(ALICE)
    server.people.templates = {"T1": ("thing1",)}
    await api.token.current()
    server.http.faults.append(Fault.DROPPED)
    sent = await WechatPushes(api).push_card(ALICE, a_card("好", key="push-8"))
    assert sent.verdict is Handover.TAKEN
    assert len(server.people.known[ALICE].received) == 1
    assert server.calls["/cgi-bin/message/template/send"] == 2


async def test_a_notice_without_consent_finds_no_way(api: WechatApi, server: WechatServer) -> None:
    person = server.people.follows(ALICE)
    server.people.templates = {"T1": ("thing1",)}
    person.consents["T1"] = 1
    pushes, card = WechatPushes(api), a_card("已受理", agreed=True)
    # Its number is told nobody: it is known by whom it went to and what it was.
    known_by = receipt_key(openid=ALICE, template="T1")
    assert await pushes.push_card(ALICE, card) == Handed(Handover.TAKEN, known_by)
    assert await pushes.push_card(ALICE, card) == Handed(Handover.CLOSED)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (40037, Handover.REFUSED),
        (43116, Handover.REFUSED),
        (48001, Handover.REFUSED),
        (45009, Handover.FULL),
        (43004, Handover.UNREACHABLE),
    ],
)
async def test_a_card_that_is_refused_leaves_other_ways_open(
    api: WechatApi, server: WechatServer, code: int, verdict: Handover
) -> None:
    server.people.follows(ALICE)
    server.say("/cgi-bin/message/template/send", code)
    assert await WechatPushes(api).push_card(ALICE, a_card("好")) == Handed(verdict)


def a_card(words: str, *, agreed: bool = False, key: str = "") -> Card:
    """Return a card with one blank."""
    return Card("T1", "登记成功", (Fact("thing1", "房源", words),), agreed, key)


async def test_a_picture_and_a_question_reach_a_citizen(
    api: WechatApi, server: WechatServer
) -> None:
    server.people.writes(ALICE)
    media_id = await WechatPictures(api).keep(JPEG)
    pushes = WechatPushes(api)
    assert await pushes.push_picture(ALICE, media_id) is Handover.TAKEN
    asked = await pushes.push_choices(ALICE, "满意吗？", [("1", "满意"), ("2", "不满意")])
    assert asked is Handover.TAKEN
    with pytest.raises(PictureUnfitError) as text:
        await WechatPictures(api).keep(b"<svg/>")
    assert text.value.fault is PictureFault.UNREADABLE
    with pytest.raises(PictureUnfitError) as large:
        await WechatPictures(api).keep(JPEG + b"0" * (2 << 20))
    assert large.value.fault is PictureFault.TOO_LARGE


async def test_a_film_is_no_picture(api: WechatApi, server: WechatServer) -> None:
    film = server.account.sent(b"film", "video")
    assert await WechatPictures(api).fetch(film) == b""


async def test_codes_followers_and_quotas_are_told(api: WechatApi, server: WechatServer) -> None:
    account = WechatAccount(api)
    code = await account.scene_code("p7", life=timedelta(days=60))
    assert code.url.startswith("http://weixin.qq.com/q/")
    assert server.account.scenes[-1]["expire_seconds"] == 30 * 24 * 3600
    await account.scene_code("p8")
    assert server.account.scenes[-1]["action_name"] == "QR_LIMIT_STR_SCENE"
    server.people.follows(ALICE, scene="p7")
    assert await account.follower(ALICE) == Follower(
        follows=True, came_by="ADD_SCENE_QR_CODE", scene="p7"
    )
    server.people.leaves(ALICE)
    assert await account.follower(ALICE) == Follower(follows=False)
    assert await account.quota(MENU) == Quota(most=10_000, used=0)
    assert await account.api_addresses() == ["101.89.47.19"]


async def test_agents_are_made_asked_and_listened_to(api: WechatApi, server: WechatServer) -> None:
    agents, account = WechatAgents(api), "one@gh_anju"
    await agents.add(account, "王")
    await agents.rename(account, "王小安")
    await agents.invite(account, "wang")
    assert await agents.accounts() == [AgentAccount(account, "王小安", "wang")]
    server.agents.online.add(account)
    server.agents.waiting.append(ALICE)
    assert await agents.waiting() == (1, [ALICE])
    await agents.open_session(ALICE, account)
    assert await agents.session_of(ALICE) == account
    assert await agents.served_by(account) == [ALICE]
    assert await agents.online() == {account: 1}
    await agents.close_session(ALICE, account)
    assert await agents.session_of(ALICE) is None
    server.agents.records = [
        Record(ALICE, account, text, at, 2003 if at else 2002)
        for text, at in (("您好", 0), ("我想问", 90_000), ("好的", 200_000))
    ]
    told = [line async for line in agents.said(utc_from_timestamp(0), utc_from_timestamp(200_000))]
    assert [(line.text, line.by_agent) for line in told] == [
        ("您好", True),
        ("我想问", False),
        ("好的", False),
    ]
    await agents.drop(account)
    assert await agents.accounts() == []


async def test_a_page_is_signed_with_a_ticket_that_all_share(
    api: WechatApi, server: WechatServer
) -> None:
    openers = WechatOpeners(api)
    for _ in range(2):
        signed = await openers.signature(nonce="n", timestamp=1, url="https://anju.test/h5#top")
        assert len(signed) == 40
    assert server.account.tickets == 1


def test_a_page_is_signed_as_the_platform_shows() -> None:
    ticket = (
        "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    )
    signed = page_signature(
        ticket,
        nonce="Wm3WZYTPz0wzccnW",
        timestamp=1414587457,
        url="http://mp.weixin.qq.com?params=value",
    )
    assert signed == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


async def test_a_browser_is_sent_where_the_platform_recognises_it(api: WechatApi) -> None:
    address = WechatOpeners(api).asked_at(back="https://anju.test/h5/opened", state="a b")
    assert address == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1234567890abcdef"
        "&redirect_uri=https%3A%2F%2Fanju.test%2Fh5%2Fopened&response_type=code"
        "&scope=snsapi_base&state=a%20b#wechat_redirect"
    )
