"""The fake WeChat: what it sends reaches the real webhook, what comes back is read as written."""

import io
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.simulator.phone import Gesture, GestureKind, HeardKind, Phone
from bot.simulator.sandbox import CITIZENS
from bot.simulator.terminal import Terminal
from bot.wechat.crypto import encrypt, sign
from bot.wechat.render import drop_unwritable
from bot.wechat.wire import open_envelope
from dialogs.engine.messages import SaidKind
from tests.support.clock import FakeClock
from tests.support.echo import ACCOUNT, EchoBot, echo_app

OPENID = CITIZENS[0].openid
MENU_KEY = "快速配租"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stage(clock: FakeClock) -> tuple[Phone, EchoBot]:
    app, bot = echo_app(clock)
    return app.state.sandbox.phone, bot


@pytest.fixture
async def browser(clock: FakeClock) -> AsyncIterator[httpx.AsyncClient]:
    app, _ = echo_app(clock)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


# --- the platform's side --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gesture", "kind", "text"),
    [
        (Gesture(OPENID, GestureKind.TEXT, "你好"), SaidKind.TEXT, "你好"),
        (Gesture(OPENID, GestureKind.IMAGE), SaidKind.IMAGE, ""),
        (Gesture(OPENID, GestureKind.VOICE), SaidKind.VOICE, ""),
        (Gesture(OPENID, GestureKind.VIDEO), SaidKind.VIDEO, ""),
        (Gesture(OPENID, GestureKind.LOCATION, "良乡"), SaidKind.LOCATION, ""),
        (Gesture(OPENID, GestureKind.LINK, "https://a.example"), SaidKind.LINK, ""),
        (Gesture(OPENID, GestureKind.FOLLOW), SaidKind.FOLLOW, ""),
        (Gesture(OPENID, GestureKind.FOLLOW, scene="q1"), SaidKind.FOLLOW, "q1"),
        (Gesture(OPENID, GestureKind.SCAN, scene="q1"), SaidKind.SCAN, "q1"),
        (Gesture(OPENID, GestureKind.UNFOLLOW), SaidKind.UNFOLLOW, ""),
        (Gesture(OPENID, GestureKind.MENU, MENU_KEY), SaidKind.MENU, MENU_KEY),
        (Gesture(OPENID, GestureKind.AGREE, "T1"), SaidKind.RECEIPT, ""),
        (Gesture(OPENID, GestureKind.REFUSE, "T1"), SaidKind.RECEIPT, ""),
    ],
)
@pytest.mark.parametrize("encryption", ["secure", "plain"])
async def test_every_gesture_arrives_as_what_it_is(
    gesture: Gesture, kind: SaidKind, text: str, encryption: str, clock: FakeClock
) -> None:
    account = replace(ACCOUNT, encryption=encryption)
    app, bot = echo_app(clock, account)
    exchange = await app.state.sandbox.phone.send(gesture)
    [delivery] = bot.deliveries
    assert (delivery.openid, delivery.said.kind, delivery.said.text) == (OPENID, kind, text)
    assert exchange.raw.status == 200
    assert exchange.reply.kind is not HeardKind.FAULT


async def test_every_kind_of_gesture_is_tried_above() -> None:
    [tried] = [
        mark.args[1]
        for mark in test_every_gesture_arrives_as_what_it_is.pytestmark
        if mark.args[0] == ("gesture", "kind", "text")
    ]
    assert {gesture.kind for gesture, _, _ in tried} == set(GestureKind)


async def test_a_tap_carries_its_id_and_a_typed_word_none(stage: tuple[Phone, EchoBot]) -> None:
    phone, bot = stage
    await phone.send(Gesture(OPENID, GestureKind.TEXT, "1", tap="home.1"))
    await phone.send(Gesture(OPENID, GestureKind.TEXT, "1"))
    assert [delivery.said.tap for delivery in bot.deliveries] == ["home.1", ""]


async def test_two_messages_in_one_second_are_two_and_a_redelivery_is_none(
    stage: tuple[Phone, EchoBot],
) -> None:
    phone, bot = stage
    await phone.send(Gesture(OPENID, GestureKind.TEXT, "同一句"))
    second = await phone.send(Gesture(OPENID, GestureKind.TEXT, "同一句"))
    again = await phone.again(OPENID)
    keys = [delivery.key for delivery in bot.deliveries]
    assert keys[0] != keys[1] == keys[2]
    assert again is not None
    assert again.raw.sent_envelope == second.raw.sent_envelope


