"""How the bot says moments and stretches of time."""

from datetime import datetime, timedelta

from domain.shared.clock import china_time

__all__ = ["day", "day_and_time", "month_and_day", "span", "until"]

_WEEKDAYS = "一二三四五六日"


def month_and_day(moment: datetime) -> str:
    """Return «12月1日»."""
    local = china_time(moment)
    return f"{local.month}月{local.day}日"


def day(moment: datetime) -> str:
    """Return «2026年12月1日»."""
    local = china_time(moment)
    return f"{local.year}年{local.month}月{local.day}日"


def day_and_time(moment: datetime) -> str:
    """Return «2026年12月1日 09:30»."""
    local = china_time(moment)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def span(left: timedelta) -> str:
    """Return «3天5小时», «5小时20分» or «3分钟»: two units at most, rounded up to a minute."""
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days}天{hours}小时" if hours else f"{days}天"
    if hours:
        return f"{hours}小时{minutes}分" if minutes else f"{hours}小时"
    return f"{minutes}分钟"


def until(moment: datetime, now: datetime) -> str:
    """Return when something is possible again: «今天 15:20», «明天 09:00», «11月30日 09:00»."""
    local, today = china_time(moment), china_time(now).date()
    days = (local.date() - today).days
    named = {0: "今天", 1: "明天"}.get(days)
    day = named or f"{month_and_day(moment)}（周{_WEEKDAYS[local.weekday()]}）"
    return f"{day} {local:%H:%M}"
