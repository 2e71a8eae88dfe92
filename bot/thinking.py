"""From a message to its answer: the short way where it leads, else the talk.

Nothing is stored here: `bot.turns` loads the talk before and keeps it afterwards.
"""

from collections.abc import Collection

import orjson

from bot.course import Outcome, note
from bot.handover import Gate
from bot.routing import choose
from bot.stencils import Stencil
from bot.told import with_what_waited
from bot.wechat.render import Bubble, next_page, render
from bot.wechat.wire import Delivery
from bot.wiring import Resources, SqlWork
from dialogs.engine.pages import Sight
from dialogs.engine.talk import Catalog, Talk
from dialogs.engine.ways import Verb, VerbWord, Way
from domain.shared.conversations import Conversation, Draft
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId

__all__ = ["Thinking"]


def _flow(conversation: Conversation) -> str:
    """Return the flow that is being talked about; ``""`` if there is none."""
    drafts = conversation.drafts
    return drafts[-1].flow if conversation.open and drafts else ""


def _note(talk: Talk, before: Draft | None) -> None:
    """Note which flow a turn was about, and whether something stood in the way."""
    about = before or talk.draft
    flow = about.flow if about and about.flow in talk.catalog.flows else ""
    match talk.hindrance:
        case None:
            note(Outcome.OK, flow)
        case UnavailableError():
            note(Outcome.UNAVAILABLE, flow)
        case _:
            note(Outcome.REFUSED, flow)


class Thinking:
    """Answers messages, one conversation each; keeps nothing between two."""

    def __init__(self, house: Resources, catalog: Catalog) -> None:
        self._house = house
        self._catalog = catalog
        self._sight = Sight(house.plans, house.clock, house.chance)

    def at_once(self, way: Way, conversation: Conversation) -> Bubble | None:
        """Show what is the same for everybody; ``None`` where somebody must think."""
        short, before = self._catalog.short_way, _flow(conversation)
        page = short.take(way, conversation, self._sight) if short else None
        if page is None:
            return None
        note(Outcome.OK, before or _flow(conversation))
        return Stencil.of(page, tap_links=self._house.settings.wechat.tap_links).show(conversation)

    async def think(
        self,
        delivery: Delivery,
        way: Way,
        conversation: Conversation,
        work: SqlWork,
        *,
        back: bool,
    ) -> Bubble:
        """Return the answer, with the records at hand.

        Parameters
        ----------
        way
            Where the message leads, as the talk stands.
        back
            Whether the citizen speaks after so long that nothing could be pushed to them.
        """
        desk = self._house.desk(work, delivery.openid)
        gate = Gate(self._house, work, desk, conversation)
        if conversation.owner:
            held = await gate.attend(delivery.said, self._catalog)
            if held is not None:
                return held
            # The person has gone, and what was offered is another thing now.
            way = choose(delivery.said, conversation, self._catalog)
        if isinstance(way, Verb) and way.word is VerbWord.NEXT_PAGE and conversation.pages:
            del conversation.shown[:1]
            return next_page(conversation.pages.pop(0))
        if isinstance(way, Verb) and way.word is VerbWord.RESULT and conversation.result:
            result, conversation.result = conversation.result, ""
            return Bubble.from_json(orjson.loads(result))
        talk = Talk(
            self._catalog,
            conversation,
            desk,
            chance=self._house.chance,
            undo=work.undo,
        )
        before = talk.draft
        reply = await talk.take(way)
        _note(talk, before)
        await desk.note_use()
        if desk.asks_person:
            return await gate.begin(talk, before, delivery.said)
        await self._forget(desk.left_behind, conversation)
        if back:
            now = self._house.clock.now()
            reply = await with_what_waited(reply, work, delivery.openid, now)
        rendered = render(reply, tap_links=self._house.settings.wechat.tap_links)
        if not reply.silent:
            conversation.pages = list(rendered.pages)
            conversation.shown = list(rendered.shown)
        return rendered.bubble

    async def _forget(self, left_behind: Collection[OpenId], conversation: Conversation) -> None:
        """Forget the talks of whoever was signed in to an account that is left for good.

        Done before the commit: at worst a draft is lost, but none outlives its account.
        """
        if conversation.openid in left_behind:
            conversation.drafts.clear()
            conversation.result = ""
        for openid in left_behind:
            if openid != conversation.openid:
                await self._house.conversations.erase(openid)
