"""What every clock must do."""

from datetime import timedelta

import pytest

from adapters.system import SystemClock
from domain.shared.clock import Clock, utc_from_timestamp
from tests.support.clock import FakeClock


@pytest.fixture(params=[SystemClock, FakeClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    return request.param()


def test_a_clock_tells_aware_moments_in_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_clock_does_not_run_backwards(clock: Clock) -> None:
    moments = [clock.now() for _ in range(100)]
    assert moments == sorted(moments)


def test_a_moment_survives_the_trip_through_seconds(clock: Clock) -> None:
    moment = clock.now()
    assert abs(utc_from_timestamp(moment.timestamp()) - moment) <= timedelta(microseconds=1)
