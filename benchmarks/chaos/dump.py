"""The end of a run, as the records, the trail and the logs tell it."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg

from adapters.cipher import Cipher
from benchmarks.chaos.history import SECOND, Event, Leak, Passed, Row, Sms

__all__ = ["leaks", "records", "trail"]

_STAMPED: Final = {
    "registrations": "SELECT number, family_id, unit_id, state, created_at::text,"
    " cancelled_at::text, {stamp} FROM registrations",
    "acts": "SELECT serial AS id, tag, object_id, {stamp} FROM acts"
    " WHERE tag LIKE 'registrations:%'",
    "deliveries": "SELECT key, {stamp} FROM deliveries",
    "effects": "SELECT draft_id, {stamp} FROM effects",
}
_STAMP: Final = "xmin::text::bigint AS transaction, pg_xact_commit_timestamp(xmin) AS committed"
_PLAIN: Final = {
    "units": "SELECT units.id, projects.name || units.unit_type AS label"
    " FROM units JOIN projects ON projects.id = units.project_id",
    "tallies": "SELECT unit_id, sum(live)::int AS live FROM tallies GROUP BY unit_id",
    "bound": "SELECT openid, person_id, family_id FROM openid_links"
    " JOIN accounts ON accounts.id = account_id",
    "runs": "SELECT job AS task, due_at::text AS due FROM occurrences",
    "notices": "SELECT serial::text AS id, kind, state, coalesce(openid, '') AS phone,"
    " state = 'unsure' AS unsure, due_at < now() - interval '25 seconds' AS due,"
    " state <> 'waiting' AS final FROM pushes",
}
_ARRIVED: Final = "SELECT message, kind, {stamp} FROM sandbox_arrivals ORDER BY serial"

_PERSONAL: Final = {
    "filing number": re.compile(r"9901003\d{9}"),
    "phone": re.compile(r"(?<!\d)1990\d{7}(?!\d)"),
    "ID number": re.compile(r"110100(19|20)\d{9}[\dX]"),
    "code": re.compile(r"(?i)(code|验证码)\W{1,4}\d{6}(?!\d)"),
    "page token": re.compile(r"/h5/form/[A-Za-z0-9_-]{16,}"),
    "canary": re.compile(r"演[零一二三四五六七八九]+"),
}


async def records(url: str, cipher: Cipher) -> list[Event]:
    """Read the final records, each row with the moment of its commit on our clock."""
    connection = await asyncpg.connect(url)
    try:
        there = await connection.fetch("SELECT tablename FROM pg_tables")
        tables = {str(row["tablename"]) for row in there}
        found: list[Event] = []
        for table, query in _STAMPED.items():
            rows = await connection.fetch(query.format(stamp=_STAMP))
            found += [_stamped(table, dict(row)) for row in rows]
        for table, query in _PLAIN.items():
            if {"runs": "occurrences", "notices": "pushes", "bound": "accounts"}.get(
                table, table
            ) in tables:
                found += [Row(table, dict(row)) for row in await connection.fetch(query)]
        if "sandbox_arrivals" in tables:
            for row in await connection.fetch(_ARRIVED.format(stamp=_STAMP)):
                found += _arrived(row, cipher)
        return found
    finally:
        await connection.close()


def _arrived(row: Mapping[str, Any], cipher: Cipher) -> Iterator[Sms]:
    """Read what came to a phone, or to a chat, whose message has no code; refusals never did."""
    came = json.loads(cipher.open_text(row["message"]))
    if came.get("state", "delivered") != "delivered":
        return
    to = came["phone"] if row["kind"] == "sms" else came["openid"]
    # Its committing, not its own moment: the clock of whoever sent it may be wrong.
    yield Sms(_moment(row["committed"]), to, came.get("code", ""), came["text"])


def _stamped(table: str, values: dict[str, Any]) -> Row:
    committed, transaction = values.pop("committed"), values.pop("transaction")
    return Row(table, values, _moment(committed) if committed else 0, transaction)


def _moment(at: datetime) -> int:
    """Map a moment of the wall clock to the monotonic one."""
    ago = time.time() - at.timestamp()
    return time.monotonic_ns() - int(ago * SECOND)


def trail(orders: Path) -> Iterator[Passed]:
    """Read what the failpoints wrote down."""
    file = orders / "trail"
    if not file.exists():
        return
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            t, pid, point, order, revision, subject = line.rstrip("\n").split(" ", 5)
            yield Passed(int(t), int(pid), point, order, int(revision), subject)


def leaks(logs: Path) -> Iterator[Leak]:
    """Look for anybody's words in the logs; one of each kind a file tells enough."""
    for file in sorted(logs.glob("*.log")):
        text = file.read_text("utf-8", errors="replace")
        for kind, shape in _PERSONAL.items():
            if shape.search(text):
                yield Leak(time.monotonic_ns(), file.name, kind)
