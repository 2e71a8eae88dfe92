"""Telling citizens of plans that open or close soon, and of what they have left unfinished."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.jobs.schedule import Job, run_occurrence
from bot.talks import loaded
from bot.wiring import Resources, SealBrokenError
from domain.notices.service import PAGE, SOON, NoticeService, WatchedDraft
from domain.plans.model import Plan
from domain.shared.occurrences import Occurrence
from domain.shared.pushes import PushKind

__all__ = ["NOTICE_JOBS", "remind_of_drafts", "tell_of_plans"]

_FRESH: Final = timedelta(hours=24)
"""How long the opening of a plan is news; whoever was down for longer says nothing."""


async def tell_of_plans(house: Resources) -> None:
    """Tell every family what it may take from plans that have opened, or close soon.

    Each plan's opening and closing is an occurrence of its own: it is done once, and a process
    that dies over it is replaced by one that begins anew, which tells nobody twice.
    """
    async with house.open_work() as work:
        plans = (await work.plans.book()).plans()
    for kind, plan, since in _due(plans, house.clock.now()):
        name = f"{kind.value}-{hashlib.sha256(plan.id.encode()).hexdigest()[:16]}"
        job = Job(name, _FRESH, partial(_tell, kind=kind, plan=plan))
        await run_occurrence(house, job, Occurrence(name, since))


def _due(plans: Sequence[Plan], now: datetime) -> Iterator[tuple[PushKind, Plan, datetime]]:
    for plan in plans:
        soon = plan.closes_at - SOON
        if plan.opens_at <= now < min(plan.opens_at + _FRESH, plan.closes_at):
            yield PushKind.PLAN_OPENS, plan, plan.opens_at
        # Of a plan that is open for a day only, its opening is enough.
        if soon <= now < plan.closes_at and plan.opens_at + _FRESH <= soon:
            yield PushKind.PLAN_CLOSES, plan, soon


async def _tell(house: Resources, *, kind: PushKind, plan: Plan) -> None:
    """Go through all households page by page, a transaction each: none waits for the whole."""
    after, more = "", True
    while more:
        async with house.open_work() as work:
            notices = NoticeService(work, house.clock)
            after = await notices.tell_of_plan(kind, plan, after=after)
            await work.commit()
        more = bool(after)


async def remind_of_drafts(house: Resources) -> None:
    """Remind whoever has begun to register and left, where the plan closes within a day."""
    more = True
    while more:
        async with house.open_work() as work:
            left = await NoticeService(work, house.clock).left_drafts()
        still_open = [one for one in left if await _is_open(house, one)]
        async with house.open_work() as work:
            await NoticeService(work, house.clock).remind(left, still_open=still_open)
            await work.commit()
        more = len(left) == PAGE


async def _is_open(house: Resources, draft: WatchedDraft) -> bool:
    """Tell whether a draft is still in its talk: one that was finished or dropped is not."""
    payload = await house.conversations.peek(draft.openid)
    if payload is not None:
        with suppress(SealBrokenError, ValueError):
            kept = loaded(house.cipher.open(payload)).drafts
            return any(one.id == draft.draft_id for one in kept)
    return False


NOTICE_JOBS: Final = (
    Job("plan-notices", timedelta(minutes=5), tell_of_plans),
    Job("draft-reminders", timedelta(minutes=15), remind_of_drafts),
)
