"""An officer has one file under way; a worker that dies over it is replaced; pieces are sealed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.exports import SqlExports
from domain.registrations.exports import (
    EXPORT_LEASE,
    EXPORT_STRIKES,
    Export,
    ExportState,
    ExportStore,
    ExportSubject,
)
from domain.shared.tables import TableForm
from tests.support.allotment import NOW
from tests.support.sql import open_work, written

LATER = NOW + EXPORT_LEASE
SECRET = b"phone 19900000001"


def a_wish(export_id: str = "one", officer: str = "officer") -> Export:
    return Export(
        id=export_id,
        officer=officer,
        subject=ExportSubject.REGISTRATIONS,
        plan_id="plan",
        form=TableForm.CSV,
        masked=True,
        asked_at=NOW,
    )


@pytest.fixture
async def exports(engine: AsyncEngine) -> AsyncIterator[ExportStore]:
    async with open_work(engine) as work:
        store: SqlExports = work.exports
        yield store


async def test_a_wish_comes_back_as_it_was_kept(exports: ExportStore) -> None:
    assert await exports.add(a_wish())
    assert await exports.find("one") == a_wish()
    assert await exports.find("two") is None
    assert await exports.of_officer("officer") == [a_wish()]
    assert await exports.of_officer("other") == []


async def test_an_officer_has_one_under_way(exports: ExportStore) -> None:
    assert await exports.add(a_wish())
    assert not await exports.add(a_wish("two"))
    assert await exports.add(a_wish("three", "other"))
    mine = await exports.claim(now=NOW)
    assert mine
    assert not await exports.add(a_wish("two", mine.officer))
    assert await exports.end(mine, size=1, rows=1, now=NOW)
    assert await exports.add(a_wish("two", mine.officer))


async def test_one_is_claimed_once_until_its_worker_falls_silent(exports: ExportStore) -> None:
    assert await exports.add(a_wish())
    first = await exports.claim(now=NOW)
    assert first
    assert (first.state, first.attempts) == (ExportState.RUNNING, 1)
    assert await exports.claim(now=NOW) is None
    assert await exports.go_on(first, rows=7, share=3, now=NOW + EXPORT_LEASE / 2)
    assert await exports.claim(now=LATER) is None
    second = await exports.claim(now=NOW + 2 * EXPORT_LEASE)
    assert second
    assert (second.attempts, second.rows) == (2, 0)
    assert not await exports.go_on(first, rows=8, share=4, now=LATER)
    assert not await exports.end(first, size=1, rows=1, now=LATER)
    assert await exports.end(second, size=9, rows=2, now=LATER)
    found = await exports.find("one")
    assert found
    assert (found.state, found.size, found.rows, found.share) == (ExportState.DONE, 9, 2, 100)


async def test_three_workers_may_go_down_and_then_a_person_asks_again(
    exports: ExportStore,
) -> None:
    assert await exports.add(a_wish())
    for strike in range(EXPORT_STRIKES):
        assert await exports.claim(now=NOW + strike * EXPORT_LEASE)
    late = NOW + EXPORT_STRIKES * EXPORT_LEASE
    assert await exports.claim(now=late) is None
    found = await exports.find("one")
    assert found
    assert found.state is ExportState.FAILED
    assert not await exports.again("one", "other", now=late)
    assert await exports.again("one", "officer", now=late)
    assert not await exports.again("one", "officer", now=late)
    claimed = await exports.claim(now=late)
    assert claimed
    assert (claimed.attempts, claimed.strikes) == (EXPORT_STRIKES + 1, 1)


async def test_none_is_tried_again_while_another_is_under_way(exports: ExportStore) -> None:
    assert await exports.add(a_wish())
    mine = await exports.claim(now=NOW)
    assert mine
    assert await exports.fail(mine, now=NOW)
    assert await exports.add(a_wish("two"))
    assert not await exports.again("one", "officer", now=NOW)


async def test_pieces_come_back_in_their_order_and_only_of_the_last_attempt(
    exports: ExportStore,
) -> None:
    assert await exports.add(a_wish())
    first = await exports.claim(now=NOW)
    assert first
    await exports.put(first, 0, b"lost")
    second = await exports.claim(now=LATER)
    assert second
    await exports.put(first, 1, b"too late")
    await exports.put(second, 0, b"a")
    await exports.put(second, 1, b"b")
    assert await exports.piece(second, 0) == b"a"
    assert await exports.piece(second, 1) == b"b"
    assert await exports.piece(second, 2) is None
    assert await exports.piece(replace(second, id="two"), 0) is None


async def test_pieces_are_sealed(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.exports.add(a_wish())
        mine = await work.exports.claim(now=NOW)
        assert mine
        await work.exports.put(mine, 0, SECRET)
        await work.commit()
    assert SECRET not in await written(engine)


async def test_old_files_are_dropped_with_their_pieces(exports: ExportStore) -> None:
    for name in ("one", "two"):
        assert await exports.add(a_wish(name, name))
        mine = await exports.claim(now=NOW)
        assert mine
        await exports.put(mine, 0, b"piece")
        assert await exports.end(mine, size=5, rows=1, now=NOW)
    assert await exports.forget(before=NOW) == 0
    assert await exports.forget(before=NOW + timedelta(seconds=1)) == 2
    assert await exports.find("one") is None
