"""From a poster to a registration and back, against the started server, over nothing but HTTP.

What the platform sends and reads is made by code that shares nothing with our wire.
"""

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.support.started import Caller, StartedServer, started

_NUMBER = re.compile(r"DJ\d{15}")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[StartedServer]:
    async with started(tmp_path) as server:
        yield server


@pytest.fixture
def caller(server: StartedServer) -> Caller:
    """Somebody of the demo's world who was never here."""
    return Caller(
        server,
        name="周安然",
        openid="oHttpJourney0000000000000001",
        phone="19900007001",
        id_number="11010019860412001X",
        filing="1101052019000123",
    )


async def test_a_citizen_goes_from_a_poster_to_a_registration_and_cancels_it(
    caller: Caller,
) -> None:
    await _arrive(caller)
    await _open_an_account(caller)
    await _prove_the_name(caller)
    await _bind_the_family(caller)
    number = await _register(caller)
    assert len(caller.replies) + 1 <= 14  # the page counts as one message
    await _print(caller, number)
    await _cancel(caller, number)


async def _arrive(caller: Caller) -> None:
    assert "青禾家园" in await caller.follow("青禾家园")
    assert "二居室" in await caller.tap("二居室")


async def _open_an_account(caller: Caller) -> None:
    await caller.tap("去登记")
    assert "手机号" in await caller.tap("同意")
    assert caller.phone not in await caller.say(caller.phone)
    code = await caller.look_at_phone()
    assert re.fullmatch(r"\d{6}", code)
    await caller.say(f"{code[:3]} {code[3:]}")


async def _prove_the_name(caller: Caller) -> None:
    """The page takes one right answer, and only one; the name is then known in the chat."""
    refused = await caller.send_off(姓名="周安燃", 身份证号=caller.id_number)
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    sent = await caller.send_off(姓名=caller.name, 身份证号=caller.id_number)
    assert sent.status_code == httpx.codes.OK
    again = await caller.server.client.get(caller.last.links[-1].url)
    assert again.status_code == httpx.codes.GONE
    told = await caller.say("继续")
    assert "周某某" in told
    assert caller.id_number not in told


async def _bind_the_family(caller: Caller) -> None:
    await caller.say(caller.filing)
    await caller.look_at_phone()
    assert caller.filing in await caller.say(caller.sms)


async def _register(caller: Caller) -> str:
    assert "确定" in await caller.tap("我已阅读并同意")
    told = await caller.tap("确定")
    numbers = _NUMBER.findall(told)
    assert len(numbers) == 1, told
    assert len(caller.last.taps) == 3
    return numbers[0]


async def _print(caller: Caller, number: str) -> None:
    await caller.tap("打印登记表")
    paper = await caller.server.client.get(caller.last.links[-1].url)
    assert paper.status_code == httpx.codes.OK
    words = html.unescape(re.sub(r"<[^>]+>", " ", paper.text))
    assert number in words
    assert caller.name not in words
    assert caller.id_number not in words


async def _cancel(caller: Caller, number: str) -> None:
    assert await caller.registrations() == [number]
    await caller.tap("已登记")
    await caller.tap("取消登记")
    await caller.look_at_phone()
    await caller.say(caller.sms)
    assert number in await caller.tap("确定取消")
    assert await caller.registrations() == [number]
    assert "已取消" in caller.last.text


async def test_a_delivery_that_comes_again_is_answered_alike_and_does_nothing_twice(
    caller: Caller,
) -> None:
    await _arrive(caller)
    await _open_an_account(caller)
    assert caller.post
    told = caller.last.text
    assert await caller.send(caller.post) == told
    inbox = (await caller.server.client.get("/simulator/sms")).json()
    assert len(inbox) == 1


async def test_a_page_and_a_paper_are_closed_to_whoever_changes_the_link(caller: Caller) -> None:
    await _arrive(caller)
    await _open_an_account(caller)
    url = caller.last.links[-1].url
    changed = url[:-1] + ("A" if url[-1] != "A" else "B")
    for path in (changed, f"{caller.server.url}/h5/print/{url.rpartition('/')[2]}"):
        closed = await caller.server.client.get(path)
        assert closed.status_code in {403, 404}, path


async def test_what_the_platform_did_not_send_is_refused_and_changes_nothing(
    caller: Caller,
) -> None:
    await _arrive(caller)
    platform, client = caller.server.platform, caller.server.client
    strangers = [
        replace(platform, token="somebody-elses-token"),  # noqa: S106 (a made-up account)
        replace(platform, aes_key="A" * 43),
        replace(platform, now=lambda: platform.now() - 3600),
    ]
    for stranger in strangers:
        post = stranger.text(caller.openid, "去登记")
        answer = await client.post("/wechat", params=post.query, content=post.body)
        assert answer.status_code == httpx.codes.FORBIDDEN
    post = platform.text(caller.openid, "去登记")
    cut = await client.post("/wechat", params=post.query, content=post.body[:-40])
    assert cut.status_code < httpx.codes.INTERNAL_SERVER_ERROR
    assert "同意" in await caller.tap("去登记")
