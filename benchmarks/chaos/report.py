"""What `make chaos` prints: faults × points, figures with their bounds, and every violation."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from benchmarks.chaos.case import Case, Violation
from benchmarks.chaos.check_answers import BARS
from benchmarks.chaos.checker import broken
from benchmarks.chaos.figures import RECOVER_WITHIN, bound, coverage, figures, recoveries
from benchmarks.chaos.history import History
from benchmarks.chaos.nemeses import HITS, ORDERS
from domain.shared.failpoints import Point

__all__ = ["lines"]

_ANSWERED_WITHIN: Final = 5.0
_SHOWN: Final = 40


def lines(history: History, violations: Sequence[Violation]) -> Iterator[str]:
    """Yield the report of a run, line by line."""
    yield from _faults(history)
    yield ""
    yield from _points(history)
    yield ""
    yield from _figures(history, violations)
    yield ""
    yield from _bars(history)
    yield ""
    if not broken(violations):
        yield "No promise was broken."
    counted = Counter(violation.invariant for violation in violations)
    for violation in violations[:_SHOWN]:
        missed = " (missed)" if violation.invariant in BARS else ""
        yield f"{violation.invariant}{missed}: {violation.what}"
    if len(violations) > _SHOWN:
        yield f"… {len(violations)} in all: {dict(counted)}"


def _faults(history: History) -> Iterator[str]:
    times = Counter(window.name for window in Case(history).windows)
    yield "| Fault | Times |"
    yield "|--|--:|"
    for name, number in sorted(times.items()):
        yield f"| {name} | {number} |"


def _points(history: History) -> Iterator[str]:
    hits = dict(coverage(history))
    yield f"| Point | passed | {' | '.join(ORDERS)} |"
    yield f"|--|--:|{'--:|' * len(ORDERS)}"
    thin = 0
    for point in Point:
        cells = hits.get(point.value, Counter())
        passed = sum(cells.values())
        thin += sum(1 for order in ORDERS if cells[order] < HITS)
        yield f"| {point.value} | {passed} | {' | '.join(str(cells[one]) for one in ORDERS)} |"
    yield f"Cells hit fewer than {HITS} times: {thin} of {len(Point) * len(ORDERS)}."


def _figures(history: History, violations: Sequence[Violation]) -> Iterator[str]:
    found = figures(history, violations)
    yield "| What | Figure | 95 % bound |"
    yield "|--|--:|--:|"
    yield f"| registrations | {found.registrations} | |"
    yield f"| faults | {found.faults} | |"
    yield f"| messages (copies) | {found.messages} ({found.copies}) | |"
    for what, number, tries in (
        ("acknowledged and lost", found.lost, found.registrations),
        ("doubled", found.doubled, found.registrations),
        ("stuck", found.stuck, found.citizens),
        ("unanswered by a live worker", found.unanswered, found.copies),
    ):
        yield f"| {what} | {number} | {bound(number, tries)} |"
    yield f"| of them given no processor to answer with | {found.starved} | |"
    yield f"| answer, median and p99 | {found.answer_p50_ms:.0f} / {found.answer_p99_ms:.0f} ms | |"


def _bars(history: History) -> Iterator[str]:
    """Yield what ought to be fast: a slow machine misses it, and that is no failure."""
    found = figures(history, ())
    yield "| Bar | times | median or p99 | slowest | must | |"
    yield "|--|--:|--:|--:|--:|--|"
    for what, times, p99, slowest in (
        ("answers with one dependency down", found.down_answers, found.down_p99, found.down_max),
        (
            *("answers with one dependency hanging", found.hanging_answers),
            *(found.hanging_p99, found.hanging_max),
        ),
    ):
        met = _met(slowest < _ANSWERED_WITHIN, times)
        shown = f"{p99:.2f} s | {slowest:.2f} s | < {_ANSWERED_WITHIN:.0f} s"
        yield f"| {what} | {times} | {shown} | {met} |"
    took = recoveries(history)
    for what, must in RECOVER_WITHIN.items():
        seconds = took.get(what, [0.0])
        met = _met(max(seconds) <= must, len(took.get(what, ())))
        shown = f"{median(seconds):.2f} s | {max(seconds):.2f} s | ≤ {must:.0f} s"
        yield f"| first good commit after {what} | {len(took.get(what, ()))} | {shown} | {met} |"


def _met(good: bool, times: int) -> str:  # noqa: FBT001 (a verdict)
    return ("met" if good else "MISSED") if times else "not tried"
