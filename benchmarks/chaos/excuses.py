"""When a late answer is the machine's doing: the time is proved, process by process.

A copy is excused only where its worker is known to have answered it, by the trail, and where it
would have been in time had nobody waited for a processor. Who never answered has no excuse.
"""

from bisect import bisect_left
from typing import Final

from benchmarks.chaos.case import HARNESS, Case, Copy
from benchmarks.chaos.history import SECOND

__all__ = ["starved"]

_TOLD_TO_WAIT: Final = 4 * SECOND
_DUE: Final = 4.5 * SECOND
"""A citizen is told to wait after four seconds; half a second is for bringing the answer."""


def starved(case: Case, copy: Copy) -> bool:
    """Tell whether a copy was answered in time but for what the machine kept from us."""
    asked, ended, worker = copy.asked.t, copy.ended, copy.asked.worker
    if ended - asked < _DUE:
        return False  # it is not late
    claimed = _first(case, copy, "before_claim", asked)
    sent = _first(case, copy, "before_send", claimed or asked)
    # The harness writes the question and reads the answer; what lies between is the worker's.
    kept = case.starved(HARNESS, asked, claimed or asked)
    kept += case.starved(worker, asked, sent or ended)
    if copy.silent and not sent:  # the platform had gone by then, so nobody knows
        return ended - asked - kept < _TOLD_TO_WAIT
    if sent and sent < ended:
        kept += case.starved(HARNESS, sent, ended)
    took = (max(sent, ended) if copy.silent else ended) - asked
    return took - kept < _DUE


def _first(case: Case, copy: Copy, point: str, since: int) -> int:
    """Return when the worker that was asked first passed a point for this message; 0 if never."""
    times = case.passed_at.get((copy.asked.worker, copy.asked.key, point), [])
    at = bisect_left(times, since)
    return times[at] if at < len(times) else 0
