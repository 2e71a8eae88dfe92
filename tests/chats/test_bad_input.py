"""What nobody could mean is answered at every question, and takes no answer away."""

from pathlib import Path

import pytest

from dialogs.catalog import FLOWS
from dialogs.engine.walk import walk
from domain.shared.conversations import Conversation, Draft
from tests.support.chat import Player
from tests.support.drafts import SavedDraft, put_back, stored
from tests.support.town import Town

OPEN = [
    path
    for path in sorted((Path(__file__).parent / "saved_drafts").glob("*.json"))
    if SavedDraft.read(path).flow
]
KNOWN = {flow.id: flow for flow in FLOWS}

NOISE = (
    ">",
    "> {长 × 10000}",
    "> {😀 × 30}",
    "> \\u0007\\u200b\\u202e\\ufeff",
    "> ]]>",
    '> <a href="http://evil.example/?a=1&b=2">点我</a>',
    "> ' OR 1=1; DROP TABLE registrations; --",
    "> %s %d $HOME",
    "> -1",
    "> 99999",
    "> 第一百二十个",
    "! photo",
    "! voice",
    "! location",
    "! file",
)


def by_name(path: Path) -> str:
    return path.stem


async def stands(town: Town, saved: SavedDraft) -> tuple[str, Draft]:
    """Return the open question and the draft as they are stored now."""
    openid = Conversation.from_json(saved.conversation).openid
    draft = Conversation.from_json(await stored(town, openid)).drafts[-1]
    return walk(KNOWN[draft.flow], draft).at, draft


@pytest.mark.parametrize("path", OPEN, ids=by_name)
async def test_noise_at_any_question_is_answered_and_changes_nothing(
    path: Path, town: Town
) -> None:
    saved = SavedDraft.read(path)
    player = Player(town)
    for line in saved.given:
        await player.perform(0, line)
    await put_back(town, saved.conversation)
    records = await town.counts()
    await player.perform(0, "> 再说一遍")
    at, draft = await stands(town, saved)
    for noise in NOISE:
        replies = len(player.phone.replies)
        await player.perform(0, noise)
        assert len(player.phone.replies) == replies + 1, noise
        after = await stands(town, saved)
        assert after[0] == at, noise
        assert after[1].answers == draft.answers, noise
    assert await town.counts() == records | {"pages": (await town.counts())["pages"]}
