"""Memory after a hundred thousand citizens: of a worker, and of each talk in Redis.

    .venv/bin/python -m benchmarks memory

All of them walk menu, plans, projects, project, which leaves the longest talk that browsing
leaves; two workers answer them over 64 connections. Every reply is opened. What a worker costs is
what the workers and their supervisor take, divided by the workers: what they share counts once.
"""

import sys
from contextlib import ExitStack
from typing import Final

import uvloop
from redis import Redis

from benchmarks import servers
from benchmarks.citizens import BROWSED
from benchmarks.load import hammer
from benchmarks.platform import Platform, openid_of
from benchmarks.table import Figure

__all__ = ["measure"]

_LINES: Final = 64
_CITIZENS: Final = 100_000
_QUICK: Final = 10_000
_AT_ONCE: Final = 5_000
_SAMPLE: Final = 2_000
_MB: Final = 1_000_000


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure, and return the figures."""
    count = _QUICK if quick else _CITIZENS
    with ExitStack() as stack:
        lend = stack.enter_context
        place = lend(servers.folder())
        memory = lend(servers.redis(place))
        bot = lend(
            servers.bot(place, database=lend(servers.postgres(place)), redis=memory, workers=2)
        )
        begun = bot.share
        for first in range(0, count, _AT_ONCE):
            _walk(bot.port, range(first, first + _AT_ONCE))
        share, resident, talks = bot.share, bot.resident, _talks(memory)
    work = f"memory, {count:,} citizens"
    return [
        Figure(
            work,
            "what a worker of two costs",
            "≤ 120 MB",
            "≤ 90 MB",
            f"{share / _MB:.0f} MB ({begun / _MB:.0f} MB at the start); {resident / _MB:.0f} MB "
            "resident, with what is shared",
            share <= 120 * _MB,
        ),
        Figure(
            work,
            "a talk in Redis",
            "≤ 2 KB",
            "",
            f"{max(talks):,} bytes at most, {sum(talks) / len(talks):,.0f} on average",
            max(talks) <= 2_048,  # noqa: PLR2004
        ),
    ]


def _walk(port: int, citizens: range) -> None:
    platform = Platform()
    openids = [openid_of(number, "m") for number in citizens]
    for words, page in BROWSED:
        shares = [openids[line::_LINES] for line in range(_LINES)]
        queues = [[platform.text(one, words) for one in share] for share in shares]
        _, got = uvloop.run(hammer(port, queues))
        for share, answers in zip(shares, got, strict=True):
            for openid, answer in zip(share, answers, strict=True):
                seen = platform.read(answer.body)
                if seen.to != openid or page not in seen.text:
                    raise SystemExit(f"{openid} was to see «{page}»:\n{seen.text}")
    sys.stderr.write(f"  {citizens.stop:,} citizens\n")


def _talks(url: str) -> list[int]:
    """Return the bytes of some talks as Redis holds them, key and all."""
    with Redis.from_url(url) as client:
        keys = client.scan_iter("*:talk", count=1_000)
        return [client.memory_usage(key) for key, _ in zip(keys, range(_SAMPLE), strict=False)]
