"""One turn: claim the delivery or join it, load, think, commit once, keep the reply, answer.

Nothing of worth is guarded by the claim alone: a draft has at most one effect, and the reply of a
committing turn lies in the same transaction as the effect.
"""

import asyncio
from contextlib import suppress
from typing import Final

import orjson
import structlog

from bot.course import Outcome, note
from bot.handover import PERSON, overhear
from bot.kept import Kept
from bot.passages import Passages
from bot.routing import choose
from bot.scans import count_scan
from bot.thinking import Thinking
from bot.told import came_back, take_report
from bot.wechat.render import Bubble
from bot.wechat.wire import Delivery
from bot.wiring import Resources, SqlWork
from dialogs.engine.messages import SaidKind
from dialogs.engine.talk import Catalog
from dialogs.engine.ways import Way
from domain.figures.model import footing
from domain.shared.conversations import (
    Answered,
    BusyError,
    Conversation,
    FloodedError,
    Mine,
    OvertakenError,
)
from domain.shared.deliveries import Delivered
from domain.shared.errors import UnavailableError
from domain.shared.failpoints import Point, reach
from domain.shared.pushes import Push, PushKind
from domain.shared.records import OpenId
from domain.shared.windows import remember
from domain.shared.work import CollidedError, UnsureError

__all__ = ["ANSWER_SECONDS", "Turns"]

ANSWER_SECONDS: Final = 4.0
"""After which the citizen is told that the work goes on; the platform gives up after five."""

_WAITING = Bubble("正在办理，请稍候。回复“结果”查看。")
_BUSY = Bubble("您上一条还在办理，请等几秒再发，或回复“结果”查看。")
_FLOODED = Bubble("您发得有点快，我看不过来了。请歇十来秒再发一次，之前填的都在。")
_TAPS: Final = frozenset({SaidKind.FOLLOW, SaidKind.MENU, SaidKind.SCAN})
_TRIES: Final = 8
"""Late on a day of a hundred thousand registrations one number in ten is taken."""

_SECOND_TRY_SECONDS: Final = 2.5
"""The platform tries again after five: what comes so late may have been answered before.

So may what comes so early: then clocks differ, and nobody knows how old it is.
"""

_LOOK_SECONDS: Final = (0.2, 0.8)
"""The pauses before each look at what became of a commit."""

log = structlog.get_logger(__name__)


async def _over(task: asyncio.Task[Bubble], *, by: float) -> bool:
    """Wait for a turn until a moment of the loop's time; tell whether it is over.

    What `asyncio.wait` does, for one task and at half the price; every message pays it.
    """
    loop = asyncio.get_running_loop()
    waiting = loop.create_future()

    def tell(_: object = None) -> None:
        if not waiting.done():
            waiting.set_result(None)

    task.add_done_callback(tell)
    timer = loop.call_at(by, tell)
    try:
        await waiting
    finally:
        timer.cancel()
    return task.done()


class _ToldBeforeError(Exception):
    """A delivery was answered by another turn, with the records to show for it."""


