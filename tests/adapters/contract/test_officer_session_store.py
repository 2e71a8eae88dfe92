"""What whoever keeps officers' sessions must do, on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.officers import SqlOfficerSessions
from domain.officers.model import Officer, OfficerId, OfficerSession, Role
from domain.officers.ports import OfficerSessionStore
from tests.support.clock import FakeClock
from tests.support.sql import open_work

NOW = FakeClock().now()
WANG = Officer(OfficerId("o-wang"), "wangyan", "王妍", frozenset({Role.AGENT}), NOW)
LI = Officer(OfficerId("o-li"), "lihua", "李桦", frozenset({Role.AUDITOR}), NOW)


def a_session(number: int, officer: Officer = WANG) -> OfficerSession:
    at = NOW + timedelta(minutes=number)
    return OfficerSession(f"hash-{number}", officer.id, at, at, f"Browser {number}")


@pytest.fixture
async def kept(engine: AsyncEngine) -> AsyncIterator[OfficerSessionStore]:
    async with open_work(engine) as work:
        for officer in (WANG, LI):
            await work.officers.add(officer)
        for session in (a_session(1), a_session(2), a_session(3, LI)):
            await work.officer_sessions.open(session)
        await work.commit()
    async with open_work(engine) as work:
        assert isinstance(work.officer_sessions, SqlOfficerSessions)
        yield work.officer_sessions


async def test_a_session_comes_back_with_whose_it_is(kept: OfficerSessionStore) -> None:
    assert await kept.find("hash-3") == (a_session(3, LI), LI)
    assert await kept.find("hash-9") is None
    assert await kept.of(WANG.id) == [a_session(2), a_session(1)]


async def test_using_it_is_kept(kept: OfficerSessionStore) -> None:
    later = NOW + timedelta(hours=1)
    await kept.touch("hash-1", later)
    found = await kept.find("hash-1")
    assert found
    assert found[0] == replace(a_session(1), used_at=later)


async def test_one_is_ended_by_its_officer_only(kept: OfficerSessionStore) -> None:
    assert not await kept.end("hash-1", LI.id)
    assert await kept.end("hash-1", WANG.id)
    assert not await kept.end("hash-1", WANG.id)
    assert await kept.of(WANG.id) == [a_session(2)]


async def test_all_are_ended_but_perhaps_one(kept: OfficerSessionStore) -> None:
    assert await kept.end_all(WANG.id, but="hash-2") == 1
    assert await kept.of(WANG.id) == [a_session(2)]
    assert await kept.end_all(WANG.id) == 1
    assert await kept.of(LI.id) == [a_session(3, LI)]


async def test_old_ones_are_forgotten(kept: OfficerSessionStore) -> None:
    await kept.forget(before=a_session(2).opened_at)
    assert await kept.of(WANG.id) == [a_session(2)]
