"""Which edges of the flows' machines a talk walks, told by the machines themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transitions import EventData

from dialogs.catalog import FLOWS
from dialogs.engine.flow import Flow
from dialogs.engine.walk import DONE, REVIEW, edges, machine_of

__all__ = ["Edge", "WalkedEdges", "all_edges", "confirmed", "watched"]

Edge = tuple[str, str, str]
"""A flow's id, and the states from and to which the edge leads."""


class WalkedEdges(dict[Path, set[Edge]]):
    """The edges that each chat walked, by its file."""

    @property
    def together(self) -> set[Edge]:
        """Return every edge that any chat walked."""
        return set().union(*self.values())


def all_edges() -> set[Edge]:
    """Return every edge of every flow."""
    return {(flow.id, *edge) for flow in FLOWS for edge in edges(flow)}


def confirmed(flows: set[str]) -> set[Edge]:
    """Return the edge of confirming for each of these flows that is checked before its effect.

    Confirming is not a walk, so it is told by its effect.
    """
    return {(flow.id, REVIEW, DONE) for flow in FLOWS if flow.review and flow.id in flows}


@contextmanager
def watched() -> Iterator[set[Edge]]:
    """Lend a set that takes in every edge the machines walk meanwhile."""
    walked: set[Edge] = set()
    listeners = {flow: _Listener(flow, walked) for flow in FLOWS}
    for flow, listener in listeners.items():
        machine_of(flow).after_state_change.append(listener)
    try:
        yield walked
    finally:
        for flow, listener in listeners.items():
            machine_of(flow).after_state_change.remove(listener)


class _Listener:
    """Hears of one flow's machine where it goes."""

    def __init__(self, flow: type[Flow], walked: set[Edge]) -> None:
        self._flow = flow
        self._walked = walked

    def __call__(self, event: EventData) -> None:
        """Note the edge just walked."""
        move = event.transition
        assert move, "an edge was walked"
        self._walked.add((self._flow.id, str(move.source), str(move.dest)))
