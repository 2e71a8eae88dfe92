"""One turn: claim the delivery or join it, load, think, commit once, keep the reply, answer.

Nothing of worth is guarded by the claim alone: a draft has at most one effect, and the reply of a
committing turn lies in the same transaction as the effect.
"""

import asyncio
import json
from collections.abc import Collection
from typing import Final

import structlog

from bot.routing import choose
from bot.wechat.render import Bubble, next_page, render
from bot.wechat.wire import Delivery
from bot.wiring import Resources, SealBrokenError, SqlWork
from dialogs.engine.messages import SaidKind
from dialogs.engine.talk import Catalog, Talk
from dialogs.engine.ways import Verb, VerbWord
from domain.shared.conversations import Answered, BusyError, Conversation, Mine, OvertakenError
from domain.shared.deliveries import Delivered
from domain.shared.records import OpenId

__all__ = ["ANSWER_SECONDS", "Turns"]

ANSWER_SECONDS: Final = 4.0
"""After which the citizen is told that the work goes on; the platform gives up after five."""

_WAITING = Bubble("正在办理，请稍候。回复“结果”查看。")
_BUSY = Bubble("您上一条还在办理，请等几秒再发，或回复“结果”查看。")
_TRIES: Final = 2
_SECOND_TRY_SECONDS: Final = 4.0
"""The platform tries again after five: what comes so late may have been answered before."""

log = structlog.get_logger(__name__)


