"""A history in which everything is right, to be damaged by tests."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from benchmarks.chaos.history import (
    SECOND,
    Answered,
    Asked,
    Citizen,
    Ended,
    Event,
    Fault,
    Forged,
    History,
    Passed,
    Posted,
    Probe,
    Row,
    Run,
    Sms,
)

__all__ = ["CANCELLER", "MADE_AT", "clean", "damaged", "without"]

MS = SECOND // 1000
MADE_AT = "2026-05-04T09:00:00"
UNIT, LABEL = "quick-qinghe-two", "青禾家园（演示）二居室"
CANCELLER = 2
"""Every third citizen cancels: this is the first of them."""

_Kind = TypeVar("_Kind", bound=Event)


def clean(citizens: int = 6) -> History:
    """Return a run without a fault in the service, though not without faults around it."""
    attempts = count(1)
    events: list[Event] = [Run(0, 7, "clean"), *_around(citizens)]
    for number in range(citizens):
        events += _life(number, attempts)
    return History.of(events)


def damaged(
    history: History, kind: type[_Kind], which: Callable[[_Kind], bool], **changes: Any
) -> History:
    """Return a history in which one event, the first that fits, is another."""
    events: list[Event] = list(history.events)
    at = next(i for i, one in enumerate(events) if isinstance(one, kind) and which(one))
    if "values" in changes:
        changes["values"] = {**events[at].values, **changes["values"]}  # type: ignore[union-attr] # every damage names values
    events[at] = replace(events[at], **changes)
    return History.of(events)


def without(history: History, kind: type[_Kind], which: Callable[[_Kind], bool]) -> History:
    """Return a history that lacks every event that fits."""
    return History.of(one for one in history.events if not (isinstance(one, kind) and which(one)))


def _around(citizens: int) -> list[Event]:
    cancelled = len([one for one in range(citizens) if one % 3 == CANCELLER])
    live = citizens - cancelled
    return [
        Fault(3 * SECOND, "web kill", on=True, worker=1),
        Fault(4 * SECOND, "web kill", on=False, worker=1),
        Fault(5 * SECOND, "redis flush", on=True),
        Fault(5 * SECOND + 1, "redis flush", on=False),
        Forged(6 * SECOND, 403, ""),
        Probe(0, "connections", 8, "start"),
        Probe(90 * SECOND, "connections", 8, "end"),
        Probe(90 * SECOND, "ready 0", 1.0, "end"),
        Probe(90 * SECOND, f"shown {UNIT}", live, "end"),
        Row("units", {"id": UNIT, "label": LABEL}),
        Row("tallies", {"unit_id": UNIT, "live": live}),
        Row("notices", {"id": "n1", "due": True, "final": True, "state": "sent", "phone": "1"}),
        Row("runs", {"task": "sweep", "due": "2026-05-04T10:00"}),
    ]


def _life(number: int, attempts: Iterator[int]) -> Iterator[Event]:
    """Somebody scans, confirms, is told; a third of them cancels; all look at the end."""
    openid, family = f"oChaos{number:04}", f"family{number}"
    filing, told = f"9901003{number:09}", f"DJ20260504{number:07}"
    t = (10 + number) * SECOND
    yield Citizen(0, openid, family, f"1990000{number:04}", (filing,))
    turn = _Turn(openid, attempts)
    yield from turn.take(t, "scan", f"{LABEL} {filing}", expects=("青禾家园",))
    receipt = f"登记成功！\n编号：{told}\n房源：{LABEL}\n时间：5月4日 09:00"
    yield from turn.take(t + SECOND, f"confirm {UNIT}", receipt, times=3)
    yield from _registered(number, turn.key, told, t + SECOND + 30 * MS)
    state = "registered"
    if number % 3 == CANCELLER:
        state = "cancelled"
        yield Sms(t + 2 * SECOND, f"1990000{number:04}", "123456", "验证码 123456")
        yield from turn.take(t + 3 * SECOND, f"cancel {told}", f"已取消 1 个登记：\n{told}")
        yield from _acted(100 + number, "cancel", told, turn.key, t + 3 * SECOND + 30 * MS)
    shown = "已登记" if state == "registered" else "已取消"
    taps = ((told, f"1. {LABEL} {shown} 5月4日"),)
    yield from turn.take(80 * SECOND, "final", "我的登记", taps=taps)
    yield Row("bound", {"openid": openid, "person_id": f"person{number}"})
    yield Posted(t, f"token{number}", openid, openid, taken=True)
    yield Ended(81 * SECOND, openid)


class _Turn:
    """One citizen's messages, each answered after 50 ms, and what the failpoints saw of them."""

    def __init__(self, openid: str, attempts: Iterator[int]) -> None:
        self._openid = openid
        self._attempts = attempts
        self._revision = 0
        self.key = ""

    def take(  # noqa: PLR0913 (a builder; all but three are usual)
        self,
        t: int,
        meaning: str,
        text: str,
        *,
        expects: tuple[str, ...] = (),
        taps: tuple[tuple[str, str], ...] = (),
        times: int = 1,
    ) -> Iterator[Event]:
        self.key = f"{self._openid}:m:{t}"
        for passed, late in (("before_claim", 5), ("after_claim", 6), ("after_load", 7)):
            yield self._passed(t + late * MS, passed)
        if meaning.startswith(("confirm", "cancel")):
            yield self._passed(t + 32 * MS, "after_commit")
        yield self._passed(t + 35 * MS, "before_save")
        yield self._passed(t + 40 * MS, "after_save")
        for copy in range(times):
            attempt, at = next(self._attempts), t + copy * 10 * MS
            yield Asked(at, self._openid, self.key, attempt, copy % 2, meaning, expects)
            yield Answered(at + 50 * MS, attempt, self._openid, text, taps)
        self._revision += 1

    def _passed(self, t: int, point: str) -> Passed:
        return Passed(t, 77, point, "-", self._revision, self.key)


def _registered(number: int, key: str, told: str, committed: int) -> Iterator[Event]:
    cancelled = number % 3 == CANCELLER
    row = {
        "number": told,
        "family_id": f"family{number}",
        "unit_id": UNIT,
        "state": "cancelled" if cancelled else "registered",
        "created_at": MADE_AT,
        "cancelled_at": "2026-05-04T09:05:00" if cancelled else None,
    }
    yield Row("registrations", row, committed, 1000 + number)
    yield Row("effects", {"draft_id": f"draft{number}"}, committed, 1000 + number)
    yield from _acted(number, "create", told, key, committed)


def _acted(serial: int, action: str, told: str, key: str, committed: int) -> Iterator[Event]:
    tag = f"registrations:registration:{action}"
    yield Row("acts", {"id": serial, "tag": tag, "object_id": told}, committed, 1000 + serial)
    yield Row("deliveries", {"key": key}, committed, 1000 + serial)
