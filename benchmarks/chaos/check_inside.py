"""What the trail of the failpoints must be like: one writer, no zombies; and what grows."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from benchmarks.chaos.case import LOST_STORE, Case, Violation
from benchmarks.chaos.history import Passed, Probe

__all__ = ["INSIDE"]

_MORE: Final = {"rss": 40.0, "connections": 2.0, "stream": 1000.0, "pending": 0.0, "keys": 1e6}
"""What may be added to the start value beyond a tenth: MB, or how many.

At the start a process has served nobody yet: its lines, statements and caches are still to come.
"""


def one_writer(case: Case) -> Iterator[Violation]:
    """I5: of one revision of a conversation only one successor is ever saved."""
    epochs = sorted(
        t
        for window in case.windows
        if window.name in LOST_STORE
        for t in (window.begin, window.end)
    )
    saved: dict[tuple[str, int], int] = {}
    newest: dict[str, tuple[int, int]] = {}
    begun: dict[tuple[int, str], int] = {}
    for passed in case.history.all(Passed):
        if passed.point == "before_save":
            begun[passed.pid, passed.subject] = passed.t
        if passed.point != "after_save":
            continue
        openid, at = passed.subject.partition(":")[0], begun.get((passed.pid, passed.subject), 0)
        epoch = _epoch(epochs, at)
        if epoch != _epoch(epochs, passed.t):
            continue  # saved around a loss: it may count for either side
        where = (f"{openid} {epoch}", passed.revision)
        if where in saved:
            yield Violation("I5", f"{openid}: revision {passed.revision} was followed twice")
        saved[where] = passed.t
        highest, when = newest.get(where[0], (-1, 0))
        if passed.revision < highest and at > when:
            yield Violation("I5", f"{openid}: revision {passed.revision} after {highest}")
        if passed.revision > highest:
            newest[where[0]] = (passed.revision, passed.t)


def _epoch(ends: list[int], t: int) -> int:
    return sum(1 for end in ends if end <= t)


def no_zombie(case: Case) -> Iterator[Violation]:
    """I11: whoever lost a claim commits nothing that the later owner did not see.

    A store that forgets gives a claim to a second owner while the first one works: who asked for
    an effect gets it then, once (I4), and is told (I2).
    """
    asked: dict[tuple[int, str], int] = {}
    claimed: dict[tuple[int, str], int] = {}
    revisions: dict[tuple[int, str], int] = {}
    saves: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for passed in case.history.all(Passed):
        openid, me = passed.subject.partition(":")[0], (passed.pid, passed.subject)
        match passed.point:
            case "before_claim":
                asked[me] = passed.t
            case "after_claim" if revisions.get(me) != passed.revision:
                # A turn that is taken again on the same claim says so again.
                claimed[me], revisions[me] = passed.t, passed.revision
            case "after_save":
                saves[openid].append((claimed.get(me, 0), passed.t))
            case "after_commit" if me in claimed:
                # What was claimed may have been lost before the answer to the claim arrived.
                lost = case.store_lost(asked.get(me, claimed[me]), passed.t)
                if not lost and _overtaken(case, passed, claimed[me], saves[openid]):
                    yield Violation("I11", f"{passed.subject} committed after it was overtaken")


def _overtaken(case: Case, passed: Passed, since: int, saves: list[tuple[int, int]]) -> bool:
    """Tell whether a later claim had saved before this commit, which was another delivery's."""
    kept = case.committed_keys.get(passed.subject)
    at = kept.committed if kept and kept.committed else passed.t
    # The database's moment, mapped to ours, may be off by some milliseconds.
    return any(since < claimed and saved + 50_000_000 < at <= passed.t for claimed, saved in saves)


def bounded(case: Case) -> Iterator[Violation]:
    """I14: what grows under faults comes back when they end."""
    start = {one.what: one.value for one in case.history.all(Probe) if one.when == "start"}
    for probe in case.history.all(Probe):
        kind = probe.what.partition(" ")[0]
        if probe.when != "end" or kind not in _MORE:
            continue
        was = start.get(probe.what, start.get(kind, 0.0))
        if probe.value > max(was * 1.1, was + _MORE[kind]):
            yield Violation("I14", f"{probe.what}: {was:.0f} became {probe.value:.0f}")


INSIDE: Final = (one_writer, no_zombie, bounded)
"""Everything to be asked about the inside."""
