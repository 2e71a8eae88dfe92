"""What a run showed, in figures: each zero with the bound that it proves, and nothing more."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.chaos.case import Case, Copy, Violation, Window
from benchmarks.chaos.check_answers import HANGING, dependency_down, percentile
from benchmarks.chaos.excuses import starved
from benchmarks.chaos.history import SECOND, History, Passed

__all__ = ["RECOVER_WITHIN", "Figures", "bound", "coverage", "figures", "recoveries"]

_CREATE: Final = "registrations:registration:create"
_RULE_OF_THREE: Final = 3.0
"""No failure in N tries: with 95 % the rate is below 3/N."""

LATE: Final = 5 * SECOND

RECOVER_WITHIN: Final = {"pg": 3.0, "redis": 2.0, "all webs": 3.0}
"""Seconds until the first good commit."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one run."""

    registrations: int
    messages: int
    copies: int
    faults: int
    lost: int
    doubled: int
    stuck: int
    unanswered: int
    starved: int
    citizens: int
    answer_p50_ms: float
    answer_p99_ms: float
    down_answers: int
    down_p99: float
    down_max: float
    hanging_answers: int
    hanging_p99: float
    hanging_max: float


def figures(history: History, violations: Sequence[Violation]) -> Figures:
    """Count."""
    case = Case(history)
    of = Counter(violation.invariant for violation in violations)
    took = sorted(copy.ended - copy.asked.t for copy in case.copies if copy.answered)
    down, hanging = dependency_down(case), dependency_down(case, HANGING)
    orders = sum(1 for passed in history.all(Passed) if passed.order != "-")
    acts = (row for rows in case.acts.values() for row in rows)
    return Figures(
        registrations=sum(1 for row in acts if row.values["tag"] == _CREATE),
        messages=len(case.by_key),
        copies=len(case.copies),
        faults=sum(1 for window in case.windows if _let_loose(case, window)) + orders,
        lost=of["I1"] + of["I2"] + of["I25"],
        doubled=of["I4"] + of["I15"],
        stuck=of["I13"],
        unanswered=of["I3"],
        starved=sum(1 for copy in case.copies if _late(copy) and starved(case, copy)),
        citizens=len(case.citizens),
        answer_p50_ms=percentile(took, 0.5) / 1e6,
        answer_p99_ms=percentile(took, 0.99) / 1e6,
        down_answers=len(down),
        down_p99=percentile(down, 0.99) / SECOND,
        down_max=(down[-1] if down else 0) / SECOND,
        hanging_answers=len(hanging),
        hanging_p99=percentile(hanging, 0.99) / SECOND,
        hanging_max=(hanging[-1] if hanging else 0) / SECOND,
    )


def _let_loose(case: Case, window: Window) -> bool:
    """Tell whether a window is a fault by itself, not a part of another or the end of an order."""
    parts = (one for one in case.windows if one.name in {"all webs", "pg late"})
    return window.name not in {"web crash", "web block"} and not (
        window.name == "web kill" and any(one.touches(window.begin, window.begin) for one in parts)
    )


def _late(copy: Copy) -> bool:
    return bool(copy.silent and copy.silent.why == "timeout") or copy.ended - copy.asked.t > LATE


def bound(found: int, tries: int) -> str:
    """Return what a count out of so many tries shows, in words."""
    if found or not tries:
        return "—"
    return f"< {_RULE_OF_THREE / tries:.1e}"


def recoveries(history: History) -> dict[str, list[float]]:
    """Return, for each thing that came back, the seconds until the next good commit."""
    case = Case(history)
    commits = sorted(row.committed for row in case.committed_keys.values() if row.committed)
    found: dict[str, list[float]] = {}
    for window in case.windows:
        kind = window.name if window.name == "all webs" else window.name.partition(" ")[0]
        if kind in RECOVER_WITHIN and _down(window):
            begin = window.begin if kind == "all webs" else window.end
            at = bisect_left(commits, begin)
            if at < len(commits) and _alone(case, window, commits[at]):
                found.setdefault(kind, []).append((commits[at] - begin) / SECOND)
    return found


def _down(window: Window) -> bool:
    return window.name.endswith((" kill", " down", " pause", " mute", "all webs"))


def _alone(case: Case, window: Window, until: int) -> bool:
    """Tell whether nothing else stood in the way of the next commit."""
    others = (one for one in case.windows if one is not window and not one.name.startswith("web"))
    return not any(one.touches(window.end, until) for one in others)


def coverage(history: History) -> Iterator[tuple[str, Counter[str]]]:
    """Yield every point with how often each order was obeyed there, and how often it was passed."""
    points: dict[str, Counter[str]] = {}
    for passed in history.all(Passed):
        cells = points.setdefault(passed.point, Counter())
        cells[passed.order.partition(":")[0]] += 1
    yield from points.items()
