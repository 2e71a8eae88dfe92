"""What a start asks of its stores: that they answer, are ours, and keep what they are given.

Source: S0-71.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from bot import wiring
from bot.settings import Database, Mode, Redis, Settings
from bot.wiring import Resources, StartRefusedError, resources, start
from domain.shared.errors import UnavailableError
from tests.support.postgres import empty_database
from tests.support.redis_server import RedisServer, running

_NOBODY = "127.0.0.1:1"


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    settings = Settings(database=Database(url=f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}"))
    await wiring.migrate(settings)
    return settings


@pytest.fixture
async def forgetful(tmp_path: Path) -> AsyncIterator[RedisServer]:
    options = ("appendonly no", "maxmemory 50mb", "maxmemory-policy allkeys-lru")
    async with running(tmp_path / "redis", *options) as server:
        yield server


def on_redis(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"redis": Redis(url=url)})


async def test_a_database_that_does_not_answer_is_named() -> None:
    url = f"postgresql+asyncpg://anju:password@{_NOBODY}/anju"
    with pytest.raises(StartRefusedError, match="ANJU_DATABASE__URL") as refused:
        await wiring.check(Settings(database=Database(url=url)), patience=0)
    assert "password" not in str(refused.value)


async def test_a_redis_that_does_not_answer_is_named(settings: Settings) -> None:
    with pytest.raises(StartRefusedError, match="ANJU_REDIS__URL") as refused:
        await wiring.check(on_redis(settings, f"redis://:password@{_NOBODY}"), patience=0)
    assert "password" not in str(refused.value)


async def test_what_is_no_redis_url_is_named(settings: Settings) -> None:
    with pytest.raises(StartRefusedError, match="ANJU_REDIS__URL"):
        await wiring.check(on_redis(settings, "memcached://127.0.0.1"), patience=0)


async def test_a_store_that_comes_a_moment_later_is_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a power cut, when everything starts at once."""
    silences = iter([True, True, False])
    standing = start.schema.standing

    async def late(engine: object) -> object:
        if next(silences):
            raise UnavailableError
        return await standing(engine)  # type: ignore[arg-type] # an engine, handed through

    monkeypatch.setattr(start.schema, "standing", late)
    monkeypatch.setattr(start, "_BETWEEN_SECONDS", 0.001)
    await wiring.check(settings)
    assert next(silences, "none left") == "none left"


async def test_a_database_without_our_schema_is_refused_with_the_way_out() -> None:
    async with empty_database() as url:
        with pytest.raises(StartRefusedError, match="anju migrate"):
            await wiring.check(Settings(database=Database(url=url)))


async def test_production_refuses_a_redis_that_forgets_and_says_each_reason(
    settings: Settings, forgetful: RedisServer
) -> None:
    production = on_redis(settings, forgetful.url).model_copy(update={"mode": Mode.PRODUCTION})
    with pytest.raises(StartRefusedError) as refused:
        await wiring.check(production)
    assert "appendonly yes" in str(refused.value)
    assert "noeviction" in str(refused.value)


async def test_the_sandbox_may_forget(settings: Settings, forgetful: RedisServer) -> None:
    await wiring.check(on_redis(settings, forgetful.url))


async def test_a_start_that_breaks_leaves_nothing_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stays open would keep the process from ending, or the next from starting."""

    async def broken(_: Resources) -> None:
        raise UnavailableError

    with monkeypatch.context() as breaking:
        breaking.setattr(Resources, "look", broken)
        with pytest.raises(UnavailableError):
            await Resources.open(settings)
    house = await Resources.open(settings)  # the files of the first are free
    await house.aclose()


async def test_a_store_that_hangs_is_not_ready(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks whether we are ready is answered, whatever hangs."""
    house = await Resources.open(settings)
    async with aclosing(house):
        assert await house.ready()
        with monkeypatch.context() as hanging:
            hanging.setattr(type(house.conversations), "peek", _endless)
            hanging.setattr(resources, "_READY_SECONDS", 0.01)
            assert not await house.ready()
        assert await house.ready()


async def _endless(*_: object) -> None:
    await asyncio.Event().wait()
