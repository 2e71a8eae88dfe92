"""What the answers must be like: one each, in time, the same again, in order, and honest doors."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from benchmarks.chaos.case import Case, Copy, Violation, Window
from benchmarks.chaos.excuses import starved
from benchmarks.chaos.history import SECOND, Forged, Passed, Probe

__all__ = ["ANSWERS", "BARS", "HANGING", "dependency_down", "percentile"]

_IN_TIME: Final = 5 * SECOND
_DOWN_P99: Final = 2 * SECOND
_ENOUGH: Final = 100
"""Fewer answers than these have no 99th percentile worth the name."""
_READY: Final = 10.0
BARS: Final = frozenset({"I17"})
"""What a slow machine may break: missed then, while a promise is broken."""

_REFUSALS: Final = frozenset({400, 403, 405, 408, 413})
_STOPPED: Final = frozenset({"web stop", "web block"})
_GONE: Final = frozenset({"web kill", "web crash", "web restart", "web stop", "web block"})


def one_answer(case: Case) -> Iterator[Violation]:
    """I3: what reached a live worker got one well-formed answer in time, and the same again."""
    for copy in case.copies:
        fault = _unanswered(case, copy)
        if fault:
            yield Violation("I3", f"{copy.asked.key} ({copy.asked.meaning}) {fault}")
    for key, copies in case.by_key.items():
        yield from _same_again(case, key, copies)


def _unanswered(case: Case, copy: Copy) -> str:
    asked, silent, answered = copy.asked, copy.silent, copy.answered
    if answered:
        late = copy.ended - asked.t > _IN_TIME and not (
            _was(case, copy, _STOPPED) or starved(case, copy)
        )
        return "" if answered.text and not late else "was answered late or with nothing"
    if silent is None:
        return "has no outcome"
    if silent.why not in {"refused", "reset", "timeout"}:
        return f"was answered wrongly: {silent.why}"
    if _was(case, copy, _GONE) or (silent.why == "timeout" and starved(case, copy)):
        return ""
    return f"got nothing from a live worker: {silent.why}"


def _was(case: Case, copy: Copy, faults: frozenset[str]) -> bool:
    worker, begin, end = copy.asked.worker, copy.asked.t, copy.ended
    return any(
        window.worker == worker and window.name in faults and window.touches(begin, end, slack=0.5)
        for window in case.worker_windows.get(worker, ())
    )


def _same_again(case: Case, key: str, copies: list[Copy]) -> Iterator[Violation]:
    answered = [copy for copy in copies if copy.definite]
    texts = {copy.answered.text for copy in answered if copy.answered}
    if len(texts) <= 1:
        return
    begin, end = min(copy.asked.t for copy in copies), max(copy.ended for copy in answered)
    # The records keep an answer for a day; a talk that is lost takes the other answers with it.
    kept = case.committed_keys.get(key)
    since = {
        one.answered.text
        for one in answered
        if one.answered and kept and one.ended >= kept.committed
    }
    if len(since) > 1 or not case.store_lost(begin, end):
        yield Violation("I3", f"{key} ({copies[0].asked.meaning}) got {len(texts)} answers")


def in_order(case: Case) -> Iterator[Violation]:
    """I6: an answer is to its own question, and turns are taken in the order they came in."""
    for copy in case.copies:
        expects = copy.asked.expects
        if copy.definite and copy.answered and expects:
            shown = copy.answered.text
            if not any(words in shown for words in expects):
                yield Violation("I6", f"{copy.asked.key} expects {expects} and got {shown[:40]!r}")
    came: dict[tuple[int, str], int] = {}
    turns: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for passed in case.history.all(Passed):
        copy_ = (passed.pid, passed.subject)
        if passed.point == "before_claim":
            came[copy_] = passed.t
        if passed.point == "after_claim" and copy_ in came:
            turn = (came[copy_], passed.t, passed.subject)
            turns[passed.subject.partition(":")[0]].append(turn)
    for of_citizen in turns.values():
        yield from _overtakings(case, of_citizen)


def _overtakings(case: Case, turns: list[tuple[int, int, str]]) -> Iterator[Violation]:
    """Yield who was taken before one that came half a second earlier, without a fault between."""
    turns.sort()
    for (came, taken, key), (later, sooner, other) in pairwise(turns):
        if later - came > SECOND // 2 and sooner < taken and not case.faulty(came, taken):
            yield Violation("I6", f"{other} was taken before {key}")


def alive(case: Case) -> Iterator[Violation]:
    """I13: after the last fault everybody comes to the end of the plan, and doors open."""
    yield from (Violation("I13", f"{one.openid} is stuck: {one.stuck}") for one in case.stuck)
    for probe in case.history.all(Probe):
        if probe.what.startswith("ready") and probe.when == "end" and probe.value > _READY:
            yield Violation("I13", f"{probe.what} only after {probe.value:.1f} s")


GONE: Final = frozenset({"pg down", "pg kill", "redis down", "redis kill"})
"""A dependency that says no."""

HANGING: Final = frozenset({"pg mute", "pg pause", "redis mute", "redis pause"})
"""A dependency that says nothing."""


def dependency_down(case: Case, faults: frozenset[str] = GONE) -> list[int]:
    """Return how long each answer took that was asked for during some faults alone, sorted."""
    down = [window for window in case.windows if window.name in faults]
    took = [
        copy.ended - copy.asked.t
        for copy in case.copies
        if copy.answered and any(_alone(case, window, copy) for window in down)
    ]
    return sorted(took)


def _alone(case: Case, window: Window, copy: Copy) -> bool:
    """Tell whether a copy was asked for during a fault, and nothing else was wrong meanwhile."""
    asked, ended = copy.asked.t, copy.ended
    if not window.begin <= asked <= window.end:
        return False
    others = (one for one in case.windows if one is not window)
    elsewhere = {-1, copy.asked.worker}
    return not starved(case, copy) and not any(
        one.worker in elsewhere and one.touches(asked, ended, slack=0.5) for one in others
    )


def percentile(ordered: list[int], share: float) -> int:
    """Return the value below which that share lies; 0 of nothing."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


def shed(case: Case) -> Iterator[Violation]:
    """I17: one dead dependency does not pile up the rest."""
    took = dependency_down(case)
    if len(took) >= _ENOUGH and percentile(took, 0.99) > _DOWN_P99:
        yield Violation(
            "I17", f"p99 {percentile(took, 0.99) / SECOND:.1f} s with a dependency down"
        )


def door(case: Case) -> Iterator[Violation]:
    """I18: what the platform did not sign is refused, and told nothing."""
    for forged in case.history.all(Forged):
        if forged.status not in _REFUSALS or forged.answer:
            yield Violation("I18", f"a forged request got {forged.status} {forged.answer[:40]!r}")


ANSWERS: Final = (one_answer, in_order, alive, shed, door)
"""Everything to be asked about answers."""
