"""Looking after those who wait for a person: nobody is forgotten when an agent or the day ends."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.handover import ended_reply, shown
from bot.wiring import Resources, SqlWork
from dialogs.desk import Desk
from domain.escalation.handovers import (
    AWAY_AFTER,
    DeskKind,
    Ending,
    Handover,
    HandoverState,
    LineKind,
    is_away,
    is_silent,
    is_unseen,
)
from domain.shared.errors import UnavailableError
from domain.shared.pictures import PictureUnfitError
from domain.shared.records import OpenId

__all__ = ["CALL_WORDS", "attend", "fetch_pictures", "fetch_records"]

CALL_WORDS: Final = "有市民在公众号里等人工服务，超过一分钟没有人看。请打开安居控制台的“人工客服”。"
"""Nothing personal, and no number to look anybody up by."""

_NOBODY: Final = OpenId("")
_MEDIA_KEPT: Final = timedelta(days=3)
_JUST_SENT: Final = timedelta(minutes=1)
_PICTURES_AT_ONCE: Final = 8
_RECORDS_BEFORE: Final = timedelta(minutes=1)
_RECORDS_KEPT_OPEN: Final = timedelta(hours=2)
_TICKET_WORDS: Final = 1000

log = structlog.get_logger(__name__)

_Move = Callable[[Resources, SqlWork, Handover], Awaitable[bool]]


async def attend(house: Resources) -> int:
    """Do for each citizen who waits or talks what time alone makes due; return for how many.

    Every process may do it at once: a state moves by a condition, and whoever comes second does
    nothing.

    Raises
    ------
    UnavailableError
        The records are silent.
    """
    now = house.clock.now()
    async with house.open_work() as work:
        live = await work.handovers.live()
        here = await work.handovers.here(since=now - AWAY_AFTER) if live else []
    moved = 0
    for handover in live:
        if is_silent(handover, now):
            moved += await _moved(house, handover, _end_silent)
        elif is_away(handover, here, now):
            moved += await _moved(house, handover, _put_back)
        elif handover.state is HandoverState.WAITING and not await _in_hours(house, now):
            moved += await _moved(house, handover, _close)
        elif handover.desk is DeskKind.CONSOLE and is_unseen(handover, now):
            moved += await _call(house, handover)
    if live:
        await fetch_pictures(house, _JUST_SENT)
    return moved


async def fetch_records(house: Resources) -> int:
    """Fetch what was said at the platform's own desk in talks that ended lately; count new lines.

    Source: the platform tells it afterwards only.
    """
    now, kept = house.clock.now(), 0
    async with house.open_work() as work:
        ended = await work.handovers.ended(DeskKind.WECHAT, since=now - _RECORDS_KEPT_OPEN)
    for handover in ended:
        begun, over = handover.taken_at or handover.asked_at, handover.ended_at or now
        source = house.outside.desk_records.said(begun - _RECORDS_BEFORE, over)
        said = [line async for line in source if line.openid == handover.openid]
        async with house.open_work() as work:
            kept += await _desk(house, work, handover).handovers.keep_records(handover, said)
            await work.commit()
    return kept


async def fetch_pictures(house: Resources, span: timedelta = _MEDIA_KEPT) -> int:
    """Fetch the pictures that citizens have sent to a person within a span; count those kept.

    The platform forgets them after three days. Where it has none, or what it has cannot be shown,
    that is kept instead; where it is silent, the next look asks again.

    Raises
    ------
    UnavailableError
        The records are silent.
    """
    kept = 0
    async with house.open_work() as work:
        since = house.clock.now() - span
        wanted = await work.talk_pictures.wanted(since=since, most=_PICTURES_AT_ONCE)
    for one in wanted:
        try:
            raw = await house.outside.pictures.fetch(one.media_id)
            picture = await house.picture_cleaner.clean(raw) if raw else None
        except PictureUnfitError:
            picture = None
        except UnavailableError:
            continue
        async with house.open_work() as work:
            await work.talk_pictures.keep(one, picture, at=house.clock.now())
            await work.commit()
        kept += picture is not None
    return kept


async def _moved(house: Resources, handover: Handover, move: _Move) -> bool:
    async with house.open_work() as work:
        moved = await move(house, work, handover)
        await work.commit()
    return moved


async def _end_silent(house: Resources, work: SqlWork, handover: Handover) -> bool:
    words = shown(house, ended_reply(handover, Ending.SILENCE))
    handovers = _desk(house, work, handover).handovers
    return await handovers.end_by_itself(handover, Ending.SILENCE, words)


async def _put_back(house: Resources, work: SqlWork, handover: Handover) -> bool:
    return await _desk(house, work, handover).handovers.put_back(handover)


async def _close(house: Resources, work: SqlWork, handover: Handover) -> bool:
    """End a wait that the day's end has overtaken; what was said becomes a ticket."""
    desk = _desk(house, work, handover)
    lines = await work.handovers.lines(handover.id)
    said = "\n".join(one.text for one in lines if one.kind is LineKind.CITIZEN)
    account = (await desk.citizen()).account
    ticket = await desk.escalation.leave_word(
        openid=handover.openid,
        phone=account.phone if account else "",
        text=(said or "排队等人工，没有留下文字。")[:_TICKET_WORDS],
        account_id=handover.account_id,
    )
    more = f"您的问题已记为问题单 {ticket.number}，工作人员上班后处理。"
    words = shown(house, ended_reply(handover, Ending.CLOSED, more=more))
    if await desk.handovers.end_by_itself(handover, Ending.CLOSED, words):
        return True
    await work.undo()
    return False


async def _call(house: Resources, handover: Handover) -> bool:
    """Call the next person; who calls has counted it first, so that nobody is called twice."""
    staff = house.outside.staff
    if not staff.targets:
        return False
    async with house.open_work() as work:
        mine = await work.handovers.notify(handover, at=house.clock.now())
        await work.commit()
    if not mine:
        return False
    target = handover.notified % staff.targets
    told = await staff.call(target, CALL_WORDS)
    log.info("staff_called", handover=handover.id, target=target, told=told)
    return True


async def _in_hours(house: Resources, now: datetime) -> bool:
    async with house.open_work() as work:
        book = await work.plans.book()
        desk = house.desk(work, _NOBODY)
        periods = [(plan.opens_at, plan.closes_at) for plan in book.plans()]
        return desk.escalation.hours(now, periods).open


def _desk(house: Resources, work: SqlWork, handover: Handover) -> Desk:
    return house.desk(work, handover.openid, front="job")
