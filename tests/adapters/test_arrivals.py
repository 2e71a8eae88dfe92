"""What arrives in the sandbox is found by every process, and by nobody who reads the database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.simulated import SimulatedSms
from adapters.sql.sandbox import Arrivals, Arrived
from domain.accounts.model import Purpose
from domain.shared.pushes import PushKind
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER

NOW = FakeClock().now()
PHONE = "+8619900000001"


@pytest.fixture
async def arrivals(engine: AsyncEngine) -> AsyncIterator[Arrivals]:
    yield await Arrivals.open(engine, CIPHER)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE sandbox_arrivals")
        await connection.exec_driver_sql("DROP TABLE sandbox_platform")


@pytest.mark.usefixtures("arrivals")
async def test_many_processes_may_make_the_table_at_once(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE sandbox_arrivals")
        await connection.exec_driver_sql("DROP TABLE sandbox_platform")
    made = await asyncio.gather(*(Arrivals.open(engine, CIPHER) for _ in range(4)))
    await made[0].keep(Arrived.SMS, "1", {"text": "x"}, at=NOW)
    assert await made[3].of(Arrived.SMS) == [{"text": "x"}]


async def test_an_sms_sent_by_one_process_is_found_by_another(
    engine: AsyncEngine, arrivals: Arrivals
) -> None:
    clock = FakeClock()
    worker, server = (SimulatedSms(clock, arrivals) for _ in range(2))
    await server.send(PHONE, "123456", Purpose.SIGN_IN)
    await worker.tell(PHONE, PushKind.RECOVERED, ["139****5678", "01234567"])
    after_restart = SimulatedSms(clock, await Arrivals.open(engine, CIPHER))
    for seen in (worker, server, after_restart):
        assert [one.code for one in await seen.received("199 0000 0001")] == ["01234567", "123456"]
        assert len(await seen.received()) == 2
        assert await seen.received("19900000002") == []
        assert await seen.received("199") == []


async def test_whom_to_and_what_lie_sealed(engine: AsyncEngine, arrivals: Arrivals) -> None:
    await SimulatedSms(FakeClock(), arrivals).send(PHONE, "123456", Purpose.SIGN_IN)
    async with engine.connect() as connection:
        [row] = await connection.execute(text("SELECT * FROM sandbox_arrivals"))
    kept = b"".join(one if isinstance(one, bytes) else str(one).encode() for one in row)
    assert b"123456" not in kept
    assert b"19900000001" not in kept


async def test_old_messages_are_dropped(arrivals: Arrivals) -> None:
    await arrivals.keep(Arrived.SMS, "1", {"text": "x"}, at=NOW)
    await arrivals.sweep(now=NOW + timedelta(days=2))
    assert len(await arrivals.of(Arrived.SMS, "1")) == 1
    await arrivals.sweep(now=NOW + timedelta(days=4))
    assert await arrivals.of(Arrived.SMS, "1") == []
