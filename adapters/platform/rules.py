"""The platform's API: who may call what, how often, and what is answered.

Written from the documentation of service accounts (developers.weixin.qq.com/doc/service), not from
any kit, so that each checks the other. Every answer comes with HTTP 200; a no is an ``errcode``.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from adapters.platform.account import Account
from adapters.platform.agents import Agents
from adapters.platform.calls import Answer, Asked, SaysNoError, refused, said
from adapters.platform.people import People
from domain.shared.clock import Clock, china_time, utc_from_timestamp

__all__ = ["Platform"]

_A_DAY = {
    "/cgi-bin/menu/create": 1000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/stable_token": 500_000,
}


@dataclass
class Platform:
    """One official account on the platform.

    ``says`` overrules what a path answers, one error code a call, in their order. ``limits`` are
    calls a day by path. ``calls`` counts what was asked, by path. ``skew_seconds`` is how far the
    platform's clock is ahead of ours.
    """

    clock: Clock
    _: KW_ONLY
    app_id: str
    secret: str = field(repr=False)
    codes_lead_to: str = ""
    says: dict[str, deque[int]] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=lambda: dict(_A_DAY))
    calls: Counter[str] = field(default_factory=Counter)
    asked: deque[Asked] = field(default_factory=lambda: deque(maxlen=1000))
    skew_seconds: float = 0
    used: dict[str, int] = field(default_factory=dict)
    _one_at_a_time: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.account = Account(self.clock, self.app_id, self.secret, self.codes_lead_to)
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

    def answer(self, asked: Asked) -> Answer:
        """Answer a call as the platform does."""
        with self._one_at_a_time:
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
        return utc_from_timestamp(self.clock.now().timestamp() + self.skew_seconds)

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
        today = self._today()
        self.used = {key: count for key, count in self.used.items() if key.startswith(today)}
        used = self.used.get(f"{today} {path}", 0)
        if used >= self.limits.get(path, 5_000_000):
            self.people.violations.append(45009)
            raise SaysNoError(45009, "reach max api daily quota limit")
        self.used[f"{today} {path}"] = used + 1

    def _today(self) -> str:
        return china_time(self.clock.now()).date().isoformat()

    def _quota(self, asked: Asked) -> Any:
        path = asked.body().get("cgi_path", "")
        if not path.startswith("/"):
            raise SaysNoError(76021, "cgi_path not found")
        if not any(name.endswith(f" {path}") for name in self._tokened):
            raise SaysNoError(76003, "cgi_path not found")
        limit = self.limits.get(path, 5_000_000)
        used = self.used.get(f"{self._today()} {path}", 0)
        return {
            "errcode": 0,
            "errmsg": "ok",
            "quota": {"daily_limit": limit, "used": used, "remain": limit - used},
        }
