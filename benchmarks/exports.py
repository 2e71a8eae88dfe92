"""A file of a million registrations: how long it takes, and how much memory.

    .venv/bin/python -m benchmarks exports

PostgreSQL holds a million registrations, each with its account, person and family, sealed as they
always are. A process of its own writes them as Excel and as CSV, pieces and all; what is told is
the most memory it ever had, beside what it had before it began.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from typing import Any, Final

import asyncpg
from pydantic import SecretStr

from adapters.cipher import Cipher
from adapters.sql.people import name_index, tail_index
from benchmarks import servers
from benchmarks.table import Figure
from bot.jobs.exports import make_exports
from bot.settings import Database, Security, Settings
from bot.wiring import Resources, load_demo, migrate
from domain.registrations.exports import ExportSubject
from domain.shared.tables import TableForm

__all__ = ["measure"]

_ROWS, _QUICK = 1_000_000, 50_000
_AT_ONCE: Final = 20_000
_KEY: Final = bytes(range(32))
_MB: Final = 1_000_000
_CEILING: Final = 60 * _MB
_TABLES: Final = {
    "people": "id number_index number name verified_at source name_index",
    "families": "id number district unit_types order_group state members",
    "accounts": "id phone_index phone state created_at person_id family_id phone_tail",
    "registrations": (
        "id number family_id account_id plan_id project_id unit_id unit_type state"
        " notice_version notice_hash phone created_at"
    ),
}


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure, and return the figures."""
    rows = _QUICK if quick else _ROWS
    with ExitStack() as stack:
        folder = stack.enter_context(servers.folder())
        records = stack.enter_context(servers.postgres(folder))
        asyncio.run(_fill(records.url, rows))
        return [figure for form in TableForm for figure in _figures(records.url, form, rows)]


def _figures(url: str, form: TableForm, rows: int) -> Iterator[Figure]:
    ran = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-m", "benchmarks.exports", url, form],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "PYTHONPATH": "."},  # noqa: TID251 (a child like its parent)
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    grown = told["peak"] - told["begun"]
    work = f"export of {rows:,} rows, {form}"
    yield Figure(
        work,
        "memory beyond the start's",
        "≤ 60 MB",
        "",
        f"{grown / _MB:.0f} MB (of {told['peak'] / _MB:.0f})",
        grown <= _CEILING and told["rows"] == rows,
    )
    yield Figure(
        work, "time", "", "", f"{told['seconds']:.0f} s, a file of {told['size'] / _MB:.0f} MB"
    )


def _settings(url: str) -> Settings:
    key = SecretStr(b64encode(_KEY).decode())
    return Settings(database=Database(url=url), security=Security(data_key=key))


async def _fill(url: str, rows: int) -> None:
    settings = _settings(url)
    await migrate(settings)
    await load_demo(settings)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for first in range(0, rows, _AT_ONCE):
        made = [_case(number) for number in range(first, min(first + _AT_ONCE, rows))]
        for place, (table, columns) in enumerate(_TABLES.items()):
            await connection.copy_records_to_table(
                table, records=[one[place] for one in made], columns=columns.split()
            )
        sys.stderr.write(f"  {first + _AT_ONCE:,} registrations\n")
    await connection.execute("ANALYZE")
    await connection.close()


def _case(number: int) -> tuple[tuple[Any, ...], ...]:
    """Return a person, a family, an account and a registration, as rows."""
    cipher, now = Cipher(_KEY), datetime(2026, 3, 11, tzinfo=UTC)
    phone, name = f"+861{99_0000_0000 + number:010}", "曹演示"
    person, account, family = (md5(f"{kind}{number}".encode()).hexdigest() for kind in "paf")  # noqa: S324 (a name for a row)
    sealed = cipher.seal_text(phone)
    return (
        (person, person, cipher.seal_text("11010019860412001X"), cipher.seal_text(name), now,
         "bench", name_index(cipher, name)),
        (family, cipher.seal_text(f"11010520{number:08}"), "朝阳", "二居室", "2P", "valid",
         cipher.seal_text("[]")),
        (account, account, sealed, "active", now, person, family, tail_index(cipher, phone)),
        (number + 1, f"DJ{number:015}", family, account, "quick-2026-4", "quick-2026-4-qinghe",
         "quick-2026-4-qinghe-two", "二居室", "registered", 1, "x", sealed, now),
    )  # fmt: skip


async def _write(url: str, form: TableForm) -> dict[str, object]:
    """Write the file in this process, and tell what it took."""
    house = await Resources.open(_settings(url))
    officer = f"bench-{form}"
    await _ask(house, officer, ExportSubject.UNITS, form)
    await make_exports(house)
    _forget_peak()
    begun, since = _peak(), time.monotonic()
    await _ask(house, officer, ExportSubject.REGISTRATIONS, form)
    await make_exports(house)
    seconds, peak = time.monotonic() - since, _peak()
    async with house.open_work() as work:
        newest = max(await work.exports.of_officer(officer), key=lambda one: one.asked_at)
    await house.aclose()
    return {
        "begun": begun, "peak": peak, "seconds": seconds, "size": newest.size, "rows": newest.rows
    }  # fmt: skip


async def _ask(house: Resources, officer: str, subject: ExportSubject, form: TableForm) -> None:
    async with house.open_work() as work:
        await house.exports(work, officer).ask(subject, form)
        await work.commit()


def _peak() -> int:
    """Return the most memory that this process has had since `_forget_peak`."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.findall(r"VmHWM:\s+([0-9]+) kB", status)[0]) * 1024


def _forget_peak() -> None:
    # What getrusage tells begins with the parent's memory, which a child never had.
    Path("/proc/self/clear_refs").write_text("5", "ascii")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_write(sys.argv[1], TableForm(sys.argv[2])))))  # noqa: T201 (for its parent)
