"""For how long a code must work, and the one arrangement of figures."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.posters.model import (
    LONGEST_LIFE,
    Counted,
    DayCount,
    Figures,
    PosterBook,
    PosterMootError,
    Target,
    TargetKind,
    by_day,
    life_of,
    total,
)
from tests.support.allotment import NOW, a_plan
from tests.support.posters import a_poster

DAY = timedelta(days=1)
FIRST = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("left", "life"),
    [
        (timedelta(seconds=1), timedelta(seconds=1)),
        (3 * DAY, 3 * DAY),
        (LONGEST_LIFE, LONGEST_LIFE),
        (LONGEST_LIFE + timedelta(seconds=1), None),
        (400 * DAY, None),
    ],
)
def test_a_code_is_temporary_where_the_plan_closes_within_a_month(
    left: timedelta, life: timedelta | None
) -> None:
    """Source: wechat-platform 4.6."""
    assert life_of(replace(a_plan(), closes_at=NOW + left), NOW) == life


def test_what_is_about_no_plan_works_for_ever() -> None:
    assert life_of(None, NOW) is None


@pytest.mark.parametrize("ago", [timedelta(0), DAY])
def test_a_plan_that_has_closed_needs_no_poster(ago: timedelta) -> None:
    with pytest.raises(PosterMootError):
        life_of(replace(a_plan(), closes_at=NOW - ago), NOW)


def test_the_newest_poster_whose_code_works_is_the_one_that_hangs() -> None:
    target = Target(TargetKind.PROJECT, "qinghe")
    old = a_poster("old")
    new = replace(a_poster("new"), made_at=NOW + DAY)
    over = replace(a_poster("over"), made_at=NOW + 2 * DAY, expires_at=NOW + 3 * DAY)
    gone = replace(a_poster("gone"), made_at=NOW + 3 * DAY, retired_at=NOW + 3 * DAY)
    book = PosterBook.of([old, gone, over, new])
    assert book.posters() == (gone, over, new, old)
    assert book.hanging(target, NOW + 2 * DAY) == over
    assert book.hanging(target, NOW + 3 * DAY) == new
    assert book.hanging(Target(TargetKind.PERSON), NOW) is None


def test_every_day_has_its_figures_and_their_sum_is_the_total() -> None:
    counts = [
        DayCount(FIRST, Counted.SCAN, 3),
        DayCount(FIRST, Counted.FOLLOWER, 1),
        DayCount(FIRST + 2 * DAY, Counted.SCAN, 4),
        DayCount(FIRST + 2 * DAY, Counted.SIGN_UP, 2),
        DayCount(FIRST + 2 * DAY, Counted.REGISTRATION, 1),
        DayCount(FIRST - DAY, Counted.SCAN, 100),
    ]
    days = by_day(counts, FIRST, FIRST + 2 * DAY)
    assert [one.day for one in days] == [FIRST, FIRST + DAY, FIRST + 2 * DAY]
    assert [one.figures for one in days] == [
        Figures(3, 1, 0, 0),
        Figures(),
        Figures(4, 0, 2, 1),
    ]
    assert total(days) == Figures(7, 1, 2, 1)
    assert total([]) == Figures()
