"""What happens at the questions of the flows: where citizens go on, and where they stop.

A visit begins when a question is put and another stood open before. It ends in one of the ways that
`Event` names, or not at all: then the citizen stopped there, or still thinks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from domain.shared.conversations import Conversation

__all__ = [
    "NOWHERE",
    "DayCount",
    "Event",
    "Footing",
    "Heard",
    "Passage",
    "StepFigures",
    "footing",
    "funnel",
    "passages",
]


class Event(StrEnum):
    """What is counted at a question."""

    ARRIVED = "arrived"
    """It was put, and another stood open before: a visit begins."""
    ANSWERED = "answered"
    """The citizen went on: the visit ends."""
    BACK = "back"
    """The citizen went back a question: the visit ends."""
    LEFT = "left"
    """The citizen went elsewhere; the answers so far are kept: the visit ends."""
    PERSON = "person"
    """The citizen asked for a person: the visit ends."""
    MISSED = "missed"
    """What was said was not understood; the visit goes on."""
    DONE = "done"
    """The flow has had its effect; counted beside ``ANSWERED``."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that happened at a question of a flow."""

    flow: str
    step: str
    event: Event


@dataclass(frozen=True, slots=True)
class Footing:
    """Where a talk stands: the draft and question that were put last; empty outside any flow."""

    draft: str = ""
    flow: str = ""
    step: str = ""
    misses: int = 0

    @property
    def within(self) -> bool:
        """Whether a question of a flow stands open."""
        return bool(self.flow)


NOWHERE = Footing()


def footing(conversation: Conversation) -> Footing:
    """Return where a talk stands, by the mark of what was shown last.

    Source: decision 018.
    """
    draft, _, step = conversation.mark.partition(".")
    for begun in conversation.drafts:
        if begun.id.startswith(draft) and draft:
            return Footing(draft, begun.flow, step, conversation.misses)
    return NOWHERE


class Heard(StrEnum):
    """What kind of thing a citizen said, as far as it tells how a visit ended."""

    ANYTHING = "anything"
    BACK = "back"
    PERSON = "person"


def passages(
    before: Footing,
    after: Footing,
    *,
    heard: Heard = Heard.ANYTHING,
    done: str = "",
) -> Sequence[Passage]:
    """Return what one turn means for the questions it touched.

    Parameters
    ----------
    before, after
        Where the talk stood and stands.
    heard
        Whether the citizen asked to go back or for a person.
    done
        The beginning of the id of the draft that had its effect in this turn; empty for none.

    Source: decision 018.
    """
    same_draft, same_step = before.draft == after.draft, before.step == after.step
    if same_draft and same_step:
        missed = before.within and after.misses > before.misses
        return (Passage(before.flow, before.step, Event.MISSED),) if missed else ()
    found = []
    if before.within:
        finished = bool(done) and before.draft.startswith(done)
        end = _end(before, after, heard, finished=finished)
        found.append(Passage(before.flow, before.step, end))
        if finished:
            found.append(Passage(before.flow, before.step, Event.DONE))
    if after.within:
        found.append(Passage(after.flow, after.step, Event.ARRIVED))
    return found


_TO_A_PERSON: Final = "human"
"""The flow that leads to one."""


def _end(before: Footing, after: Footing, heard: Heard, *, finished: bool) -> Event:
    if finished:
        return Event.ANSWERED
    if heard is Heard.PERSON or after.flow == _TO_A_PERSON != before.flow:
        return Event.PERSON
    if before.draft != after.draft:
        return Event.LEFT
    return Event.BACK if heard is Heard.BACK else Event.ANSWERED


@dataclass(frozen=True, slots=True)
class StepFigures:
    """The figures of one question over some days.

    The one place where each is defined: page and file show these.
    """

    flow: str
    step: str
    counts: Mapping[Event, int]

    def __getitem__(self, event: Event) -> int:
        """Return how often something happened."""
        return self.counts.get(event, 0)

    @property
    def arrived(self) -> int:
        """How many visits began."""
        return self[Event.ARRIVED]

    @property
    def stopped(self) -> int:
        """How many visits did not end: the citizen stopped there, or still thinks."""
        ends = (Event.ANSWERED, Event.BACK, Event.LEFT, Event.PERSON)
        return max(0, self.arrived - sum(self[end] for end in ends))

    @property
    def went_on(self) -> float:
        """Which part of the visits ended with an answer, from 0 to 1; 0 without any visit."""
        return self[Event.ANSWERED] / self.arrived if self.arrived else 0.0


def funnel(
    counted: Iterable[tuple[Passage, int]], steps: Mapping[str, Sequence[str]]
) -> list[StepFigures]:
    """Return the figures of the questions of some flows, in the order in which they are asked.

    Parameters
    ----------
    counted
        How often each thing happened; of one thing there may be several counts.
    steps
        The questions of each flow wanted, in their order. Those asked no more come last.

    Source: decision 018.
    """
    found: dict[tuple[str, str], dict[Event, int]] = {
        (flow, step): {} for flow, names in steps.items() for step in names
    }
    for passage, times in counted:
        if passage.flow in steps:
            counts = found.setdefault((passage.flow, passage.step), {})
            counts[passage.event] = counts.get(passage.event, 0) + times
    order = {flow: place for place, flow in enumerate(steps)}
    by_flow = sorted(found.items(), key=lambda one: order[one[0][0]])
    return [StepFigures(flow, step, counts) for (flow, step), counts in by_flow]


@dataclass(frozen=True, slots=True)
class DayCount:
    """How often one thing happened on one day in China."""

    day: date
    passage: Passage
    times: int
