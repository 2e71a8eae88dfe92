"""The checker: a history in, violations out, each under the name of the invariant it breaks.

All numbers and keys are unique, so everything is counting over sets and costs one pass.
"""

from collections.abc import Iterable
from typing import Final

from benchmarks.chaos.case import Case, Violation
from benchmarks.chaos.check_answers import ANSWERS, BARS
from benchmarks.chaos.check_inside import INSIDE
from benchmarks.chaos.check_outside import OUTSIDE
from benchmarks.chaos.check_records import RECORDS
from benchmarks.chaos.history import History

__all__ = ["INVARIANTS", "Violation", "broken", "check"]

INVARIANTS: Final = (*RECORDS, *ANSWERS, *INSIDE, *OUTSIDE)
"""Every question that is asked about a history."""


def check(history: History) -> list[Violation]:
    """Return everything that is wrong with a history, most important questions first."""
    case = Case(history)
    return [violation for invariant in INVARIANTS for violation in invariant(case)]


def broken(violations: Iterable[Violation]) -> list[Violation]:
    """Return those by which a promise is broken, not a bar of time missed."""
    return [violation for violation in violations if violation.invariant not in BARS]
