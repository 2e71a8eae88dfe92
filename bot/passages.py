"""Counting what happens at each question, without asking anybody: added up here, kept now and then.

A process that is killed loses the counts of a few seconds; no citizen ever waits for one.
"""

from collections import Counter
from typing import Final

from bot.wiring import Resources
from dialogs.engine.catalog import Catalog
from dialogs.engine.choices import Choose, ChooseMany
from dialogs.engine.steps import Ask, Step
from dialogs.engine.ways import Verb, VerbWord, Way
from domain.content.unanswered import without_persons
from domain.figures.model import Event, Footing, Heard, Passage, footing, passages
from domain.figures.service import FigureService, MisheardWords
from domain.shared.conversations import Conversation

__all__ = ["Passages"]

_MOST_WORDS: Final = 200
"""Different words kept at once: whoever floods us with nonsense fills no table."""


class Passages:
    """What this process has counted since it was kept last."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._counts: Counter[Passage] = Counter()
        self._misheard: Counter[MisheardWords] = Counter()

    def note(self, before: Footing, conversation: Conversation, way: Way, said: str) -> None:
        """Count what one turn means.

        Parameters
        ----------
        before
            Where the talk stood.
        conversation
            The talk as it stands now.
        way
            Where the citizen wanted to go.
        said
            What was said, as it was.
        """
        now = footing(conversation)
        if now == before:
            return
        heard = Heard.ANYTHING
        if conversation.owner and not now.within:
            heard = Heard.PERSON
        elif isinstance(way, Verb) and way.word is VerbWord.BACK:
            heard = Heard.BACK
        done = str(conversation.finished.get("draft", ""))
        for passage in passages(before, now, heard=heard, done=done):
            self._counts[passage] += 1
            if passage.event is Event.MISSED:
                self._mishear(passage, said)

    async def keep(self, house: Resources) -> None:
        """Write down what was counted; what cannot be written now is kept for the next time."""
        counts, misheard = self._counts, self._misheard
        if not (counts or misheard):
            return
        self._counts, self._misheard = Counter(), Counter()
        try:
            async with house.open_work() as work:
                await FigureService(work, house.clock).keep(counts, misheard)
                await work.commit()
        except Exception:
            self._counts.update(counts)
            self._misheard.update(misheard)
            raise

    def _mishear(self, passage: Passage, said: str) -> None:
        """Keep words where one chooses: elsewhere they may be a name, a number or a secret."""
        step = self._catalog.step(passage.flow, passage.step)
        words = without_persons(said) if _chooses(step) else ""
        if words and len(self._misheard) < _MOST_WORDS:
            self._misheard[passage.flow, passage.step, words] += 1


def _chooses(step: Step[object] | None) -> bool:
    return isinstance(step, Choose | ChooseMany) or (isinstance(step, Ask) and bool(step.choices()))
