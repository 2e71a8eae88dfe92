"""People are found by blind indexes: whole numbers, the end of a phone, a whole name."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.people import AccountRow, PersonRow
from adapters.sql.work import SqlWork
from domain.filings.model import Filing
from domain.identity.model import Verified
from domain.registrations.search import CaseStore, Sought, SoughtKind
from tests.support.allotment import NOW, a_family
from tests.support.sql import open_work, written

PHONES = ("+8619900001234", "+8619900011234", "+8619900005678")
NAME, ID_NUMBER = "曹演示", "11010019860412001X"


@pytest.fixture
async def work(engine: AsyncEngine) -> AsyncIterator[SqlWork]:
    """Lend records of three accounts, of which the first is a person's and bound to a family."""
    async with open_work(engine) as work:
        person = await work.people.save(Verified(NAME, ID_NUMBER, NOW, "test"))
        known = a_family()
        family = await work.families.save(
            Filing(**{name: getattr(known, name) for name in Filing.__dataclass_fields__})
        )
        for number, phone in enumerate(PHONES):
            account = await work.accounts.add(phone=phone, at=NOW + timedelta(hours=number))
            assert account
            if number == 0:
                assert await work.accounts.set_person(account.id, person.id)
                assert await work.accounts.set_family(account.id, family.id)
        await work.commit()
    async with open_work(engine) as work:
        yield work


async def found(store: CaseStore, kind: SoughtKind, words: str, most: int = 10) -> list[str]:
    return [one.account.phone for one in await store.accounts(Sought(kind, words), most=most)]


@pytest.mark.parametrize(
    ("kind", "words", "phones"),
    [
        (SoughtKind.PHONE, PHONES[2], [PHONES[2]]),
        (SoughtKind.PHONE, "+8619900009999", []),
        (SoughtKind.PHONE_TAIL, "1234", [PHONES[1], PHONES[0]]),
        (SoughtKind.PHONE_TAIL, "4321", []),
        (SoughtKind.ID_NUMBER, ID_NUMBER, [PHONES[0]]),
        (SoughtKind.NAME, NAME, [PHONES[0]]),
        (SoughtKind.NAME, "曹演", []),
        (SoughtKind.FILING, "1101052019000123", []),
    ],
)
async def test_accounts_are_found_by_what_officers_know(
    work: SqlWork, kind: SoughtKind, words: str, phones: list[str]
) -> None:
    assert await found(work.cases, kind, words) == phones


async def test_a_list_is_as_long_as_was_asked_for(work: SqlWork) -> None:
    assert await found(work.cases, SoughtKind.PHONE_TAIL, "1234", 1) == [PHONES[1]]


async def test_an_account_comes_with_whose_it_is(work: SqlWork) -> None:
    (case,) = await work.cases.accounts(Sought(SoughtKind.NAME, NAME), most=2)
    assert case.person
    assert case.person.name == NAME
    assert case.family
    assert await work.cases.account(case.account.id) == case
    assert await work.cases.of_family(case.family.id) == [case]
    listed = await work.cases.family(case.family.id)
    assert listed
    assert (listed.family, listed.bound) == (case.family, 1)
    assert await work.cases.account("nobody") is None
    assert await work.cases.family("nobody") is None


async def test_a_phone_that_changed_is_found_by_its_new_end_only(work: SqlWork) -> None:
    (case,) = await work.cases.accounts(Sought(SoughtKind.PHONE, PHONES[2]), most=2)
    assert await work.accounts.set_phone(case.account.id, "+8619900004321")
    assert await found(work.cases, SoughtKind.PHONE_TAIL, "4321") == ["+8619900004321"]
    assert await found(work.cases, SoughtKind.PHONE_TAIL, "5678") == []


async def test_a_closed_account_is_not_found_but_can_be_looked_at(work: SqlWork) -> None:
    (case,) = await work.cases.accounts(Sought(SoughtKind.PHONE, PHONES[2]), most=2)
    await work.accounts.close(case.account.id, keep_person=False)
    assert await found(work.cases, SoughtKind.PHONE_TAIL, "5678") == []
    assert await work.cases.account(case.account.id)


async def test_older_records_become_findable(work: SqlWork, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(AccountRow).values(phone_tail=None))
        await connection.execute(update(PersonRow).values(name_index=None))
    assert await found(work.cases, SoughtKind.PHONE_TAIL, "1234") == []
    assert await work.cases.index_older(most=2) == 3
    assert await work.cases.index_older(most=2) == 1
    assert await work.cases.index_older(most=2) == 0
    assert await found(work.cases, SoughtKind.PHONE_TAIL, "1234") == [PHONES[1], PHONES[0]]
    assert await found(work.cases, SoughtKind.NAME, NAME) == [PHONES[0]]


async def test_the_records_tell_neither_names_nor_phones(
    work: SqlWork, engine: AsyncEngine
) -> None:
    assert await found(work.cases, SoughtKind.PHONE_TAIL, "1234")
    await work.let_go()
    kept = await written(engine)
    for secret in (NAME.encode(), b"19900001234", ID_NUMBER.encode()):
        assert secret not in kept


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "words", "index"),
    [
        (SoughtKind.PHONE, PHONES[0], "uq_accounts_live_phone"),
        (SoughtKind.PHONE_TAIL, "1234", "ix_accounts_phone_tail"),
        (SoughtKind.ID_NUMBER, ID_NUMBER, "uq_people_number_index"),
        (SoughtKind.NAME, NAME, "ix_people_name_index"),
    ],
)
async def test_nobody_reads_a_million_rows_to_find_one(
    work: SqlWork, engine: AsyncEngine, kind: SoughtKind, words: str, index: str
) -> None:
    """Source: at most 300 ms among a million."""
    statement = work.cases.statement(Sought(kind, words), most=51)
    assert statement is not None
    async with engine.connect() as connection:
        for crowd in CROWD.split(";"):
            await connection.execute(text(crowd))
        compiled = statement.compile(engine.sync_engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join((await connection.execute(text(f"EXPLAIN {compiled}"))).scalars())
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan


CROWD = """
INSERT INTO people (id, number_index, number, name, verified_at, source, name_index)
SELECT md5(n::text), md5(n::text), '', '', now(), '', md5(n::text)
FROM generate_series(1, 20000) AS n;
INSERT INTO accounts (id, phone_index, phone, state, created_at, person_id, phone_tail)
SELECT md5(n::text), md5(n::text), '', 'active', now(), md5(n::text), md5((n % 9999)::text)
FROM generate_series(1, 20000) AS n;
INSERT INTO families (id, number, district, unit_types, order_group, state, members)
SELECT md5(n::text), '', '', '', '', 'valid', '' FROM generate_series(1, 20000) AS n;
ANALYZE people;
ANALYZE accounts;
ANALYZE families
"""
"""Enough that the planner sees what a look at every row would cost."""