async def test_message_ids_stay_below_64_bits_and_grow(stage: tuple[Phone, EchoBot]) -> None:
    phone, bot = stage
    for _ in range(3):
        await phone.send(Gesture(OPENID, GestureKind.TEXT, "数"))
    ids = [int(delivery.key.rpartition(":")[2]) for delivery in bot.deliveries]
    assert ids == sorted(set(ids))
    assert max(ids) < 2**63


async def test_each_citizen_has_a_last_message_of_their_own(stage: tuple[Phone, EchoBot]) -> None:
    phone, bot = stage
    await phone.send(Gesture(OPENID, GestureKind.TEXT, "第一位"))
    await phone.send(Gesture(CITIZENS[1].openid, GestureKind.TEXT, "第二位"))
    await phone.again(OPENID)
    assert bot.deliveries[-1].said.text == "第一位"
    assert await phone.again(CITIZENS[2].openid) is None


@given(st.text(max_size=200))
async def test_any_words_arrive_as_typed(words: str) -> None:
    app, bot = echo_app(FakeClock())
    await app.state.sandbox.phone.send(Gesture(OPENID, GestureKind.TEXT, words))
    arrived = drop_unwritable(words).replace("\r\n", "\n").replace("\r", "\n").strip()
    assert bot.deliveries[-1].said.text == arrived


async def test_the_wire_is_really_encrypted(stage: tuple[Phone, EchoBot]) -> None:
    phone, _ = stage
    raw = (await phone.send(Gesture(OPENID, GestureKind.TEXT, "身份"))).raw
    assert "身份" in raw.sent_xml
    assert "身份" in raw.reply_xml
    assert "身份" not in raw.sent_envelope
    assert "身份" not in raw.reply_envelope
    assert OPENID not in raw.reply_envelope


async def test_an_old_redelivery_is_refused_as_the_platforms_own_would_be(
    stage: tuple[Phone, EchoBot], clock: FakeClock
) -> None:
    phone, bot = stage
    await phone.send(Gesture(OPENID, GestureKind.TEXT, "你好"))
    clock.forward(ACCOUNT.freshness + 1)
    again = await phone.again(OPENID)
    assert again is not None
    assert (again.raw.status, again.reply.kind) == (403, HeardKind.FAULT)
    assert len(bot.deliveries) == 1


# --- answers the platform would not show ----------------------------------------------------


def _sealed(xml: str, signed_with: str = ACCOUNT.token) -> bytes:
    encrypted = encrypt(ACCOUNT, xml.encode())
    signature = sign(signed_with, "1", "n", encrypted)
    return (
        f"<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{signature}</MsgSignature>"
        "<TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>"
    ).encode()


