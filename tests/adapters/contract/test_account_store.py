"""One suite for whoever keeps accounts. Source: S0-08, S0-20."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.people import SqlAccounts, SqlFamilies, SqlPeople
from domain.accounts.model import Account, AccountState, Session
from domain.accounts.service import AccountStore
from domain.filings.model import FamilyState, Filing
from domain.filings.service import FamilyStore
from domain.identity.model import Verified
from domain.identity.service import PersonStore
from domain.shared.records import AccountId, OpenId
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, DATABASES, fresh_engine
from tests.support.works import ALICE, BOB, PHONE, MemoryAccounts, MemoryFamilies, MemoryPeople

NOW = FakeClock().now()
LATER = NOW + timedelta(days=3)
OTHER_PHONE = "+8619900000002"
NOBODY = AccountId("nobody")


class Stores(NamedTuple):
    accounts: AccountStore
    people: PersonStore
    families: FamilyStore


@pytest.fixture(params=["memory", *DATABASES])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield Stores(MemoryAccounts(), MemoryPeople(), MemoryFamilies())
        return
    async with fresh_engine(tmp_path, request.param) as engine:
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


async def test_an_account_is_found_by_its_id(accounts: AccountStore) -> None:
    account = await opened(accounts)
    assert await accounts.find(account.id) == account
    assert await accounts.find(NOBODY) is None


async def test_whoever_is_signed_in_is_listed_with_since_when(accounts: AccountStore) -> None:
    first, second = await opened(accounts), await opened(accounts, OTHER_PHONE)
    assert await accounts.sessions(first.id) == []
    await accounts.link(BOB, first.id, LATER)
    await accounts.link(ALICE, first.id, NOW)
    assert await accounts.sessions(first.id) == [
        Session(ALICE, NOW, NOW),
        Session(BOB, LATER, LATER),
    ]
    assert await accounts.sessions(second.id) == []
    await accounts.link(BOB, second.id, NOW)
    assert await accounts.sessions(first.id) == [Session(ALICE, NOW, NOW)]
    assert await accounts.sessions(second.id) == [Session(BOB, NOW, NOW)]


async def test_last_use_is_kept_for_the_citizen_and_for_the_account(
    accounts: AccountStore,
) -> None:
    account = await opened(accounts)
    await accounts.link(ALICE, account.id, NOW)
    await accounts.link(BOB, account.id, NOW)
    await accounts.touch(BOB, account.id, LATER)
    used = {openid: await accounts.of_openid(openid) for openid in (ALICE, BOB)}
    assert {openid: found.used_at for openid, found in used.items() if found} == {
        ALICE: NOW,
        BOB: LATER,
    }
    found = await accounts.of_phone(PHONE)
    assert found is not None
    assert found.used_at == LATER
    assert await accounts.sessions(account.id) == [
        Session(ALICE, NOW, NOW),
        Session(BOB, NOW, LATER),
    ]


async def test_a_citizen_is_unlinked_from_the_named_account_only(accounts: AccountStore) -> None:
    first, second = await opened(accounts), await opened(accounts, OTHER_PHONE)
    await accounts.link(ALICE, first.id, NOW)
    assert not await accounts.unlink(ALICE, account_id=second.id)
    assert await accounts.of_openid(ALICE) == first
    assert await accounts.unlink(ALICE, account_id=first.id)
    assert await accounts.of_openid(ALICE) is None


async def test_a_password_comes_back_as_it_was_kept(accounts: AccountStore) -> None:
    account = await opened(accounts)
    assert await accounts.password_of(account.id) is None
    await accounts.set_password(account.id, "$argon2id$…")
    assert await accounts.password_of(account.id) == "$argon2id$…"
    assert await accounts.password_of(NOBODY) is None


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


async def test_an_account_gets_another_phone_unless_a_live_account_has_it(
    accounts: AccountStore,
) -> None:
    mine, other = await opened(accounts), await opened(accounts, OTHER_PHONE)
    assert not await accounts.set_phone(mine.id, OTHER_PHONE)
    assert await accounts.of_phone(PHONE) == mine
    assert await accounts.set_phone(mine.id, "+8619900000003")
    assert await accounts.of_phone(PHONE) is None
    moved = await accounts.of_phone("+8619900000003")
    assert moved is not None
    assert moved.id == mine.id
    assert await accounts.of_phone(OTHER_PHONE) == other
    assert await accounts.set_phone(other.id, PHONE)


async def test_an_account_may_be_given_the_phone_it_has_and_nobody_none(
    accounts: AccountStore,
) -> None:
    mine = await opened(accounts)
    assert await accounts.set_phone(mine.id, PHONE)
    assert await accounts.of_phone(PHONE) == mine
    assert not await accounts.set_phone(NOBODY, "+8619900000003")


async def test_everybody_or_everybody_but_one_is_signed_out(accounts: AccountStore) -> None:
    mine, other = await opened(accounts), await opened(accounts, OTHER_PHONE)
    third = OpenId("oTestCarol0000000000000000003")
    for openid, account in ((ALICE, mine), (BOB, mine), (third, other)):
        await accounts.link(openid, account.id, NOW)
    assert await accounts.unlink_all(mine.id, but=BOB) == 1
    assert await accounts.of_openid(ALICE) is None
    assert await accounts.of_openid(BOB) is not None
    assert await accounts.unlink_all(mine.id) == 1
    assert await accounts.unlink_all(mine.id) == 0
    assert await accounts.of_openid(third) is not None


@pytest.mark.parametrize("keep_person", [True, False])
async def test_a_closed_account_frees_its_phone_and_opens_for_nobody(
    stores: Stores, *, keep_person: bool
) -> None:
    account = await stores.accounts.add(phone=PHONE, at=NOW)
    assert account is not None
    await stores.accounts.link(ALICE, account.id, NOW)
    await stores.accounts.set_password(account.id, "kept")
    await stores.accounts.close(account.id, keep_person=keep_person)
    assert await stores.accounts.find(account.id) is None
    assert await stores.accounts.of_openid(ALICE) is None
    assert await stores.accounts.of_phone(PHONE) is None
    assert await stores.accounts.password_of(account.id) is None
    again = await stores.accounts.add(phone=PHONE, at=LATER)
    assert again is not None
    assert again.id != account.id
