"""What a citizen answered stays, but where the question is open, changed, or done with."""

from collections.abc import Collection

from bot.routing import choose
from dialogs.engine.catalog import Catalog
from dialogs.engine.flow import SettledError
from dialogs.engine.messages import Said
from dialogs.engine.steps import Answers, Step
from dialogs.engine.walk import walk
from dialogs.engine.ways import Verb, VerbWord
from domain.shared.conversations import Conversation, Draft
from domain.shared.errors import DomainError, NeedsError
from tests.support.town import Resident, Town

__all__ = ["begins_anew", "look_for_losses"]

_MOST_DRAFTS = 8
"""The engine keeps no more; the oldest goes."""


def begins_anew(catalog: Catalog, talk: Conversation, said: Said) -> bool:
    """Tell whether somebody asks for all they answered to be dropped."""
    way = choose(said, talk, catalog)
    return isinstance(way, Verb) and way.word is VerbWord.AGAIN


async def look_for_losses(
    town: Town, who: Resident, before: Conversation, after: Conversation, done: Collection[str]
) -> None:
    """Fail if a message took away an answer that it had no business with.

    ``done`` are the drafts that had their effect.
    """
    catalog: Catalog = town.app.state.flows
    now = {draft.id: draft for draft in after.drafts}
    for draft in before.drafts:
        if draft.id in now:
            lost = _changed(catalog, draft, now[draft.id]) - _changeable(catalog, draft)
            assert not lost, f"answers of {draft.flow} changed by themselves: {lost}"
        else:
            settled = draft.id in done or after.finished.get("draft") == draft.id[:8]
            gone = settled or len(before.drafts) >= _MOST_DRAFTS or not _begun(catalog, draft)
            assert gone or await _refused(town, who, draft), f"what was begun is lost: {draft}"


def _begun(catalog: Catalog, draft: Draft) -> bool:
    flow = catalog.flows[draft.flow]
    return not flow.reading and any(
        step.touched(draft.answers.get(name))
        for name, step in flow.steps.items()
        if name not in (*draft.given, *draft.assumed)
    )


def _changed(catalog: Catalog, before: Draft, after: Draft) -> set[str]:
    """Return the questions that had an answer and have not the same any more."""
    steps = catalog.flows[before.flow].steps
    return {
        name
        for name, stored in before.answers.items()
        if name in steps and steps[name].answered(stored) and after.answers.get(name) != stored
    }


def _changeable(catalog: Catalog, draft: Draft) -> set[str]:
    """Return the open question, what hangs on it, and what a refused effect may spoil."""
    flow = catalog.flows[draft.flow]
    at = walk(flow, draft).at
    spoilt = {
        name for name, step in flow.steps.items() if type(step).spoilt_by is not Step.spoilt_by
    }
    resets = {at, *flow.steps[at].resets} if at in flow.steps else set()
    return spoilt | resets | {*flow.settings}


async def _refused(town: Town, who: Resident, draft: Draft) -> bool:
    """Tell whether what was begun cannot be gone on with, or has nothing left to do."""
    catalog: Catalog = town.app.state.flows
    flow = catalog.acts[draft.flow]
    async with town.house.open_work() as work:
        desk = town.desk(work, who)
        if flow.until is not None and (await desk.citizen()).has(flow.until):
            return True
        answers = Answers(flow.steps, draft)
        try:
            await flow.admit(answers, desk)
            await desk.require(flow.requires)
            await flow.begin(answers, desk)
        except NeedsError:
            return False
        except (DomainError, SettledError):
            return True
    return False
