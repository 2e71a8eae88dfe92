"""What every ledger of places must do: never one more than the platform gives."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.schedule import SqlPlaces
from domain.shared.records import OpenId
from domain.shared.windows import MESSAGE_PLACES, MESSAGE_SPAN, PlaceStore, Window
from tests.support.sql import open_work

NOON = datetime(2026, 3, 11, 4, tzinfo=UTC)
ALICE, BOB = OpenId("oTestAlice000000000000000001"), OpenId("oTestBob00000000000000000002")


_citizens = count()


def window(minutes: int = 0, places: int = MESSAGE_PLACES) -> Window:
    opened_at = NOON + timedelta(minutes=minutes)
    return Window(opened_at, opened_at + MESSAGE_SPAN, places)


async def take(engine: AsyncEngine, which: Window, openid: OpenId = ALICE) -> bool:
    async with open_work(engine) as work:
        places: PlaceStore = work.places
        assert isinstance(places, SqlPlaces)
        taken = await places.take(openid, which)
        await work.commit()
    return taken


async def give_back(engine: AsyncEngine, which: Window) -> None:
    async with open_work(engine) as work:
        await work.places.give_back(ALICE, which)
        await work.commit()


async def test_of_many_at_once_as_many_get_a_place_as_there_are(engine: AsyncEngine) -> None:
    taken = await asyncio.gather(*(take(engine, window()) for _ in range(12)))
    assert sum(taken) == MESSAGE_PLACES
    assert await take(engine, window(), BOB)


async def test_a_newer_window_gives_its_places_anew_and_they_do_not_add_up(
    engine: AsyncEngine,
) -> None:
    assert [await take(engine, window()) for _ in range(2)] == [True, True]
    assert [await take(engine, window(1, 3)) for _ in range(4)] == [True, True, True, False]


async def test_an_older_window_counts_as_the_newest_that_was_used(engine: AsyncEngine) -> None:
    for _ in range(MESSAGE_PLACES):
        assert await take(engine, window(5))
    assert not await take(engine, window(1))


async def test_a_place_that_was_not_used_is_given_back(engine: AsyncEngine) -> None:
    for _ in range(MESSAGE_PLACES):
        await take(engine, window())
    await give_back(engine, window())
    assert [await take(engine, window()) for _ in range(2)] == [True, False]


async def test_a_place_of_an_older_window_is_not_given_back_to_a_newer(
    engine: AsyncEngine,
) -> None:
    await take(engine, window())
    for _ in range(MESSAGE_PLACES):
        await take(engine, window(5))
    await give_back(engine, window())
    assert not await take(engine, window(5))


async def test_counts_of_closed_windows_are_dropped(engine: AsyncEngine) -> None:
    await take(engine, window())
    async with open_work(engine) as work:
        assert await work.places.forget(before=NOON) == 0
        assert await work.places.forget(before=NOON + MESSAGE_SPAN) == 1


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6)), min_size=1, max_size=6))
async def test_no_window_is_ever_used_more_often_than_it_has_places(
    engine: AsyncEngine, rushes: list[tuple[int, int]]
) -> None:
    """Rushes of parallel takers, each with the window it knows of: new ones, old ones, again."""
    openid = OpenId(f"oTest{next(_citizens):023}")
    used: dict[int, int] = {}
    newest = 0
    for minute, takers in rushes:
        newest = max(newest, minute)
        taken = await asyncio.gather(*(take(engine, window(minute), openid) for _ in range(takers)))
        used[newest] = used.get(newest, 0) + sum(taken)
    assert max(used.values()) <= MESSAGE_PLACES
    assert used[newest] > 0
