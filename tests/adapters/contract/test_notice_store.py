"""One suite for whoever keeps notices that wait to be sent. Source: S0-71, S0-72."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.notices import SqlNotices
from domain.shared.notices import NoticeKind, NoticeStore
from tests.support.clock import FakeClock
from tests.support.notices import MemoryNotices
from tests.support.sql import CIPHER, fresh_engine

NOW = FakeClock().now()
PHONE = "+8619900000001"
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["memory", "sql"])
async def notices(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NoticeStore]:
    if request.param == "memory":
        yield MemoryNotices()
        return
    async with fresh_engine(tmp_path) as engine:
        session = SqlSession(engine, CIPHER)
        yield SqlNotices(session)
        await session.close()


async def add(notices: NoticeStore, phone: str = PHONE, *, minutes: int = 0) -> None:
    await notices.add(
        phone=phone,
        kind=NoticeKind.RECOVERED,
        values=["139****5678", "01234567"],
        at=NOW + minutes * MINUTE,
    )


async def test_a_notice_is_claimed_as_it_was_written(notices: NoticeStore) -> None:
    await add(notices)
    notice = await notices.claim(now=NOW)
    assert notice is not None
    assert (notice.phone, notice.kind, notice.at) == (PHONE, NoticeKind.RECOVERED, NOW)
    assert notice.values == ("139****5678", "01234567")
    assert notice.attempts == 1
    assert "01234567" not in repr(notice)
    assert PHONE not in repr(notice)


async def test_a_claimed_notice_is_due_again_only_later(notices: NoticeStore) -> None:
    await add(notices)
    first = await notices.claim(now=NOW)
    assert await notices.claim(now=NOW) is None
    again = await notices.claim(now=NOW + MINUTE)
    assert first is not None
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 2)
    assert await notices.claim(now=NOW + 2 * MINUTE) is None


async def test_the_one_that_is_due_longest_comes_first(notices: NoticeStore) -> None:
    await add(notices, "+8619900000002", minutes=1)
    await add(notices)
    first = await notices.claim(now=NOW + MINUTE)
    second = await notices.claim(now=NOW + MINUTE)
    assert [one.phone for one in (first, second) if one] == [PHONE, "+8619900000002"]


async def test_what_is_not_due_is_not_claimed(notices: NoticeStore) -> None:
    assert await notices.claim(now=NOW) is None
    await add(notices, minutes=1)
    assert await notices.claim(now=NOW) is None


async def test_a_sent_notice_is_gone(notices: NoticeStore) -> None:
    await add(notices)
    notice = await notices.claim(now=NOW)
    assert notice is not None
    await notices.sent(notice.id)
    assert await notices.claim(now=NOW + timedelta(days=1)) is None


async def test_old_notices_are_given_up_and_young_ones_are_not(notices: NoticeStore) -> None:
    await add(notices)
    await add(notices, minutes=5)
    assert await notices.forget(before=NOW + MINUTE) == 1
    assert await notices.forget(before=NOW + MINUTE) == 0
    left = await notices.claim(now=NOW + timedelta(days=1))
    assert left is not None
    assert left.at == NOW + 5 * MINUTE
