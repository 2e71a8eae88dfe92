"""Break everything, again and again, and see whether a promise breaks.

    python -m benchmarks.chaos             # short: 2,000 registrations, 100 faults
    python -m benchmarks.chaos --long      # 10,000 registrations, 500 faults
    python -m benchmarks.chaos --planted   # does the checker find the bugs that we planted?

Exits with 1 if a promise was broken, or a planted bug was not found. A bar of time that a slow
machine misses is printed as missed, and is no failure.
"""

import argparse
import logging
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.chaos.checker import broken, check
from benchmarks.chaos.figures import figures
from benchmarks.chaos.history import History
from benchmarks.chaos.planted import board
from benchmarks.chaos.report import lines
from benchmarks.chaos.run import Size, play
from benchmarks.chaos.servers import missing

SHORT: Final = Size()
LONG: Final = Size(registrations=10_000, faults=500, most_seconds=3600)


def main() -> int:
    """Play, check, print."""
    given = _arguments()
    if given.check:
        return _judged(History.read([given.check]))
    lacking = missing()
    if lacking:
        # On a machine of somebody's own it is skipped aloud; where it is required, that is a fault.
        print(f"chaos is skipped: this machine lacks {', '.join(lacking)}")
        return 1 if os.environ.get("CI") else 0  # noqa: TID251 (a program of its own)
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, _end_as_by_hand)
    # A shell that starts it in the background lets it ignore what Ctrl+C sends.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if given.planted is not None:
        return board(given.planted, given.seed, given.folder)
    size = LONG if given.long else SHORT
    changes = {
        "webs": given.webs,
        "registrations": given.registrations,
        "faults": given.faults,
        "at_once": given.citizens,
    }
    size = replace(size, **{name: value for name, value in changes.items() if value is not None})
    if given.only:
        size = replace(size, only=tuple(given.only.split(",")))
    seed = given.seed or int(time.time())
    file = given.folder / f"history-{seed}.jsonl"
    print(f"seed {seed}; history in {file}")
    history = uvloop.run(play(size, seed=seed, file=file))
    code = _judged(history)
    reached = figures(history, ())
    if reached.registrations < size.registrations or reached.faults < size.faults:
        wanted = f"{size.registrations} registrations and {size.faults} faults"
        print(f"This machine was too slow for {wanted} in {size.most_seconds:.0f} s.")
    return code


def _end_as_by_hand(*_: object) -> None:
    """End as by Ctrl+C: with everything gone that we began, however often we are told."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.kill(os.getpid(), signal.SIGINT)


def _judged(history: History) -> int:
    violations = check(history)
    print("\n".join(lines(history, violations)))
    return 1 if broken(violations) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--long", action="store_true", help="10,000 registrations, 500 faults")
    parser.add_argument(
        "--planted", nargs="*", metavar="BUG", help="find planted bugs: these, or all"
    )
    parser.add_argument("--seed", type=int, default=0, help="dice of an earlier run")
    parser.add_argument("--webs", type=int, help="how many web processes")
    parser.add_argument("--citizens", type=int, help="how many at once; fewer on a busy machine")
    parser.add_argument("--registrations", type=int, help="how many at least")
    parser.add_argument("--faults", type=int, help="how many at least")
    parser.add_argument("--only", default="", help="only these faults and orders, by comma")
    parser.add_argument("--check", type=Path, metavar="FILE", help="judge a history again")
    parser.add_argument("--folder", type=Path, default=Path("var/chaos"), help="for histories")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
