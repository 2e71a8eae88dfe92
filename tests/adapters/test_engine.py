"""A PostgreSQL that dies, hangs, is full or may not write, behind a line that we hold in hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import SqlSession
from adapters.sql.documents import ContentCache
from adapters.sql.engine import engine_for
from adapters.sql.plans import PlanCache
from adapters.sql.work import SqlWork
from benchmarks.chaos.proxy import Manner, Proxy
from domain.identity.model import Verified
from domain.shared.errors import UnavailableError
from domain.shared.records import Act
from domain.shared.work import CollidedError, UnsureError
from tests.support.clock import FakeClock
from tests.support.postgres import fresh_records
from tests.support.sql import CIPHER, open_work

VERIFIED = Verified("曹雪芹", "11010519491231002X", FakeClock().now(), "test")
ACT = Act("plans:plan:open", "officer", "plan-1", FakeClock().now(), "command")
ANYTHING = b"\x00"
"""Whatever is said to PostgreSQL next: every message of its holds it."""


KEEP = "INSERT INTO secrets (key, value, expires_at) VALUES ('k', 'v', now())"
RAISE = "DO $$ BEGIN RAISE SQLSTATE '{}'; END $$"


@asynccontextmanager
async def behind(
    proxy: Proxy, *, connections: int = 3, seconds: float = 3.0
) -> AsyncIterator[AsyncEngine]:
    """Lend an engine that speaks to the records through a proxy."""
    url = urlsplit(await fresh_records())
    far = url._replace(netloc=f"{url.username}@127.0.0.1:{proxy.port}")
    engine = engine_for(far.geturl(), connections=connections, statement_seconds=seconds)
    yield engine
    proxy.behave(Manner.FAIR)
    await engine.dispose()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    url = urlsplit(await fresh_records())
    proxy = await Proxy.before(url.port or 5432)
    yield proxy
    await proxy.aclose()


@pytest.fixture
async def records() -> AsyncIterator[AsyncEngine]:
    engine = engine_for(await fresh_records())
    yield engine
    await engine.dispose()


async def write(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.acts.add(ACT)
        await work.commit()


async def run(engine: AsyncEngine, *statements: str | asyncio.Barrier) -> None:
    """Run statements in one work, and wait where it is to wait."""
    session = SqlSession(engine, CIPHER)
    async with SqlWork(session, PlanCache(), ContentCache()):
        for statement in statements:
            if isinstance(statement, str):
                await session.write(text(statement))
            else:
                await statement.wait()


async def kept(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(text("SELECT count(*) FROM secrets"))).scalar_one()


async def acts(engine: AsyncEngine) -> int:
    async with open_work(engine) as work:
        return len(await work.acts.about("plan-1"))


async def test_a_line_that_was_cut_while_idle_is_not_noticed(proxy: Proxy) -> None:
    async with behind(proxy) as engine:
        await asyncio.gather(*(write(engine) for _ in range(3)))
        for number in range(3):
            proxy.cut()
            assert await acts(engine) == 3 + number
            await write(engine)
        assert await acts(engine) == 6


async def test_a_server_that_hangs_up_just_as_we_ask_is_not_noticed(records: AsyncEngine) -> None:
    theirs = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    other = engine_for(records.url.render_as_string(hide_password=False))
    for _ in range(20):
        await asyncio.gather(*(acts(records) for _ in range(3)))
        async with other.connect() as connection:
            ending = asyncio.create_task(connection.execute(theirs))
            assert await asyncio.gather(*(acts(records) for _ in range(3))) == [0, 0, 0]
            await ending
    await other.dispose()


async def test_a_line_that_dies_under_the_first_statement_is_not_noticed(proxy: Proxy) -> None:
    async with behind(proxy) as engine:
        await write(engine)
        proxy.swallow_after(ANYTHING)
        assert await acts(engine) == 1
        assert proxy.swallowed == 1


async def test_a_line_that_is_cut_half_way_undoes_everything(
    proxy: Proxy, records: AsyncEngine
) -> None:
    async with behind(proxy) as engine:
        half_way = asyncio.Barrier(2)
        going = asyncio.create_task(run(engine, KEEP, half_way, "SELECT 1"))
        await half_way.wait()
        proxy.cut()
        with pytest.raises(UnavailableError):
            await going
    assert await kept(records) == 0


async def test_a_commit_whose_answer_is_lost_is_unsure_and_lasts(
    proxy: Proxy, records: AsyncEngine
) -> None:
    async with behind(proxy, connections=1) as engine:
        await write(engine)  # the line knows the statement from now on: it is one message
        async with open_work(engine) as work:
            await work.acts.add(ACT)
            proxy.swallow_after(ANYTHING)
            with pytest.raises(UnsureError):
                await work.commit()
    assert await acts(records) == 2


async def test_so_is_the_end_of_a_longer_transaction(proxy: Proxy, records: AsyncEngine) -> None:
    async with behind(proxy) as engine, open_work(engine) as work:
        await work.people.save(VERIFIED)
        proxy.swallow_after(ANYTHING)
        with pytest.raises(UnsureError):
            await work.commit()
    async with open_work(records) as work:
        assert await work.people.of_number(VERIFIED.id_number)


async def test_a_server_that_hangs_is_unavailable_and_good_again_afterwards(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.engine._CONNECT_SECONDS", 0.2)
    monkeypatch.setattr("adapters.sql.engine._GRACE_SECONDS", 0.05)
    async with behind(proxy, seconds=0.2) as engine:
        await write(engine)
        proxy.behave(Manner.FREEZE)
        turns = await asyncio.gather(*(write(engine) for _ in range(9)), return_exceptions=True)
        ends = [type(end) for end in turns]
        assert {*ends} <= {UnavailableError, UnsureError}
        proxy.behave(Manner.FAIR)
        # What was under way when the line froze may still have arrived; nothing else has.
        assert 1 <= await acts(engine) <= 1 + ends.count(UnsureError)
        before = await acts(engine)
        await asyncio.gather(*(write(engine) for _ in range(9)))
        assert await acts(engine) == before + 9


async def test_a_server_that_says_nothing_keeps_a_few_waiting_and_no_more(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: S0-71."""
    monkeypatch.setattr("adapters.sql.gate._SILENCE_SECONDS", 0.1)
    monkeypatch.setattr("adapters.sql.gate._PROBE_SECONDS", 3600)
    async with behind(proxy, connections=4, seconds=60) as engine, asyncio.timeout(20):
        await asyncio.gather(*(write(engine) for _ in range(4)))
        proxy.behave(Manner.MUTE)
        first = asyncio.create_task(acts(engine))
        # Later ones come in until the silence shows; one more tries whether it has ended.
        others = [first]
        while not any(other.done() for other in others):
            others.append(asyncio.create_task(write(engine)))
            await asyncio.sleep(0.1)
        refused = next(other for other in others if other.done())
        with pytest.raises(UnavailableError):
            refused.result()
        for _ in range(50):
            with pytest.raises(UnavailableError):
                await acts(engine)
        assert not first.done()
        proxy.behave(Manner.FAIR)
        await asyncio.gather(*(other for other in others if other is not refused))
        assert await acts(engine) == 4 + len(others) - 2


