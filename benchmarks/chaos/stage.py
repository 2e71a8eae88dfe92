"""The stage: servers, lines, processes and people of one run, put up and taken down."""

import asyncio
import base64
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from adapters.cipher import Cipher
from adapters.sql.work import engine_for
from benchmarks.chaos.citizens import Estate
from benchmarks.chaos.disks import Ballast, mount, unmount
from benchmarks.chaos.fleet import LAUNCHER, ROOT, Fleet
from benchmarks.chaos.history import Event
from benchmarks.chaos.nemeses import Scene
from benchmarks.chaos.people import TYPES, Person, settle, world
from benchmarks.chaos.proxy import Proxy
from benchmarks.chaos.servers import PrivatePostgres, PrivateRedis
from bot.settings import Settings
from tests.support.platform import FakePlatform

__all__ = ["Stage", "staged"]

_DISKS: Final = (768, 192)
"""MB for PostgreSQL and for Redis."""
_ACCOUNT: Final = "gh_anjuchaos00001"
_ESTATES: Final = """
SELECT units.id, projects.name AS project, projects.scene, projects.name || unit_type AS label
FROM units JOIN projects ON projects.id = project_id JOIN plans ON plans.id = plan_id
WHERE opens_at < now() AND closes_at > now() AND unit_type = ANY($1::text[])
ORDER BY units.id
"""


@dataclass
class Stage:
    """What a run is played on."""

    folder: Path
    scene: Scene
    fake: FakePlatform
    cipher: Cipher
    estates: list[Estate]
    records_url: str
    skipped: list[str]


@asynccontextmanager
async def staged(  # noqa: PLR0913 (all are named)
    *,
    folder: Path,
    size: int,
    people: Sequence[Person],
    newcomers: Sequence[Person],
    record: Callable[[Event], None],
    chance: random.Random,
    plant: Sequence[str] = (),
    worker: bool = True,
    disks: bool = True,
    settings: dict[str, str] | None = None,
) -> AsyncIterator[Stage]:
    """Put everything up, with bound citizens on record and newcomers in the registers.

    ``folder`` is a new one, for logs and orders; it stays.
    """
    (folder / "orders").mkdir(parents=True)
    small = [await mount(one) if disks else None for one in _DISKS]
    postgres, redis = PrivatePostgres(_place(small[0])), PrivateRedis(_place(small[1]))
    lines: list[Proxy] = []
    fleet: Fleet | None = None
    try:
        await asyncio.gather(postgres.make(), redis.start())
        lines += [await Proxy.before(postgres.port), await Proxy.before(redis.port)]
        (folder / "world.toml").write_text(world(newcomers), "utf-8")
        key = os.urandom(32)
        environment = _environment(folder, lines, key) | (settings or {})
        await _prepared(environment, postgres, plant)
        cipher = Cipher(key)
        await _settled(postgres, cipher, people)
        fleet = Fleet.of(
            size, environment, folder=folder, plant=plant, record=record, chance=chance,
            worker=worker, skewed=size > 1,
        )  # fmt: skip
        await fleet.start()
        scene = Scene(
            fleet, postgres, redis, lines[0], lines[1], folder / "orders",
            Ballast(small[0]) if small[0] else None, Ballast(small[1]) if small[1] else None,
        )  # fmt: skip
        skipped = [] if all(small) or not disks else ["full disks: no root to mount small ones"]
        estates = await _estates(postgres)
        yield Stage(folder, scene, _platform(), cipher, estates, postgres.url, skipped)
    finally:
        if fleet is not None:
            await fleet.stop()
        for line in lines:
            await line.aclose()
        await postgres.discard()
        await redis.discard()
        for disk in filter(None, small):
            await unmount(disk)


def _place(disk: Path | None) -> Path:
    """Return a new folder, on a disk of its own or on the machine's."""
    return Path(tempfile.mkdtemp(prefix="anju-", dir=disk))


def _environment(folder: Path, lines: Sequence[Proxy], key: bytes) -> dict[str, str]:
    return {
        "ANJU_DATABASE__URL": f"postgresql+asyncpg://postgres@127.0.0.1:{lines[0].port}/anju",
        "ANJU_REDIS__URL": f"redis://127.0.0.1:{lines[1].port}/0",
        "ANJU_SANDBOX__DATA": str(folder / "world.toml"),
        "ANJU_SANDBOX__FAILPOINTS": str(folder / "orders"),
        "ANJU_SECURITY__DATA_KEY": base64.b64encode(key).decode(),
        "ANJU_SERVER__PUBLIC_URL": "http://anju.test",
    }


async def _prepared(
    environment: dict[str, str], postgres: PrivatePostgres, plant: Sequence[str]
) -> None:
    """Bring the schema and the demo's plans into the records, going around every proxy."""
    straight = f"postgresql+asyncpg://postgres@127.0.0.1:{postgres.port}/anju"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *LAUNCHER, *plant, "demo"),
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            **environment,
            "ANJU_DATABASE__URL": straight,
        },
        stdout=asyncio.subprocess.DEVNULL,
    )
    if await process.wait():
        raise RuntimeError("`anju demo` failed")


async def _settled(postgres: PrivatePostgres, cipher: Cipher, people: Sequence[Person]) -> None:
    engine = engine_for(f"postgresql+asyncpg://postgres@127.0.0.1:{postgres.port}/anju")
    try:
        await settle(engine, cipher, people)
    finally:
        await engine.dispose()


async def _estates(postgres: PrivatePostgres) -> list[Estate]:
    connection = await asyncpg.connect(postgres.url)
    rows = await connection.fetch(_ESTATES, list(TYPES))
    await connection.close()
    return [Estate(row["id"], row["label"], row["project"], row["scene"]) for row in rows]


def _platform() -> FakePlatform:
    account = Settings().wechat
    return FakePlatform(
        token=account.token.get_secret_value(),
        aes_key=account.encoding_aes_key.get_secret_value(),
        app_id=account.app_id,
        account_id=_ACCOUNT,
        now=time.time,
    )
