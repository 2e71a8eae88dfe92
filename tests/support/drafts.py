"""Conversations as an earlier release stored them, and how one is stored for releases to come.

``python -m tests.support.drafts LINE… > tests/chats/saved_drafts/NAME.json`` performs lines of
the chat language (see `tests.support.chat`) and writes what is stored after the last one.
"""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Self

from bot.talks import loaded
from dialogs.catalog import FLOWS
from dialogs.engine.walk import walk
from domain.shared.conversations import Conversation, Json, Mine
from domain.shared.records import OpenId
from tests.support.chat import Player
from tests.support.town import Town, found_town, lay_out

__all__ = ["SavedDraft", "put_back", "stored"]

_KEY_PHRASE = re.compile(r"[^，。：（\d\n]+")
"""The beginning of a reply, up to what may be worded anew or differs from day to day."""


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """One stored conversation.

    ``given`` brings the town to where it was. ``flow`` and ``at`` are the draft on top and its open
    question then, ``""`` if its flow is gone since. ``says`` is said on reload, ``hears`` must be
    heard. ``kept`` names the answers that must still be there afterwards.
    """

    release: str
    given: Sequence[str]
    flow: str
    at: str
    says: str
    hears: Sequence[str]
    kept: Sequence[str]
    conversation: dict[str, Json]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of the corpus."""
        return cls(**json.loads(path.read_text("utf-8")))


async def stored(town: Town, openid: OpenId) -> dict[str, Json]:
    """Return a citizen's conversation as it is stored now."""
    payload = await town.house.conversations.peek(openid)
    assert payload, "nothing is stored"
    return loaded(town.house.cipher.open(payload)).to_json()


async def put_back(town: Town, conversation: Mapping[str, Json]) -> None:
    """Store a conversation as the process of an earlier release would have."""
    openid = OpenId(str(conversation["openid"]))
    claim = await town.house.conversations.claim("saved draft", openid, wait=1.0)
    assert isinstance(claim, Mine)
    payload = json.dumps(conversation, ensure_ascii=False).encode()
    await town.house.conversations.finish(
        claim, payload=town.house.cipher.seal(payload), reply=town.house.cipher.seal(b"{}")
    )


async def _save(lines: Sequence[str]) -> SavedDraft:
    with tempfile.TemporaryDirectory() as place:
        template = Path(place) / "template"
        await lay_out(template)
        async with found_town(template, Path(place) / "town") as town:
            player = Player(town)
            for number, line in enumerate(lines, start=1):
                await player.perform(number, line)
            kept = await stored(town, player.speaker.openid)
            asked = _KEY_PHRASE.match(player.last.text.strip())
    draft = Conversation.from_json(kept).drafts[-1]
    flow = next(flow for flow in FLOWS if flow.id == draft.flow)
    return SavedDraft(
        release=version("anju"),
        given=[line for line in lines if line.startswith("given")],
        flow=flow.id,
        at=walk(flow, draft).at,
        says="继续",
        hears=[asked[0]] if asked else [],
        kept=sorted(draft.answers),
        conversation=kept,
    )


def _main() -> None:
    saved = asyncio.run(_save(sys.argv[1:]))
    parts = {name: getattr(saved, name) for name in SavedDraft.__slots__}
    sys.stdout.write(json.dumps(parts, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    _main()
