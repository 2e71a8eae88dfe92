"""What is shown of plans at a moment: the same for everybody, so it is worded once a second.

Source: S0-31 to S0-35.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from dialogs.engine.messages import Option, Reply, Start
from dialogs.engine.pages import Page
from dialogs.plans.words import choosing, standing, unit_line, unit_name, window
from domain.filings.model import UnitType
from domain.plans.model import Plan, PlanBook, PlanKind, PlanState, Project, Unit
from domain.shared.conversations import Json

__all__ = ["EVERY_TYPE", "Board", "Path", "another_project", "board_of", "plans_words"]

EVERY_TYPE: Final = frozenset(UnitType)

_MOST_PLANS = 8
"""In one list, which is one page."""

_EARLIER = Option("更早的计划", start=Start("browse", {"past": "yes"}))

_UNCOUNTED: Final[Mapping[str, int]] = MappingProxyType({})


class Path(NamedTuple):
    """How far somebody has gone who looks at what is there for everybody."""

    past: bool = False
    plan: str = ""
    project: str = ""


def another_project(plan_id: str, *, mine: bool = False) -> Option:
    """Offer the other projects of a plan."""
    begun: dict[str, Json] = {"plan": plan_id}
    if mine:
        begun["mine"] = "yes"
    return Option("换个项目", start=Start("browse", begun))


def plans_words(offered: Sequence[Option]) -> str:
    """Return what to say with these plans."""
    if not offered:
        return "现在没有正在登记的配租计划。回复“快速配租”看全部计划。"
    return "多元业务 › 公共租赁住房 › 业务办理 › 配租登记计划\n请选择要看的计划："


class Board:
    """One book of plans at one second, and how many had registered then.

    Words are made when they are first asked for, and not again.
    """

    def __init__(self, book: PlanBook, now: datetime, counts: Mapping[str, int]) -> None:
        self.book = book
        self.now = now
        self.counts = counts
        self._worded: dict[Hashable, str] = {}
        self._offered: dict[Hashable, tuple[Option, ...]] = {}
        self._pages: dict[Path, Page] = {}

    def _words(self, key: Hashable, make: Callable[[], str]) -> str:
        if key not in self._worded:
            self._worded[key] = make()
        return self._worded[key]

    def _options(self, key: Hashable, make: Callable[[], tuple[Option, ...]]) -> tuple[Option, ...]:
        if key not in self._offered:
            self._offered[key] = make()
        return self._offered[key]

    def plans(self, *, only_open: bool = False) -> tuple[Option, ...]:
        """Offer the quick plans, those that may be registered for first.

        Of those that are over, the last few: years of them would bury the others.
        """
        return self._options(only_open, lambda: self._plans(only_open=only_open))

    def past(self) -> tuple[Option, ...]:
        """Offer all quick plans that are over, the newest first."""
        return self._options("past", lambda: self._offered_as(self._in(PlanState.CLOSED)))

    def projects(self, plan_id: str, types: frozenset[UnitType]) -> tuple[Option, ...]:
        """Offer the projects of a plan that have a unit of some types."""
        return self._options((plan_id, types, "projects"), lambda: self._projects(plan_id, types))

    def units(self, project: Project, types: frozenset[UnitType]) -> tuple[Option, ...]:
        """Offer the units of a project that are of some types."""
        return self._options((project.id, types), lambda: self._units(project, types))

    def standing(self, plan: Plan) -> str:
        """Return where a plan's registration stands."""
        return self._words(plan.id, lambda: standing(plan, self.now))

    def page(self, path: Path) -> Page:
        """Return the page at the end of a path; a domain error where there is none (any more)."""
        if path not in self._pages:
            self._pages[path] = self._page(path)
        return self._pages[path]

    def plan_page(self, plan: Plan) -> str:
        """Return what stands above the projects of a plan."""
        return self._words((plan.id, "page"), lambda: self._plan_page(plan))

    def projects_words(self, plan: Plan, offered: Sequence[Option]) -> str:
        """Return what to say with these projects of a plan."""
        if not offered:
            return f"{plan.name}\n这个计划里没有您家备案套型的房源。回复“返回”看其他计划。"
        return self.plan_page(plan)

    def project_page(self, project: Project) -> str:
        """Return what stands above the units of a project."""
        return self._words((project.id, project.plan_id), lambda: self._project_page(project))

    # What is made once

    def _page(self, path: Path) -> Page:
        if path.project:
            project = self.book.project(path.project)
            units = (*self.units(project, EVERY_TYPE), another_project(path.plan))
            return Page(Reply(self.project_page(project), units), "unit")
        if path.plan:
            plan = self.book.plan(path.plan)
            projects = self.projects(path.plan, EVERY_TYPE)
            return Page(Reply(self.projects_words(plan, projects), projects), "project")
        plans = self.past() if path.past else self.plans()
        return Page(Reply(plans_words(plans), plans), "plan")

    def _plans(self, *, only_open: bool) -> tuple[Option, ...]:
        now_open = self._in(PlanState.OPEN)
        if only_open:
            return self._offered_as(now_open)
        ahead, over = now_open + self._in(PlanState.COMING), self._in(PlanState.CLOSED)
        if len(ahead) + len(over) <= _MOST_PLANS:
            return self._offered_as(ahead + over)
        last = over[: max(0, _MOST_PLANS - 1 - len(ahead))]
        return (*self._offered_as(ahead + last), _EARLIER)

    def _in(self, state: PlanState) -> list[Plan]:
        return [
            plan
            for plan in self.book.plans()
            if plan.kind is PlanKind.QUICK and plan.state_at(self.now) is state
        ]

    def _offered_as(self, plans: Iterable[Plan]) -> tuple[Option, ...]:
        return tuple(
            Option(f"{plan.name} {self.standing(plan)}", value=plan.id, say=plan.name)
            for plan in plans
        )

    def _projects(self, plan_id: str, types: frozenset[UnitType]) -> tuple[Option, ...]:
        return tuple(
            Option(
                f"{project.name} {project.district} 选房{choosing(project)}",
                value=project.id,
                say=project.name,
            )
            for project in self.book.projects(plan_id)
            if self._of_types(project, types)
        )

    def _units(self, project: Project, types: frozenset[UnitType]) -> tuple[Option, ...]:
        return tuple(
            Option(
                unit_line(unit, self.counts.get(unit.id, 0)),
                value=unit.id,
                say=unit_name(project, unit),
            )
            for unit in self._of_types(project, types)
        )

    def _of_types(self, project: Project, types: frozenset[UnitType]) -> list[Unit]:
        return [unit for unit in self.book.units(project.id) if unit.unit_type in types]

    def _plan_page(self, plan: Plan) -> str:
        return (
            f"{plan.name}（{self.standing(plan)}）\n登记时间：{window(plan)}\n请选择项目进行登记："
        )

    def _project_page(self, project: Project) -> str:
        plan = self.book.plan(project.plan_id)
        return (
            f"【{project.name}】\n{project.address}\n{project.summary}\n\n"
            f"{plan.name}\n{self.standing(plan)}；{choosing(project)}选房\n\n"
            "请选择房源，看详情和登记："
        )


_LATEST: Final[deque[Board]] = deque(maxlen=2)
"""The boards that hang now: one with counts, one without."""


def board_of(book: PlanBook, now: datetime, counts: Mapping[str, int] = _UNCOUNTED) -> Board:
    """Return the board of a book at a moment, to the second."""
    second = now.replace(microsecond=0)
    for board in _LATEST:
        if board.book is book and board.counts is counts and board.now == second:
            return board
    board = Board(book, second, counts)
    _LATEST.append(board)
    return board
