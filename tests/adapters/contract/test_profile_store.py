"""What every store of profiles must do. Source: S0-78 to S0-81."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import SqlSession
from adapters.sql.people import SqlAccounts
from adapters.sql.profiles import SqlProfiles
from domain.accounts.profiles import (
    CollectedFacts,
    CoResident,
    EmergencyContact,
    Housing,
    Marriage,
    Profile,
    ProfileStore,
    Relation,
)
from domain.accounts.service import AccountStore
from domain.shared.records import AccountId
from tests.support.clock import FakeClock
from tests.support.profiles import MemoryProfiles
from tests.support.sql import CIPHER, DATABASES, fresh_engine, written
from tests.support.works import PHONE, MemoryAccounts

NOW = FakeClock().now()
TOLD = Profile(
    contact_phone="+8613912345678",
    emergency=EmergencyContact("周大海", Relation.PARENT, "+8613812345678"),
    co_residents=(CoResident("沈小树", "110101201501010011", Relation.CHILD),),
    collected=CollectedFacts(Marriage.MARRIED, 3, "无工作", Decimal("60000.50"), Housing.RENTED),
)


class Stores(NamedTuple):
    profiles: ProfileStore
    accounts: AccountStore


@pytest.fixture(params=["memory", *DATABASES])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield Stores(MemoryProfiles(), MemoryAccounts())
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        yield Stores(SqlProfiles(session), SqlAccounts(session))
        await session.close()


async def an_account(stores: Stores, phone: str = PHONE) -> AccountId:
    added = await stores.accounts.add(phone=phone, at=NOW)
    assert added is not None
    return added.id


async def test_nothing_told_is_an_empty_profile(stores: Stores) -> None:
    assert await stores.profiles.of(await an_account(stores)) == Profile()


async def test_a_profile_comes_back_whole_and_is_replaced_whole(stores: Stores) -> None:
    mine, other = await an_account(stores), await an_account(stores, "+8619900000002")
    await stores.profiles.save(mine, TOLD, at=NOW)
    assert await stores.profiles.of(mine) == TOLD
    assert await stores.profiles.of(other) == Profile()
    changed = replace(TOLD, emergency=None, collected=None, co_residents=())
    await stores.profiles.save(mine, changed, at=NOW + timedelta(hours=1))
    assert await stores.profiles.of(mine) == changed


async def test_a_forgotten_profile_is_gone(stores: Stores) -> None:
    mine = await an_account(stores)
    await stores.profiles.save(mine, TOLD, at=NOW)
    assert await stores.profiles.forget(mine)
    assert await stores.profiles.of(mine) == Profile()
    assert not await stores.profiles.forget(mine)


async def test_nothing_told_lies_in_clear(engine: AsyncEngine) -> None:
    session = SqlSession(engine, CIPHER)
    mine = await an_account(Stores(SqlProfiles(session), SqlAccounts(session)))
    await SqlProfiles(session).save(mine, TOLD, at=NOW)
    await session.commit()
    kept = await written(engine)
    for secret in ("周大海", "沈小树", "13912345678", "110101201501010011", "无工作"):
        assert secret.encode() not in kept