async def test_a_server_that_cannot_be_reached_is_unavailable(proxy: Proxy) -> None:
    async with behind(proxy) as engine:
        proxy.behave(Manner.REFUSE)
        with pytest.raises(UnavailableError):
            await acts(engine)


async def test_a_full_house_is_unavailable_rather_than_endless(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.engine._POOL_WAIT_SECONDS", 0.05)
    async with behind(proxy) as engine, AsyncExitStack() as guests:
        for _ in range(3):
            guest = await guests.enter_async_context(open_work(engine))
            await guest.acts.about("plan-1")
        with pytest.raises(UnavailableError):
            await acts(engine)
        await guest.let_go()
        assert await acts(engine) == 0


@pytest.mark.parametrize(
    ("faults", "meaning"),
    [
        (["SELECT pg_sleep(9)"], UnavailableError),
        (["SET TRANSACTION READ ONLY", "DELETE FROM acts"], UnavailableError),
        (["SELECT pg_terminate_backend(pg_backend_pid())"], UnavailableError),
        *(
            ([RAISE.format(state)], UnavailableError)
            for state in ("53100", "53300", "55P03", "58030")
        ),
        *(([RAISE.format(state)], CollidedError) for state in ("23505", "40001", "40P01")),
        (["SELECT 1/0"], SQLAlchemyError),
        (["SELECT nonsense"], SQLAlchemyError),
    ],
)
async def test_a_fault_of_the_server_is_told_from_a_mistake_of_ours(
    records: AsyncEngine, faults: list[str], meaning: type[Exception]
) -> None:
    engine = engine_for(records.url.render_as_string(hide_password=False), statement_seconds=0.2)
    with pytest.raises(meaning):
        await run(engine, KEEP, *faults)
    await engine.dispose()
    assert await kept(records) == 0


async def test_two_that_wait_for_each_other_collide_and_one_goes_on(records: AsyncEngine) -> None:
    both = asyncio.Barrier(2)
    first, second = "SELECT pg_advisory_xact_lock(1)", "SELECT pg_advisory_xact_lock(2)"
    ends = await asyncio.gather(
        run(records, first, both, second),
        run(records, second, both, first),
        return_exceptions=True,
    )
    assert [type(end) for end in ends if end] == [CollidedError]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@127.0.0.1/d?sslmode=disable",
        "postgresql+psycopg://u@127.0.0.1/d?ssl=disable",
        "postgresql+asyncpg://u@127.0.0.1/d",
    ],
)
def test_every_usual_way_to_write_the_address_is_understood(url: str) -> None:
    engine = engine_for(url)
    assert engine.dialect.driver == "asyncpg"
    assert "sslmode" not in engine.url.query
