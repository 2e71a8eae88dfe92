"""Nothing happens at a failpoint, unless a harness wishes it."""

from collections.abc import Iterator

import pytest

from domain.shared.failpoints import FailpointError, Point, arm, disarm, reach


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    disarm()


async def test_an_armed_trap_is_told_where_we_are_and_may_break_us() -> None:
    told = []

    async def trap(point: Point, subject: str, revision: int) -> None:
        told.append((point, subject, revision))
        raise FailpointError(point)

    arm(trap)
    with pytest.raises(FailpointError, match="before_commit"):
        await reach(Point.BEFORE_COMMIT, "key", 7)
    assert told == [(Point.BEFORE_COMMIT, "key", 7)]


async def test_a_disarmed_trap_hears_nothing_more() -> None:
    told = []

    async def trap(point: Point, *_: object) -> None:
        told.append(point)

    arm(trap)
    disarm()
    await reach(Point.BEFORE_SAVE)
    assert not told
