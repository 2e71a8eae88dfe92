"""What whoever finds a citizen's traces must do. Source: S0-20."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.records import SqlPages
from adapters.sql.traces import SqlTraces
from adapters.sql.work import SqlWork
from domain.accounts.leaving import TraceStore
from domain.accounts.model import Account
from domain.identity.model import Verified
from domain.shared.pages import OneTimePage
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.sql import fresh_engine, open_work
from tests.support.works import ALICE, BOB, PHONE

NOW = FakeClock().now()
NUMBER = "110101198806060023"


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[SqlWork]:
    async with fresh_engine(tmp_path) as engine, open_work(engine) as work:
        yield work


@pytest.fixture
def traces(work: SqlWork) -> TraceStore:
    assert isinstance(work.traces, SqlTraces)
    return work.traces


async def an_account(work: SqlWork, phone: str = PHONE) -> Account:
    added = await work.accounts.add(phone=phone, at=NOW)
    assert added is not None
    return added


async def a_page(pages: SqlPages, openid: OpenId, token_hash: str) -> None:
    ends = NOW + timedelta(minutes=10)
    await pages.add(token_hash, OneTimePage(openid, "draft", "flow", token_hash, NOW, ends))
    await pages.consume(token_hash, {"name": "周安然"}, now=NOW)


async def test_who_never_registered_is_told_so(work: SqlWork, traces: TraceStore) -> None:
    assert not await traces.has_registered(await an_account(work))


async def test_the_pages_of_some_are_wiped_and_others_stay(
    work: SqlWork, traces: TraceStore
) -> None:
    await a_page(work.pages, ALICE, "a" * 64)
    await a_page(work.pages, BOB, "b" * 64)
    assert await traces.wipe_pages([ALICE]) == 1
    assert await work.pages.find("a" * 64) is None
    assert await work.pages.answer_of("draft", "b" * 64) == {"name": "周安然"}
    assert await traces.wipe_pages([]) == 0


async def test_a_person_is_wiped_only_when_no_account_is_theirs(
    work: SqlWork, traces: TraceStore
) -> None:
    person = await work.people.save(Verified("周安然", NUMBER, NOW, "test"))
    first, second = await an_account(work), await an_account(work, "+8619900000002")
    for account in (first, second):
        assert await work.accounts.set_person(account.id, person.id)
    await work.accounts.close(first.id, keep_person=False)
    assert not await traces.wipe_person(person.id)
    assert await work.people.find(person.id) == person
    await work.accounts.close(second.id, keep_person=False)
    assert await traces.wipe_person(person.id)
    assert await work.people.find(person.id) is None
