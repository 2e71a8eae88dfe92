"""What a person at the desk says: in its order, once, by itself or along with a reply."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.shared.push_store import PushStore
from domain.shared.pushes import Push, PushClaim, PushKind, PushState
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.sql import DATABASES, fresh_engine, open_work

T = TypeVar("T")

NOW = FakeClock().now()
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=DATABASES)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with fresh_engine(tmp_path, request.param) as engine:
        yield engine


async def do(engine: AsyncEngine, verb: Callable[[PushStore], Awaitable[T]]) -> T:
    """Do one thing in a transaction of its own, as workers do."""
    async with open_work(engine) as work:
        result = await verb(work.pushes)
        await work.commit()
    return result


async def claimed(engine: AsyncEngine, *, minutes: float = 0) -> PushClaim | None:
    found = await do(engine, lambda pushes: pushes.claim(now=NOW + minutes * MINUTE))
    return found[0] if found else None


async def ours(engine: AsyncEngine, *, minutes: float = 0) -> PushClaim:
    claim = await claimed(engine, minutes=minutes)
    assert claim is not None
    return claim


CITIZEN = OpenId("oTest0000000000000000000001")


async def desk_says(engine: AsyncEngine, *said: str, openid: OpenId = CITIZEN) -> None:
    for words in said:
        push = Push(PushKind.FROM_DESK, (words,), openid=openid, topic=words[:20])
        async with open_work(engine) as work:
            assert await work.pushes.add_all([push], at=NOW) == 1
            await work.commit()


async def test_what_one_citizen_is_told_by_the_desk_leaves_in_its_order(
    engine: AsyncEngine,
) -> None:
    await desk_says(engine, "一", "二")
    await desk_says(engine, "别人的", openid=OpenId("oOther"))
    first, other = await ours(engine), await ours(engine)
    assert await claimed(engine) is None
    assert [one.push().values[0] for one in (first, other)] == ["一", "别人的"]
    await do(engine, lambda pushes: pushes.settle(first, PushState.SENT, now=NOW))
    assert (await ours(engine)).push().values[0] == "二"


async def test_a_reply_takes_along_what_waits_once_and_leaves_what_is_on_its_way(
    engine: AsyncEngine,
) -> None:
    await desk_says(engine, "一", "二", "三")
    claim = await ours(engine)

    async def along(pushes: PushStore) -> list[Push]:
        return await pushes.take_along(
            CITIZEN, PushKind.FROM_DESK, now=NOW + MINUTE / 60, most_bytes=1000
        )

    assert [one.values for one in await do(engine, along)] == [("二",), ("三",)]
    assert await do(engine, along) == []
    states = await do(engine, lambda pushes: pushes.states(CITIZEN, PushKind.FROM_DESK))
    assert states == {
        "一": (PushState.WAITING, ""),
        "二": (PushState.SENT, "reply"),
        "三": (PushState.SENT, "reply"),
    }
    assert await do(engine, lambda pushes: pushes.settle(claim, PushState.SENT, now=NOW))


async def test_what_does_not_fit_a_reply_is_due_at_once(engine: AsyncEngine) -> None:
    await desk_says(engine, "一" * 10, "二" * 10)
    claim, until = await ours(engine), NOW + MINUTE * 30
    await do(engine, lambda pushes: pushes.put_off(claim, until=until, reason="full"))

    async def along(pushes: PushStore) -> list[Push]:
        return await pushes.take_along(CITIZEN, PushKind.FROM_DESK, now=NOW + MINUTE, most_bytes=40)

    assert [one.values for one in await do(engine, along)] == [("一" * 10,)]
    assert (await ours(engine, minutes=1)).push().values[0] == "二" * 10
