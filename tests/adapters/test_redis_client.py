"""The way to Redis by URL, through failovers, and what speaks against a server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis, RedisCluster

from adapters.cipher import Cipher
from adapters.redis.client import Client, client_for, close, safety
from adapters.redis.conversations import RedisConversations
from domain.shared.conversations import Answered, Mine
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.redis_server import RedisServer, running

LI = OpenId("li" + "0" * 26)
SAFE = ("maxmemory-policy noeviction",)


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[Client]:
    client = client_for(url)
    try:
        yield client
    finally:
        await close(client)


@asynccontextmanager
async def store_at(url: str) -> AsyncIterator[RedisConversations]:
    store = await RedisConversations.open(url, FakeClock(), Cipher(bytes(32)))
    try:
        yield store
    finally:
        await store.aclose()


async def said(store: RedisConversations, key: str, payload: bytes) -> bytes | None:
    """Save a talk; return what it was before."""
    claim = await store.claim(key, LI, wait=5)
    assert isinstance(claim, Mine)
    await store.finish(claim, payload=payload, reply=b"r")
    return claim.payload


# --- by URL -------------------------------------------------------------------------------------


async def test_a_url_names_server_database_user_and_password(tmp_path: Path) -> None:
    user = "user anju on >p%40ss ~* +@all"
    async with running(tmp_path, user.replace("%40", "@")) as server:
        url = f"redis://anju:p%40ss@127.0.0.1:{server.port}/7"
        async with client_of(url) as client:
            await client.set("key", "value")
        async with Redis(port=server.port, db=7) as looking:
            assert await looking.get("key") == b"value"


async def test_a_url_may_name_a_socket(tmp_path: Path) -> None:
    socket = tmp_path / "s"
    async with (
        running(tmp_path / "redis", f"unixsocket {socket}"),
        store_at(f"unix://{socket}?db=3") as store,
    ):
        await said(store, "k1", b"p")
        assert await store.peek(LI) == b"p"


@pytest.mark.parametrize("url", ["http://u:secret@h", "memcached://secret", "secret", ""])
def test_another_kind_of_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="redis") as refused:
        client_for(url)
    assert "secret" not in str(refused.value)


# --- what speaks against a server ---------------------------------------------------------------


async def objections(folder: Path, *options: str, who: str = "") -> list[str]:
    async with running(folder, *options) as server:
        url = f"redis://{who}127.0.0.1:{server.port}"
        async with client_of(url) as client:
            return await safety(client)


async def test_nothing_speaks_against_a_server_that_keeps_all(tmp_path: Path) -> None:
    assert await objections(tmp_path, *SAFE) == []


async def test_a_server_that_forgets_is_objected_to(tmp_path: Path) -> None:
    [objection] = await objections(tmp_path, *SAFE, "appendonly no")
    assert "appendonly yes" in objection
    assert "重启" in objection


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
async def test_a_server_that_drops_talk_is_objected_to(tmp_path: Path, policy: str) -> None:
    [objection] = await objections(tmp_path, f"maxmemory-policy {policy}")
    assert policy in objection
    assert "noeviction" in objection


async def test_both_are_said(tmp_path: Path) -> None:
    said = await objections(tmp_path, "appendonly no", "maxmemory-policy allkeys-lru")
    assert len(said) == 2


MANAGED = "user managed on >x ~* +@all -config"
CLOSED = "user closed on >x ~* +@all -config -info"


@pytest.mark.parametrize("aof", ["yes", "no"])
@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru"])
async def test_where_the_settings_may_not_be_asked_for_the_state_tells(
    tmp_path: Path, aof: str, policy: str
) -> None:
    options = (MANAGED, f"appendonly {aof}", f"maxmemory-policy {policy}")
    said = await objections(tmp_path, *options, who="managed:x@")
    assert len(said) == (aof == "no") + (policy != "noeviction")


async def test_where_nothing_may_be_asked_that_is_said(tmp_path: Path) -> None:
    said = await objections(tmp_path, *SAFE, CLOSED, who="closed:x@")
    assert len(said) == 2
    assert all("无法确认" in one and "INFO" in one for one in said)


async def test_a_silent_server_is_no_safe_server(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.kill()
        async with client_of(server.url) as client:
            with pytest.raises(UnavailableError):
                await safety(client)


# --- Sentinel -----------------------------------------------------------------------------------


async def test_talk_goes_on_with_the_master_that_sentinel_names(tmp_path: Path) -> None:
    async with (
        running(tmp_path / "one") as one,
        running(tmp_path / "two", f"replicaof 127.0.0.1 {one.port}") as two,
        running(
            tmp_path / "sentinel",
            f"sentinel monitor anju 127.0.0.1 {one.port} 1",
            "sentinel down-after-milliseconds anju 300",
            "sentinel failover-timeout anju 2000",
            sentinel=True,
        ) as sentinel,
        store_at(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/anju/0") as store,
    ):
        assert await said(store, "k1", b"before") is None
        await until(lambda: in_sync(one), lambda: knows_replica(sentinel))
        await one.kill()
        await until(lambda: is_master(two), lambda: answers(store))
        assert await said(store, "k2", b"after") == b"before"
        assert await store.claim("k1", LI, wait=5) == Answered(b"r")


async def in_sync(server: RedisServer) -> bool:
    async with Redis(port=server.port) as client:
        return await client.wait(1, 100) == 1


async def knows_replica(sentinel: RedisServer) -> bool:
    async with Redis(port=sentinel.port) as client:
        return bool(await client.sentinel_slaves("anju"))


async def is_master(server: RedisServer) -> bool:
    async with Redis(port=server.port) as client:
        return (await client.info("replication"))["role"] == "master"


async def answers(store: RedisConversations) -> bool:
    try:
        await store.peek(LI)
        await store.erase(OpenId("nobody"))
    except UnavailableError:
        return False
    return True


async def until(*conditions: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        for met in conditions:
            while not await met():  # noqa: ASYNC110 (servers tell nobody)
                await asyncio.sleep(0.05)


# --- Cluster ------------------------------------------------------------------------------------


async def test_talk_is_kept_in_a_cluster(tmp_path: Path) -> None:
    async with running(tmp_path, "cluster-enabled yes", *SAFE) as node:
        await node.do("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        await until(lambda: whole(node))
        url = f"redis+cluster://127.0.0.1:{node.port},127.0.0.1:1"
        async with store_at(url) as store:
            assert await said(store, "k1", b"one") is None
            assert await said(store, "k2", b"two") == b"one"
            assert await store.claim("k1", LI, wait=5) == Answered(b"r")
            await node.do("SCRIPT", "FLUSH")
            await node.restart()
            await until(lambda: whole(node), lambda: answers(store))
            assert await said(store, "k3", b"three") == b"two"
        async with client_of(url) as client:
            assert isinstance(client, RedisCluster)
            assert await safety(client) == []


async def whole(node: RedisServer) -> bool:
    told = await node.do("CLUSTER", "INFO")
    return (
        dict(told)["cluster_state"] == "ok" if isinstance(told, dict) else "state:ok" in str(told)
    )
