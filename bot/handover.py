"""Whose turn it is to answer: the bot's, or a person's.

The talk itself remembers whether a person may be in it; only then the records are asked, so that
nobody else's turn pays for it. The records are the truth: an agent may have ended it long since.
"""

from typing import Final

from bot.routing import choose
from bot.wechat.render import Bubble, render
from bot.wechat.wire import DESK_EVENTS, Delivery
from bot.wiring import Resources, SqlWork
from dialogs.desk import Desk
from dialogs.engine import kinds, review
from dialogs.engine.choosing import plain
from dialogs.engine.messages import Reply, Said, SaidKind
from dialogs.engine.steps import Ask, Step
from dialogs.engine.talk import Catalog, Talk
from dialogs.engine.ways import Begin, Sorry
from dialogs.escalation import words
from domain.escalation.handovers import (
    SILENT_AFTER,
    Card,
    DeskKind,
    Ending,
    Handover,
    Owner,
    owner_of,
)
from domain.shared.conversations import Conversation, Draft
from domain.shared.idents import Masked, mask
from domain.shared.pushes import PushKind

__all__ = ["PERSON", "Gate", "ended_reply", "overhear", "shown"]

PERSON: Final = "person"
"""What the talk remembers where the records must be asked who answers."""

_REPLY_BYTES: Final = 1900
_MISSES: Final = 3
_SEEN = {
    SaidKind.IMAGE: "［图片］",
    SaidKind.VOICE: "［语音］",
    SaidKind.VIDEO: "［视频］",
    SaidKind.LOCATION: "［位置］",
    SaidKind.LINK: "［链接］",
    SaidKind.FILE: "［文件］",
    SaidKind.FOLLOW: "［重新关注了公众号］",
    SaidKind.SCAN: "［扫了海报］",
}


def ended_reply(handover: Handover, ending: Ending, *, more: str = "") -> Reply:
    """Return what a citizen is told when a person has gone."""
    return words.ended(
        ending,
        handover.card.left,
        f"h{handover.id}.end",
        served=handover.taken_at is not None,
        more=more,
    )


async def overhear(house: Resources, delivery: Delivery) -> None:
    """Take in what the platform's own desk tells: who has a citizen, and when nobody has."""
    name, openid = delivery.said.type.lower(), delivery.openid
    if name not in DESK_EVENTS:
        return
    async with house.open_work() as work:
        handovers = house.desk(work, openid).handovers
        if name == "kf_close_session":
            handover = await handovers.of(openid)
            if handover is None:
                return
            reply = ended_reply(handover, Ending.AGENT)
            await handovers.closed_there(openid, shown(house, reply))
        else:
            await handovers.taken_there(openid, delivery.said.text)
        await work.commit()


def shown(house: Resources, reply: Reply) -> str:
    """Return a reply as it is written into a citizen's chat without having been asked for."""
    return render(reply, tap_links=house.settings.wechat.tap_links).bubble.text


