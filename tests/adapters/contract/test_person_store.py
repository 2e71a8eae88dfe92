"""One suite for whoever keeps persons. Source: S0-24."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.people import SqlPeople
from domain.identity.model import Verified
from domain.identity.service import PersonStore
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, DATABASES, fresh_engine
from tests.support.works import MemoryPeople

VERIFIED = Verified("曹雪芹", "11010519491231002X", FakeClock().now(), "test")


@pytest.fixture(params=["memory", *DATABASES])
async def people(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PersonStore]:
    if request.param == "memory":
        yield MemoryPeople()
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        yield SqlPeople(session)
        await session.close()


async def test_a_person_comes_back_as_verified(people: PersonStore) -> None:
    person = await people.save(VERIFIED)
    assert (person.name, person.id_number) == (VERIFIED.name, VERIFIED.id_number)
    assert (person.verified_at, person.source) == (VERIFIED.at, VERIFIED.source)
    assert await people.find(person.id) == person
    assert VERIFIED.id_number not in person.id


async def test_nobody_is_found_under_an_unknown_id(people: PersonStore) -> None:
    assert await people.find("nobody") is None


async def test_an_id_number_is_one_person_who_may_change_the_name(people: PersonStore) -> None:
    first = await people.save(VERIFIED)
    later = replace(VERIFIED, name="曹霑", at=VERIFIED.at + timedelta(days=1), source="other")
    second = await people.save(later)
    assert second.id == first.id
    found = await people.find(first.id)
    assert found == second
    assert (second.name, second.source, second.verified_at) == ("曹霑", "other", later.at)


async def test_another_id_number_is_another_person(people: PersonStore) -> None:
    one = await people.save(VERIFIED)
    other = await people.save(replace(VERIFIED, id_number="110100198809230028"))
    assert one.id != other.id
    assert await people.find(one.id) == one


async def test_a_person_is_found_by_the_id_number_in_either_notation(people: PersonStore) -> None:
    person = await people.save(VERIFIED)
    assert await people.of_number(VERIFIED.id_number) == person
    assert await people.of_number("110105491231002") == person
    assert await people.of_number("110100198809230028") is None
