"""What only the embedded store of secrets must show: its file tells nothing and lasts."""

import asyncio
from datetime import timedelta
from pathlib import Path

from adapters.cipher import Cipher
from adapters.sql.secrets import EmbeddedSecrets
from domain.shared.throttle import Limit
from tests.support.clock import FakeClock

NOW = FakeClock().now()
HOUR = timedelta(hours=1)
CIPHER = Cipher(bytes(range(32)))


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_the_file_names_nobody(tmp_path: Path) -> None:
    store = await EmbeddedSecrets.open(tmp_path / "secrets.db", CIPHER)
    await store.take("codes:+8613800000000", [Limit(1, HOUR)], NOW, member="oMemberOfACount")
    await store.put("found:110105", "曹雪芹".encode(), expires_at=NOW + HOUR)
    written = all_bytes(tmp_path)
    await store.aclose()
    assert len(written) > 4096
    for told in (b"13800000000", b"oMemberOfACount", b"110105", "曹雪芹".encode()):
        assert told not in written


async def test_counts_and_values_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "secrets.db"
    first = await EmbeddedSecrets.open(path, CIPHER)
    await first.take("key", [Limit(1, HOUR)], NOW)
    await first.put("key", b"value", expires_at=NOW + HOUR)
    await first.aclose()
    second = await EmbeddedSecrets.open(path, CIPHER)
    assert (await second.take("key", [Limit(1, HOUR)], NOW)).until == NOW + HOUR
    assert await second.get("key", now=NOW) == b"value"
    await second.aclose()


async def test_two_processes_share_one_count(tmp_path: Path) -> None:
    stores = [await EmbeddedSecrets.open(tmp_path / "secrets.db", CIPHER) for _ in range(4)]
    limit = [Limit(5, HOUR)]
    found = await asyncio.gather(
        *(stores[number % 4].take("key", limit, NOW) for number in range(64))
    )
    assert sum(one.until is None for one in found) == 5
    for store in stores:
        await store.aclose()
