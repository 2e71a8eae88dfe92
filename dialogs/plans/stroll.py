"""The short way through home, plans, projects and units, as long as they are for everybody.

It gives what the talk gives, word for word, without what only a talk about a person needs. Where
anything else is open, begun or meant, it leaves the talk alone. A test goes both ways at once.

Source: S0-04, S0-31 to S0-35.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dialogs.engine.messages import Option, Reply, Start
from dialogs.engine.pages import Page, Sight
from dialogs.engine.ways import Begin, Chosen, Verb, VerbWord, Way
from dialogs.plans.board import Path, board_of
from dialogs.plans.browse import Browse
from domain.shared.conversations import Conversation, Draft, Json
from domain.shared.errors import NotFoundError

__all__ = ["Stroll"]

_PUBLIC: Final = frozenset({"past", "plan", "project"})
"""The answers of who looks at what is there for everybody; «mine» is not among them."""


class Stroll:
    """Goes where only pages for everybody lie.

    Parameters
    ----------
    home
        The home page of somebody who has left nothing behind.
    """

    def __init__(self, home: Reply) -> None:
        self._home = Page(home)

    def take(self, way: Way, talk: Conversation, sight: Sight) -> Page | None:
        """Go one way; ``None``, with nothing changed, where it is not for this one."""
        if not _at_leisure(talk.drafts):
            return None
        now = sight.clock.now()
        if isinstance(way, Chosen):
            page = _chosen(way.option, talk, sight, now)
        elif isinstance(way, Begin):
            page = _begun(way.start, talk, sight, now)
        elif isinstance(way, Verb) and way.word is VerbWord.MENU:
            page = self._left(talk)
        else:
            return None
        if page is not None:
            talk.misses = 0
            talk.offered = page.offered
            talk.mark = page.mark(talk.drafts[0].id if talk.drafts else "")
            talk.heard_at = now.timestamp()
        return page

    def _left(self, talk: Conversation) -> Page:
        """Go home; a look around leaves nothing to come back to."""
        talk.drafts.clear()
        talk.open = False
        return self._home


def _at_leisure(drafts: list[Draft]) -> bool:
    """Tell whether nothing is begun but, at most, a look around that nobody waits for."""
    if not drafts:
        return True
    [top, *others] = drafts
    return not (others or top.flow != Browse.id or top.waiter or top.editing)


def _begun(start: Start, talk: Conversation, sight: Sight, now: datetime) -> Page | None:
    """Begin to look around, at the plans or further on."""
    page = _page(start.answers, sight, now) if start.flow == Browse.id else None
    if page is not None:
        answers = {**start.answers}
        draft = Draft(sight.chance.token(), Browse.id, Browse.version, answers, given=[*answers])
        talk.drafts[:] = [draft]
        talk.open = True
    return page


def _chosen(option: Option, talk: Conversation, sight: Sight, now: datetime) -> Page | None:
    """Go on to what was chosen, if it was shown with the question that is open."""
    draft = talk.drafts[0] if talk.open and talk.drafts else None
    if draft is None or not option.value:
        return None
    step = "project" if "plan" in draft.answers else "plan"
    if talk.mark != f"{draft.id[:8]}.{step}" or step in draft.answers:
        return None
    choice: Json = {"value": option.value, "label": option.label}
    answers = {**draft.answers, step: choice}
    page = _page(answers, sight, now)
    if page is not None:
        draft.answers = answers
    return page


def _page(answers: Mapping[str, Json], sight: Sight, now: datetime) -> Page | None:
    """Return the page that answers lead to; ``None`` where it is not there, or not for all."""
    book = sight.plans.book_at_hand()
    plan, project = _value(answers.get("plan")), _value(answers.get("project"))
    if book is None or answers.keys() - _PUBLIC or (project and not plan):
        return None
    try:
        if not project:
            return board_of(book, now).page(Path(bool(answers.get("past")), plan))
        counts = sight.plans.counts_at_hand(now)
        if counts is None:
            return None
        return board_of(book, now, counts).page(Path(plan=plan, project=project))
    except NotFoundError:
        return None


def _value(stored: Json) -> str:
    """Return what was chosen; a draft that began with it holds the bare value."""
    return str(stored["value"] if isinstance(stored, dict) else stored or "")
