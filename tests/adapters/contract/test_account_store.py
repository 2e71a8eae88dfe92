"""One suite for whoever keeps accounts. Source: S0-08, S0-20."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.people import SqlAccounts, SqlFamilies, SqlPeople
from domain.accounts.model import Account, AccountState
from domain.accounts.service import AccountStore
from domain.filings.model import FamilyState, Filing
from domain.filings.service import FamilyStore
from domain.identity.model import Verified
from domain.identity.service import PersonStore
from domain.shared.records import AccountId
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, fresh_engine
from tests.support.works import ALICE, BOB, PHONE, MemoryAccounts, MemoryFamilies, MemoryPeople

NOW = FakeClock().now()
OTHER_PHONE = "+8619900000002"
NOBODY = AccountId("nobody")


class Stores(NamedTuple):
    accounts: AccountStore
    people: PersonStore
    families: FamilyStore


@pytest.fixture(params=["memory", "sql"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield Stores(MemoryAccounts(), MemoryPeople(), MemoryFamilies())
        return
    async with fresh_engine(tmp_path) as engine:
        session = SqlSession(engine, CIPHER)
        yield Stores(SqlAccounts(session), SqlPeople(session), SqlFamilies(session))
        await session.close()


@pytest.fixture
def accounts(stores: Stores) -> AccountStore:
    return stores.accounts


async def opened(accounts: AccountStore, phone: str = PHONE) -> Account:
    account = await accounts.add(phone=phone, at=NOW)
    assert account is not None
    return account


async def test_an_account_comes_back_as_it_was_opened(accounts: AccountStore) -> None:
    account = await opened(accounts)
    assert (account.phone, account.state) == (PHONE, AccountState.ACTIVE)
    assert account.created_at == NOW
    assert (account.person_id, account.family_id, account.has_password) == (None, None, False)
    assert await accounts.of_phone(PHONE) == account
    assert await accounts.of_phone(OTHER_PHONE) is None


async def test_a_phone_has_one_live_account(accounts: AccountStore) -> None:
    first = await opened(accounts)
    assert await accounts.add(phone=PHONE, at=NOW) is None
    assert await accounts.of_phone(PHONE) == first
    assert (await opened(accounts, OTHER_PHONE)).id != first.id


async def test_a_citizen_is_linked_to_one_account_and_an_account_to_many_citizens(
    accounts: AccountStore,
) -> None:
    first, second = await opened(accounts), await opened(accounts, OTHER_PHONE)
    await accounts.link(ALICE, first.id, NOW)
    await accounts.link(BOB, first.id, NOW)
    assert await accounts.of_openid(ALICE) == await accounts.of_openid(BOB) == first
    await accounts.link(ALICE, second.id, NOW)
    assert await accounts.of_openid(ALICE) == second
    assert await accounts.of_openid(BOB) == first


async def test_a_citizen_is_unlinked_once(accounts: AccountStore) -> None:
    account = await opened(accounts)
    await accounts.link(ALICE, account.id, NOW)
    assert await accounts.unlink(ALICE)
    assert not await accounts.unlink(ALICE)
    assert await accounts.of_openid(ALICE) is None
    assert await accounts.of_phone(PHONE) == account


async def test_a_password_shows_only_as_being_there(accounts: AccountStore) -> None:
    account = await opened(accounts)
    await accounts.set_password(account.id, "$argon2id$…")
    found = await accounts.of_phone(PHONE)
    assert found is not None
    assert found.has_password
    assert "argon" not in repr(found)


async def test_an_account_is_one_persons_for_good(stores: Stores) -> None:
    account = await opened(stores.accounts)
    one = await stores.people.save(Verified("曹雪芹", "11010519491231002X", NOW, "test"))
    other = await stores.people.save(Verified("林若溪", "110100198809230028", NOW, "test"))
    assert await stores.accounts.set_person(account.id, one.id)
    assert await stores.accounts.set_person(account.id, one.id)
    assert not await stores.accounts.set_person(account.id, other.id)
    assert not await stores.accounts.set_person(NOBODY, one.id)
    found = await stores.accounts.of_phone(PHONE)
    assert found is not None
    assert found.person_id == one.id


async def test_an_account_has_one_family(stores: Stores) -> None:
    account = await opened(stores.accounts)
    one, other = [
        await stores.families.save(
            Filing(
                number=number,
                district="朝阳区",
                unit_types=(),
                group="",
                state=FamilyState.VALID,
                members=(),
            )
        )
        for number in ("1101052019000123", "1101052019000124")
    ]
    assert await stores.accounts.set_family(account.id, one.id)
    assert await stores.accounts.set_family(account.id, one.id)
    assert not await stores.accounts.set_family(account.id, other.id)
    assert not await stores.accounts.set_family(NOBODY, one.id)
    found = await stores.accounts.of_phone(PHONE)
    assert found is not None
    assert found.family_id == one.id
