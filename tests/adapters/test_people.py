"""What only SQL must show about people: nothing readable at rest, rules that rest on indexes."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import SqlSession
from adapters.sql.people import AccountRow, PersonRow, SqlAccounts, SqlFamilies, SqlPeople
from domain.accounts.model import AccountState
from domain.filings.model import FamilyState, Filing, Member, UnitType
from domain.identity.model import Verified
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, open_work, written
from tests.support.works import ALICE, PHONE

NOW = FakeClock().now()
VERIFIED = Verified("曹雪芹", "11010519491231002X", NOW, "test")
FILING = Filing(
    number="1101052019000123",
    district="朝阳区",
    unit_types=(UnitType.TWO,),
    group="第2组",
    state=FamilyState.VALID,
    members=(Member("林黛玉", "110100198809230028", "申请人"),),
    filed_at=date(2019, 3, 18),
)


async def fill(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        account = await work.accounts.add(phone=PHONE, at=NOW)
        assert account is not None
        await work.accounts.link(ALICE, account.id, NOW)
        await work.accounts.set_person(account.id, (await work.people.save(VERIFIED)).id)
        await work.accounts.set_family(account.id, (await work.families.save(FILING)).id)
        await work.commit()


async def test_the_database_names_nobody(engine: AsyncEngine) -> None:
    await fill(engine)
    kept = await written(engine)
    assert "第2组".encode() in kept
    for told in (
        PHONE.removeprefix("+86"),
        VERIFIED.name,
        VERIFIED.id_number,
        FILING.number,
        FILING.members[0].name,
        FILING.members[0].id_number,
    ):
        assert told.encode() not in kept


async def test_what_was_kept_is_read_in_another_transaction(engine: AsyncEngine) -> None:
    await fill(engine)
    async with open_work(engine) as work:
        account = await work.accounts.of_openid(ALICE)
        assert account is not None
        person = await work.people.find(account.person_id or "")
        family = await work.families.find(account.family_id or "")
    assert account.phone == PHONE
    assert person is not None
    assert person.id_number == VERIFIED.id_number
    assert family is not None
    assert family.to_json() == FILING.to_json()


async def test_what_was_not_kept_for_good_leaves_nothing(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        assert await work.accounts.add(phone=PHONE, at=NOW) is not None
    async with open_work(engine) as work:
        assert await work.accounts.of_phone(PHONE) is None


async def test_a_closed_account_is_nobodys_and_frees_its_phone(engine: AsyncEngine) -> None:
    await fill(engine)
    async with engine.begin() as connection:
        await connection.execute(update(AccountRow).values(state=AccountState.CLOSED.value))
    session = SqlSession(engine, CIPHER)
    accounts = SqlAccounts(session)
    assert await accounts.of_openid(ALICE) is None
    assert await accounts.of_phone(PHONE) is None
    renewed = await accounts.add(phone=PHONE, at=NOW)
    assert renewed is not None
    assert await accounts.of_phone(PHONE) == renewed
    await session.close()


async def test_the_index_alone_forbids_a_second_live_account(engine: AsyncEngine) -> None:
    await fill(engine)
    async with engine.connect() as connection:
        row = (await connection.execute(select(AccountRow.__table__))).mappings().one()
        with pytest.raises(IntegrityError):
            await connection.execute(insert(AccountRow).values(dict(row) | {"id": "second"}))


async def test_the_index_alone_forbids_a_second_person_with_one_number(
    engine: AsyncEngine,
) -> None:
    await fill(engine)
    async with engine.connect() as connection:
        row = (await connection.execute(select(PersonRow.__table__))).mappings().one()
        with pytest.raises(IntegrityError):
            await connection.execute(insert(PersonRow).values(dict(row) | {"id": "second"}))


async def test_many_confirmations_at_once_make_one_person(engine: AsyncEngine) -> None:
    async def save() -> str:
        async with open_work(engine) as work:
            person = await work.people.save(VERIFIED)
            await work.commit()
        return person.id

    assert len(set(await asyncio.gather(*(save() for _ in range(12))))) == 1


async def test_of_two_families_bound_at_once_one_stays(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        account = await work.accounts.add(phone=PHONE, at=NOW)
        assert account is not None
        other = replace(FILING, number="1101052019000124")
        ids = [(await work.families.save(one)).id for one in (FILING, other)]
        await work.commit()

    async def bind(family_id: str) -> bool:
        async with open_work(engine) as work:
            bound = await work.accounts.set_family(account.id, family_id)
            await work.commit()
        return bound

    assert sorted(await asyncio.gather(*(bind(family_id) for family_id in ids))) == [False, True]


async def test_an_openid_finds_nobody_elses_account(engine: AsyncEngine) -> None:
    await fill(engine)
    session = SqlSession(engine, CIPHER)
    assert await SqlAccounts(session).of_openid(OpenId("oTestBob00000000000000000002")) is None
    assert await SqlPeople(session).find("") is None
    assert await SqlFamilies(session).find("") is None
    assert not session.changed
    await session.close()
