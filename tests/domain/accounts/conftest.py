"""What the tests of accounts share."""

import pytest

from adapters.simulated import SimulatedSms
from tests.support.clock import FakeClock
from tests.support.works import MemorySecrets, PeopleWork


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def sms(clock: FakeClock) -> SimulatedSms:
    return SimulatedSms(clock)


@pytest.fixture
def work() -> PeopleWork:
    return PeopleWork()
