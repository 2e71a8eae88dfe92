"""Sending what is to be told: once, by the best way open, and never from memory.

Three short transactions a push, so that a process may die at any moment. The first counts the
attempt, of several that are begun at once in one; the second takes a place and says by which way it
is about to leave; the third says what became of it. Whoever finds a push that was about to leave
and of which nobody said more, does not send it again: it is unsure.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.jobs.ledger import AgreedCard, CardOfTheDay, Nothing, Place, PlaceInWindow
from bot.jobs.words import worded
from bot.wiring import Resources, SqlWork
from domain.notices.model import TOPICS, CardTemplate, card_of
from domain.notices.service import Handed, NoticeService
from domain.shared.clock import china_time
from domain.shared.errors import UnansweredError, UnavailableError
from domain.shared.failpoints import Point, reach
from domain.shared.pushes import (
    STRIKES,
    Channel,
    Push,
    PushClaim,
    PushKind,
    PushState,
    day_begins,
    retry_at,
)
from domain.shared.records import OpenId
from domain.shared.windows import Handover, Window, open_window

__all__ = ["deliver"]

_LANES: Final = 4
"""How many are sent at a time: a vendor answers in tenths of a second."""

_HANDOVER_SECONDS: Final = 10.0
"""Half of the lease: whoever waits longer for a vendor would be taken for dead."""

_REASON: Final = 64
"""How many characters of a reason are kept."""

_MAY_PASS: Final = frozenset({Handover.CLOSED, Handover.FULL})
_CLOSED_WAIT: Final = timedelta(hours=6)
_STUCK: Final = frozenset(one.value for one in _MAY_PASS)
_BEHIND: Final = timedelta(seconds=15)
"""How long a hint waits before it looks again what became of the words it is about."""

_NOBODY: Final = frozenset({"account-closed", "declined", "no-way", "told"})
"""Why nobody was told although nothing is wrong."""

log = structlog.get_logger(__name__)


class _LostError(Exception):
    """Another has begun an attempt at the same push."""


async def deliver(house: Resources, going: Callable[[], bool] = lambda: True) -> int:
    """Send all that is due; return how many have left.

    Parameters
    ----------
    going
        Tells whether to begin with one more.

    Raises
    ------
    UnavailableError
        The records are silent. What was begun is taken over when its lease ends.
    """
    async with house.open_work() as work:
        if await work.pushes.expire(now=house.clock.now()):
            await work.commit()
    left = 0
    attempts: set[asyncio.Task[bool]] = set()
    try:
        while True:
            if going():
                begun = await _begun(house, _LANES - len(attempts))
                attempts |= {asyncio.create_task(_attend(house, claim)) for claim in begun}
            if not attempts:
                return left
            done, attempts = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
            left += sum(attempt.result() for attempt in done)
    finally:
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)


async def _begun(house: Resources, most: int) -> Sequence[PushClaim]:
    async with house.open_work() as work:
        claims = await work.pushes.claim(now=house.clock.now(), most=most)
        if claims:
            await work.commit()
    return claims


async def _attend(house: Resources, claim: PushClaim) -> bool:
    """Make an attempt; whatever goes wrong concerns this push alone."""
    attempt = _Attempt(house, claim)
    try:
        return await attempt.make()
    except _LostError:
        log.info("push_lost", push=claim.id)
    except UnavailableError as error:
        # Where it is the records that are silent, the end of the lease does the same.
        with suppress(UnavailableError):
            await attempt.give_up(error.detail or error.code)
    except Exception as error:  # noqa: BLE001 (the job loop: a push that breaks us holds up nobody)
        with suppress(UnavailableError):
            await attempt.strike(type(error).__name__)
    return False


async def _waits_in_chat(work: SqlWork, hint: Push) -> bool | None:
    """Tell whether the words that a hint is about cannot come; ``None`` before they were tried."""
    if hint.openid is None or hint.topic is None:
        return True
    states = await work.pushes.states(hint.openid, PushKind.FROM_DESK)
    state, reason = states.get(hint.topic, (PushState.EXPIRED, ""))
    if state is PushState.WAITING:
        return True if reason in _STUCK else None
    return state in (PushState.FAILED, PushState.EXPIRED)


@dataclass(slots=True)
class _Attempt:
    """One attempt at one push. ``handed`` tells that it may have left, whatever breaks now.

    So may one have that a dead worker was about to send: see `PushClaim.left`.
    """

    house: Resources
    claim: PushClaim
    handed: bool = False

    async def make(self) -> bool:
        """Send it if that can be done now; tell whether it has left."""
        self.handed = self.claim.left
        if self.handed:
            return await self._settle(PushState.UNSURE, "sender-lost")
        if self.claim.strikes > STRIKES:
            return await self._settle(PushState.PARKED, "sender-lost")
        kept = self.claim.push()
        push: Push | None = kept
        if kept.kind is PushKind.ANSWERED:
            async with self.house.open_work() as work:
                waits = await _waits_in_chat(work, kept)
            if waits is None:
                await self.put_off("behind", until=self.house.clock.now() + _BEHIND)
                return False
            if not waits:
                return await self._settle(PushState.EXPIRED, "told")
        if kept.account is not None:
            async with self.house.open_work() as work:
                push = await NoticeService(work, self.house.clock).addressed(kept)
        return await self._send(push)

    async def _send(self, push: Push | None) -> bool:
        if push is None:
            return await self._settle(PushState.FAILED, "account-closed")
        if push.openid is None and push.phone is None:
            return await self._settle(PushState.FAILED, "declined")
        now = self.house.clock.now()
        ways = push.may_leave_by(now)
        if not ways and day_begins(now) > now:
            await self.put_off("night", until=day_begins(now))
            return False
        return await self._try(push, ways)

    async def put_off(
        self, reason: str, *, until: datetime | None = None, foreseen: bool = True
    ) -> None:
        """Let it be tried again later: then, or after a while that grows."""
        due_at = until or retry_at(self.claim.attempts, self.house.clock.now())
        async with self.house.open_work() as work:
            await work.pushes.put_off(
                self.claim, until=due_at, reason=reason[:_REASON], foreseen=foreseen
            )
            await work.commit()
        log.info("push_put_off", push=self.claim.id, reason=reason)

    async def give_up(self, reason: str) -> None:
        """Let what has not left be tried again later; what may have left is never sent again."""
        if self.handed:
            await self._settle(PushState.UNSURE, reason)
        else:
            await self.put_off(reason)

    async def strike(self, reason: str) -> None:
        """Count it against the push that the attempt broke; the third time it is parked."""
        log.error("push_failed", push=self.claim.id, error=reason, strikes=self.claim.strikes)
        if self.handed:
            await self.give_up(reason)
        elif self.claim.strikes >= STRIKES:
            await self._settle(PushState.PARKED, reason)
        else:
            await self.put_off(reason, foreseen=False)

    async def _try(self, push: Push, ways: Sequence[Channel]) -> bool:
        heard: list[Handover] = []
        for way in ways:
            handed = await self._by(way, push)
            if handed is None:
                return await self._settle(PushState.UNSURE, "unanswered")
            if handed.verdict is Handover.TAKEN:
                return await self._settle(PushState.SENT, way.value, handed.receipt)
            heard.append(handed.verdict)
        for said in heard:
            if said in _MAY_PASS:
                await self.put_off(said.value, until=self._when_closed(push, said))
                return False
        reason = Handover.UNREACHABLE.value if Handover.UNREACHABLE in heard else "no-way"
        return await self._settle(PushState.FAILED, reason)

    def _when_closed(self, push: Push, said: Handover) -> datetime | None:
        """Return when to try again what waits for the citizen to come: they will take it along."""
        patient = push.account is not None and said is Handover.CLOSED
        return self.house.clock.now() + _CLOSED_WAIT if patient else None

    async def _by(self, way: Channel, push: Push) -> Handed | None:
        """Send it by one way; ``None`` if nobody said what came of it."""
        match way:
            case Channel.WECHAT if push.openid is not None:
                return await self._as_text(push, push.openid)
            case Channel.SUBSCRIPTION | Channel.TEMPLATE if push.openid is not None:
                return await self._as_card(way, push, push.openid)
            case Channel.SMS if push.phone is not None:
                return await self._by_sms(push, push.phone)
            case _:
                return Handed(Handover.UNREACHABLE)

    async def _as_text(self, push: Push, openid: OpenId) -> Handed | None:
        async def hand() -> Handed:
            return Handed(await self.house.push_sender.push(openid, worded(push)))

        place = PlaceInWindow(openid, await self._window(openid))
        return await self._in(place, Channel.WECHAT, hand)

    async def _as_card(self, way: Channel, push: Push, openid: OpenId) -> Handed | None:
        agreed = way is Channel.SUBSCRIPTION
        topic = TOPICS.get(push.kind)
        kept = self.house.cards.get(topic, CardTemplate()) if topic else CardTemplate()
        key = f"push-{self.claim.id}"
        card = card_of(push.kind, push.values, kept, agreed=agreed, key=key)
        if card is None:
            return Handed(Handover.REFUSED)
        today = china_time(self.house.clock.now()).date()
        place: Place = CardOfTheDay(today)
        if agreed:
            place = AgreedCard(openid, card.template, kept.lasting)
        return await self._in(place, way, lambda: self.house.card_sender.push_card(openid, card))

    async def _by_sms(self, push: Push, phone: str) -> Handed | None:
        async def tell() -> Handed:
            await self.house.sms.tell(phone, push.kind, push.values)
            return Handed(Handover.TAKEN)

        if push.kind not in self.house.told_by_sms:
            return Handed(Handover.REFUSED)
        return await self._in(Nothing(), Channel.SMS, tell)

    async def _in(
        self, place: Place, way: Channel, hand: Callable[[], Awaitable[Handed]]
    ) -> Handed | None:
        """Take a place and hand over; what certainly did not leave gives it back."""
        async with self.house.open_work() as work:
            there = await place.take(work)
            if there is not Handover.TAKEN:
                return Handed(there)
            await self._leave(work, way)
        try:
            handed = await self._handed_over(hand)
        except UnavailableError:
            await self._stay(place, None)
            raise
        if handed is not None and handed.verdict is not Handover.TAKEN:
            await self._stay(place, handed.verdict)
        return handed

    async def _window(self, openid: OpenId) -> Window | None:
        """Return the citizen's open window; a talk that nobody can read now opens none."""
        with suppress(UnavailableError):
            return open_window(await self.house.windows(openid), self.house.clock.now())
        return None

    async def _leave(self, work: SqlWork, way: Channel) -> None:
        """Say for good that it is about to leave."""
        if not await work.pushes.leave(self.claim, way, now=self.house.clock.now()):
            raise _LostError
        await work.commit()

    async def _handed_over(self, hand: Callable[[], Awaitable[Handed]]) -> Handed | None:
        await reach(Point.BEFORE_SEND, str(self.claim.id))
        try:
            async with asyncio.timeout(_HANDOVER_SECONDS):
                self.handed = True
                handed = await hand()
        except (UnansweredError, TimeoutError):
            handed = None
        await reach(Point.AFTER_VENDOR, str(self.claim.id))
        return handed

    async def _stay(self, place: Place, said: Handover | None) -> None:
        """Take back that it left, and correct the count of what it took."""
        self.handed = False
        async with self.house.open_work() as work:
            await place.give_back(work, said)
            await work.pushes.stay(self.claim)
            await work.commit()

    async def _settle(self, state: PushState, reason: str, receipt: str = "") -> bool:
        """Say what became of it; tell whether it has left for certain."""
        await reach(Point.BEFORE_MARK, str(self.claim.id))
        async with self.house.open_work() as work:
            settled = await work.pushes.settle(
                self.claim,
                state,
                now=self.house.clock.now(),
                reason=reason[:_REASON],
                receipt=receipt,
            )
            await work.commit()
        if not settled:
            log.warning("push_settled_otherwise", push=self.claim.id, state=state.value)
        elif state is not PushState.SENT:
            tell = log.info if reason in _NOBODY else log.warning
            tell("push_ended", push=self.claim.id, state=state.value, reason=reason)
        return settled and state is PushState.SENT