class Turns:
    """Answers deliveries, one conversation each."""

    def __init__(self, house: Resources, catalog: Catalog) -> None:
        self._house = house
        self._catalog = catalog
        self._running: set[asyncio.Task[Bubble]] = set()
        self._told_to_wait: set[str] = set()

    async def answer(self, delivery: Delivery) -> Bubble:
        """Return the one answer to a delivery, in time for the platform.

        A turn that takes longer goes on; its answer is given to the word «结果» and to the
        platform's next try.
        """
        if delivery.said.kind is SaidKind.UNFOLLOW:
            await self._part(delivery.openid)
        if delivery.said.kind.unanswerable:
            return Bubble()
        started = asyncio.get_running_loop().time()
        try:
            claim = await self._house.conversations.claim(
                delivery.key, delivery.openid, wait=ANSWER_SECONDS
            )
        except BusyError:
            return _BUSY
        if isinstance(claim, Answered):
            return self._opened(claim.reply)
        task = asyncio.create_task(self._turn(delivery, claim))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        left = ANSWER_SECONDS - (asyncio.get_running_loop().time() - started)
        done, _ = await asyncio.wait({task}, timeout=max(left, 0))
        if done:
            return task.result()
        self._told_to_wait.add(delivery.key)
        task.add_done_callback(lambda late: self._end_late(delivery.key, late))
        return _WAITING

    async def _part(self, openid: OpenId) -> None:
        """Let a citizen go who stopped following us: signed out, and the talk forgotten.

        Source: S0-20.
        """
        async with self._house.open_work() as work:
            await self._house.desk(work, openid).leaving.unfollow(openid)
            await work.commit()
        await self._house.conversations.erase(openid)

    def _end_late(self, key: str, late: asyncio.Task[Bubble]) -> None:
        """Say if a turn failed after its citizen was told to wait; the next try takes it again."""
        self._told_to_wait.discard(key)
        if not late.cancelled() and late.exception():
            log.error("late_turn_failed", error=type(late.exception()).__name__)

    async def drain(self, seconds: float) -> None:
        """Let running turns end, for so long at most."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _turn(self, delivery: Delivery, claim: Mine) -> Bubble:
        """Take the turn; one that was overtaken is taken again on what is stored now."""
        for again in range(_TRIES):
            try:
                # Where the talk is lost or older, or another turn came between, this delivery may
                # have had its effect: the records tell what was said then.
                doubtful = again or claim.payload is None or self._tried_before(delivery)
                if doubtful and await self._told_before(delivery):
                    return await self._repeat(delivery, claim)
                return await self._take(delivery, claim)
            except OvertakenError:
                anew = await self._house.conversations.claim(
                    delivery.key, delivery.openid, wait=ANSWER_SECONDS
                )
                if isinstance(anew, Answered):
                    return self._opened(anew.reply)
                claim = anew
            except BaseException:
                await self._house.conversations.abandon(claim)
                raise
        await self._house.conversations.abandon(claim)
        raise OvertakenError

    def _tried_before(self, delivery: Delivery) -> bool:
        return self._house.clock.now().timestamp() - delivery.sent_at >= _SECOND_TRY_SECONDS

    async def _repeat(self, delivery: Delivery, claim: Mine) -> Bubble:
        """Say again what was said, and leave the talk as it is."""
        told = await self._told_before(delivery)
        if told is None:
            raise OvertakenError
        payload = claim.payload or self._dumped(Conversation(delivery.openid))
        await self._house.conversations.finish(claim, payload=payload, reply=self._sealed(told))
        return told

    async def _take(self, delivery: Delivery, claim: Mine) -> Bubble:
        conversation = self._loaded(delivery, claim)
        async with self._house.open_work() as work:
            bubble = await self._think(delivery, conversation, work)
            if work.changed:
                # The reply goes with the records: whoever asks again is told the same for a day.
                kept = Delivered(
                    delivery.key, delivery.openid, self._sealed(bubble), self._house.clock.now()
                )
                if not await work.deliveries.add(kept):
                    await work.undo()
                    return await self._repeat(delivery, claim)
                await work.commit()
        if delivery.key in self._told_to_wait:
            conversation.result = json.dumps(bubble.to_json(), ensure_ascii=False)
        await self._house.conversations.finish(
            claim, payload=self._dumped(conversation), reply=self._sealed(bubble)
        )
        return bubble

    async def _think(self, delivery: Delivery, conversation: Conversation, work: SqlWork) -> Bubble:
        way = choose(delivery.said, conversation, self._catalog)
        if isinstance(way, Verb) and way.word is VerbWord.NEXT_PAGE and conversation.pages:
            del conversation.shown[:1]
            return next_page(conversation.pages.pop(0))
        if isinstance(way, Verb) and way.word is VerbWord.RESULT and conversation.result:
            result, conversation.result = conversation.result, ""
            return Bubble.from_json(json.loads(result))
        desk = self._house.desk(work, delivery.openid)
        talk = Talk(
            self._catalog,
            conversation,
            desk,
            chance=self._house.chance,
            undo=work.undo,
        )
        reply = await talk.take(way)
        await desk.note_use()
        await self._forget(desk.left_behind, conversation)
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
        for openid in left_behind:
            if openid != conversation.openid:
                await self._house.conversations.erase(openid)

    async def _told_before(self, delivery: Delivery) -> Bubble | None:
        """Return what a delivery was told by a turn that changed a record; ``None`` if none did."""
        async with self._house.open_work() as work:
            told = await work.deliveries.find(delivery.key)
        return self._opened(told.reply) if told else None

    def _loaded(self, delivery: Delivery, claim: Mine) -> Conversation:
        """Return the talk so far; one that cannot be read is begun anew, for the citizen's sake."""
        conversation = Conversation(delivery.openid)
        if claim.payload is not None:
            try:
                stored = json.loads(self._house.cipher.open(claim.payload))
                conversation = Conversation.from_json(stored)
            except (SealBrokenError, ValueError, TypeError) as error:
                log.warning("conversation_unreadable", error=type(error).__name__)
        conversation.revision = claim.revision
        return conversation

    def _dumped(self, conversation: Conversation) -> bytes:
        text = json.dumps(conversation.to_json(), ensure_ascii=False)
        return self._house.cipher.seal(text.encode())

    def _sealed(self, bubble: Bubble) -> bytes:
        text = json.dumps(bubble.to_json(), ensure_ascii=False)
        return self._house.cipher.seal(text.encode())

    def _opened(self, reply: bytes) -> Bubble:
        return Bubble.from_json(json.loads(self._house.cipher.open(reply)))
