"""What was waiting to be told, above an answer; and what the platform reports of what was told."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from bot.jobs.words import worded
from bot.wechat.reports import Report
from bot.wiring import Resources, SqlWork
from dialogs.engine.messages import Reply
from domain.notices.service import NoticeService
from domain.shared.conversations import Conversation
from domain.shared.deliveries import Delivered
from domain.shared.errors import UnavailableError
from domain.shared.pushes import Receipt
from domain.shared.records import OpenId
from domain.shared.windows import open_window, windows_of
from domain.shared.work import CollidedError

__all__ = ["came_back", "take_report", "with_what_waited"]

_MOST: Final = 3
"""How much is told above one answer; the rest comes by itself, for the window is open again."""

_LOOK_SECONDS: Final = 0.5
"""How long a report may be faster than the note of what it is about."""

log = structlog.get_logger(__name__)


def came_back(conversation: Conversation, now: datetime) -> bool:
    """Tell whether a citizen speaks after so long that nothing could be pushed to them.

    Told from the talk as it was: whoever writes from day to day never makes us ask the records.
    """
    known = bool(conversation.written_at or conversation.tapped_at)
    return known and open_window(windows_of(conversation), now) is None


async def with_what_waited(reply: Reply, work: SqlWork, openid: OpenId, now: datetime) -> Reply:
    """Return a reply with what waited for the citizen above it; told with this turn's commit."""
    if reply.silent or reply.article:
        return reply
    try:
        waited = await work.pushes.take_for(openid, now=now, most=_MOST)
    except UnavailableError:
        if work.changed:
            raise
        # Whoever only looks around is answered even while the records are silent.
        return reply
    return reply.after("\n\n".join(worded(push) for push in waited))


async def take_report(house: Resources, key: str, openid: OpenId, report: Report) -> None:
    """Keep what the platform reports, once however often it repeats itself."""
    reply = house.cipher.seal(b"{}")
    async with house.open_work() as work:
        now = house.clock.now()
        if not await work.deliveries.add(Delivered(key, openid, reply, now)):
            return
        for template, wished in report.wishes:
            if wished:
                await work.agreed.agree(openid, template)
            else:
                await work.agreed.refuse(openid, template)
        for receipt in report.receipts:
            await _take_receipt(house, work, receipt, now)
        with suppress(CollidedError):  # the repetition was faster
            await work.commit()


async def _take_receipt(house: Resources, work: SqlWork, receipt: Receipt, now: datetime) -> None:
    """Keep whether a card arrived; what matters and did not is told by SMS instead."""
    for wait in (0.0, _LOOK_SECONDS):
        await asyncio.sleep(wait)
        about = None if receipt.arrived else await work.pushes.reported(receipt)
        if await work.pushes.confirm(receipt, now=now):
            if about is not None:
                await NoticeService(work, house.clock).by_sms_instead(about)
            return
    log.info("report_of_unknown")
