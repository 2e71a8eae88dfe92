"""One suite for whoever keeps recoveries. Source: S0-66 to S0-72."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.people import SqlAccounts, SqlPeople
from adapters.sql.records import SqlActs
from adapters.sql.recoveries import SqlRecoveries
from domain.accounts.model import ENTRIES, Account
from domain.accounts.service import AccountStore
from domain.identity.faces import FaceSession
from domain.identity.model import Recovery, RecoveryState, Verified
from domain.identity.recoveries import RecoveryStore
from domain.identity.service import PersonStore
from domain.shared.records import Act, ActStore
from tests.support.allotment import MemoryActs
from tests.support.clock import FakeClock
from tests.support.recoveries import NAME, NUMBER, MemoryRecoveries
from tests.support.sql import CIPHER, DATABASES, fresh_engine
from tests.support.works import ALICE, BOB, PHONE, MemoryAccounts, MemoryPeople

NOW = FakeClock().now()
HOUR = timedelta(hours=1)
OTHER_PHONE = "+8619900000002"


class Stores(NamedTuple):
    recoveries: RecoveryStore
    accounts: AccountStore
    people: PersonStore
    acts: ActStore


@pytest.fixture(params=["memory", *DATABASES])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "memory":
        accounts, people, acts = MemoryAccounts(), MemoryPeople(), MemoryActs()
        yield Stores(MemoryRecoveries(accounts, people, acts), accounts, people, acts)
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        yield Stores(
            SqlRecoveries(session), SqlAccounts(session), SqlPeople(session), SqlActs(session)
        )
        await session.close()


async def a_person(stores: Stores, *, number: str = NUMBER) -> str:
    return (await stores.people.save(Verified(NAME, number, NOW, "test"))).id


async def an_account(stores: Stores, person_id: str, phone: str, at: datetime = NOW) -> Account:
    account = await stores.accounts.add(phone=phone, at=at)
    assert account is not None
    assert await stores.accounts.set_person(account.id, person_id)
    return account


async def opened(stores: Stores, name: str = "r1") -> Recovery:
    recovery = Recovery(name, ALICE, await a_person(stores), RecoveryState.OPEN, NOW)
    await stores.recoveries.add(recovery)
    return recovery


def faced(recovery: Recovery, receipt: str = "receipt-1") -> Recovery:
    return replace(
        recovery,
        state=RecoveryState.FACING,
        face=FaceSession(f"https://faces.test/{receipt}", receipt),
        faced_at=NOW + HOUR,
        counted=("1", "2"),
    )


async def done(stores: Stores, name: str = "r1", *, at: datetime = NOW) -> Recovery:
    recovery = replace(await opened(stores, name), state=RecoveryState.PROVEN)
    assert await stores.recoveries.save(recovery, was=RecoveryState.OPEN)
    account = await stores.accounts.of_phone(OTHER_PHONE)
    account = account or await an_account(stores, recovery.person_id, OTHER_PHONE)
    moved = replace(
        recovery,
        state=RecoveryState.DONE,
        account_id=account.id,
        old_phone=PHONE,
        new_phone=OTHER_PHONE,
        word="01234567",
        done_at=at,
    )
    assert await stores.recoveries.save(moved, was=RecoveryState.PROVEN)
    return moved


async def test_a_recovery_comes_back_as_it_was_kept(stores: Stores) -> None:
    recovery = await opened(stores)
    assert await stores.recoveries.find(recovery.id) == recovery
    facing = faced(recovery)
    assert await stores.recoveries.save(facing, was=RecoveryState.OPEN)
    assert await stores.recoveries.find(recovery.id) == facing
    assert await stores.recoveries.find("another") is None


async def test_one_that_has_moved_is_not_moved_again(stores: Stores) -> None:
    recovery = await opened(stores)
    assert await stores.recoveries.save(faced(recovery), was=RecoveryState.OPEN)
    late = faced(recovery, "receipt-2")
    assert not await stores.recoveries.save(late, was=RecoveryState.OPEN)
    assert await stores.recoveries.find(recovery.id) == faced(recovery)


async def test_a_receipt_leads_to_its_recovery_and_to_no_other(stores: Stores) -> None:
    one = faced(await opened(stores))
    other = faced(await opened(stores, "r2"), "receipt-2")
    for recovery in (one, other):
        assert await stores.recoveries.save(recovery, was=RecoveryState.OPEN)
    assert await stores.recoveries.of_receipt("receipt-1") == one
    assert await stores.recoveries.of_receipt("receipt-2") == other
    assert await stores.recoveries.of_receipt("receipt-3") is None


async def test_the_last_recovery_from_a_phone_is_found_while_it_is_young(stores: Stores) -> None:
    await done(stores)
    last = await done(stores, "r2", at=NOW + HOUR)
    assert await stores.recoveries.of_old_phone(PHONE, since=NOW) == last
    assert await stores.recoveries.of_old_phone(PHONE, since=NOW + HOUR) == last
    assert await stores.recoveries.of_old_phone(PHONE, since=NOW + 2 * HOUR) is None
    assert await stores.recoveries.of_old_phone(OTHER_PHONE, since=NOW) is None


async def test_what_gave_an_account_its_phone_comes_oldest_first_while_it_stands(
    stores: Stores,
) -> None:
    last = await done(stores, "r2", at=NOW + HOUR)
    first = await done(stores)
    account_id = first.account_id
    assert account_id is not None
    assert await stores.recoveries.done_with(account_id, since=NOW) == [first, last]
    assert await stores.recoveries.done_with(account_id, since=NOW + HOUR) == [last]
    undone = replace(last, state=RecoveryState.UNDONE)
    assert await stores.recoveries.save(undone, was=RecoveryState.DONE)
    assert await stores.recoveries.done_with(account_id, since=NOW) == [first]


async def test_what_was_taken_back_is_not_found_again(stores: Stores) -> None:
    taken = await done(stores)
    undone = replace(taken, state=RecoveryState.UNDONE)
    assert await stores.recoveries.save(undone, was=RecoveryState.DONE)
    assert await stores.recoveries.of_old_phone(PHONE, since=NOW) is None


async def test_the_accounts_of_a_person_come_last_used_first(stores: Stores) -> None:
    person_id = await a_person(stores)
    idle = await an_account(stores, person_id, PHONE)
    used = await an_account(stores, person_id, OTHER_PHONE)
    stranger = await a_person(stores, number="110100198809230028")
    await an_account(stores, stranger, "+8619900000003")
    await stores.accounts.link(BOB, used.id, NOW + HOUR)
    seen = await stores.recoveries.accounts_of(person_id)
    assert [(one.account.id, one.in_use) for one in seen] == [(used.id, True), (idle.id, False)]
    assert [one.used_at for one in seen] == [NOW + HOUR, NOW]
    assert await stores.recoveries.accounts_of("nobody") == []


async def test_a_held_account_says_until_when_and_has_lost_its_password(stores: Stores) -> None:
    account = await an_account(stores, await a_person(stores), PHONE)
    await stores.accounts.set_password(account.id, "kept")
    await stores.recoveries.hold(account.id, until=NOW + HOUR)
    held = await stores.accounts.of_phone(PHONE)
    assert held is not None
    assert (held.held_until, held.has_password) == (NOW + HOUR, False)


async def test_an_account_can_be_held_with_its_password(stores: Stores) -> None:
    account = await an_account(stores, await a_person(stores), PHONE)
    await stores.accounts.set_password(account.id, "kept")
    await stores.recoveries.hold(account.id, until=NOW + HOUR, keep_password=True)
    held = await stores.accounts.of_phone(PHONE)
    assert held is not None
    assert (held.held_until, held.has_password) == (NOW + HOUR, True)


async def test_old_recoveries_are_dropped_and_young_ones_are_not(stores: Stores) -> None:
    recovery = await opened(stores)
    assert await stores.recoveries.forget(before=NOW) == 0
    assert await stores.recoveries.forget(before=NOW + HOUR) == 1
    assert await stores.recoveries.find(recovery.id) is None


async def test_what_was_done_to_an_account_is_found_by_it_and_by_its_person(
    stores: Stores,
) -> None:
    person_id = await a_person(stores)
    account = await an_account(stores, person_id, PHONE)
    account = replace(account, person_id=person_id)
    stranger = await a_person(stores, number="110100198809230028")
    for name, whose, given in (
        ("given", person_id, account.id),
        ("begun", person_id, None),
        ("strange", stranger, None),
    ):
        state = RecoveryState.DONE if given else RecoveryState.FAILED
        await stores.recoveries.add(Recovery(name, BOB, whose, state, NOW, account_id=given))
    assert {one.id for one in await stores.recoveries.of_account(account)} == {"given", "begun"}
    nameless = replace(account, person_id=None)
    assert [one.id for one in await stores.recoveries.of_account(nameless)] == ["given"]


@pytest.mark.parametrize("tag", ENTRIES)
async def test_whoever_was_signed_in_to_an_account_of_the_person_is_at_home(
    stores: Stores, tag: str
) -> None:
    account = await an_account(stores, await a_person(stores), PHONE)
    other = "110100198809230028"
    await an_account(stores, await a_person(stores, number=other), OTHER_PHONE)
    await stores.acts.add(Act("accounts:password:wrong", BOB, account.id, NOW, "h5"))
    await stores.acts.add(Act(tag, ALICE, account.id, NOW, "chat"))
    assert await stores.recoveries.at_home(ALICE, NUMBER)
    assert await stores.recoveries.at_home(ALICE, NUMBER.lower())
    assert not await stores.recoveries.at_home(BOB, NUMBER)
    assert not await stores.recoveries.at_home(ALICE, other)
    assert not await stores.recoveries.at_home(ALICE, "110100201506010030")
