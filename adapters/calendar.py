"""Working days in China, from the published holidays that chinese-calendar carries."""

from datetime import date
from functools import cache

import chinese_calendar
import structlog

__all__ = ["ChinaCalendar"]

_SATURDAY = 5


class ChinaCalendar:
    """The `WorkCalendar` of public holidays and make-up working days.

    Source: Q-15.
    """

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work; weekends alone are off in a year without published holidays."""
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            _warn_of(day.year)
            return day.weekday() < _SATURDAY


@cache
def _warn_of(year: int) -> None:
    """Tell the staff once that a year's holidays must be loaded."""
    structlog.get_logger().warning("calendar_year_unknown", year=year)
