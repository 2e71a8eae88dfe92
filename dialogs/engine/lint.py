"""What is wrong with a flow, found when it is loaded rather than when a citizen meets it."""

from contextlib import suppress

from dialogs.engine.choosing import plain
from dialogs.engine.flow import Flow
from dialogs.engine.steps import Ask, Probe, Step

__all__ = ["FlowError", "lint"]

_PROMPT_BYTES = 1_200
"""Of one question, so that its options fit the same message."""


class FlowError(Exception):
    """A flow is written wrongly; the text says where and what."""


def lint(flow: type[Flow]) -> None:
    """Raise `FlowError` at the first fault of a flow."""
    earlier: set[str] = set()
    names: set[str] = set()
    if not flow.steps:
        raise FlowError(f"{flow.__name__} has no step")
    for name, step in flow.steps.items():
        where = f"{flow.__name__}.{name}"
        _check_condition(flow, step, earlier, where)
        _check_secrecy(step, where)
        if len(step.prompt.encode()) > _PROMPT_BYTES:
            raise FlowError(f"{where}: the prompt does not fit one message")
        for other in {plain(also) for also in (*step.aka, step.title) if also}:
            if other in names:
                raise FlowError(f"{where}: «{other}» names two steps")
            names.add(other)
        for reset in step.resets:
            if reset not in flow.steps:
                raise FlowError(f"{where}: resets an unknown step {reset}")
        earlier.add(name)


def _check_condition(flow: type[Flow], step: Step[object], earlier: set[str], where: str) -> None:
    probe = Probe(flow.steps)
    # A condition that computes with an answer stumbles over a missing one: that is allowed.
    with suppress(TypeError, AttributeError, KeyError):
        step.needed(probe)
    later = (probe.looked_at & set(flow.steps)) - earlier
    if later:
        raise FlowError(f"{where}: its condition reads {sorted(later)}, asked later or never")


def _check_secrecy(step: Step[object], where: str) -> None:
    if isinstance(step, Ask) and step.kind.sensitive:
        raise FlowError(f"{where}: a sensitive answer is asked for in the chat")
