"""The platform's API as its documentation describes it: it keeps state and enforces its rules.

Written from the documentation of service accounts (developers.weixin.qq.com/doc/service), not from
any kit, so that each checks the other. Every answer comes with HTTP 200; a no is an ``errcode``.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from domain.shared.clock import Clock, china_time
from tests.support.outside_server import Answer, OutsideServer, Request, served
from tests.support.wechat.account import APP_ID, SECRET, Account
from tests.support.wechat.agents import Agents
from tests.support.wechat.people import People
from tests.support.wechat.rules import Asked, SaysNoError, asked_of, refused, said

__all__ = ["APP_ID", "SECRET", "WechatServer", "wechat"]

_A_DAY = {
    "/cgi-bin/menu/create": 1000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/stable_token": 500_000,
}


@dataclass
class WechatServer:
    """One official account on the platform.

    ``says`` overrules what a path answers, one error code a call, in their order. ``limits`` are
    calls a day by path. ``calls`` counts what was asked, by path. ``skew_seconds`` is how far the
    platform's clock is ahead of ours.
    """

    clock: Clock
    http: OutsideServer = field(init=False)
    says: dict[str, deque[int]] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=lambda: dict(_A_DAY))
    calls: Counter[str] = field(default_factory=Counter)
    asked: list[Asked] = field(default_factory=list)
    skew_seconds: float = 0
    _used: Counter[tuple[str, str]] = field(default_factory=Counter)
    _one_at_a_time: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.account = Account(self.clock)
        self.people = People(self.clock, self.account.has_media)
        self.agents = Agents(self.clock)
        quota: dict[str, Callable[[Asked], Any]] = {"POST /cgi-bin/openapi/quota/get": self._quota}
        self._tokened = {
            **self.account.calls(),
            **self.people.calls(),
            **self.agents.calls(),
            **quota,
        }

    def say(self, path: str, *codes: int) -> None:
        """Have the next calls of a path refused."""
        self.says.setdefault(path, deque()).extend(codes)

    def answer(self, request: Request) -> Answer:
        """Answer a request as the platform does."""
        with self._one_at_a_time:
            asked = asked_of(request)
            self.calls[asked.path] += 1
            self.asked.append(asked)
            headers = {"Date": format_datetime(self._its_time(), usegmt=True)}
            try:
                found = self._said(asked)
            except SaysNoError as error:
                return refused(error, f"65f1-{len(self.asked):04d}-{asked.verb}", headers)
            if isinstance(found, Answer):
                return Answer(found.body, found.status, {**found.headers, **headers})
            return said(found, headers)

    def _its_time(self) -> datetime:
        return datetime.fromtimestamp(
            self.clock.now().timestamp() + self.skew_seconds, tz=self.clock.now().tzinfo
        )

    def _said(self, asked: Asked) -> Any:
        name = f"{asked.verb} {asked.path}"
        free = self.account.untokened()
        if name not in free and name not in self._tokened:
            raise SaysNoError(40066, "invalid url")
        call: Callable[[Asked], Any] = free.get(name) or self._tokened[name]
        if name not in free:
            self.account.check(asked.query.get("access_token"))
        self._count(asked.path)
        if self.says.get(asked.path):
            raise SaysNoError(self.says[asked.path].popleft(), "as the test wishes")
        return call(asked)

    def _count(self, path: str) -> None:
        today = (path, china_time(self.clock.now()).date().isoformat())
        if self._used[today] >= self.limits.get(path, 5_000_000):
            self.people.violations.append(45009)
            raise SaysNoError(45009, "reach max api daily quota limit")
        self._used[today] += 1

    def _quota(self, asked: Asked) -> Any:
        path = asked.body().get("cgi_path", "")
        if not path.startswith("/"):
            raise SaysNoError(76021, "cgi_path not found")
        if not any(name.endswith(f" {path}") for name in self._tokened):
            raise SaysNoError(76003, "cgi_path not found")
        limit = self.limits.get(path, 5_000_000)
        used = self._used[path, china_time(self.clock.now()).date().isoformat()]
        return {
            "errcode": 0,
            "errmsg": "ok",
            "quota": {"daily_limit": limit, "used": used, "remain": limit - used},
        }


@contextmanager
def wechat(clock: Clock) -> Iterator[WechatServer]:
    """Serve the platform for as long as the block lasts."""
    server = WechatServer(clock)
    with served(server.answer) as http:
        server.http = http
        yield server
