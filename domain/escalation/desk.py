"""Reaching a person and answering as one: who takes whom, what is said, how it ends."""

import hashlib
from collections.abc import Sequence
from typing import Final

from domain.escalation.desk_ports import DeskLine, DeskWork
from domain.escalation.handovers import (
    AWAY_AFTER,
    Card,
    DeskKind,
    Ending,
    Handover,
    HandoverGoneError,
    HandoverState,
    Line,
    LineKind,
    TakenError,
    line_text,
    line_topic,
    may_wait,
    rated,
)
from domain.shared.clock import Clock
from domain.shared.pushes import Push, PushKind
from domain.shared.records import AccountId, Act, OpenId

__all__ = ["HandoverService"]

_SAID: Final = frozenset({LineKind.CITIZEN, LineKind.AGENT})


class HandoverService:
    """Every change of who owns a conversation, with its act.

    Parameters
    ----------
    desk
        Where people answer those who ask from now on.
    callers
        How many can be called to our desk.
    """

    def __init__(
        self,
        work: DeskWork,
        clock: Clock,
        *,
        desk: DeskKind = DeskKind.CONSOLE,
        callers: int = 0,
        front: str = "chat",
    ) -> None:
        self._work = work
        self._clock = clock
        self._desk = desk
        self._callers = callers
        self._front = front

    # The citizen

    async def may_wait(self, *, in_hours: bool) -> bool:
        """Tell whether it is honest to let a citizen wait now.

        Source: S1-58.
        """
        ours = in_hours and self._desk is DeskKind.CONSOLE and not self._callers
        present = await self.present() if ours else 0
        return may_wait(in_hours=in_hours, desk=self._desk, present=present, told=self._callers)

    async def ask(self, openid: OpenId, account_id: AccountId | None, card: Card) -> Handover:
        """Let a citizen wait for a person; who waits already keeps the place.

        Source: S1-58, S4-78.
        """
        now = self._clock.now()
        handover = await self._work.handovers.ask(openid, account_id, self._desk, card, at=now)
        await self._act("ask", account_id or openid, handover.id, note=card.reason)
        return handover

    async def of(self, openid: OpenId) -> Handover | None:
        """Return a citizen's newest handover."""
        return await self._work.handovers.last_of(openid)

    async def position(self, handover: Handover) -> int:
        """Return a waiting citizen's place, from 1: the same number for citizen and agent."""
        return await self._work.handovers.position(handover)

    async def present(self) -> int:
        """Return how many agents are at the desk."""
        now = self._clock.now()
        return len(await self._work.handovers.here(since=now - AWAY_AFTER))

    async def hear(self, handover: Handover, text: str, *, media_id: str = "") -> None:
        """Keep what a citizen said to the person, or will have said once one comes."""
        await self._work.handovers.add_line(
            handover.id, LineKind.CITIZEN, text, at=self._clock.now(), media_id=media_id
        )

    async def leave(self, handover: Handover, ending: Ending = Ending.CITIZEN) -> bool:
        """End it from the citizen's side; ``False`` if it had ended."""
        return await self._end(handover, ending, handover.account_id or handover.openid)

    async def part(self, openid: OpenId) -> None:
        """End what a citizen waits for who stops following us: nobody can answer them."""
        handover = await self.of(openid)
        if handover is not None and handover.live:
            await self.leave(handover, Ending.UNFOLLOWED)

    async def rate(self, openid: OpenId, stars: int) -> Handover:
        """Keep the one rating of a citizen's last talk with a person."""
        handover = rated(await self.of(openid), stars, self._clock.now())
        # Two at once: the first stands, and the second hears so at its next try.
        await self._work.handovers.rate(handover.id, stars)
        await self._act("rate", handover.account_id or openid, handover.id, note=str(stars))
        return handover

    # The agent

    async def take(self, handover_id: int, agent: str, name: str) -> Handover:
        """Give a waiting citizen to an agent; of two at once one is told `TakenError`."""
        handover = await self._found(handover_id)
        now = self._clock.now()
        if not await self._work.handovers.take(handover_id, agent, at=now):
            raise TakenError
        await self._event(handover, f"{name} 接待")
        told = f"工作人员{name}已接通，请直接说。\n要回到自助办理，请回复“退出人工”。"
        await self._tell(handover, told, f"take-{handover.id}-{handover.stamp}")
        await self._act("take", agent, handover.id)
        return handover

    async def answer(
        self, handover_id: int, agent: str, text: str, *, key: str | None
    ) -> Line | None:
        """Say something to the agent's citizen; ``None`` if it was said before under this key."""
        handover = await self._own(handover_id, agent)
        words, now = line_text(text), self._clock.now()
        line = await self._work.handovers.add_line(
            handover.id, LineKind.AGENT, words, at=now, author=agent, key=key
        )
        if line is not None:
            await self._tell(handover, words, line_topic(line))
        return line

    async def note(
        self, handover_id: int, agent: str, text: str, *, key: str | None
    ) -> Line | None:
        """Keep a remark for the agents alone."""
        if await self._work.handovers.find(handover_id) is None:
            raise HandoverGoneError
        return await self._work.handovers.add_line(
            handover_id,
            LineKind.NOTE,
            line_text(text),
            at=self._clock.now(),
            author=agent,
            key=key,
        )

    async def pass_on(self, handover_id: int, agent: str, to: str, name: str) -> None:
        """Give the agent's citizen to another agent, by id and name."""
        handover, now = await self._own(handover_id, agent), self._clock.now()
        if not await self._work.handovers.pass_on(handover_id, agent, to, at=now):
            raise TakenError
        await self._event(handover, f"转给 {name}")
        told = f"已为您转给工作人员{name}，请直接说。"
        await self._tell(handover, told, f"pass-{handover.id}-{handover.stamp}")
        await self._act("pass", agent, handover.id, note=to)

    async def put_back(self, handover: Handover) -> bool:
        """Let a citizen whose agent has gone wait again, in their old place, and tell them."""
        now = self._clock.now()
        if not await self._work.handovers.put_back(handover.id, handover.agent, at=now):
            return False
        await self._event(handover, "工作人员离开，回到排队")
        told = "工作人员暂时离开了，正在为您换一位，您排在最前面。写过的内容都在，不用再说一遍。"
        await self._tell(handover, told, f"back-{handover.id}-{handover.stamp}")
        await self._act("put-back", handover.agent, handover.id)
        return True

    async def end(self, handover_id: int, agent: str, words: str) -> None:
        """End the agent's talk and tell the citizen so in these words."""
        handover = await self._own(handover_id, agent)
        if await self._end(handover, Ending.AGENT, agent):
            await self.tell_of_end(handover, words)

    async def end_by_itself(
        self, handover: Handover, ending: Ending, words: str, *, actor: str = "system"
    ) -> bool:
        """End what nobody ended: too long silent, or the day is over; ``False`` if it had ended."""
        ended = await self._end(handover, ending, actor)
        if ended:
            await self.tell_of_end(handover, words)
        return ended

    async def tell_of_end(self, handover: Handover, words: str) -> None:
        """Tell a citizen that the person has gone and the bot is back."""
        push = Push(
            PushKind.FROM_DESK, (words,), openid=handover.openid, topic=f"end-{handover.id}"
        )
        await self._work.outbox.add(push, at=self._clock.now())

    async def see(self, handover_id: int, agent: str) -> tuple[Handover, list[Line]]:
        """Return a talk and its transcript; from now on somebody has looked."""
        handover = await self._work.handovers.find(handover_id)
        if handover is None:
            raise HandoverGoneError
        if handover.seen_at is None and agent:
            await self._work.handovers.see(handover_id, at=self._clock.now())
        return handover, await self._work.handovers.lines(handover_id)

    async def come_back(self, handover: Handover, phone: str) -> bool:
        """Ask a citizen by SMS to come back to the chat; once a handover."""
        push = Push(PushKind.COME_BACK, (), handover.openid, phone, f"back-{handover.id}")
        asked = await self._work.outbox.add_all([push], at=self._clock.now()) > 0
        if asked:
            await self._event(handover, "已发短信请市民回到公众号")
        return asked

    async def told_to(self, account_id: AccountId) -> list[tuple[Handover, list[Line]]]:
        """Return what was said between the citizen of an account and people, newest talk first.

        Source: S0-76.
        """
        return [
            (one, [line for line in await self._work.handovers.lines(one.id) if line.kind in _SAID])
            for one in await self._work.handovers.of_account(account_id)
        ]

    # The platform's own desk

    async def taken_there(self, openid: OpenId, agent: str) -> None:
        """Keep that an agent of the platform's desk has a citizen, after another or not."""
        handover = await self.of(openid)
        if handover is None or not handover.live or handover.desk is not DeskKind.WECHAT:
            return
        store, now = self._work.handovers, self._clock.now()
        moved = (
            await store.take(handover.id, agent, at=now)
            if handover.state is HandoverState.WAITING
            else await store.pass_on(handover.id, handover.agent, agent, at=now)
        )
        if moved:
            await self._act("take", agent, handover.id)

    async def closed_there(self, openid: OpenId, words: str) -> None:
        """Keep that the platform's desk has let a citizen go."""
        handover = await self.of(openid)
        if handover is not None and handover.live and handover.desk is DeskKind.WECHAT:
            await self.end_by_itself(handover, Ending.AGENT, words, actor=handover.agent)

    async def keep_records(self, handover: Handover, said: Sequence[DeskLine]) -> int:
        """Keep what was said at the platform's desk, each line once; return how many are new."""
        kept = 0
        for one in said:
            # Fetched again, it is told the same; nothing else of the platform's names a line.
            words = hashlib.sha256(f"{one.by_agent}{one.text}".encode()).hexdigest()
            line = await self._work.handovers.add_line(
                handover.id,
                LineKind.AGENT if one.by_agent else LineKind.CITIZEN,
                one.text,
                at=one.at,
                author=one.account if one.by_agent else "",
                key=f"kf-{one.at.timestamp():.0f}-{words[:32]}",
            )
            kept += line is not None
        return kept

    # Inside

    async def _found(self, handover_id: int) -> Handover:
        handover = await self._work.handovers.find(handover_id)
        if handover is None or not handover.live:
            raise HandoverGoneError
        return handover

    async def _own(self, handover_id: int, agent: str) -> Handover:
        handover = await self._found(handover_id)
        if handover.state is not HandoverState.TAKEN or handover.agent != agent:
            raise TakenError
        return handover

    async def _end(self, handover: Handover, ending: Ending, actor: str) -> bool:
        if not await self._work.handovers.end(handover.id, ending, at=self._clock.now()):
            return False
        await self._act("end", actor, handover.id, note=ending.value)
        return True

    async def _event(self, handover: Handover, words: str) -> None:
        await self._work.handovers.add_line(
            handover.id, LineKind.EVENT, words, at=self._clock.now()
        )

    async def _tell(self, handover: Handover, words: str, topic: str) -> None:
        push = Push(PushKind.FROM_DESK, (words,), openid=handover.openid, topic=topic)
        await self._work.outbox.add(push, at=self._clock.now())

    async def _act(self, verb: str, actor: str, handover_id: int, *, note: str = "") -> None:
        act = Act(
            tag=f"escalation:handover:{verb}",
            actor=actor,
            object_id=f"handover-{handover_id}",
            at=self._clock.now(),
            front=self._front,
            note=note,
        )
        await self._work.acts.add(act)
