import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from bot import bodies
from bot.wechat.render import Bubble
from bot.wechat.webhook import routes
from bot.wechat.wire import MAX_BODY, Delivery, OfficialAccount
from dialogs.engine.messages import Article
from tests.support.clock import FakeClock
from tests.support.platform import FakePlatform, Post

TOKEN = "weixintoken"  # noqa: S105 (a test's)
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
GH = "gh_97417a04a28d"
OPENID = "oAbC-1234567890_abcdefghijkl"

Answer = Callable[[Delivery], Awaitable[Bubble]]


async def echo(delivery: Delivery) -> Bubble:
    return Bubble(text=f"您说：{delivery.said.text}")


async def silence(_: Delivery) -> Bubble:
    return Bubble()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 3, 11, 4, tzinfo=UTC))


@pytest.fixture
def platform(clock: FakeClock) -> FakePlatform:
    return FakePlatform(
        TOKEN, AES_KEY, "wx0123456789abcdef", GH, now=lambda: clock.now().timestamp()
    )


@pytest.fixture
def app(clock: FakeClock) -> Starlette:
    app = Starlette(routes=routes)
    app.state.account = OfficialAccount(TOKEN, AES_KEY, "wx0123456789abcdef", GH)
    app.state.clock = clock
    app.state.answer = echo
    return app


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://anju") as client:
        yield client


async def deliver(client: httpx.AsyncClient, post: Post) -> httpx.Response:
    return await client.post("/wechat", params=post.query, content=post.body)


# --- what is answered -----------------------------------------------------------------------


