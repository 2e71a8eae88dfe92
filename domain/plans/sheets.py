"""A plan as officers write it down in a table: one row for each unit.

What a plan and a project have in common stands once, or in every row again; an empty cell means
«as above». So a table with merged cells, and one without, say the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from domain.filings.model import UnitType
from domain.plans.cells import (
    HIGHEST_RENT,
    LARGEST_AREA,
    MOST_FLATS,
    MOST_REGISTRATIONS,
    TITLES,
    CellFault,
    Heading,
    Problem,
    WrongCellError,
    beginning,
    ending,
    number,
    plain,
    unit_type,
    whole,
    words,
)
from domain.plans.proposals import Proposal, ProposedProject, ProposedUnit
from domain.shared.tables import Table

__all__ = ["Reading", "read_plan"]

_T = TypeVar("_T")

_OF_PLAN: Final = TITLES[: TITLES.index(Heading.PROJECT)]
_OF_PROJECT: Final = TITLES[TITLES.index(Heading.PROJECT) : TITLES.index(Heading.TYPE)]
_OPTIONAL: Final = frozenset({Heading.LIMIT, Heading.PROJECT_FROM, Heading.PROJECT_TO})

_HEADING_AMONG: Final = 10
"""People write a title above the heading."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table says, or what is wrong with it: never both."""

    proposal: Proposal | None
    faults: tuple[CellFault, ...]


class _Said(NamedTuple):
    text: str
    row: int


def read_plan(table: Table) -> Reading:
    """Read a plan from a table, or find everything that is wrong with it.

    Source: S0-02, S0-31 to S0-35.
    """
    reader = _Reader()
    proposal = reader.read(table)
    faults = tuple(sorted(reader.faults, key=lambda one: (one.row, one.column or 0)))
    return Reading(None if faults else proposal, faults)


