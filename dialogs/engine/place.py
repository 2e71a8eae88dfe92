"""Where a citizen is in the talk: the open draft, its question, what was left behind."""

from dialogs.desk import Desk
from dialogs.engine.catalog import Catalog
from dialogs.engine.flow import Flow
from dialogs.engine.steps import Answers, Step
from dialogs.engine.walk import REVIEW, walk
from domain.shared.conversations import Conversation, Draft

__all__ = ["Place"]

_IDLE_SECONDS = 30 * 60
"""After which a citizen is asked whether to go on, instead of being taken by the word."""


class Place:
    """A conversation to look at, in the middle of a turn."""

    def __init__(self, catalog: Catalog, conversation: Conversation, desk: Desk) -> None:
        self.catalog = catalog
        self.conversation = conversation
        self.desk = desk

    @property
    def draft(self) -> Draft | None:
        """The draft being talked about."""
        talk = self.conversation
        return talk.drafts[-1] if talk.open and talk.drafts else None

    @property
    def idle(self) -> bool:
        """Whether the citizen has not written for a while."""
        silent = self.desk.clock.now().timestamp() - self.conversation.heard_at
        return silent > _IDLE_SECONDS

    @property
    def mark(self) -> str:
        """What names the open question in tap links; empty where nothing is open."""
        draft = self.draft
        if draft is None:
            return ""
        step = self.open_step(draft)
        at = step.open_within(self.answers_of(draft))[0] if step else REVIEW
        return f"{draft.id[:8]}.{at}"

    def flow_of(self, draft: Draft) -> type[Flow]:
        """Return a draft's flow class."""
        return self.catalog.flows[draft.flow]

    def answers_of(self, draft: Draft) -> Answers:
        """Return a draft's answers."""
        return Answers(self.flow_of(draft).steps, draft)

    def open_step(self, draft: Draft) -> Step[object] | None:
        """Return the open question; ``None`` at the check-answers page."""
        return self.flow_of(draft).steps.get(walk(self.flow_of(draft), draft).at)

    @property
    def asked(self) -> Step[object] | None:
        """The very question that is open, within a group too; ``None`` where there is none."""
        draft = self.draft
        step = self.open_step(draft) if draft else None
        return step.open_within(self.answers_of(draft))[1] if draft and step else None

    def begun(self, draft: Draft) -> bool:
        """Tell whether the citizen has answered anything in a draft."""
        return any(
            step.touched(draft.answers.get(name))
            for name, step in self.flow_of(draft).steps.items()
            if name not in (*draft.given, *draft.assumed)
        )

    def keepable(self, draft: Draft) -> bool:
        """Tell whether a draft is worth coming back to."""
        return not self.flow_of(draft).reading

    def holds_something(self, draft: Draft) -> bool:
        """Tell whether anything would be lost with a draft: an answer, or one on its way."""
        answers = self.answers_of(draft)
        awaiting = any(step.awaited(answers) for step in self.flow_of(draft).steps.values())
        return self.keepable(draft) and (self.begun(draft) or bool(draft.given) or awaiting)

    def left_title(self) -> str:
        """Return the title of what was begun and left, not of what it waits for; ``""`` if none."""
        kept = {draft.id: draft for draft in self._held()}
        if not kept:
            return ""
        left = list(kept.values())[-1]
        while left.waiter in kept:
            left = kept.pop(left.waiter)
        return self.flow_of(left).title

    def let_go(self) -> None:
        """Leave what is open; keep what was begun, or waits for something, and forget the rest."""
        self.conversation.drafts[:] = self._held()
        self.conversation.open = False
        self.conversation.misses = 0

    def _held(self) -> list[Draft]:
        drafts = self.conversation.drafts
        waiting = {draft.waiter for draft in drafts}
        return [
            draft
            for draft in drafts
            if self.holds_something(draft) or (self.keepable(draft) and draft.id in waiting)
        ]