async def test_the_echo_is_exact_and_plain(
    client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    response = await client.get("/wechat", params=platform.echo("0043751209"))
    assert (response.status_code, response.content) == (200, b"0043751209")
    assert response.headers["content-type"].startswith("text/plain")


async def test_an_unsigned_echo_is_refused(
    client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    for query in ({}, {"echostr": "1"}, platform.echo() | {"signature": "0" * 40}):
        response = await client.get("/wechat", params=query)
        assert (response.status_code, response.content) == (403, b"")


async def test_a_message_gets_its_reply(client: httpx.AsyncClient, platform: FakePlatform) -> None:
    response = await deliver(client, platform.text(OPENID, "你好"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/xml"
    seen = platform.open_reply(response.content)
    assert seen is not None
    assert (seen.to, seen.text) == (OPENID, "您说：你好")


async def test_a_card_travels_whole(
    app: Starlette, client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    async def card(_: Delivery) -> Bubble:
        return Bubble(article=Article("标题", "说明", "https://anju.example/h5/1"))

    app.state.answer = card
    seen = platform.open_reply((await deliver(client, platform.menu(OPENID, "我的"))).content)
    assert seen is not None
    assert seen.card is not None
    assert (seen.card.title, seen.card.url) == ("标题", "https://anju.example/h5/1")


async def test_silence_is_success_in_plain_text(
    app: Starlette, client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    app.state.answer = silence
    response = await deliver(client, platform.unfollow(OPENID))
    assert (response.status_code, response.content) == (200, b"success")
    assert response.headers["content-type"].startswith("text/plain")


async def test_an_unknown_type_is_logged_by_its_name_alone(
    client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    with capture_logs() as logs:
        await deliver(client, platform.message("hologram", OPENID, {"Content": "秘密"}))
    assert [(line["event"], line["type"]) for line in logs] == [("unknown_type", "hologram")]
    assert not re.search(f"秘密|{OPENID}", repr(logs))


async def test_plain_mode_works_when_the_account_says_so(
    app: Starlette, client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    platform.secure = False
    app.state.account = OfficialAccount(TOKEN, "", "", encryption="plain")
    seen = platform.open_reply((await deliver(client, platform.text(OPENID, "你好"))).content)
    assert seen is not None
    assert seen.text == "您说：你好"


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_other_methods_are_not_allowed(client: httpx.AsyncClient, method: str) -> None:
    assert (await client.request(method, "/wechat")).status_code == 405


async def test_refusals_say_nothing_and_log_only_their_kind(
    client: httpx.AsyncClient, platform: FakePlatform, clock: FakeClock
) -> None:
    post = platform.text(OPENID, "秘密")
    forged = Post(post.body, post.query | {"msg_signature": "0" * 40}, "")
    cases = [
        (forged, "signature"),
        (Post(b"", post.query, ""), "empty"),
        (Post(b"<!DOCTYPE xml><xml/>", post.query, ""), "markup"),
        (Post(b"not xml", post.query, ""), "unreadable"),
    ]
    for case, kind in cases:
        with capture_logs() as logs:
            response = await deliver(client, case)
        assert (response.status_code, response.content) == (403, b"")
        assert logs == [{"event": "refused", "kind": kind, "status": 403, "log_level": "warning"}]
    clock.forward(301)
    assert (await deliver(client, post)).status_code == 403


async def test_an_authentic_but_unreadable_message_is_not_sent_again(
    client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    with capture_logs() as logs:
        response = await deliver(client, platform.seal_bytes(b"<xml><Content>"))
    assert (response.status_code, response.content) == (200, b"success")
    assert [line["kind"] for line in logs] == ["unreadable"]


async def test_an_oversized_body_is_refused_before_it_is_all_read(
    client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MAX_BODY:
            sent += 16_384
            yield b"x" * 16_384

    query = platform.text(OPENID, "1").query
    response = await client.post("/wechat", params=query, content=endless())
    assert (response.status_code, response.content) == (413, b"")


async def test_no_more_than_a_message_is_taken_off_the_wire(app: Starlette) -> None:
    taken = 0

    async def receive() -> dict[str, object]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * 16_384, "more_body": True}

    assert await status_of(app, receive) == 413
    assert taken == MAX_BODY // 16_384 + 1


async def test_a_body_that_does_not_come_is_not_waited_for(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(bodies, "_SECONDS", 0.01)
    assert await status_of(app, receive) == 408


async def test_a_client_that_goes_away_is_let_go(app: Starlette) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    assert await status_of(app, receive) == 408


async def status_of(app: Starlette, receive: Callable[[], Awaitable[dict[str, object]]]) -> int:
    """Run the app on a hand-made connection, which httpx would not let misbehave."""
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/wechat",
        "query_string": b"",
        "headers": [],
        "app": app,
    }
    await app(scope, receive, send)  # type: ignore[arg-type] # hand-made
    status = sent[0]["status"]
    assert isinstance(status, int)
    return status


# --- when the turn breaks -------------------------------------------------------------------

SECRET = "身份证110101199003070011"  # noqa: S105 (a made-up number that must not be logged)


async def breaking(_: Delivery) -> Bubble:
    raise LookupError(SECRET)


async def answering_nonsense(_: Delivery) -> Bubble:
    return None  # type: ignore[return-value] # that is the fault


@pytest.mark.parametrize("answer", [breaking, answering_nonsense])
async def test_a_broken_turn_still_answers_with_a_reference(
    app: Starlette, client: httpx.AsyncClient, platform: FakePlatform, answer: Answer
) -> None:
    app.state.answer = answer
    with capture_logs() as logs:
        response = await deliver(client, platform.text(OPENID, SECRET))
    seen = platform.open_reply(response.content)
    assert seen is not None
    told = re.search(r"编号 ([0-9A-F]{10})", seen.text)
    assert told
    assert [(line["event"], line["reference"]) for line in logs] == [("answer_failed", told[1])]
    assert SECRET not in json.dumps(logs, ensure_ascii=False)


async def test_the_log_tells_where_a_turn_broke(
    app: Starlette, client: httpx.AsyncClient, platform: FakePlatform
) -> None:
    app.state.answer = breaking
    with capture_logs() as logs:
        await deliver(client, platform.text(OPENID, "1"))
    assert logs[0]["error"] == "LookupError"
    assert logs[0]["where"][-1].startswith("breaking:")


@pytest.mark.parametrize("event", ["unsubscribe", "VIEW", "TEMPLATESENDJOBFINISH"])
async def test_a_broken_turn_says_nothing_where_nobody_listens(
    app: Starlette, client: httpx.AsyncClient, platform: FakePlatform, event: str
) -> None:
    app.state.answer = breaking
    with capture_logs() as logs:
        response = await deliver(client, platform.event(event, OPENID))
    assert (response.status_code, response.content) == (200, b"success")
    assert len(logs) == 1


async def test_a_cancelled_turn_stays_cancelled(app: Starlette, platform: FakePlatform) -> None:
    begun = asyncio.Event()

    async def endless(_: Delivery) -> Bubble:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    app.state.answer = endless
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://anju") as client:
        task = asyncio.create_task(deliver(client, platform.text(OPENID, "1")))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