@dataclass
class _Reader:
    """One reading of one table."""

    faults: list[CellFault] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)
    plan: dict[Heading, _Said] = field(default_factory=dict)
    projects: dict[str, dict[Heading, _Said]] = field(default_factory=dict)
    units: dict[str, dict[UnitType, ProposedUnit]] = field(default_factory=dict)

    def read(self, table: Table) -> Proposal | None:
        above = self._heading(table)
        if above is None or self.faults:
            return None
        name, rows = "", 0
        for row, cells in enumerate(table.rows[above:], start=above + 1):
            said = {title: self._cell(cells, title) for title in TITLES}
            if not any(said.values()):
                continue
            rows += 1
            name = said[Heading.PROJECT] or name
            self._agree(self.plan, _OF_PLAN, said, row)
            self._agree(self.projects.setdefault(name, {}), _OF_PROJECT, said, row)
            self._unit(name, said, row)
        if not rows:
            self.faults.append(CellFault(above + 1, None, "", Problem.NO_ROWS))
            return None
        return self._proposal(above + 1)

    def _heading(self, table: Table) -> int | None:
        """Find the heading; return how many rows stand above what follows."""
        for above, cells in enumerate(table.rows[:_HEADING_AMONG], start=1):
            titles = [plain(cell) for cell in cells]
            if Heading.PLAN in titles and Heading.PROJECT in titles:
                self._place(titles, above)
                return above
        self.faults.append(CellFault(1, None, "", Problem.NO_HEADING))
        return None

    def _place(self, titles: Sequence[str], row: int) -> None:
        for column, title in enumerate(titles):
            if title in self.columns and title in TITLES:
                self.faults.append(CellFault(row, column, title, Problem.TWICE))
            self.columns.setdefault(title, column)
        for title in TITLES:
            if title not in self.columns and title not in _OPTIONAL:
                self.faults.append(CellFault(row, None, title, Problem.NO_COLUMN))

    def _cell(self, cells: Sequence[str], title: Heading) -> str:
        column = self.columns.get(title, len(cells))
        return plain(cells[column]) if column < len(cells) else ""

    def _fault(self, row: int, title: Heading, problem: Problem, other: int = 0) -> None:
        self.faults.append(CellFault(row, self.columns.get(title), title, problem, other))

    def _agree(
        self,
        kept: dict[Heading, _Said],
        titles: Sequence[Heading],
        said: dict[Heading, str],
        row: int,
    ) -> None:
        """Keep what is said first; whatever is said again must be the same."""
        for title in titles:
            text = said[title]
            if not text:
                continue
            first = kept.setdefault(title, _Said(text, row))
            if first.text != text:
                self._fault(row, title, Problem.DIFFERS, first.row)

    def _unit(self, project: str, said: dict[Heading, str], row: int) -> None:
        if not project:
            self._fault(row, Heading.PROJECT, Problem.MISSING)
        kind = self._take(said, row, Heading.TYPE, unit_type)
        smallest = self._take(said, row, Heading.AREA_FROM, number(LARGEST_AREA))
        largest = self._take(said, row, Heading.AREA_TO, number(LARGEST_AREA))
        rent = self._take(said, row, Heading.RENT, number(HIGHEST_RENT))
        flats = self._take(said, row, Heading.COUNT, whole(MOST_FLATS))
        if not (kind and smallest and largest and rent and flats):
            return
        if largest < smallest:
            self._fault(row, Heading.AREA_TO, Problem.AREA_ORDER)
        kept = self.units.setdefault(project, {})
        if kind in kept:
            self._fault(row, Heading.TYPE, Problem.SAME_UNIT)
        kept[kind] = ProposedUnit(kind, smallest, largest, rent, flats)

    def _take(
        self, said: dict[Heading, str], row: int, title: Heading, read: Callable[[str], _T]
    ) -> _T | None:
        if not said[title]:
            self._fault(row, title, Problem.MISSING)
            return None
        try:
            return read(said[title])
        except WrongCellError as wrong:
            self._fault(row, title, wrong.problem, wrong.other)
            return None

    def _once(
        self,
        kept: dict[Heading, _Said],
        title: Heading,
        read: Callable[[str], _T],
        row: int,
    ) -> _T | None:
        """Read what is said once for many rows; ``row`` is the first of them."""
        first = kept.get(title, _Said("", row))
        if not first.text and title in _OPTIONAL:
            return None
        return self._take({title: first.text}, first.row, title, read)

    def _proposal(self, row: int) -> Proposal | None:
        plan = self.plan
        name = self._once(plan, Heading.PLAN, words(Heading.PLAN), row)
        opens = self._once(plan, Heading.OPENS, beginning, row)
        closes = self._once(plan, Heading.CLOSES, ending, row)
        choosing_from = self._once(plan, Heading.CHOOSING_FROM, beginning, row)
        choosing_to = self._once(plan, Heading.CHOOSING_TO, ending, row)
        limit = self._once(plan, Heading.LIMIT, whole(MOST_REGISTRATIONS), row)
        projects = [self._project(name, kept, row) for name, kept in self.projects.items()]
        if not (name and opens and closes and choosing_from and choosing_to) or self.faults:
            return None
        complete = tuple(project for project in projects if project)
        return Proposal(name, opens, closes, choosing_from, choosing_to, limit, complete)

    def _project(
        self, known_as: str, kept: dict[Heading, _Said], above: int
    ) -> ProposedProject | None:
        row = min((one.row for one in kept.values()), default=above)
        name = self._once(kept, Heading.PROJECT, words(Heading.PROJECT), row)
        district = self._once(kept, Heading.DISTRICT, words(Heading.DISTRICT), row)
        address = self._once(kept, Heading.ADDRESS, words(Heading.ADDRESS), row)
        choosing_from = self._once(kept, Heading.PROJECT_FROM, beginning, row)
        choosing_to = self._once(kept, Heading.PROJECT_TO, ending, row)
        summary = self._once(kept, Heading.SUMMARY, words(Heading.SUMMARY), row)
        if not (name and district and address and summary):
            return None
        units = tuple(self.units.get(known_as, {}).values())
        return ProposedProject(name, district, address, choosing_from, choosing_to, summary, units)
