"""What is wrong with a flow, found when it is loaded rather than when a citizen meets it."""

from collections.abc import Iterator
from string import Formatter

from dialogs.engine.choosing import plain
from dialogs.engine.flow import Flow
from dialogs.engine.repeat import Repeat
from dialogs.engine.steps import Ask, Probe, Step
from dialogs.engine.walk import edges

__all__ = ["FlowError", "lint"]

_PROMPT_BYTES = 1_200
"""Of one question, so that its options fit the same message."""


class FlowError(Exception):
    """A flow is written wrongly; the text says where and what."""


def lint(flow: type[Flow]) -> None:
    """Raise `FlowError` at the first fault of a flow."""
    for fault in _faults(flow):
        raise FlowError(fault)


def _faults(flow: type[Flow]) -> Iterator[str]:
    if not flow.steps:
        yield f"{flow.__name__} has no step"
    reached = {target for _, target in edges(flow)}
    earlier: list[Step[object]] = []
    for name, step in flow.steps.items():
        for fault in _faults_of(flow, step, earlier):
            yield f"{flow.__name__}.{name}: {fault}"
        if name not in reached:
            yield f"{flow.__name__}.{name}: no answers lead here"
        earlier.append(step)
    for one in flow.checks:
        for name in set(one.steps) - set(flow.steps):
            yield f"{flow.__name__}: a check is about an unknown step {name}"


def _faults_of(flow: type[Flow], step: Step[object], earlier: list[Step[object]]) -> Iterator[str]:
    before = {one.id for one in earlier}
    probe = Probe(flow.steps)
    step.needed(probe)
    for name in sorted((probe.looked_at & set(flow.steps)) - before):
        yield f"its condition reads {name}, asked later or never"
    if isinstance(step, Ask) and step.kind.sensitive:
        yield "a sensitive answer is asked for in the chat"
    if len(step.prompt.encode()) > _PROMPT_BYTES:
        yield "the prompt does not fit one message"
    yield from _unfillable(step.prompt, before)
    for called in sorted(_names(step) & {name for one in earlier for name in _names(one)}):
        yield f"«{called}» names two steps"
    for name in sorted({*step.resets} - set(flow.steps)):
        yield f"resets an unknown step {name}"
    if isinstance(step, Repeat):
        yield from _faults(step.part)
        yield from _unfillable(step.label, set(step.part.steps))


def _unfillable(words: str, known: set[str]) -> Iterator[str]:
    """Yield what is wrong with the places in some words that answers are to fill."""
    try:
        places = {place for _, place, _, _ in Formatter().parse(words) if place is not None}
    except ValueError as error:
        yield f"its words cannot be filled in: {error}"
        return
    for place in sorted(places - known):
        yield f"{{{place}}} in its words is not a question asked before"


def _names(step: Step[object]) -> set[str]:
    return {plain(name) for name in (*step.aka, step.title) if name}
