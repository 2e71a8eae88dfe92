"""One suite for whoever keeps replies for agents, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.replies import SqlCannedReplies
from domain.escalation.replies import CannedReply, CannedReplyStore
from tests.support.allotment import NOW
from tests.support.sql import CIPHER, DATABASES, fresh_engine

FIRST = CannedReply("choosing", 1, "选房材料", "请带〔证件〕", "officer", NOW)


@pytest.fixture(params=DATABASES)
async def replies(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[CannedReplyStore]:
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        yield SqlCannedReplies(session)
        await session.close()


async def test_the_newest_version_is_offered_and_every_one_is_kept(
    replies: CannedReplyStore,
) -> None:
    second = replace(FIRST, version=2, text="请带身份证")
    other = replace(FIRST, key="rent", title="租金")
    for reply in (FIRST, second, other):
        assert await replies.add(reply)
    assert sorted(one.key for one in await replies.current()) == ["choosing", "rent"]
    assert second in await replies.current()
    assert await replies.versions("choosing") == [second, FIRST]


async def test_a_version_never_changes(replies: CannedReplyStore) -> None:
    assert await replies.add(FIRST)
    assert not await replies.add(replace(FIRST, text="别的"))
    assert await replies.current() == [FIRST]


async def test_what_was_retired_is_offered_no_more_and_may_come_back(
    replies: CannedReplyStore,
) -> None:
    await replies.add(FIRST)
    await replies.add(replace(FIRST, version=2, retired=True))
    assert await replies.current() == []
    third = replace(FIRST, version=3)
    await replies.add(third)
    assert await replies.current() == [third]
