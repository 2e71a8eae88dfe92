"""What Anju costs, in one table.

.venv/bin/python -m benchmarks [--quick] [browse] [registrations] [rush] [memory] [growth]
    [exports]
"""

import argparse
import importlib
import sys
import time
from typing import Final

from benchmarks.table import Figure, print_table

_ALL: Final = ("browse", "registrations", "rush", "memory", "growth", "exports")


def main() -> None:
    """Run what was asked for; exit with 1 where something that must be is not."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("works", nargs="*", choices=[*_ALL, []], help="all, if none is named")
    asked.add_argument("--quick", action="store_true", help="a look, in a third of the time")
    given = asked.parse_args()
    figures: list[Figure] = []
    for name in given.works or _ALL:
        begun = time.monotonic()
        sys.stderr.write(f"{name} …\n")
        figures += importlib.import_module(f"benchmarks.{name}").measure(quick=given.quick)
        sys.stderr.write(f"{name}: {time.monotonic() - begun:.0f} s\n")
    raise SystemExit(0 if print_table(figures) else 1)


if __name__ == "__main__":
    main()
