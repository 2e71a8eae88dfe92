"""From a flow to its one shared machine, and from answers to the place they lead to.

Answers are the only position. A walk starts at the beginning each time and stops at the first
open question; correcting, going back, resuming and deploying are all the same walk.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product

from transitions import Event, EventData, Machine, Transition

from dialogs.engine.choices import Menu
from dialogs.engine.flow import Flow
from dialogs.engine.steps import Answers, Probe, Step
from domain.shared.conversations import Draft

__all__ = [
    "DONE",
    "REVIEW",
    "START",
    "Position",
    "edges",
    "machine_of",
    "mermaid",
    "walk",
    "walked_edges",
]

START, REVIEW, DONE = "start", "review", "done"


@dataclass(frozen=True, slots=True)
class _Answered:
    """The question left behind has a whole answer."""

    step: Step[object]

    def __call__(self, answers: Answers) -> bool:
        return self.step.answered(answers.stored(self.step))


@dataclass(frozen=True, slots=True)
class _Needed:
    """The question ahead is asked, and those in between are not: their answers are hidden."""

    step: Step[object]
    skipping: tuple[str, ...]

    def __call__(self, answers: Answers) -> bool:
        answers.hidden.update(self.skipping)
        return self.step.needed(answers)


_Guard = _Answered | _Needed


class _Advance(Event):
    """The way on, without the ceremony that no flow uses: entries, exits, queues, event records.

    Each step of a walk costs 0.6 µs so, and 6 µs with it; a turn takes a dozen steps.
    """

    def run(self, answers: Answers) -> list[str]:
        """Return the states that answers lead through: from the start to where no guard lets on."""
        visited = [START]
        while self._leads_on(answers, visited):
            pass
        return visited

    def _leads_on(self, answers: Answers, visited: list[str]) -> bool:
        # A menu has no way out: it is not among the sources.
        for move in self.transitions.get(visited[-1], ()):
            for guard in move.conditions:
                if not guard.func(answers):  # type: ignore[operator] # a guard is no name
                    break
            else:
                visited.append(str(move.dest))
                if self.machine.after_state_change:
                    self._tell(move)
                return True
        return False

    def _tell(self, move: Transition) -> None:
        event = EventData(None, self, self.machine, None, (), {})
        event.transition = move
        self.machine.callbacks(self.machine.after_state_change, event)


class _FlowMachine(Machine):
    """A machine whose events are lean."""

    event_cls = _Advance


@dataclass(frozen=True, slots=True)
class _Edge:
    """A way from one state to another, taken where all guards hold."""

    source: str
    target: str
    guards: tuple[_Guard, ...]
    label: str = ""


def _edges_from(flow: type[Flow], source: str) -> list[_Edge]:
    """Return where an answered step leads: each following step up to the first always asked."""
    names = list(flow.steps)
    here = names.index(source) + 1 if source != START else 0
    answered = () if source == START else (_Answered(flow.steps[source]),)
    found: list[_Edge] = []
    skipped: tuple[str, ...] = ()
    for name in names[here:]:
        step = flow.steps[name]
        if _possible(flow, source, name, skipped):
            label = f"needs {name}" if step.conditional else ""
            always = not (step.conditional or skipped)
            needed = () if always else (_Needed(step, skipped),)
            found.append(_Edge(source, name, (*answered, *needed), label))
        if not step.conditional:
            return found
        skipped = (*skipped, name)
    if _possible(flow, source, "", skipped):
        found.append(_Edge(source, REVIEW if flow.review else DONE, answered))
    return found


def _possible(flow: type[Flow], source: str, target: str, skipped: tuple[str, ...]) -> bool:
    """Tell whether one question can follow another although those between were not asked.

    It must be so in one at least of the ways to go about the flow.
    """
    return any(
        _asked(flow, source, way) is not False
        and not any(_asked(flow, name, way) for name in skipped)
        and _needable(flow, target, way, skipped)
        for way in _ways(flow)
    )


def _ways(flow: type[Flow]) -> Iterator[dict[str, str]]:
    """Yield each combination of a flow's settings; of none, the one that is empty."""
    for values in product(*flow.settings.values()):
        yield dict(zip(flow.settings, values, strict=True))


