"""Opening day: bound citizens who arrive over a minute, each scans, looks and registers.

    .venv/bin/python -m benchmarks rush

Five messages a citizen, each a second after the answer to the one before; everybody registers for
one project. Two processes serve; PostgreSQL, Redis and the generator share the same two cores.
Messages are built when they are due, so that none is older than it says; replies are opened after
the run, every one. Then every receipt is compared with the rows.
"""

import asyncio
import gc
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import uvloop

from benchmarks import servers
from benchmarks.citizens import PAGES, WORDS, number_in, registered, scene_of, settle
from benchmarks.load import Got, Lines
from benchmarks.platform import Platform
from benchmarks.table import Figure

__all__ = ["measure"]

_SECONDS: Final = 60.0
_THINKING_SECONDS: Final = 1.0
_MUST, _AIM, _QUICK = 6_000, 20_000, 1_000
_WARM_UP: Final = 100


@dataclass(slots=True)
class _Rush:
    """Everybody's messages and answers. ``lateness`` is how far behind the generator was."""

    lines: Lines
    platform: Platform
    scene: str
    got: dict[str, list[Got]] = field(default_factory=dict)
    lateness: float = 0.0

    async def arrive(self, openids: Sequence[str], seconds: float) -> None:
        """Let citizens arrive evenly over so many seconds; return when all are done."""
        loop = asyncio.get_running_loop()
        begun, walks = loop.time(), []
        for number, openid in enumerate(openids):
            due = begun + number * seconds / len(openids)
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            self.lateness = max(self.lateness, loop.time() - due)
            walks.append(asyncio.create_task(self._walk(openid)))
        await asyncio.gather(*walks)

    async def _walk(self, openid: str) -> None:
        answers = self.got[openid] = []
        answers.append(await self.lines.ask(self.platform.scan(openid, self.scene)))
        for words in WORDS:
            await asyncio.sleep(_THINKING_SECONDS)
            answers.append(await self.lines.ask(self.platform.text(openid, words)))


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure, and return the figures."""
    sizes = ((_QUICK, True),) if quick else ((_MUST, True), (_AIM, False))
    return [figure for count, must in sizes for figure in _figures(count, must=must)]


def _figures(count: int, *, must: bool) -> list[Figure]:
    times, told, kept, lateness = _run(count)
    p99, slowest = times[len(times) * 99 // 100], times[-1]
    families = Counter(kept.values())
    once = sum(kept.get(number) == one and families[one] == 1 for one, number in told.items())
    work = f"rush, {count:,} in a minute"
    return [
        Figure(
            work,
            "slowest answer",
            "< 5 s" if must else "",
            "" if must else "< 5 s",
            f"{slowest:.2f} s of {len(times):,} (generator {lateness * 1e3:.0f} ms late at most)",
            slowest < 5 if must else None,  # noqa: PLR2004
        ),
        Figure(
            work,
            "p99",
            "< 1 s" if must else "",
            "< 500 ms",
            f"{p99 * 1e3:.0f} ms, median {times[len(times) // 2] * 1e3:.0f} ms",
            p99 < 1 if must else None,
        ),
        Figure(
            work,
            "registered once, and told so",
            f"{count:,}",
            "",
            f"{once:,}",
            once == count,
        ),
    ]


def _run(count: int) -> tuple[list[float], dict[str, str], dict[str, str], float]:
    """Return the times of all answers, ascending; numbers told and kept; the lateness."""
    with ExitStack() as stack:
        lend = stack.enter_context
        place = lend(servers.folder())
        database = lend(servers.postgres(place, servers.BOTH))
        memory = lend(servers.redis(place, servers.BOTH))
        bot = lend(
            servers.bot(place, database=database, redis=memory, workers=2, cores=servers.BOTH)
        )
        openids = uvloop.run(settle(database.url, count + _WARM_UP, "h"))
        rush = uvloop.run(_rushed(bot.port, uvloop.run(scene_of(database.url)), openids))
        told = _checked(rush, openids[:count])
        kept = uvloop.run(registered(database.url))
    times = sorted(got.took for one in openids[:count] for got in rush.got[one])
    return times, told, dict(kept), rush.lateness


async def _rushed(port: int, scene: str, openids: Sequence[str]) -> _Rush:
    lines, platform = Lines(port), Platform()
    await _Rush(lines, platform, scene).arrive(openids[-_WARM_UP:], 2.0)
    rush = _Rush(lines, platform, scene)
    gc.freeze()
    await rush.arrive(openids[:-_WARM_UP], _SECONDS)
    lines.close()
    return rush


def _checked(rush: _Rush, openids: Sequence[str]) -> dict[str, str]:
    """Open every reply; return the number that each citizen was told.

    Raises
    ------
    SystemExit
        One is not what it must be.
    """
    told = {}
    for openid in openids:
        for page, got in zip(PAGES, rush.got[openid], strict=True):
            if got.status != HTTPStatus.OK:
                raise SystemExit(f"answered {got.status}")
            seen = rush.platform.read(got.body)
            if seen.to != openid or page not in seen.text:
                raise SystemExit(f"{openid} was to see «{page}»:\n{seen.text}")
        told[openid] = number_in(seen.text)
    return told
