"""The one table of a run: what must be, what is aimed at, what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

__all__ = ["Figure", "print_table"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``met`` is `None` for what is told without a bar."""

    work: str
    what: str
    must: str
    aim: str
    measured: str
    met: bool | None = None


def print_table(figures: Sequence[Figure]) -> bool:
    """Print the table; tell whether everything that must be is."""
    table = Table("Work", "Figure", "Must", "Aim", "Measured", "", title="Anju, measured")
    signs = {True: "yes", False: "NO", None: ""}
    for one in figures:
        table.add_row(one.work, one.what, one.must, one.aim, one.measured, signs[one.met])
    Console(width=150).print(table)
    return all(one.met is not False for one in figures)
