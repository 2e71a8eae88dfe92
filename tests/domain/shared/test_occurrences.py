"""Which occurrence of a job is due."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.shared.clock import CHINA
from domain.shared.occurrences import latest

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2038, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds)
PERIODS = st.sampled_from([timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1)])


@given(MOMENTS, PERIODS)
def test_the_last_one_that_is_due_began_within_a_period(now: datetime, every: timedelta) -> None:
    due_at = latest("sweep", every, now).due_at
    assert due_at <= now < due_at + every
    assert latest("sweep", every, due_at).due_at == due_at


@given(MOMENTS, PERIODS)
def test_a_clock_of_another_place_makes_no_other_occurrence(
    now: datetime, every: timedelta
) -> None:
    assert latest("sweep", every, now.astimezone(CHINA)) == latest("sweep", every, now)


def test_an_occurrence_is_called_by_its_job_and_its_time() -> None:
    now = datetime(2026, 3, 11, 4, 7, tzinfo=UTC)
    assert latest("sweep", timedelta(minutes=15), now).name == "sweep@20260311T040000Z"
