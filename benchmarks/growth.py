"""What a turn costs when a million families have registered, beside a thousand.

    .venv/bin/python -m benchmarks growth

Two databases, one with 1,000 registrations and the demo's plans, one with 1,000,000 and 200 plans
more, each behind a bot of its own on the same core; rounds of both follow each other. Browsing is
menu, plans, projects, project; registering is the whole way of a bound citizen, five messages.
What is compared is the processor's time of bot and PostgreSQL together, which a busy machine bends
least; medians of the rounds.
"""

import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import uvloop

from benchmarks import servers
from benchmarks.citizens import BROWSED, PAGES, WORDS, scene_of, settle
from benchmarks.filling import fill
from benchmarks.load import hammer
from benchmarks.platform import Platform
from benchmarks.table import Figure

__all__ = ["measure"]

_LINES: Final = 32
_ROUNDS: Final = 5
_CITIZENS: Final = 800
_SMALL, _LARGE, _QUICK = (1_000, 0), (1_000_000, 200), (50_000, 200)
_MOST: Final = 0.10


@dataclass(slots=True)
class _Place:
    """A bot on its records, and what its turns cost: seconds of processor, a round each."""

    bot: servers.Bot
    records: servers.Records
    scene: str
    waiting: list[str]
    browsing: list[float] = field(default_factory=list)
    registering: list[float] = field(default_factory=list)

    @property
    def worked(self) -> float:
        """Seconds of processor that bot and PostgreSQL have taken so far."""
        return servers.worked_by_all(self.bot.process.pid) + servers.worked_by_all(self.records.pid)

    def play(self, platform: Platform) -> None:
        """Let some citizens browse, then let them register, and note what a turn cost."""
        citizens = self.waiting[-_CITIZENS:]
        del self.waiting[-_CITIZENS:]
        begun = self.worked
        for words, page in BROWSED:
            self._say(platform, citizens, partial(platform.text, words=words), page)
        self.browsing.append((self.worked - begun) / len(citizens) / len(BROWSED))
        begun = self.worked
        self._say(platform, citizens, partial(platform.scan, scene=self.scene), PAGES[0])
        for words, page in zip(WORDS, PAGES[1:], strict=True):
            self._say(platform, citizens, partial(platform.text, words=words), page)
        self.registering.append((self.worked - begun) / len(citizens) / len(PAGES))

    def _say(
        self, platform: Platform, citizens: list[str], said: Callable[[str], bytes], page: str
    ) -> None:
        shares = [citizens[line::_LINES] for line in range(_LINES)]
        queues = [[said(one) for one in share] for share in shares]
        _, got = uvloop.run(hammer(self.bot.port, queues))
        for share, answers in zip(shares, got, strict=True):
            for openid, answer in zip(share, answers, strict=True):
                seen = platform.read(answer.body)
                if seen.to != openid or page not in seen.text:
                    raise SystemExit(f"{openid} was to see «{page}»:\n{seen.text}")


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure, and return the figures."""
    rounds, large = (2, _QUICK) if quick else (_ROUNDS, _LARGE)
    with ExitStack() as stack:
        lend = stack.enter_context
        folder = lend(servers.folder())
        memory = lend(servers.redis(folder))
        places = [_found(lend, folder, memory, size, rounds + 1) for size in (_SMALL, large)]
        for number in range(rounds + 1):
            for place in places:
                place.play(Platform())
                sys.stderr.write(
                    f"  round {number}: {place.browsing[-1] * 1e6:.0f} µs a turn of browsing, "
                    f"{place.registering[-1] * 1e6:.0f} µs of registering\n"
                )
    return _figures(places, large)


def _found(
    lend: Callable[[AbstractContextManager[Any]], Any],
    folder: Path,
    memory: str,
    size: tuple[int, int],
    rounds: int,
) -> _Place:
    """Found a place with so many registrations and plans, and citizens for so many rounds."""
    registrations, plans = size
    records = lend(servers.postgres(folder))
    sys.stderr.write(f"  {registrations:,} registrations, {plans} plans more …\n")
    bot = lend(
        servers.bot(
            folder,
            database=records,
            redis=memory.replace("/0", f"/{plans // 200 + 1}"),
            before=lambda: uvloop.run(fill(records.url, registrations, plans)),
        )
    )
    citizens = uvloop.run(settle(records.url, rounds * _CITIZENS, "g"))
    return _Place(bot, records, uvloop.run(scene_of(records.url)), citizens)


def _figures(places: list[_Place], large: tuple[int, int]) -> list[Figure]:
    small, grown = places
    work = f"growth, 1,000 to {large[0]:,}"
    figures = []
    for what, before, after in (
        ("a turn of browsing", small.browsing, grown.browsing),
        ("a turn of registering", small.registering, grown.registering),
    ):
        # The first round warms up.
        then, now = statistics.median(before[1:]), statistics.median(after[1:])
        change = now / then - 1
        told = f"{change:+.0%} ({then * 1e6:.0f} → {now * 1e6:.0f} µs with PostgreSQL)"
        figures.append(Figure(work, what, "± 10 %", "", told, abs(change) <= _MOST))
    return figures
