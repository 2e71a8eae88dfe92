"""One suite for wherever use cases leave what is to be told. Source: S0-71, S0-72."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapters.sql.base import SqlSession
from adapters.sql.pushes import PushRow, SqlPushes
from domain.shared.pushes import Outbox, Push, PushKind
from domain.shared.records import AccountId, OpenId
from tests.support.clock import FakeClock
from tests.support.pushes import MemoryOutbox
from tests.support.sql import CIPHER, fresh_engine

NOW = FakeClock().now()
ALICE, BOB = OpenId("oTestAlice000000000000000001"), OpenId("oTestBob00000000000000000002")


@dataclass
class Box:
    """An outbox, and what lies in it."""

    outbox: Outbox
    held: Callable[[], Awaitable[int]]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def box(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Box]:
    if request.param == "memory":
        memory = MemoryOutbox()

        async def remembered() -> int:
            return len(memory.pushes)

        yield Box(memory, remembered)
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)

        async def kept() -> int:
            counted = await session.read(select(func.count()).select_from(PushRow))
            return int(counted.scalar_one())

        yield Box(SqlPushes(session), kept)
        await session.close()


def about(topic: str | None, openid: OpenId | None = ALICE, *, account: str = "") -> Push:
    whose = AccountId(account) if account else None
    return Push(PushKind.LATE_ANSWER, ("x",), openid=openid, topic=topic, account=whose)


async def test_a_citizen_is_told_of_a_topic_once(box: Box) -> None:
    for push in (about("plan-1"), about("plan-1"), about("plan-2"), about("plan-1", BOB)):
        await box.outbox.add(push, at=NOW)
    assert await box.held() == 3


async def test_an_account_is_told_of_a_topic_once(box: Box) -> None:
    mine, theirs = about("plan-1", None, account="a1"), about("plan-1", None, account="a2")
    await box.outbox.add(mine, at=NOW)
    assert await box.outbox.add_all([mine, theirs, theirs], at=NOW) == 1
    assert await box.outbox.add_all([], at=NOW) == 0
    assert await box.held() == 2


async def test_what_has_no_topic_may_be_told_again(box: Box) -> None:
    for push in (about(None), about(None), about(None, None, account="a1")):
        await box.outbox.add(push, at=NOW)
    assert await box.held() == 3