class Turns:
    """Answers deliveries, one conversation each."""

    def __init__(self, house: Resources, catalog: Catalog) -> None:
        self._house = house
        self._catalog = catalog
        self._kept = Kept(house)
        self._thinking = Thinking(house, catalog)
        self.passages = Passages(catalog)
        self._running: set[asyncio.Task[Bubble]] = set()
        self._told_to_wait: set[str] = set()

    async def answer(self, delivery: Delivery) -> Bubble:
        """Return the one answer to a delivery, in time for the platform.

        A turn that takes longer goes on; its answer is given to the word «结果» and to the
        platform's next try.
        """
        if delivery.said.kind is SaidKind.UNFOLLOW:
            await self._part(delivery)
        if delivery.report is not None:
            await take_report(self._house, delivery.key, delivery.openid, delivery.report)
        if delivery.said.kind.unanswerable:
            await overhear(self._house, delivery)
            return Bubble()
        started = asyncio.get_running_loop().time()
        await reach(Point.BEFORE_CLAIM, delivery.key)
        try:
            claim = await self._house.conversations.claim(
                delivery.key, delivery.openid, wait=ANSWER_SECONDS
            )
        except BusyError:
            note(Outcome.BUSY)
            return _BUSY
        except FloodedError:
            note(Outcome.FLOODED)
            return _FLOODED
        if isinstance(claim, Answered):
            note(Outcome.REPEATED)
            return self._kept.bubble(claim.reply)
        task = asyncio.create_task(self._turn(delivery, claim))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if await _over(task, by=started + ANSWER_SECONDS):
            return task.result()
        note(Outcome.WAITING)
        self._told_to_wait.add(delivery.key)
        task.add_done_callback(lambda late: self._end_late(delivery.key, late))
        return _WAITING

    async def _part(self, delivery: Delivery) -> None:
        """Let a citizen go who stopped following us: signed out, and the talk forgotten.

        Once: a citizen who is back and signed in again must not be sent away by a repetition.

        Source: S0-20.
        """
        openid, now = delivery.openid, self._house.clock.now()
        async with self._house.open_work() as work:
            parted = Delivered(delivery.key, openid, self._kept.reply(Bubble()), now)
            if await work.deliveries.find(delivery.key):
                return
            await work.deliveries.add(parted)
            desk = self._house.desk(work, openid)
            await desk.leaving.unfollow(openid)
            await desk.handovers.part(openid)
            # Before the commit: of a repetition nobody would know that the talk is still there.
            await self._house.conversations.erase(openid)
            with suppress(CollidedError):  # the repetition was faster
                await work.commit()

    def _end_late(self, key: str, late: asyncio.Task[Bubble]) -> None:
        """Say if a turn failed after its citizen was told to wait; the next try takes it again."""
        self._told_to_wait.discard(key)
        if not late.cancelled() and late.exception():
            log.error("late_turn_failed", error=type(late.exception()).__name__)

    @property
    def under_way(self) -> int:
        """How many turns are under way."""
        return len(self._running)

    async def drain(self, seconds: float) -> None:
        """Let running turns end, for so long at most."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _turn(self, delivery: Delivery, claim: Mine) -> Bubble:
        """Take the turn; one that was overtaken is taken again on what is stored now.

        So is, silently, one whose records collided with another's.
        """
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
                    return self._kept.bubble(anew.reply)
                claim = anew
            except CollidedError:
                continue
            except BaseException:
                await self._house.conversations.abandon(claim)
                raise
        await self._house.conversations.abandon(claim)
        raise OvertakenError

    def _tried_before(self, delivery: Delivery) -> bool:
        age = self._house.clock.now().timestamp() - delivery.sent_at
        return abs(age) >= _SECOND_TRY_SECONDS

    async def _repeat(self, delivery: Delivery, claim: Mine) -> Bubble:
        """Say again what was said, and leave the talk as it is."""
        told = await self._told_before(delivery)
        if told is None:
            raise OvertakenError
        await count_scan(self._house, delivery)
        conversation = self._kept.talk(delivery.openid, claim)
        # What was done then may have been to call a person: the talk that says so was lost.
        conversation.owner = PERSON
        payload = self._kept.payload(conversation)
        await self._house.conversations.finish(claim, payload=payload, reply=self._kept.reply(told))
        return told

    async def _take(self, delivery: Delivery, claim: Mine) -> Bubble:
        await reach(Point.AFTER_CLAIM, delivery.key, claim.revision)
        conversation = self._kept.talk(delivery.openid, claim)
        await reach(Point.AFTER_LOAD, delivery.key, claim.revision)
        back = came_back(conversation, self._house.clock.now())
        self._remember(conversation, delivery)
        before = footing(conversation)
        way = choose(delivery.said, conversation, self._catalog)
        only_bot = not (back or conversation.owner)
        bubble = self._thinking.at_once(way, conversation) if only_bot else None
        if bubble is None:
            try:
                bubble = await self._worked(way, delivery, conversation, claim, back=back)
            except _ToldBeforeError:
                return await self._repeat(delivery, claim)
        await self._save(delivery, claim, conversation, bubble)
        self.passages.note(before, conversation, way, delivery.said.text)
        return bubble

    async def _worked(
        self,
        way: Way,
        delivery: Delivery,
        conversation: Conversation,
        claim: Mine,
        *,
        back: bool,
    ) -> Bubble:
        """Think with the records at hand; what changed in them lasts, with the reply.

        Raises
        ------
        _ToldBeforeError
            Another turn has answered this delivery already.
        """
        async with self._house.open_work() as work:
            bubble = await self._thinking.think(delivery, way, conversation, work, back=back)
            if work.changed:
                # The reply goes with the records: whoever asks again is told the same for a day.
                kept = Delivered(
                    delivery.key, delivery.openid, self._kept.reply(bubble), self._house.clock.now()
                )
                if not await work.deliveries.add(kept):
                    await work.undo()
                    raise _ToldBeforeError
                await reach(Point.BEFORE_COMMIT, delivery.key, claim.revision)
                if not self._house.conversations.holds(claim):
                    # Who slept past the lease does not know what the citizen has said since.
                    await self._house.conversations.abandon(claim)
                    raise OvertakenError
                await self._commit(work, delivery, bubble)
                await reach(Point.AFTER_COMMIT, delivery.key, claim.revision)
        await count_scan(self._house, delivery)
        return bubble

    async def _save(
        self, delivery: Delivery, claim: Mine, conversation: Conversation, bubble: Bubble
    ) -> None:
        if delivery.key in self._told_to_wait:
            conversation.result = orjson.dumps(bubble.to_json()).decode()
        await reach(Point.BEFORE_SAVE, delivery.key, claim.revision)
        await self._house.conversations.finish(
            claim, payload=self._kept.payload(conversation), reply=self._kept.reply(bubble)
        )
        await reach(Point.AFTER_SAVE, delivery.key, claim.revision)
        if delivery.key in self._told_to_wait:
            await self._push(delivery.openid, bubble)

    def _remember(self, conversation: Conversation, delivery: Delivery) -> None:
        """Remember what lets us write to this citizen: this turn saves the talk anyway."""
        said = delivery.said
        at = min(float(delivery.sent_at), self._house.clock.now().timestamp())
        remember(conversation, tapped=said.kind in _TAPS or bool(said.tap), at=at)

    async def _push(self, openid: OpenId, bubble: Bubble) -> None:
        """Bring an answer that came too late, where that is possible; «结果» has it in any case."""
        if not bubble.text:
            return
        late = Push(PushKind.LATE_ANSWER, (bubble.text,), openid=openid)
        with suppress(UnavailableError):
            async with self._house.open_work() as work:
                await work.outbox.add(late, at=self._house.clock.now())
                await work.commit()

    async def _commit(self, work: SqlWork, delivery: Delivery, bubble: Bubble) -> None:
        """Commit; where nobody says whether it lasts, look before anything is told.

        Raises
        ------
        CollidedError
            Our reply is not on record: the turn may be taken again, for it has one effect at most.
        UnsureError
            It is still not known: nothing may be told.
        """
        try:
            await work.commit()
        except UnsureError as unsure:
            if not await self._lasts(delivery, bubble, unsure):
                raise CollidedError(unsure.detail) from unsure

    async def _lasts(self, delivery: Delivery, bubble: Bubble, unsure: UnsureError) -> bool:
        """Tell whether a reply is on record; the records may be just starting again."""
        for pause in _LOOK_SECONDS:
            await asyncio.sleep(pause)
            with suppress(UnavailableError):
                return await self._told_before(delivery) == bubble
        raise unsure

    async def _told_before(self, delivery: Delivery) -> Bubble | None:
        """Return what a delivery was told by a turn that changed a record; ``None`` if none did."""
        async with self._house.open_work() as work:
            told = await work.deliveries.find(delivery.key)
        return self._kept.bubble(told.reply) if told else None
