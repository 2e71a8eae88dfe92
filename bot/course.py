"""The course of one message, noted while it is answered: for logs, metrics and traces alike.

Holds nothing about a person: what kind of message came, which flow it concerned, how it ended.
"""

import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

__all__ = ["Course", "Outcome", "begin", "course", "note", "reference"]


class Outcome(StrEnum):
    """How the answering of a message ended."""

    OK = "ok"
    REFUSED = "refused"
    """A rule forbids what was wished, or something must come first; the citizen was told."""
    UNAVAILABLE = "unavailable"
    """A system we need was silent; the citizen was told, and nothing is lost."""
    WAITING = "waiting"
    """It takes long: the citizen was told to wait, and the turn goes on."""
    BUSY = "busy"
    """The citizen's message before is still being worked on."""
    FLOODED = "flooded"
    """The citizen sent too much at once."""
    REPEATED = "repeated"
    """The platform sent the same message again, and the same answer was given."""
    FAULT = "fault"
    """A mistake of ours; the citizen was told a reference."""


@dataclass(slots=True)
class Course:
    """What is known of the message that is being answered.

    ``flow`` is the id of the flow it concerned, of the catalogue; empty: none.
    """

    kind: str = ""
    flow: str = ""
    outcome: Outcome = Outcome.OK
    _reference: str = field(default="", init=False)

    @property
    def reference(self) -> str:
        """Ten characters that stand in every line logged, and that a citizen sees on a fault."""
        # Made at need: most messages are answered without a word in the logs.
        self._reference = self._reference or secrets.token_hex(5).upper()
        return self._reference


_COURSE: Final[ContextVar[Course | None]] = ContextVar("course", default=None)


def begin(kind: str) -> Course:
    """Begin the course of a message; tasks that are started for it share it."""
    begun = Course(kind)
    _COURSE.set(begun)
    return begun


def course() -> Course | None:
    """Return the course of the message being answered; ``None`` outside."""
    return _COURSE.get()


def note(outcome: Outcome, flow: str = "") -> None:
    """Note how the message being answered ends, and which flow it concerned, where one did."""
    here = _COURSE.get()
    if here is not None:
        here.outcome = outcome
        here.flow = flow or here.flow


def reference() -> str:
    """Return what a fault is known by: the message's own reference, or a new one outside."""
    return (_COURSE.get() or Course()).reference
