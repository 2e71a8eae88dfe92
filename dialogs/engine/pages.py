"""Pages that are the same for everybody, and the short way to them.

A page is made once and shown to all. So that nothing of a citizen's can be on it, whoever makes
one is handed nothing of a citizen: no desk, no answers, no records. Only the mark, which names the
question in tap links, is put in for each.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from dialogs.engine.messages import Reply
from dialogs.engine.ways import Way
from domain.plans.model import PlanBook
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.conversations import Conversation, Json

__all__ = ["PLACE", "Page", "PlansAtHand", "ShortWay", "Sight"]

PLACE: Final = secrets.token_hex(4)
"""Stands for the eight characters of a draft that begin a mark; nobody can write it by chance."""


class Page:
    """A reply for everybody.

    Parameters
    ----------
    reply
        What it says.
    step
        The question it asks; empty where it asks none, and its mark is the same for everybody.
    """

    def __init__(self, reply: Reply, step: str = "") -> None:
        self.reply = reply.marked(f"{PLACE}.{step}") if step else reply
        self.step = step
        self.offered: list[dict[str, Json]] = [option.to_json() for option in reply.options]
        """The options as talks remember them: shared by all of these, and so never changed."""
        self.written: Any = None
        """What was made of it by whoever writes pages, so that it is made once."""

    def mark(self, draft: str) -> str:
        """Return what names the question in tap links, given the id of the draft that asks it."""
        return f"{draft[:8]}.{self.step}" if self.step else self.reply.mark


class PlansAtHand(Protocol):
    """Plans and counts as they are known without asking anybody."""

    def book_at_hand(self) -> PlanBook | None:
        """Return the present book; ``None`` where it must be read first."""

    def counts_at_hand(self, now: datetime) -> Mapping[str, int] | None:
        """Return counts that are fresh enough; ``None`` where they must be read first."""


@dataclass(frozen=True, slots=True)
class Sight:
    """All that the short way may look at."""

    plans: PlansAtHand
    clock: Clock
    chance: Randomness


class ShortWay(Protocol):
    """Goes where only pages for everybody lie, as the talk would go, and sooner."""

    def take(self, way: Way, talk: Conversation, sight: Sight) -> Page | None:
        """Go one way; ``None``, with nothing changed, where it is not for this one."""