def _text(openid: str = OPENID, kind: str = "text") -> str:
    return (
        f"<xml><ToUserName>{openid}</ToUserName><MsgType>{kind}</MsgType>"
        "<Content>好</Content></xml>"
    )


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, _sealed(_text()), HeardKind.TEXT),
        (200, b"success", HeardKind.NONE),
        (200, _sealed(_text(kind="transfer_customer_service")), HeardKind.TRANSFER),
        (200, b"", HeardKind.NONE),
        (500, _sealed(_text()), HeardKind.FAULT),
        (200, b"<html>login</html>", HeardKind.FAULT),
        (200, b'{"ok": true}', HeardKind.FAULT),
        (200, b"\xff\xfe", HeardKind.FAULT),
        (200, _text().encode(), HeardKind.FAULT),
        (200, _sealed(_text(), signed_with="forged"), HeardKind.FAULT),
        (200, _sealed(_text(openid="oSomebodyElse")), HeardKind.FAULT),
        (200, _sealed(_text(kind="music")), HeardKind.FAULT),
        (200, _sealed("<xml/>"), HeardKind.FAULT),
        (200, _sealed("<xml><MsgType>te"), HeardKind.FAULT),
    ],
)
async def test_only_a_proper_answer_is_shown(
    status: int, body: bytes, kind: HeardKind, clock: FakeClock
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(body, status)(scope, receive, send)

    phone = Phone(ACCOUNT, clock, lambda: app)
    exchange = await phone.send(Gesture(OPENID, GestureKind.TEXT, "你好"))
    assert exchange.reply.kind is kind


async def test_an_app_that_breaks_shows_the_platforms_words(clock: FakeClock) -> None:
    async def app(*_: object) -> None:
        raise RuntimeError

    exchange = await Phone(ACCOUNT, clock, lambda: app).send(Gesture(OPENID, GestureKind.FOLLOW))
    assert exchange.reply.kind is HeardKind.FAULT


# --- over HTTP ------------------------------------------------------------------------------


async def test_sending_over_http_returns_the_answer_and_both_sides_of_the_wire(
    browser: httpx.AsyncClient,
) -> None:
    sent = {"openid": OPENID, "kind": "text", "text": "卡片"}
    exchange = (await browser.post("/simulator/send", json=sent)).json()
    assert exchange["reply"]["kind"] == "news"
    assert set(exchange["reply"]["article"]) == {"title", "description", "url", "picture"}
    raw = exchange["raw"]
    assert set(raw) == {"sent_xml", "sent_envelope", "reply_envelope", "reply_xml", "status"}
    again = (await browser.post("/simulator/again", json={"openid": OPENID})).json()
    assert again["reply"] == exchange["reply"]


@pytest.mark.parametrize(
    "sent",
    [
        {"openid": "", "kind": "text"},
        {"openid": "o<b>", "kind": "text"},
        {"openid": OPENID, "kind": "dance"},
        {"openid": OPENID, "kind": "text", "text": "长" * 4001},
        {"openid": OPENID, "kind": "text", "more": 1},
    ],
)
async def test_what_no_phone_could_send_is_refused(
    sent: dict[str, object], browser: httpx.AsyncClient
) -> None:
    assert (await browser.post("/simulator/send", json=sent)).status_code == 422


async def test_there_is_nothing_to_redeliver_before_the_first_message(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.post("/simulator/again", json={"openid": OPENID})
    assert answer.status_code == 404
    assert answer.json()["detail"]


async def test_the_page_loads_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/simulator")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\ssrc=)|\s(on\w+|style)=", page.text)
    assert "http" not in page.text.replace("http://anju.example", "")


async def test_every_file_of_the_page_is_served_and_no_other(browser: httpx.AsyncClient) -> None:
    for name in ("main.js", "chat.css", "house.svg"):
        assert (await browser.get(f"/simulator/static/{name}")).status_code == 200
    for name in ("routes.py", "..%2froutes.py", "none.js"):
        assert (await browser.get(f"/simulator/static/{name}")).status_code == 404


async def test_text_messages_are_listed_newest_first_and_by_phone(
    browser: httpx.AsyncClient,
) -> None:
    sent = {"openid": OPENID, "kind": "text", "text": "验证码"}
    await browser.post("/simulator/send", json=sent)
    [sms] = (await browser.get("/simulator/sms")).json()
    assert set(sms) == {"phone", "code", "text", "sent_at"}
    assert datetime.fromisoformat(sms["sent_at"]).tzinfo is not None
    assert (await browser.get("/simulator/sms?phone=19900001001")).json() == [sms]
    assert (await browser.get("/simulator/sms?phone=19900001002")).json() == []


async def test_nothing_is_in_the_outbox_before_a_push(browser: httpx.AsyncClient) -> None:
    assert (await browser.get(f"/simulator/outbox?openid={OPENID}")).json() == []
    assert (await browser.get("/simulator/outbox")).status_code == 422


async def test_ready_citizens_have_openids_of_the_platforms_shape(
    browser: httpx.AsyncClient,
) -> None:
    citizens = (await browser.get("/simulator/citizens")).json()
    openids = {citizen["openid"] for citizen in citizens}
    assert len(openids) == 4
    assert {len(openid) for openid in openids} == {28}


async def test_the_menu_is_three_by_five(browser: httpx.AsyncClient) -> None:
    menu = (await browser.get("/simulator/menu")).json()
    assert [len(group["buttons"]) for group in menu] == [5, 5, 5]


async def test_a_poster_is_a_picture_of_a_code_and_only_of_known_scenes(
    browser: httpx.AsyncClient,
) -> None:
    for poster in (await browser.get("/simulator/posters")).json():
        code = await browser.get(f"/simulator/posters/{poster['scene']}.png")
        assert code.content.startswith(b"\x89PNG")
    assert (await browser.get("/simulator/posters/unknown.png")).status_code == 404


# --- in a terminal --------------------------------------------------------------------------


async def _talk(clock: FakeClock, *lines: str) -> tuple[str, EchoBot]:
    app, bot = echo_app(clock)
    typed: Iterator[str] = iter(lines)

    async def read() -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    console = Console(file=io.StringIO(), width=100)
    await Terminal(app.state.sandbox, console, read).talk()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue(), bot


async def test_the_terminal_says_and_hears(clock: FakeClock) -> None:
    printed, bot = await _talk(clock, "/follow", "", "你好", "/quit", "没有人听了")
    assert [delivery.said.kind for delivery in bot.deliveries] == [SaidKind.FOLLOW, SaidKind.TEXT]
    assert "您说的是：你好" in printed
    assert "1. 快速配租" in printed
    assert "weixin://" not in printed


async def test_the_terminal_does_all_a_phone_does(clock: FakeClock) -> None:
    lines = ("/scan 1", "/scan 2", "/menu 2.2", "/photo", "/again", "/unfollow")
    _, bot = await _talk(clock, *lines)
    kinds = [delivery.said.kind for delivery in bot.deliveries]
    assert kinds == ["follow", "scan", "menu", "image", "image", "unfollow"]
    assert bot.deliveries[3] == bot.deliveries[4]
    assert bot.deliveries[2].said.text == "我的"


async def test_the_terminal_changes_and_adds_citizens(clock: FakeClock) -> None:
    lines = ("甲", f"/who {CITIZENS[1].name}", "乙", "/who 新来的", "丙", "/who")
    printed, bot = await _talk(clock, *lines)
    openids = [delivery.openid for delivery in bot.deliveries]
    assert openids[:2] == [CITIZENS[0].openid, CITIZENS[1].openid]
    assert len(set(openids)) == 3
    assert {len(openid) for openid in openids} == {28}
    assert "新来的" in printed


async def test_the_terminal_tells_what_it_can_do_when_asked_or_misused(clock: FakeClock) -> None:
    lines = ("/sms", "/again", "/raw", "/dance", "/scan", "/scan 9", "/menu", "/menu 9.9")
    printed, bot = await _talk(clock, *lines)
    assert bot.deliveries == []
    assert "还没有短信" in printed
    assert "青禾家园" in printed
    assert "1.2 只看我能登记的" in printed


async def test_the_terminal_shows_codes_cards_pages_silence_and_the_wire(clock: FakeClock) -> None:
    printed, _ = await _talk(clock, "验证码", "/sms", "卡片", "网页", "沉默", "你好", "/raw")
    assert "482913" in printed
    assert "青禾家园" in printed
    assert "http://anju.example/h5/form" in printed
    assert "没有回复" in printed
    assert "<Encrypt>" in printed


async def test_what_the_phone_seals_is_opened_by_the_wire_alone(clock: FakeClock) -> None:
    """The page's redelivery must be the platform's: the wire itself reads the same bytes."""
    seen: list[tuple[bytes, dict[str, str]]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        query = dict(httpx.QueryParams(scope["query_string"].decode()))
        seen.append(((await receive())["body"], query))
        await Response(b"success")(scope, receive, send)

    phone = Phone(ACCOUNT, clock, lambda: app)
    await phone.send(Gesture(OPENID, GestureKind.TEXT, "你好"))
    await phone.again(OPENID)
    assert seen[0] == seen[1]
    body, query = seen[0]
    assert open_envelope(ACCOUNT, body, query, clock.now().timestamp()).said.text == "你好"


async def test_a_photo_is_kept_under_the_name_that_the_account_hears(clock: FakeClock) -> None:
    app, bot = echo_app(clock)
    phone = app.state.sandbox.phone
    await phone.send(Gesture(OPENID, GestureKind.IMAGE, picture=b"a photo"))
    await phone.send(Gesture(OPENID, GestureKind.IMAGE))
    assert bot.pictures == {bot.deliveries[0].said.media_id: b"a photo"}
    assert bot.deliveries[1].said.media_id not in bot.pictures
