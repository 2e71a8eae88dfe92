from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from adapters.calendar import ChinaCalendar


def days(*spans: tuple[str, str]) -> Iterator[date]:
    """Yield every day of some spans, both ends included."""
    for first, last in spans:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            yield day
            day += timedelta(days=1)


OFF = [
    ("2025-01-01", "2025-01-01"),
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
]
MADE_UP = [
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
]


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_calendar_agrees_with_the_notices_of_the_state_council_on_every_day(
    year: int,
) -> None:
    """Source: Q-15."""
    off, made_up = set(days(*OFF)), {date.fromisoformat(day) for day in MADE_UP}
    calendar = ChinaCalendar()
    for day in days((f"{year}-01-01", f"{year}-12-31")):
        expected = day in made_up or (day not in off and day.weekday() < 5)
        assert calendar.is_working_day(day) is expected, day


def test_a_year_without_published_holidays_warns_the_staff_once() -> None:
    """Source: Q-15."""
    calendar = ChinaCalendar()
    with capture_logs() as logs:
        assert not calendar.is_working_day(date(2301, 7, 7))
        assert calendar.is_working_day(date(2301, 7, 9))
    assert [(log["event"], log["year"]) for log in logs] == [("calendar_year_unknown", 2301)]
