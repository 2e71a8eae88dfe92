"""What a session keeps for later is written once, in order, all or nothing."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from adapters.sql.base import SqlSession
from adapters.sql.gate import Gate
from adapters.sql.people import AccountRow
from adapters.sql.records import ActRow, EffectRow
from domain.shared.deliveries import Delivered
from domain.shared.records import Act, Consent, Effect, EffectConflictError, OpenId
from domain.shared.work import CollidedError
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, DATABASES, open_work

NOON = FakeClock().now()
OPENID = OpenId("o" * 28)
PHONE = "+8619900000001"
ACT = Act("plans:plan:open", "officer", "plan-1", NOON, "command")
CONSENT = Consent("account", "notice", 1, "f" * 64, NOON)
EFFECT = Effect("draft-1", "register", "f" * 64, "{}", NOON)
KEPT = Delivered("k", OPENID, b"sealed", NOON)

only_postgresql = pytest.mark.parametrize("engine", DATABASES[1:], indirect=True)
"""SQLite writes at once: there a statement costs no way to a server."""


@pytest.fixture
def sent(engine: AsyncEngine) -> list[str]:
    """Return a list that everything sent to PostgreSQL from now on is added to."""
    found: list[str] = []

    def listen(connection: DBAPIConnection, *_: object) -> None:
        driver = connection.driver_connection
        assert driver
        driver.add_query_logger(lambda query: found.append(query.query))

    event.listen(engine.sync_engine, "checkout", listen)
    return found


async def rows(engine: AsyncEngine) -> tuple[int, int, int, int]:
    """Return how many acts, consents, effects and replies are on record."""
    async with open_work(engine) as work:
        return (
            len(await work.acts.about("plan-1")),
            len(await work.consents.of("account")),
            int(await work.effects.find("draft-1") is not None),
            int(await work.deliveries.find("k") is not None),
        )


@only_postgresql
async def test_all_that_a_turn_leaves_behind_is_one_statement(
    engine: AsyncEngine, sent: list[str]
) -> None:
    async with open_work(engine) as work:
        assert await work.effects.find("draft-1") is None
        await work.acts.add(ACT)
        await work.acts.add(replace(ACT, note="again"))
        await work.consents.add(CONSENT)
        await work.effects.add(EFFECT)
        assert await work.deliveries.add(KEPT)
        await work.commit()
    await asyncio.sleep(0)  # what is sent is told in passing
    assert [text.split()[0] for text in sent] == ["SELECT", "WITH"]
    assert await rows(engine) == (2, 1, 1, 1)


async def test_what_is_kept_for_later_is_a_change_and_can_be_undone(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.effects.add(EFFECT)
        assert work.changed
        await work.undo()
        assert not work.changed
        await work.commit()
    assert await rows(engine) == (0, 0, 0, 0)


async def test_whoever_reads_sees_what_was_kept_for_later(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.acts.add(ACT)
        assert await work.acts.about("plan-1") == [ACT]
        assert await work.effects.find("draft-1") is None
        await work.effects.add(EFFECT)
        assert await work.effects.find("draft-1") == EFFECT
        with pytest.raises(EffectConflictError):
            await work.effects.add(EFFECT)
    assert await rows(engine) == (0, 0, 0, 0)


async def test_what_was_written_at_once_and_what_was_kept_last_together(
    engine: AsyncEngine,
) -> None:
    async with open_work(engine) as work:
        await work.acts.add(ACT)
        account = await work.accounts.add(phone=PHONE, at=NOON)
        assert account
        await work.accounts.link(OPENID, account.id, NOON)
        await work.effects.add(EFFECT)
        await work.commit()
    assert await rows(engine) == (1, 0, 1, 0)
    async with open_work(engine) as work:
        assert await work.accounts.of_openid(OPENID) == account


async def write_and_break(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.accounts.add(phone=PHONE, at=NOON)
        await work.effects.add(EFFECT)
        raise ZeroDivisionError


async def test_a_fault_after_both_leaves_neither(engine: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        await write_and_break(engine)
    assert await rows(engine) == (0, 0, 0, 0)
    async with open_work(engine) as work:
        assert await work.accounts.of_phone(PHONE) is None


@only_postgresql
@pytest.mark.parametrize("early", [False, True], ids=["by the commit", "by a read"])
async def test_a_row_that_another_wrote_meanwhile_undoes_the_work(
    engine: AsyncEngine, *, early: bool
) -> None:
    async def be_slower() -> None:
        async with open_work(engine) as slower:
            await slower.acts.add(ACT)
            await slower.effects.add(EFFECT)
            async with open_work(engine) as faster:
                await faster.effects.add(replace(EFFECT, receipt="first"))
                await faster.commit()
            if early:
                await slower.effects.find("draft-1")
            await slower.commit()

    with pytest.raises(CollidedError):
        await be_slower()
    assert await rows(engine) == (0, 0, 1, 0)
    async with open_work(engine) as work:
        assert await work.effects.find("draft-1") == replace(EFFECT, receipt="first")


@only_postgresql
async def test_of_many_works_with_the_same_row_one_lasts_whole(engine: AsyncEngine) -> None:
    async def turn(number: int) -> None:
        async with open_work(engine) as work:
            await work.acts.add(replace(ACT, note=str(number)))
            await work.deliveries.add(replace(KEPT, reply=str(number).encode()))
            await work.commit()

    ends = await asyncio.gather(*map(turn, range(32)), return_exceptions=True)
    assert sum(isinstance(end, CollidedError) for end in ends) == 31
    async with open_work(engine) as work:
        [act], told = await work.acts.about("plan-1"), await work.deliveries.find("k")
    assert told
    assert told.reply == act.note.encode()


@only_postgresql
async def test_a_line_that_died_between_two_reads_is_not_noticed(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.effects.find("draft-1")
        connection = work._session._connection  # noqa: SLF001 (to be broken)
        assert connection
        (await connection.get_raw_connection()).driver_connection.terminate()  # type: ignore[union-attr] # the driver's own
        assert await work.effects.find("draft-1") is None
        await work.effects.add(EFFECT)
        await work.commit()
    assert await rows(engine) == (0, 0, 1, 0)


@only_postgresql
async def test_a_statement_that_the_server_refuses_costs_its_line_and_no_other(
    engine: AsyncEngine,
) -> None:
    session = SqlSession(engine, CIPHER)
    await session.append(AccountRow, id="account", phone_index="i", phone=b"", state="active")
    with pytest.raises(Exception, match="created_at"):
        await session.commit()
    await session.close()
    async with asyncio.timeout(5):
        assert await rows(engine) == (0, 0, 0, 0)


async def test_a_moment_without_a_zone_is_refused(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        with pytest.raises(Exception, match="aware"):
            await _keep_and_commit(work._session, NOON.replace(tzinfo=None))  # noqa: SLF001 (below the stores)


async def _keep_and_commit(session: SqlSession, at: datetime) -> None:
    await session.append(ActRow, tag="t", actor="a", object_id="o", at=at, front="f", note="")
    await session.commit()


async def test_a_claim_is_refused_where_this_work_has_made_it_before(engine: AsyncEngine) -> None:
    session = SqlSession(engine, CIPHER)
    effect = {"draft_id": "d", "flow": "f", "fingerprint": "", "receipt": b"", "at": NOON}
    assert await session.claim(EffectRow, **effect)
    assert not await session.claim(EffectRow, **effect)
    assert await session.claim(EffectRow, **{**effect, "draft_id": "e"})
    await session.close()


async def test_whoever_asks_again_waits_behind_those_who_wait(engine: AsyncEngine) -> None:
    """The pool alone would give a connection to whoever asks first after it is back."""
    gate, order, pool = Gate.of(engine), list[str](), engine.pool
    assert isinstance(pool, QueuePool)
    held = [await gate.enter() for _ in range(pool.size())]

    async def pass_through(who: str) -> None:
        connection = await gate.enter()
        order.append(who)
        await gate.leave(connection)

    waiting = [asyncio.create_task(pass_through(who)) for who in ("first", "second")]
    await asyncio.sleep(0)
    await gate.leave(held.pop())
    await pass_through("late")
    await asyncio.gather(*waiting, *map(gate.leave, held))
    assert order == ["first", "second", "late"]
