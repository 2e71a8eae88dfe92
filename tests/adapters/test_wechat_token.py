"""One token for all workers: fetched once, early, and replaced once when it is refused.

Source: S0-11.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.sql.secrets import EmbeddedSecrets
from adapters.wechat_account import WechatAccount
from adapters.wechat_api import WechatApi, WechatSaidNoError
from adapters.wechat_outcomes import Outcome
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER
from tests.support.wechat.access import api_at
from tests.support.wechat.server import WechatServer, wechat

TOKEN = "/cgi-bin/stable_token"  # noqa: S105 (an address)
MENU = "/cgi-bin/menu/get"
WORKERS = 10


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[WechatServer]:
    with wechat(clock) as server:
        yield server


@pytest.fixture
async def workers(server: WechatServer, tmp_path: Path) -> AsyncIterator[list[WechatApi]]:
    """Lend ten accesses that share nothing but a store, each with a connection of its own."""
    async with AsyncExitStack() as opened:
        found = []
        for _ in range(WORKERS):
            store = await EmbeddedSecrets.open(tmp_path / "secrets.db", CIPHER)
            opened.push_async_callback(store.aclose)
            found.append(await opened.enter_async_context(api_at(server, secrets=store)))
        yield found


async def asked(worker: WechatApi) -> object:
    return await WechatAccount(worker).menu()


async def test_of_ten_workers_who_ask_at_once_one_fetches(
    workers: list[WechatApi], server: WechatServer
) -> None:
    words = await asyncio.gather(*(worker.token.current() for worker in workers))
    assert len(set(words)) == 1
    assert server.calls[TOKEN] == 1


async def test_a_token_revoked_in_mid_flight_is_replaced_once_by_all(
    workers: list[WechatApi], server: WechatServer
) -> None:
    await asyncio.gather(*(asked(worker) for worker in workers))
    server.account.revoke()
    await asyncio.gather(*(asked(worker) for worker in workers for _ in range(3)))
    assert server.calls[TOKEN] == 2
    assert len(server.account.tokens) == 1


async def test_a_revoked_token_that_is_given_out_again_is_forced_once(
    workers: list[WechatApi], server: WechatServer
) -> None:
    await asked(workers[0])
    server.account.revoke()
    server.account.fixed = True
    assert await asked(workers[0]) is None
    assert server.calls[TOKEN] == 3
    assert len(server.account.forced) == 1


async def test_a_token_that_is_refused_for_ever_leads_to_no_loop(
    workers: list[WechatApi], server: WechatServer
) -> None:
    server.say(MENU, *[40001] * 50)
    for worker in workers[:3]:
        with pytest.raises((WechatSaidNoError, UnavailableError)):
            await asked(worker)
    assert server.calls[MENU] <= 6
    assert server.calls[TOKEN] <= 5
    assert len(server.account.forced) == 1


async def test_a_token_is_replaced_five_minutes_early_and_seen_by_others(
    workers: list[WechatApi], server: WechatServer, clock: FakeClock
) -> None:
    first, second = workers[:2]
    old = await first.token.current()
    clock.forward(7200 - 301)
    assert await first.token.current() == old == await second.token.current()
    clock.forward(2)
    new = await second.token.current()
    assert new != old
    assert await first.token.current() == new
    assert server.calls[TOKEN] == 2


async def test_who_is_refused_a_token_holds_up_nobody(
    workers: list[WechatApi], server: WechatServer
) -> None:
    first, second = workers[:2]
    server.account.barred = True
    with pytest.raises(WechatSaidNoError) as refused:
        await first.token.current()
    assert refused.value.outcome is Outcome.BARRED
    assert refused.value.our_address == "203.0.113.7"
    server.account.barred = False
    assert await second.token.current()


async def test_who_is_barred_rests_for_ten_minutes(
    workers: list[WechatApi], server: WechatServer, clock: FakeClock
) -> None:
    server.account.barred = True
    for _ in range(3):
        with pytest.raises(WechatSaidNoError):
            await workers[0].token.current()
    assert server.calls[TOKEN] == 1
    server.account.barred = False
    clock.forward(600)
    assert await workers[0].token.current()


async def test_a_wrong_secret_is_not_tried_again_at_once(server: WechatServer) -> None:
    async with api_at(server, secret="wrong") as api:  # noqa: S106 (wrong on purpose)
        for _ in range(3):
            with pytest.raises(WechatSaidNoError) as refused:
                await asked(api)
            assert refused.value.outcome is Outcome.STOP
    assert server.calls[TOKEN] == 1
