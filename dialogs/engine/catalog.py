"""All flows together: found by id, by the words that begin them, by what they provide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dialogs.desk import Desk, Need
from dialogs.engine.choosing import plain
from dialogs.engine.flow import Flow
from dialogs.engine.lint import lint
from dialogs.engine.messages import Reply, Start
from dialogs.engine.pages import ShortWay
from dialogs.engine.repeat import Repeat
from dialogs.engine.steps import Step
from dialogs.engine.walk import machine_of
from domain.content.model import Faq

__all__ = ["Catalog", "Front", "Welcome"]


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first words to somebody who follows or scans, and where a poster leads."""

    text: str
    start: Start | None = None


class Front(Protocol):
    """The page everybody comes back to."""

    async def home(self, desk: Desk, *, left: str) -> Reply:
        """Return the home page; ``left`` is the title of what was begun and left, or ``""``."""

    async def welcome(self, desk: Desk, *, scene: str, new: bool) -> Welcome:
        """Greet a new follower, or somebody who scanned a poster."""

    def answering(self, faq: Faq) -> Start:
        """Return what begins to answer a frequent question."""

    async def find(self, desk: Desk, words: str) -> Start | None:
        """Return what some words name that is on record, such as an estate; ``None`` if nothing."""


class Catalog:
    """The flows of one bot, compiled and checked when it is made.

    Parameters
    ----------
    flows
        Every flow class.
    front
        The home page.
    person
        The id of the flow that reaches a person.
    short_way
        How to reach pages that are the same for everybody; ``None``: as all others.
    """

    def __init__(
        self,
        flows: Sequence[type[Flow]],
        *,
        front: Front,
        person: str,
        short_way: ShortWay | None = None,
    ) -> None:
        self.flows = {flow.id: flow for flow in flows}
        self.front = front
        self.person = person
        self.short_way = short_way
        self.providers = {flow.provides: flow.id for flow in flows if flow.provides}
        self.words: dict[str, Start] = {}
        self.vague: dict[str, Start] = {}
        for flow in flows:
            lint(flow)
            machine_of(flow)
            for word in flow.words:
                self.words[plain(word)] = Start(flow.id)
            for word in flow.vague:
                self.vague[plain(word)] = Start(flow.id)
            for word, answers in flow.shortcuts.items():
                self.words[plain(word)] = Start(flow.id, dict(answers))
        self.acts = {flow.id: flow() for flow in flows}

    def provider(self, need: Need) -> str:
        """Return the id of the flow that meets a need."""
        return self.providers[need]

    def step(self, path: str, step: str) -> Step[object] | None:
        """Return a question by its flow and id; ``None`` if there is none.

        A question of a group within a flow has a path such as ``rental.members``.
        """
        flow_id, _, group = path.partition(".")
        flow = self.flows.get(flow_id)
        if flow is None:
            return None
        steps = flow.steps
        if group:
            repeat = steps.get(group)
            steps = repeat.part.steps if isinstance(repeat, Repeat) else {}
        return steps.get(step)
