"""Bugs that we planted ourselves: a checker that does not find them proves nothing.

Each is played in a small run with the faults in which it shows; all those faults together, without
any bug, must break nothing.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.chaos.checker import check
from benchmarks.chaos.run import Size, play

__all__ = ["BUGS", "Bug", "board"]

_SMALL: Final = Size(  # as long as somebody needs who registers and cancels, twice
    registrations=60, faults=0, at_once=10, most_seconds=18, worker=False, disks=False,
    newcomers=False, heal=20.0, only=("none",),
)  # fmt: skip
_CANCELLING: Final = replace(_SMALL, cancels=1.0)
_TOLD_LATER: Final = replace(  # whoever is told to wait gets a message when it is done
    _SMALL, registrations=400, order_every=1.0, most_seconds=25, worker=True,
    pause_seconds=(4.2, 5.0), block_seconds=6.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bug:
    """A planted bug: its module, how to make it show, and the invariants that may name it."""

    name: str
    size: Size
    named_by: frozenset[str]


BUGS: Final = (
    Bug(
        "no_unique_key",
        replace(_SMALL, registrations=400, faults=400, every=(0.2, 0.4), only=("pg late",)),
        frozenset({"I4"}),
    ),
    Bug("ack_before_commit", _SMALL, frozenset({"I2"})),
    Bug("no_join", replace(_SMALL, doubled=0.5), frozenset({"I3"})),
    Bug(
        "lock_without_fencing",
        replace(
            _TOLD_LATER, worker=False, order_every=4.0,
            only=("block before_save", "block after_load"),
        ),
        frozenset({"I5", "I11"}),
    ),
    Bug("retry_with_new_code", _CANCELLING, frozenset({"I7", "I15"})),
    Bug("token_in_log", _CANCELLING, frozenset({"I9"})),
    Bug(
        "cancel_shared_connection",
        replace(_SMALL, registrations=400, faults=400, every=(4.0, 5.0), only=("redis mute",)),
        frozenset({"I1", "I3", "I9", "I13"}),
    ),
    Bug(
        "job_without_idempotency",
        replace(_TOLD_LATER, only=("pause after_load", "crash before_mark", "pause before_save")),
        frozenset({"I15"}),
    ),
    Bug(
        "dedupe_only_in_redis",
        replace(
            _SMALL, order_every=1.5, faults=400, every=(3.0, 4.0),
            only=("redis flush", "crash after_commit"),
        ),
        frozenset({"I2", "I3", "I4", "I23"}),
    ),
    Bug(
        "sweep_that_skips",
        replace(_TOLD_LATER, only=("pause after_load", "crash after_vendor", "crash before_mark")),
        frozenset({"I16"}),
    ),
    Bug("naive_now", _CANCELLING, frozenset({"I21"})),
    Bug(
        # Who says the same words again gets the old answer, and never comes to the end.
        "reply_by_message", replace(_SMALL, doubled=0.5), frozenset({"I1", "I3", "I9", "I13"}),
    ),
)  # fmt: skip
"""Twelve."""

_CALM: Final = replace(
    _TOLD_LATER,
    faults=400, every=(3.0, 4.0), order_every=1.5, cancels=0.5, doubled=0.3, heal=100.0,
    only=tuple(sorted({one for bug in BUGS for one in bug.size.only} - {"none"})),
)  # fmt: skip
"""Everything in which a bug shows, with no bug to show."""


def board(names: Sequence[str], seed: int, folder: Path) -> int:
    """Play them, print the board; return 1 unless all were found and nothing was without them."""
    wanted = [bug for bug in BUGS if not names or bug.name in names]
    print("| Planted bug | found by | seconds |")
    print("|--|--|--:|")
    hits = sum(_played(bug, seed or 1, folder) for bug in wanted)
    calm, took = _found("calm", _CALM, seed or 1, folder)
    said = "nothing" if not calm else f"ALARM {sorted(calm, key=_by_number)}"
    print(f"| none, all their faults | {said} | {took:.0f} |")
    print(f"Found: {hits} of {len(wanted)}.")
    return 1 if calm or hits < len(wanted) else 0


def _played(bug: Bug, seed: int, folder: Path) -> bool:
    """Play a bug, print its line, tell whether it was found."""
    found, took = _found(bug.name, bug.size, seed, folder, "--plant", bug.name)
    hit = sorted(found & bug.named_by, key=_by_number)
    named = ", ".join(hit) or f"NOT FOUND ({sorted(found, key=_by_number)})"
    print(f"| {bug.name.replace('_', ' ')} | {named} | {took:.0f} |")
    sys.stdout.flush()
    return bool(hit)


def _found(name: str, size: Size, seed: int, folder: Path, *plant: str) -> tuple[set[str], float]:
    """Return the invariants that a run breaks, and how many seconds it took."""
    began = time.monotonic()
    file = folder / f"{name}.jsonl"
    history = uvloop.run(play(size, seed=seed, file=file, plant=plant, name=name))
    return {one.invariant for one in check(history)}, time.monotonic() - began


def _by_number(invariant: str) -> int:
    return int(invariant[1:])
