"""Committing turns on PostgreSQL, over HTTP: everybody says their last word, 64 at once.

    .venv/bin/python -m benchmarks registrations

Citizens with an account and a bound family have walked to the last page of registering for one
and the same project; what is timed is «确定» of all of them over 64 connections. Afterwards every
receipt is compared with the rows: none may be lost, none doubled. Once with one process and once
with two, each with as much of the machine as it gets: PostgreSQL, Redis and the generator share
both cores.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

import uvloop

from benchmarks import servers
from benchmarks.citizens import PAGES, WORDS, number_in, registered, scene_of, settle
from benchmarks.load import hammer
from benchmarks.platform import Platform
from benchmarks.table import Figure

__all__ = ["measure"]

_LINES: Final = 64
_CITIZENS: Final = 4_000
_QUICK: Final = 1_000


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure, and return the figures."""
    count = _QUICK if quick else _CITIZENS
    figures = []
    for workers, must, aim in ((1, 400, 0), (2, 0, 1_000)):
        rate, p99, cost = _measure(workers, count)
        work = f"registrations, {workers} process{'es' if workers > 1 else ''}"
        figures += [
            Figure(
                work,
                "a second, all on one project",
                f"≥ {must}" if must else "",
                f"≥ {aim:,}" if aim else "",
                f"{rate:,.0f} ({cost * 1e3:.2f} ms of the bot a turn)",
                rate >= must if must else None,
            ),
            Figure(
                work,
                "p99, 64 at once",
                "< 500 ms",
                "",
                f"{p99 * 1e3:.0f} ms",
                p99 < 0.5 if must else None,  # noqa: PLR2004
            ),
            Figure(
                work, "lost or doubled", "0", "", f"0 of {count:,} (< {3 / count:.1e})", met=True
            ),
        ]
    return figures


def _measure(workers: int, count: int) -> tuple[float, float, float]:
    """Return registrations a second, seconds of the slowest hundredth, and seconds of the bot."""
    with ExitStack() as stack:
        lend = stack.enter_context
        place = lend(servers.folder())
        database = lend(servers.postgres(place, servers.BOTH))
        bot = lend(
            servers.bot(
                place,
                database=database,
                redis=lend(servers.redis(place, servers.BOTH)),
                workers=workers,
                cores=servers.BOTH,
            )
        )
        platform, openids = Platform(), uvloop.run(settle(database.url, count + _LINES, "r"))
        scene = uvloop.run(scene_of(database.url))
        _say(bot.port, platform, openids, lambda one: platform.scan(one, scene), PAGES[0])
        for words, page in zip(WORDS[:-1], PAGES[1:], strict=False):
            _say(bot.port, platform, openids, partial(platform.text, words=words), page)
        _confirm(bot.port, platform, openids[count:])  # connections, prepared statements
        worked = sum(map(servers.worked, bot.workers))
        took, times, told = _confirm(bot.port, platform, openids[:count])
        worked = sum(map(servers.worked, bot.workers)) - worked
        _compare(told, uvloop.run(registered(database.url)))
    return count / took, sorted(times)[count * 99 // 100], worked / count


def _shared(openids: Sequence[str]) -> list[Sequence[str]]:
    return [openids[line::_LINES] for line in range(_LINES)]


def _say(
    port: int,
    platform: Platform,
    openids: Sequence[str],
    said: Callable[[str], bytes],
    page: str,
) -> tuple[float, list[float], dict[str, str]]:
    """Let everybody say something.

    Returns
    -------
    tuple[float, list[float], dict[str, str]]
        How long all took and how long each, in seconds, and what each was told.

    Raises
    ------
    SystemExit
        Somebody was not told what must come.
    """
    shares = [share for share in _shared(openids) if share]
    took, got = uvloop.run(hammer(port, [[said(one) for one in share] for share in shares]))
    told = {}
    for share, answers in zip(shares, got, strict=True):
        for openid, answer in zip(share, answers, strict=True):
            seen = platform.read(answer.body)
            told[openid] = seen.text
            if seen.to != openid or page not in seen.text:
                raise SystemExit(f"{openid} was to see «{page}»:\n{seen.text}")
    return took, [answer.took for answers in got for answer in answers], told


def _confirm(
    port: int, platform: Platform, openids: Sequence[str]
) -> tuple[float, list[float], dict[str, str]]:
    """Let everybody confirm; return how long all took, how long each, and each's number."""
    said = partial(platform.text, words=WORDS[-1])
    took, times, told = _say(port, platform, openids, said, PAGES[-1])
    return took, times, {openid: number_in(text) for openid, text in told.items()}


def _compare(told: dict[str, str], kept: dict[str, str]) -> None:
    """Hold receipts against rows.

    Raises
    ------
    SystemExit
        A registration is lost, or doubled.
    """
    lost = [openid for openid, number in told.items() if kept.get(number) != openid]
    families = Counter(kept.values())
    doubled = [openid for openid in told if families[openid] > 1]
    if lost or doubled:
        raise SystemExit(f"{len(lost)} registrations lost, {len(doubled)} doubled")
    sys.stderr.write(f"  {len(told):,} receipts agree with {len(kept):,} rows\n")
