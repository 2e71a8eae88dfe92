"""Browse turns through the whole bot, beside peers and the limit, in one run.

    .venv/bin/python -m benchmarks browse

Two thousand citizens walk menu, plans, projects, project, over 32 kept-alive connections. Every
server is one process on one core; the generator, Redis and PostgreSQL share the other. Rounds of
all servers follow each other; what is printed are medians. Messages are built before they are sent.
Every reply is opened after its round: it must be signed, go to who asked, and say what must come
next. Beside the rates stand the microseconds of processor that a server's process took for a turn.
"""

import re
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Final

import uvloop

from benchmarks import servers
from benchmarks.load import Got, hammer
from benchmarks.peers.pages import HOME, PAGES, after
from benchmarks.platform import Platform, openid_of
from benchmarks.table import Figure

__all__ = ["measure"]

_CITIZENS: Final = 2_000
_LINES: Final = 32
_ROUNDS: Final = 7
_WORDS: Final = ("菜单", "1", "1", "1")

_LIMIT: Final = "limit"
_BOT: Final = "anju"
_SHOWN: Final = re.compile(r'<a href="[^"]*">([^<]*)</a>')

_BOT_PAGES: Final = (
    "请选择要办的事：\n\n1. 快速配租\n2. 只看我能登记的\n*回复数字就可以。",
    "多元业务 › *请选择要看的计划：\n\n1. *（演示） 登记中，还剩*\n2. *\n3. *已截止",
    "*（登记中，还剩*）\n登记时间：*请选择项目进行登记：\n\n1. 青禾家园（演示） *\n2. *",
    "【青禾家园（演示）】\n朝阳区*请选择房源，看详情和登记：\n\n1. 零居室 *已登记0户\n2. *",
)
"""What the bot must say, one page after another; a star for what may differ."""


@dataclass(slots=True)
class Server:
    """One that is measured, and what its rounds brought."""

    name: str
    port: int
    process: int
    costs: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    p50s: list[float] = field(default_factory=list)
    p99s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Turns a second, the median of all rounds."""
        return statistics.median(self.rates)

    @property
    def cost(self) -> float:
        """Microseconds of its process for a turn, the median of all rounds."""
        return statistics.median(self.costs)

    @property
    def p50(self) -> float:
        """Milliseconds of the median turn, the median of all rounds."""
        return statistics.median(self.p50s)

    @property
    def p99(self) -> float:
        """Milliseconds of the slowest hundredth, the median of all rounds."""
        return statistics.median(self.p99s)


def _shared(openids: Sequence[str]) -> list[Sequence[str]]:
    """Share citizens out among the connections."""
    return [openids[line::_LINES] for line in range(_LINES)]


def _says(name: str, step: int, text: str) -> bool:
    if name == _BOT:
        return fnmatchcase(text, _BOT_PAGES[step])
    at = HOME
    for words in _WORDS[: step + 1]:
        at = after(at, words)
    return text == _SHOWN.sub(r"\1", PAGES[at])


def _play(server: Server, platform: Platform, openids: Sequence[str]) -> None:
    """Let everybody say one word, then the next: so that no message is old when it is sent."""
    took, cost, times = 0.0, 0.0, []
    for step, words in enumerate(_WORDS):
        queues = [[platform.text(one, words) for one in share] for share in _shared(openids)]
        worked = servers.worked(server.process)
        seconds, got = uvloop.run(hammer(server.port, queues))
        took += seconds
        cost += servers.worked(server.process) - worked
        times += [answer.took for line in got for answer in line]
        for share, answers in zip(_shared(openids), got, strict=True):
            for openid, answer in zip(share, answers, strict=True):
                _check(server.name, platform, openid, step, answer)
    times.sort()
    server.rates.append(len(times) / took)
    server.costs.append(cost / len(times) * 1e6)
    server.p50s.append(times[len(times) // 2] * 1e3)
    server.p99s.append(times[len(times) * 99 // 100] * 1e3)


def _check(name: str, platform: Platform, openid: str, step: int, answer: Got) -> None:
    """Open a reply and compare it with what must come.

    Raises
    ------
    SystemExit
        It is not what it must be.
    """
    if answer.status != HTTPStatus.OK:
        raise SystemExit(f"{name} answered {answer.status}")
    if name != _LIMIT:
        seen = platform.read(answer.body)
        if seen.to != openid or not _says(name, step, seen.text):
            raise SystemExit(f"{name}, step {step}, to {seen.to}:\n{seen.text}")


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure, and return the figures."""
    rounds = 3 if quick else _ROUNDS
    platform, openids = Platform(), [openid_of(number) for number in range(_CITIZENS)]
    with ExitStack() as stack:
        lend = stack.enter_context
        place = lend(servers.folder())
        memory = lend(servers.redis(place))
        whole = lend(servers.bot(place, database=lend(servers.postgres(place)), redis=memory))
        measured = [
            Server(_LIMIT, *lend(servers.peer("limit"))),
            Server(_BOT, whole.port, whole.workers[0]),
            Server("wechatpy + FastAPI", *lend(servers.peer("wechatpy_fastapi", redis=memory))),
            Server("WeRoBot", *lend(servers.peer("werobot_redis", redis=memory))),
        ]
        for number in range(rounds + 1):
            for server in measured:
                _play(server, platform, openids)
                sys.stderr.write(
                    f"  round {number} {server.name}: {server.rates[-1]:,.0f}/s, "
                    f"{server.costs[-1]:.0f} µs of its process a turn\n"
                )
        for server in measured:  # the first round warms up
            del server.rates[0], server.costs[0], server.p50s[0], server.p99s[0]
    return _figures(measured)


def _figures(measured: Sequence[Server]) -> list[Figure]:
    limit, anju, fastapi, werobot = measured
    share, ahead = anju.rate / limit.rate, anju.rate / fastapi.rate
    work = "browse, 1 process"
    return [
        Figure(work, "turns of the limit", "≥ 0.30", "≥ 0.45", f"{share:.2f}", share >= 0.30),  # noqa: PLR2004
        Figure(work, "× wechatpy + FastAPI", "≥ 3", "", f"{ahead:.1f}", ahead >= 3),  # noqa: PLR2004
        Figure(work, "p99", "≤ 12 ms", "", f"{anju.p99:.1f} ms", anju.p99 <= 12),  # noqa: PLR2004
        *(
            Figure(
                work,
                f"  {one.name}",
                "",
                "",
                f"{one.rate:,.0f}/s ({one.rate / limit.rate:.2f}), "
                f"{one.cost:.0f} µs, p50 {one.p50:.1f} ms, p99 {one.p99:.1f} ms",
            )
            for one in (limit, anju, fastapi, werobot)
        ),
    ]
