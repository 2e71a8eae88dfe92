"""Bugs that we planted ourselves: a checker that does not find them proves nothing.

Each is played in a small run with the faults in which it shows; the same faults without the bug
must break nothing.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.chaos.checker import check
from benchmarks.chaos.run import Size, play

__all__ = ["BUGS", "Bug", "board"]

_SMALL: Final = Size(  # forty seconds, whatever the machine gets done in them
    registrations=400, faults=0, at_once=24, most_seconds=40, disks=False, heal=30.0, only=("none",)
)
_BLOCKED: Final = replace(
    _SMALL, order_every=11.0, block_seconds=6.0, only=("block before_commit",)
)


@dataclass(frozen=True, slots=True)
class Bug:
    """A planted bug: its module, how to make it show, and the invariants that may name it."""

    name: str
    size: Size
    named_by: frozenset[str]


BUGS: Final = (
    Bug("no_unique_key", _BLOCKED, frozenset({"I4"})),
    Bug("ack_before_commit", _SMALL, frozenset({"I2"})),
    Bug("no_join", _SMALL, frozenset({"I3"})),
    Bug(
        "lock_without_fencing",
        replace(_BLOCKED, only=("block before_save", "block after_load")),
        frozenset({"I5", "I11"}),
    ),
    Bug(
        "retry_with_new_code",
        replace(_SMALL, cancels=1.0, heal=100.0, order_every=0.3, only=("exception before_save",)),
        frozenset({"I7", "I15"}),
    ),
    Bug("token_in_log", replace(_SMALL, cancels=1.0), frozenset({"I9"})),
    Bug(
        "cancel_shared_connection",
        replace(_SMALL, every=(3.0, 5.0), faults=6, only=("redis mute", "redis pause")),
        frozenset({"I1", "I3", "I9", "I13"}),
    ),
    Bug(
        "job_without_idempotency",
        replace(
            _SMALL, order_every=1.5, most_seconds=60,
            only=("pause after_load", "crash before_mark", "pause before_save"),
        ),
        frozenset({"I15"}),
    ),
    Bug(
        "dedupe_only_in_redis",
        replace(_SMALL, order_every=1.5, faults=6, only=("redis flush", "crash after_commit")),
        frozenset({"I2", "I3", "I4", "I23"}),
    ),
    Bug(
        "sweep_that_skips",
        replace(
            _SMALL, order_every=1.5, most_seconds=60,
            only=("pause after_load", "crash after_vendor", "crash before_mark"),
        ),
        frozenset({"I16"}),
    ),
    Bug("naive_now", replace(_SMALL, cancels=1.0), frozenset({"I21"})),
    Bug("reply_by_message", _SMALL, frozenset({"I1", "I3", "I9"})),
)  # fmt: skip
"""Twelve."""


def board(names: Sequence[str], seed: int, folder: Path) -> int:
    """Play them, print the board; return 1 unless all were found and nothing else was."""
    wanted = [bug for bug in BUGS if not names or bug.name in names]
    print("| Planted bug | found by | seconds | without it |")
    print("|--|--|--:|--|")
    missed, calms = 0, dict[Size, set[str]]()
    for bug in wanted:
        began = time.monotonic()
        found = _found(bug, seed or 1, folder, planted=True)
        took = time.monotonic() - began
        if bug.size not in calms:
            calms[bug.size] = _found(bug, seed or 1, folder, planted=False)
        calm = calms[bug.size]
        hit = found & bug.named_by
        missed += not hit or bool(calm)
        named = ", ".join(sorted(hit, key=_by_number)) or f"NOT FOUND ({sorted(found)})"
        quiet = "nothing" if not calm else f"ALARM {sorted(calm)}"
        print(f"| {bug.name.replace('_', ' ')} | {named} | {took:.0f} | {quiet} |")
        sys.stdout.flush()
    print(f"Found: {len(wanted) - missed} of {len(wanted)}.")
    return 1 if missed else 0


def _found(bug: Bug, seed: int, folder: Path, *, planted: bool) -> set[str]:
    name = bug.name if planted else f"{bug.name}-calm"
    plant = ("--plant", bug.name) if planted else ()
    file = folder / f"{name}.jsonl"
    history = asyncio.run(play(bug.size, seed=seed, file=file, plant=plant, name=name))
    return {violation.invariant for violation in check(history)}


def _by_number(invariant: str) -> int:
    return int(invariant[1:])
