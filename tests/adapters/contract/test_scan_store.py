"""One suite for where scans are counted. Source: S0-61."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.posters import SqlScans
from domain.posters.model import Counted, DayCount, PosterId, Scan
from domain.posters.service import ScanStore
from domain.shared.records import OpenId
from tests.support.allotment import NOW
from tests.support.posters import a_scan
from tests.support.sql import open_work, written

ALICE, BOB = OpenId("oTestAlice000000000000000001"), OpenId("oTestBob00000000000000000002")
ONE, TWO = PosterId("one"), PosterId("two")
MONTH = timedelta(days=30)


@pytest.fixture
async def scans(engine: AsyncEngine) -> AsyncIterator[ScanStore]:
    async with open_work(engine) as work:
        assert isinstance(work.scans, SqlScans)
        yield work.scans


async def keep(engine: AsyncEngine, *made: Scan) -> None:
    """Count scans as turns do: each in a work of its own."""
    for one in made:
        async with open_work(engine) as work:
            await work.scans.add(one)
            await work.commit()


async def sums(scans: ScanStore, poster_id: PosterId) -> dict[Counted, int]:
    found: dict[Counted, int] = {}
    for one in (await scans.counts([poster_id]))[poster_id]:
        found[one.what] = found.get(one.what, 0) + one.times
    return found


async def test_a_scan_is_counted_once_however_often_it_is_delivered(engine: AsyncEngine) -> None:
    for _ in range(3):
        async with open_work(engine) as work:
            await work.scans.add(a_scan(ONE, ALICE, "first"))
            await work.commit()
    async with open_work(engine) as work:
        await work.scans.add(a_scan(ONE, ALICE, "second", followed=True))
        await work.commit()
    async with open_work(engine) as work:
        assert await sums(work.scans, ONE) == {Counted.SCAN: 2, Counted.FOLLOWER: 1}
        assert (await work.scans.counts([TWO, ONE]))[TWO] == []


async def test_days_are_those_of_china(scans: ScanStore) -> None:
    midnight = NOW.replace(hour=16, minute=0, second=0, microsecond=0)
    before, after = midnight - timedelta(seconds=1), midnight
    await scans.add(a_scan(ONE, ALICE, "a", at=before))
    await scans.add(a_scan(ONE, ALICE, "b", at=after))
    found = sorted((await scans.counts([ONE]))[ONE])
    first = date(before.year, before.month, before.day)
    assert found == [
        DayCount(first, Counted.SCAN, 1),
        DayCount(first + timedelta(days=1), Counted.SCAN, 1),
    ]


async def test_what_is_done_is_put_down_to_the_last_scan(
    engine: AsyncEngine, scans: ScanStore
) -> None:
    await keep(
        engine,
        a_scan(ONE, ALICE, "a", at=NOW),
        a_scan(TWO, ALICE, "b", at=NOW + timedelta(hours=1)),
        a_scan(ONE, BOB, "c", at=NOW + timedelta(hours=2)),
    )
    later = NOW + timedelta(days=1)
    await scans.credit(ALICE, Counted.SIGN_UP, later, since=NOW)
    await scans.credit(ALICE, Counted.REGISTRATION, later, since=NOW)
    await scans.credit(BOB, Counted.REGISTRATION, later, since=NOW)
    assert await sums(scans, TWO) == {
        Counted.SCAN: 1,
        Counted.SIGN_UP: 1,
        Counted.REGISTRATION: 1,
    }
    assert await sums(scans, ONE) == {Counted.SCAN: 2, Counted.REGISTRATION: 1}


async def test_an_old_scan_brings_nothing_any_more(engine: AsyncEngine, scans: ScanStore) -> None:
    await keep(engine, a_scan(ONE, ALICE, "a", at=NOW))
    moment = NOW + MONTH
    await scans.credit(ALICE, Counted.SIGN_UP, moment, since=moment - MONTH)
    late = moment + timedelta(seconds=1)
    await scans.credit(ALICE, Counted.REGISTRATION, late, since=late - MONTH)
    await scans.credit(BOB, Counted.SIGN_UP, moment, since=NOW)
    assert await sums(scans, ONE) == {Counted.SCAN: 1, Counted.SIGN_UP: 1}


async def test_who_scanned_is_forgotten_and_the_scan_stays(
    engine: AsyncEngine, scans: ScanStore
) -> None:
    await keep(
        engine,
        a_scan(ONE, ALICE, "a", at=NOW),
        a_scan(ONE, BOB, "b", at=NOW + timedelta(days=1)),
    )
    assert await scans.forget(before=NOW + timedelta(hours=1)) == 1
    assert await scans.forget(before=NOW + timedelta(hours=1)) == 0
    for who in (ALICE, BOB):
        await scans.credit(who, Counted.SIGN_UP, NOW + timedelta(days=1), since=NOW)
    assert await sums(scans, ONE) == {Counted.SCAN: 2, Counted.SIGN_UP: 1}


async def test_nobody_who_reads_the_records_learns_who_scanned(engine: AsyncEngine) -> None:
    await keep(engine, a_scan(ONE, ALICE, f"{ALICE}:first"))
    async with open_work(engine) as work:
        await work.scans.credit(ALICE, Counted.SIGN_UP, NOW, since=NOW)
        await work.commit()
    async with open_work(engine) as work:
        assert await sums(work.scans, ONE) == {Counted.SCAN: 1, Counted.SIGN_UP: 1}
    assert ALICE.encode() not in await written(engine)
