"""Source: S0-71, S0-72."""

from datetime import timedelta

import pytest

from domain.shared.notices import retry_at
from tests.support.clock import FakeClock

NOW = FakeClock().now()


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1000, 60)]
)
def test_waits_double_from_a_minute_to_an_hour(attempts: int, minutes: int) -> None:
    assert retry_at(attempts, NOW) - NOW == timedelta(minutes=minutes)
