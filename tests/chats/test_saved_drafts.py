"""What earlier releases stored is understood by this one: the same place, nothing lost."""

from pathlib import Path

import pytest

from dialogs.catalog import FLOWS
from dialogs.engine.walk import walk
from domain.shared.conversations import Conversation, Draft
from tests.support.chat import Player
from tests.support.drafts import SavedDraft, put_back, stored
from tests.support.town import Town

SAVED = sorted((Path(__file__).parent / "saved_drafts").glob("*.json"))
KNOWN = {flow.id: flow for flow in FLOWS}


def by_name(path: Path) -> str:
    return path.stem


def top(conversation: Conversation) -> Draft:
    """Return the draft on top of those whose flows there still are."""
    return [draft for draft in conversation.drafts if draft.flow in KNOWN][-1]


@pytest.mark.parametrize("path", SAVED, ids=by_name)
def test_a_saved_draft_still_stands_where_it_stood(path: Path) -> None:
    saved = SavedDraft.read(path)
    conversation = Conversation.from_json(saved.conversation)
    if not saved.flow:
        assert {draft.flow for draft in conversation.drafts}.isdisjoint(KNOWN)
        return
    draft = top(conversation)
    assert draft.flow == saved.flow
    assert walk(KNOWN[draft.flow], draft).at == saved.at


@pytest.mark.parametrize("path", SAVED, ids=by_name)
async def test_a_saved_draft_is_gone_on_with_and_nothing_is_lost(path: Path, town: Town) -> None:
    saved = SavedDraft.read(path)
    before = Conversation.from_json(saved.conversation)
    player = Player(town)
    await put_back(town, saved.conversation)
    for number, line in enumerate((*saved.given, f"> {saved.says}"), start=1):
        await player.perform(number, line)
    for fragment in saved.hears:
        await player.perform(0, f"< {fragment}")
    if saved.flow:
        after = top(Conversation.from_json(await stored(town, before.openid)))
        assert after.id == top(before).id
        assert {name: after.answers.get(name) for name in saved.kept} == {
            name: top(before).answers[name] for name in saved.kept
        }


def test_every_flow_that_can_be_left_has_a_saved_draft() -> None:
    saved = {SavedDraft.read(path).flow for path in SAVED}
    # One tap begins and ends the rating of an answer: nothing of it is ever stored.
    assert {flow.id for flow in FLOWS if not flow.reading} - {"rate_answer"} <= saved
