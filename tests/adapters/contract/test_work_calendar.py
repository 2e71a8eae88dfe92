from datetime import date

import pytest

from adapters.calendar import ChinaCalendar
from domain.escalation.service import WorkCalendar
from tests.support.allotment import FixedCalendar

SPRING_FESTIVAL = [date(2026, 2, day) for day in range(15, 24)]


@pytest.fixture(params=["china", "fixed"])
def calendar(request: pytest.FixtureRequest) -> WorkCalendar:
    if request.param == "china":
        return ChinaCalendar()
    return FixedCalendar(off=SPRING_FESTIVAL, on=[date(2026, 2, 14), date(2026, 2, 28)])


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 3, 11), True),
        (date(2026, 3, 14), False),
        (date(2026, 3, 15), False),
        (date(2026, 2, 14), True),
        (date(2026, 2, 16), False),
        (date(2026, 2, 24), True),
        (date(2026, 2, 28), True),
    ],
    ids=["wednesday", "saturday", "sunday", "make-up", "holiday", "after", "make-up after"],
)
def test_holidays_and_make_up_days_count(
    calendar: WorkCalendar,
    day: date,
    works: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    """Source: Q-15."""
    assert calendar.is_working_day(day) is works


@pytest.mark.parametrize(("day", "works"), [(9, False), (10, False), (11, True)])
def test_far_in_the_future_weekends_alone_are_off(
    calendar: WorkCalendar,
    day: int,
    works: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    """Source: Q-15."""
    assert calendar.is_working_day(date(2199, 11, day)) is works
