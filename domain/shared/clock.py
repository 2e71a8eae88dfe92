"""Time as the rules see it: aware, UTC inside, China time at the edge."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

__all__ = ["CHINA", "Clock", "china_day", "china_time", "minute", "utc_from_timestamp"]

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one time without daylight saving since 1991."""


class Clock(Protocol):
    """The only source of the present moment."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


def china_time(moment: datetime) -> datetime:
    """Return the same moment as read on a clock in China."""
    return moment.astimezone(CHINA)


def china_day(moment: datetime) -> str:
    """Return the day in China as ``YYYYMMDD``."""
    return china_time(moment).strftime("%Y%m%d")


def minute(moment: datetime) -> str:
    """Return a moment as a card shows it: ``2026年3月11日 12:00``, by the clock in China."""
    local = china_time(moment)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def utc_from_timestamp(seconds: float) -> datetime:
    """Return the moment that lies so many seconds after the Unix epoch."""
    return datetime.fromtimestamp(seconds, UTC)
