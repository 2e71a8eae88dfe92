"""One suite for whoever knows which phones lost an account. Source: S0-72."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.people import SqlAccounts, SqlPeople
from adapters.sql.recoveries import SqlRecoveries
from domain.accounts.service import AccountStore, LostPhones
from domain.identity.model import Recovery, RecoveryState, Verified
from domain.identity.recoveries import RecoveryStore
from domain.identity.service import PersonStore
from tests.support.allotment import MemoryActs
from tests.support.clock import FakeClock
from tests.support.recoveries import NAME, NUMBER, MemoryRecoveries
from tests.support.sql import CIPHER, DATABASES, fresh_engine
from tests.support.works import ALICE, PHONE, MemoryAccounts, MemoryPeople

NOW = FakeClock().now()
NEW_PHONE = "+8619900000002"

Stores = tuple[RecoveryStore, AccountStore, PersonStore]


@pytest.fixture(params=["memory", *DATABASES])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "memory":
        accounts, people = MemoryAccounts(), MemoryPeople()
        yield MemoryRecoveries(accounts, people, MemoryActs()), accounts, people
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        yield SqlRecoveries(session), SqlAccounts(session), SqlPeople(session)
        await session.close()


@pytest.fixture
async def taken(stores: Stores) -> Recovery:
    recoveries, accounts, people = stores
    person = await people.save(Verified(NAME, NUMBER, NOW, "test"))
    account = await accounts.add(phone=NEW_PHONE, at=NOW)
    assert account is not None
    done = Recovery(
        id="r1",
        openid=ALICE,
        person_id=person.id,
        state=RecoveryState.DONE,
        opened_at=NOW,
        account_id=account.id,
        old_phone=PHONE,
        new_phone=NEW_PHONE,
        word="01234567",
        done_at=NOW,
    )
    await recoveries.add(done)
    return done


async def test_a_phone_that_lost_an_account_leads_to_it_for_a_while(
    stores: Stores, taken: Recovery
) -> None:
    lost: LostPhones = stores[0]
    assert await lost.lost_by(PHONE, since=NOW) == taken.account_id
    assert await lost.lost_by(PHONE, since=NOW + timedelta(seconds=1)) is None
    assert await lost.lost_by(NEW_PHONE, since=NOW) is None


async def test_a_phone_that_took_its_account_back_has_lost_none(
    stores: Stores, taken: Recovery
) -> None:
    recoveries = stores[0]
    undone = replace(taken, state=RecoveryState.UNDONE)
    assert await recoveries.save(undone, was=RecoveryState.DONE)
    assert await recoveries.lost_by(PHONE, since=NOW) is None
