"""Counting scans of posters, beside the turn that answers them."""

import asyncio
from typing import Final

import structlog

from bot.wechat.wire import Delivery
from bot.wiring import Resources
from dialogs.engine.messages import SaidKind
from domain.shared.errors import UnavailableError
from domain.shared.work import CollidedError

__all__ = ["count_scan"]

_PATIENCE_SECONDS: Final = 1.0
"""How long an answer is held up for its scan to be counted, where the records are slow."""

_SCANS: Final = frozenset({SaidKind.FOLLOW, SaidKind.SCAN})

log = structlog.get_logger(__name__)


async def count_scan(house: Resources, delivery: Delivery) -> None:
    """Count the scan that a delivery tells of, once however often it is delivered.

    In a work of its own: whoever scans a poster is answered from what the process keeps, also when
    the records are silent. Then the scan goes uncounted, and that is logged.

    Source: S0-61.
    """
    said = delivery.said
    if said.kind not in _SCANS or not said.text:
        return
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), house.open_work() as work:
            scans = house.desk(work, delivery.openid).scans
            if await scans.count(
                delivery.openid,
                said.text,
                delivery=delivery.key,
                followed=said.kind is SaidKind.FOLLOW,
            ):
                await work.commit()
    except (TimeoutError, UnavailableError, CollidedError) as error:
        log.warning("scan_not_counted", error=type(error).__name__)
