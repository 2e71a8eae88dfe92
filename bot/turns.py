"""One turn: claim the delivery or join it, load, think, commit once, keep the reply, answer.

Nothing of worth is guarded by the claim alone: a draft has at most one effect, and the reply of a
committing turn lies in the same transaction as the effect.
"""

import asyncio
import json
from typing import Final

import structlog

from bot.routing import choose
from bot.wechat.render import Bubble, next_page, render
from bot.wechat.wire import Delivery
from bot.wiring import Resources, SqlWork
from dialogs.engine.messages import SaidKind
from dialogs.engine.talk import Catalog, Talk
from dialogs.engine.ways import Verb, VerbWord
from domain.shared.conversations import Answered, BusyError, Conversation, Mine, OvertakenError
from domain.shared.deliveries import Delivered

__all__ = ["ANSWER_SECONDS", "Turns"]

ANSWER_SECONDS: Final = 4.0
"""After which the citizen is told that the work goes on; the platform gives up after five."""

_WAITING = Bubble("正在办理，请稍候。回复“结果”查看。")
_BUSY = Bubble("您上一条还在办理，请等几秒再发，或回复“结果”查看。")
_UNANSWERED = (SaidKind.RECEIPT, SaidKind.OTHER, SaidKind.UNFOLLOW)
_TRIES: Final = 2

log = structlog.get_logger(__name__)


class Turns:
    """Answers deliveries, one conversation each."""

    def __init__(self, house: Resources, catalog: Catalog) -> None:
        self._house = house
        self._catalog = catalog
        self._running: set[asyncio.Task[Bubble]] = set()

    async def answer(self, delivery: Delivery) -> Bubble:
        """Return the one answer to a delivery, in time for the platform.

        A turn that takes longer goes on; its answer is given to the word «结果» and to the
        platform's next try.
        """
        if delivery.said.kind in _UNANSWERED:
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
        task = asyncio.create_task(self._turn(delivery, claim, started))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        left = ANSWER_SECONDS - (asyncio.get_running_loop().time() - started)
        done, _ = await asyncio.wait({task}, timeout=max(left, 0))
        if done:
            return task.result()
        task.add_done_callback(_log_late_fault)
        return _WAITING

    async def drain(self, seconds: float) -> None:
        """Let running turns end, for so long at most."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _turn(self, delivery: Delivery, claim: Mine, started: float) -> Bubble:
        """Take the turn; one that was overtaken is taken again on what is stored now."""
        for _ in range(_TRIES):
            try:
                return await self._take(delivery, claim, started)
            except OvertakenError:
                again = await self._house.conversations.claim(
                    delivery.key, delivery.openid, wait=ANSWER_SECONDS
                )
                if isinstance(again, Answered):
                    return self._opened(again.reply)
                claim = again
            except BaseException:
                await self._house.conversations.abandon(claim)
                raise
        await self._house.conversations.abandon(claim)
        raise OvertakenError

    async def _take(self, delivery: Delivery, claim: Mine, started: float) -> Bubble:
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
                    bubble = await self._told_before(delivery)
                else:
                    await work.commit()
        if asyncio.get_running_loop().time() - started > ANSWER_SECONDS:
            conversation.result = bubble.text
        await self._house.conversations.finish(
            claim, payload=self._dumped(conversation), reply=self._sealed(bubble)
        )
        return bubble

    async def _think(self, delivery: Delivery, conversation: Conversation, work: SqlWork) -> Bubble:
        way = choose(delivery.said, conversation, self._catalog)
        if isinstance(way, Verb) and way.word is VerbWord.NEXT_PAGE and conversation.pages:
            return next_page(conversation.pages.pop(0))
        talk = Talk(
            self._catalog,
            conversation,
            self._house.desk(work, delivery.openid),
            chance=self._house.chance,
            undo=work.undo,
        )
        reply = await talk.take(way)
        rendered = render(reply, tap_links=self._house.settings.wechat.tap_links)
        if not reply.silent:
            conversation.pages = list(rendered.pages)
        return rendered.bubble

    async def _told_before(self, delivery: Delivery) -> Bubble:
        async with self._house.open_work() as work:
            told = await work.deliveries.find(delivery.key)
        if told is None:
            raise OvertakenError
        return self._opened(told.reply)

    def _loaded(self, delivery: Delivery, claim: Mine) -> Conversation:
        if claim.payload is None:
            return Conversation(delivery.openid, claim.revision)
        stored = json.loads(self._house.cipher.open(claim.payload))
        conversation = Conversation.from_json(stored)
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


def _log_late_fault(task: asyncio.Task[Bubble]) -> None:
    """Say that a turn failed after its citizen was told to wait; the next try takes it again."""
    if not task.cancelled() and task.exception():
        log.error("late_turn_failed", error=type(task.exception()).__name__)