def _asked(flow: type[Flow], name: str, way: Mapping[str, str]) -> bool | None:
    """Tell whether a question is asked going this way; ``None`` where answers decide it."""
    if name not in flow.steps:
        return None
    probe = Probe(flow.steps, way)
    needed = flow.steps[name].needed(probe)
    return needed if way and not probe.looked_at else None


def _needable(
    flow: type[Flow], name: str, way: Mapping[str, str], skipped: tuple[str, ...]
) -> bool:
    """Tell whether a question can be needed going this way, with some left out."""
    if name not in flow.steps:
        return True
    probe = Probe(flow.steps, way)
    if flow.steps[name].needed(probe):
        return True
    if not probe.looked_at:
        return not way
    # Needed by nothing but what was left out: it cannot be.
    return not probe.looked_at <= set(skipped)


_MACHINES: dict[type[Flow], Machine] = {}


def machine_of(flow: type[Flow]) -> Machine:
    """Return the flow's machine: compiled once, shared by everybody, holding no model."""
    if flow not in _MACHINES:
        _MACHINES[flow] = _compiled(flow)
    return _MACHINES[flow]


def _sources(flow: type[Flow]) -> list[str]:
    """Return the states that have a way on: all but menus, which lead elsewhere."""
    return [START, *(name for name, step in flow.steps.items() if not isinstance(step, Menu))]


def _compiled(flow: type[Flow]) -> Machine:
    machine = _FlowMachine(
        model=None,
        states=[START, *flow.steps, *([REVIEW] if flow.review else []), DONE],
        initial=START,
        auto_transitions=False,
        send_event=True,
    )
    for source in _sources(flow):
        for edge in _edges_from(flow, source):
            machine.add_transition("advance", source, edge.target, conditions=[*edge.guards])
    if flow.review:
        machine.add_transition("confirm", REVIEW, DONE)
    return machine


@dataclass(frozen=True, slots=True)
class Position:
    """Where a draft stands.

    ``trail`` are the questions asked so far with the open one last, where there is one; ``at`` is
    the open question's id, `REVIEW`, or `DONE`.
    """

    trail: tuple[str, ...]
    at: str


def walk(flow: type[Flow], draft: Draft) -> Position:
    """Walk a draft's answers to the first open question."""
    _adopt_old_names(flow, draft)
    advance = machine_of(flow).events["advance"]
    assert isinstance(advance, _Advance)  # noqa: S101 (the machine makes no others)
    visited = advance.run(Answers(flow.steps, draft))
    trail = tuple(name for name in visited if name in flow.steps)
    if draft.editing in trail:
        return Position(trail[: trail.index(draft.editing) + 1], draft.editing)
    return Position(trail, visited[-1])


def _adopt_old_names(flow: type[Flow], draft: Draft) -> None:
    """Move answers stored under a step's former id to today's."""
    for name, step in flow.steps.items():
        if step.was and step.was in draft.answers and name not in draft.answers:
            draft.answers[name] = draft.answers.pop(step.was)


def edges(flow: type[Flow]) -> set[tuple[str, str]]:
    """Return every edge of the flow's machine, as pairs of states."""
    return {
        (str(move.source), str(move.dest))
        for event in machine_of(flow).events.values()
        for moves in event.transitions.values()
        for move in moves
    }


def walked_edges(flow: type[Flow], draft: Draft) -> set[tuple[str, str]]:
    """Return the edges that a draft's answers lead over."""
    position = walk(flow, draft)
    return set(pairwise((START, *position.trail, position.at)))


def mermaid(flow: type[Flow]) -> str:
    """Draw the flow as a Mermaid state diagram, one line an edge."""
    lines = ["stateDiagram-v2", f"    %% {flow.id} v{flow.version}: {flow.title}"]
    for name, step in flow.steps.items():
        lines.append(f'    state "{step.title or name}" as {name}')
    ends = {START: "[*]", DONE: "[*]"}
    for source in _sources(flow):
        for edge in _edges_from(flow, source):
            line = f"    {ends.get(source, source)} --> {ends.get(edge.target, edge.target)}"
            lines.append(f"{line} : {edge.label}" if edge.label else line)
    if flow.review:
        lines.append(f"    {REVIEW} --> [*] : {flow.confirm}")
    return "\n".join(lines) + "\n"