class Gate:
    """The owner of one citizen's talk, for one turn."""

    def __init__(
        self, house: Resources, work: SqlWork, desk: Desk, conversation: Conversation
    ) -> None:
        self._house = house
        self._work = work
        self._desk = desk
        self._talk = conversation

    async def attend(self, said: Said, catalog: Catalog) -> Bubble | None:
        """Answer for the person, mostly by silence; ``None`` where the bot is to answer."""
        handover = await self._desk.handovers.of(self._desk.openid)
        if handover is None or not handover.live:
            return await self._back(handover)
        if plain(said.text) == words.LEAVE_WORD:
            return await self._leave_word(handover)
        if plain(said.text) in words.LEFT_QUEUE | words.LEFT_TALK:
            return await self._leave(handover)
        match owner_of(handover):
            case Owner.WAITING if handover.desk is DeskKind.CONSOLE:
                return await self._wait(handover, said, catalog)
            case Owner.OFFICER:
                return await self._pass_on(handover, said, catalog)
            case _:
                return await self._pass_over(handover, said)

    async def begin(self, talk: Talk, before: Draft | None, said: Said) -> Bubble:
        """Let a citizen wait, from this turn on: the draft stays where it is."""
        citizen = await self._desk.citizen()
        handover = await self._desk.handovers.ask(
            self._desk.openid,
            citizen.account.id if citizen.account else None,
            _card(talk, before, said),
        )
        self._talk.owner = PERSON
        self._offer(Reply())
        if handover.desk is DeskKind.WECHAT:
            return Bubble(transfer=said.kind in _FROM_CITIZENS)
        position = await self._desk.handovers.position(handover)
        return self._rendered(words.waiting(position, self._desk.office.hotline))

    # While somebody waits

    async def _wait(self, handover: Handover, said: Said, catalog: Catalog) -> Bubble:
        position = await self._desk.handovers.position(handover)
        way = choose(said, self._talk, catalog)
        asks = isinstance(way, Begin) and way.start.flow == catalog.person
        if asks or plain(said.text) in words.ASKED_AGAIN:
            return self._rendered(words.waiting(position, self._desk.office.hotline))
        if await self._keep(handover, said, catalog):
            return self._rendered(words.heard(position))
        assert isinstance(way, Sorry)  # noqa: S101 (what is not kept is something we cannot take)
        return self._rendered(Reply(way.sentence))

    async def _leave(self, handover: Handover) -> Bubble:
        waited = handover.taken_at is None
        await self._desk.handovers.leave(handover)
        left = handover.card.left
        reply = words.left_queue(left) if waited else ended_reply(handover, Ending.CITIZEN)
        self._talk.owner = ""
        self._offer(reply)
        return self._rendered(reply, await self._waiting_words())

    async def _leave_word(self, handover: Handover) -> Bubble | None:
        """Let a citizen leave a message instead; the bot asks for it in this very turn."""
        await self._desk.handovers.leave(handover)
        self._talk.owner = ""
        return None

    # While a person has them

    async def _pass_on(self, handover: Handover, said: Said, catalog: Catalog) -> Bubble:
        """Keep the words for the agent; what the agent could not send goes with this answer."""
        kept = await self._keep(handover, said, catalog)
        along = await self._waiting_words()
        way = None if kept else choose(said, self._talk, catalog)
        sorry = way.sentence if isinstance(way, Sorry) else ""
        return Bubble("\n\n".join(filter(None, (*along, sorry))))

    async def _pass_over(self, handover: Handover, said: Said) -> Bubble | None:
        """Hand a message to the platform's desk, unless that has let the citizen go long since."""
        now = self._house.clock.now()
        if handover.taken_at is not None and now - handover.taken_at >= SILENT_AFTER:
            await self._desk.handovers.leave(handover, Ending.SILENCE)
            self._talk.owner = ""
            reply = ended_reply(handover, Ending.SILENCE)
            self._offer(reply)
            return self._rendered(reply)
        return Bubble(transfer=said.kind in _FROM_CITIZENS)

    async def _keep(self, handover: Handover, said: Said, catalog: Catalog) -> bool:
        """Keep what was said; ``False`` for what is too long, or no business of the agent's."""
        if said.kind is SaidKind.TEXT and isinstance(choose(said, self._talk, catalog), Sorry):
            await self._desk.handovers.hear(handover, "［一条没有收录的消息］")
            return False
        seen = _SEEN.get(said.kind, said.text)
        shown_as = f"［点了菜单“{said.text}”］" if said.kind is SaidKind.MENU else seen
        picture = said.media_id if said.kind is SaidKind.IMAGE else ""
        await self._desk.handovers.hear(handover, shown_as, media_id=picture)
        return True

    # When the person has gone

    async def _back(self, handover: Handover | None) -> Bubble | None:
        """Take the talk back; say so first where the citizen could not be told before."""
        self._talk.owner = ""
        if handover is None or handover.ending is None:
            return None
        self._offer(ended_reply(handover, handover.ending))
        along = await self._waiting_words()
        return Bubble("\n\n".join(along)) if along else None

    # Inside

    async def _waiting_words(self) -> list[str]:
        """Take along what waits to be told to this citizen: nothing is told twice."""
        taken = await self._work.pushes.take_along(
            self._desk.openid,
            PushKind.FROM_DESK,
            now=self._house.clock.now(),
            most_bytes=_REPLY_BYTES,
        )
        return [push.values[0] for push in taken]

    def _offer(self, reply: Reply) -> None:
        """Have numbers and taps mean what the citizen now sees."""
        self._talk.offered = [option.to_json() for option in reply.options]
        self._talk.mark = reply.mark
        self._talk.pages = []
        self._talk.shown = []
        self._talk.open = False

    def _rendered(self, reply: Reply, before: list[str] | None = None) -> Bubble:
        text = shown(self._house, reply)
        return Bubble("\n\n".join([*(before or []), text]))


_FROM_CITIZENS: Final = frozenset(
    {
        SaidKind.TEXT,
        SaidKind.IMAGE,
        SaidKind.VOICE,
        SaidKind.VIDEO,
        SaidKind.LOCATION,
        SaidKind.LINK,
        SaidKind.FILE,
    }
)
"""What the platform hands to its own desk: messages, never events."""


def _card(talk: Talk, before: Draft | None, said: Said) -> Card:
    kept = [one for one in talk.conversation.drafts if talk.keepable(one)]
    left = talk.left_title() or (talk.flow_of(kept[-1]).title if kept else "")
    reason = {SaidKind.MENU: "menu", SaidKind.SCAN: "poster", SaidKind.FOLLOW: "poster"}.get(
        said.kind, "miss" if talk.conversation.misses >= _MISSES else "word"
    )
    about = before if before and before.flow in talk.catalog.flows else None
    if about is None or about.flow == talk.catalog.person:
        return Card(reason, left=left)
    flow, position = talk.catalog.acts[about.flow], talk.position(about)
    rows = review.lines(flow, talk.answers_of(about), position)
    step = flow.steps.get(position.at)
    return Card(
        reason,
        flow=flow.id,
        title=flow.title,
        step=position.at,
        asked=step.title if step else "核对",
        left=left,
        answers=tuple((one.title, _masked(one, answer)) for one, answer in rows),
    )


def _masked(step: Step[object], answer: str) -> str:
    """Return an answer as an agent may see it: enough to talk about, too little to misuse."""
    kind = step.kind if isinstance(step, Ask) else None
    if kind is kinds.person:
        return mask(answer, Masked.NAME)
    return mask(answer, Masked.FILING_NUMBER) if kind is kinds.filing_number else answer
