"""Where a citizen is in the talk: the open draft, its question, what was left behind."""

from dialogs.desk import Desk
from dialogs.engine.catalog import Catalog
from dialogs.engine.excuses import excuse
from dialogs.engine.flow import Flow
from dialogs.engine.steps import Answers, Step
from dialogs.engine.walk import REVIEW, Position, walk
from domain.shared.conversations import Conversation, Draft, Json
from domain.shared.errors import DomainError

__all__ = ["Place"]

_Looked = tuple[str, str, dict[str, Json]]
"""What a draft's position follows from: what is being changed, who waits, the answers."""

_IDLE_SECONDS = 30 * 60
"""After which a citizen is asked whether to go on, instead of being taken by the word."""


class Place:
    """A conversation to look at, in the middle of a turn."""

    def __init__(self, catalog: Catalog, conversation: Conversation, desk: Desk) -> None:
        self.catalog = catalog
        self.conversation = conversation
        self.desk = desk
        self.hindrance: DomainError | None = None
        """What stood in the way of this turn, where the citizen was told of it."""
        self._walked: dict[str, tuple[_Looked, Position]] = {}

    def excused(self, error: DomainError) -> str:
        """Say why something cannot be done, and remember that it was said."""
        self.hindrance = error
        return excuse(error, self.desk.clock.now())

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
        return self.flow_of(draft).steps.get(self.position(draft).at)

    def position(self, draft: Draft) -> Position:
        """Return where a draft stands; walked again only after what leads there has changed."""
        looked, position = self._walked.get(draft.id, (None, None))
        if position is None or looked != (draft.editing, draft.waiter, draft.answers):
            position = walk(self.flow_of(draft), draft)
            # Answers are replaced, never changed within: to know them again, the dict is enough.
            looked = (draft.editing, draft.waiter, {**draft.answers})
            self._walked[draft.id] = looked, position
        return position

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
