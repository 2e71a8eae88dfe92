"""The way to Redis: one server, Sentinel or Cluster by URL, and what must not be said of it."""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool as _SentinelPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError, ResponseError

from domain.shared.errors import UnavailableError

__all__ = ["Client", "client_for", "close", "safety"]

Client: TypeAlias = Redis | RedisCluster

_SECONDS: Final = 1.0
"""How long a server may take to answer; a citizen waits for it."""

_CONNECT_SECONDS: Final = 0.8
_SENTINEL_SECONDS: Final = 0.3
_SENTINEL_PORT: Final = 26379
_PORT: Final = 6379
_KEPT: Final = 16
"""Connections to each server."""

_NO_URL = "a Redis URL begins with redis, rediss, unix, redis+sentinel or redis+cluster"
_FORGETS = (
    "Redis 没有开启追加文件（appendonly no），一旦重启，市民正在填的内容就没有了："
    "请设置 appendonly yes。 "
    "Redis keeps no append-only file (appendonly no): a restart would lose what citizens are "
    "filling in. Set appendonly yes."
)
_EVICTS = (
    "Redis 内存用满时会丢掉市民的对话（maxmemory-policy {policy}）："
    "请设置 maxmemory-policy noeviction。 "
    "Redis would drop conversations when its memory is full (maxmemory-policy {policy}). "
    "Set maxmemory-policy noeviction."
)
_UNKNOWN = (
    "无法确认 Redis 的 {setting}：CONFIG 和 INFO 都不能用。"
    "请允许其中之一（ACL：+config|get 或 +info）。 "
    "Nobody can tell this Redis's {setting}: CONFIG and INFO are both refused. "
    "Allow one of them (ACL: +config|get or +info)."
)


def client_for(url: str, *, seconds: float | None = _SECONDS) -> Client:
    """Return a client; nothing is connected yet.

    It decodes nothing, and asks nothing twice by itself: whoever uses it knows what may be asked
    again.

    Parameters
    ----------
    url
        ``redis://host:port/db`` or ``rediss://`` (TLS), ``unix:///path?db=0``,
        ``redis+sentinel://host:port,host:port/service/db`` (Sentinel names the master anew for
        every new connection) or ``redis+cluster://host:port,host:port``. ``rediss+sentinel`` and
        ``rediss+cluster`` are the same over TLS. ``user:password@`` stands before the first host;
        Sentinel's own, where it has any, is ``?sentinel_username=…&sentinel_password=…``.
    seconds
        How long one answer may take; ``None`` where the caller measures the time.

    Raises
    ------
    ValueError
        The URL is of no known kind. The words do not hold it: it may hold a password.
    """
    parts = urlsplit(url)
    secure = parts.scheme.startswith("rediss")
    match parts.scheme:
        case "redis" | "rediss" | "unix":
            return Redis.from_url(url, max_connections=_KEPT, **_common(seconds))
        case "redis+sentinel" | "rediss+sentinel":
            return _master(parts, seconds, secure=secure)
        case "redis+cluster" | "rediss+cluster":
            return _cluster(parts, seconds, secure=secure)
        case _:
            raise ValueError(_NO_URL)


def _common(seconds: float | None) -> dict[str, Any]:
    return {
        "protocol": 2,  # the newer one has the client ask for maintenance notices nobody reads
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": seconds,
        "socket_connect_timeout": _CONNECT_SECONDS,
    }


def _master(parts: SplitResult, seconds: float | None, *, secure: bool) -> Redis:
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    service, _, db = parts.path.strip("/").partition("/")
    own = {name: asked[f"sentinel_{name}"] for name in _WHO if f"sentinel_{name}" in asked}
    sentinel = Sentinel(  # type: ignore[no-untyped-call] # redis-py has no types here
        list(_hosts(parts, _SENTINEL_PORT)),
        sentinel_kwargs={
            **_common(_SENTINEL_SECONDS),
            "socket_connect_timeout": _SENTINEL_SECONDS,
            "ssl": secure,
            **own,
        },
    )
    master: Redis = sentinel.master_for(
        service or "mymaster",
        db=int(db or 0),
        ssl=secure,
        max_connections=_KEPT,
        **_common(seconds),
        **_credentials(parts),
    )
    return master


def _cluster(parts: SplitResult, seconds: float | None, *, secure: bool) -> RedisCluster:
    common = _common(seconds)
    return RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in _hosts(parts, _PORT)],
        ssl=secure,
        max_connections=_KEPT,
        **{**common, "retry": Retry(NoBackoff(), 1)},  # the once that asks who holds which slot
        **_credentials(parts),
    )


_WHO = ("username", "password")


def _credentials(parts: SplitResult) -> dict[str, Any]:
    given = {"username": parts.username, "password": parts.password}
    return {name: unquote(value) for name, value in given.items() if value}


def _hosts(parts: SplitResult, port: int) -> Iterator[tuple[str, int]]:
    for host in parts.netloc.rpartition("@")[2].split(","):
        each = urlsplit(f"//{host}")
        yield each.hostname or "localhost", each.port or port


async def close(client: Client) -> None:
    """Close a client with all that it opened."""
    await client.aclose()
    if isinstance(client, Redis) and isinstance(pool := client.connection_pool, _SentinelPool):
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


async def safety(client: Client) -> list[str]:
    """Return what speaks against keeping citizens' talk there, each in Chinese and English.

    Returns
    -------
    list[str]
        Empty where nothing does. A managed Redis that lets nobody look is objected to as well.

    Raises
    ------
    UnavailableError
        It does not answer.
    """
    try:
        known = await _known(client)
    except (RedisError, RedisClusterException, OSError) as error:
        raise UnavailableError(f"redis: {type(error).__name__}") from error
    objections = [
        _UNKNOWN.format(setting=setting) for setting, told in known.items() if _UNTOLD in told
    ]
    if known["appendonly"] - {"yes", _UNTOLD}:
        objections.append(_FORGETS)
    if evicting := known["maxmemory-policy"] - {"noeviction", _UNTOLD}:
        objections.append(_EVICTS.format(policy=min(evicting)))
    return objections


_UNTOLD: Final = ""
_TOLD_BY_INFO: Final = {
    "appendonly": ("persistence", "aof_enabled"),
    "maxmemory-policy": ("memory", "maxmemory_policy"),
}
_AS_CONFIGURED: Final = {"0": "no", "1": "yes"}


async def _known(client: Client) -> dict[str, set[str]]:
    """Return what the servers have set, each setting with all its values."""
    known: dict[str, set[str]] = {setting: set() for setting in _TOLD_BY_INFO}
    for node in await _nodes(client):
        for setting, (section, field) in _TOLD_BY_INFO.items():
            told = await _told(node, "CONFIG GET", setting, field=setting)
            told = told or await _told(node, "INFO", section, field=field)
            known[setting].add(_AS_CONFIGURED.get(told, told))
    return known


async def _nodes(client: Client) -> list[Redis] | list[ClusterNode]:
    if isinstance(client, Redis):
        return [client]
    return (await client.initialize()).get_primaries()


async def _told(node: Redis | ClusterNode, *question: str, field: str) -> str:
    try:
        told = await node.execute_command(*question)
    except ResponseError:  # renamed away, or this user may not ask
        return _UNTOLD
    return str(told.get(field, _UNTOLD))
