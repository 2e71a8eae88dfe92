"""One suite for whoever keeps families. Source: S0-29."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.people import SqlFamilies
from domain.filings.model import Family, FamilyState, Filing, Member, UnitType
from domain.filings.service import FamilyStore
from tests.support.sql import CIPHER, DATABASES, fresh_engine
from tests.support.works import MemoryFamilies

FILING = Filing(
    number="1101052019000123",
    district="朝阳区",
    unit_types=(UnitType.STUDIO, UnitType.THREE),
    group="第2组优先（演示）",
    state=FamilyState.VALID,
    members=(
        Member("曹雪芹", "11010519491231002X", "申请人"),
        Member("阿依努尔·买买提", "110100199206101109", "配偶"),
    ),
    filed_at=date(2019, 3, 18),
)


@pytest.fixture(params=["memory", *DATABASES])
async def families(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FamilyStore]:
    if request.param == "memory":
        yield MemoryFamilies()
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        yield SqlFamilies(session)
        await session.close()


@pytest.mark.parametrize(
    "filing",
    [
        FILING,
        replace(FILING, unit_types=(), members=(), group="", filed_at=None),
        replace(FILING, state=FamilyState.CANCELLED),
    ],
)
async def test_a_family_comes_back_as_filed(families: FamilyStore, filing: Filing) -> None:
    family = await families.save(filing)
    assert family == Family.of(filing, families.id_of(filing.number))
    assert await families.find(family.id) == family


async def test_nothing_is_found_under_a_number_that_was_never_kept(families: FamilyStore) -> None:
    assert await families.find(families.id_of("1101052019000124")) is None


async def test_what_the_register_says_later_takes_the_place_of_the_old(
    families: FamilyStore,
) -> None:
    first = await families.save(FILING)
    changed = replace(
        FILING, unit_types=(UnitType.TWO,), members=FILING.members[:1], state=FamilyState.CANCELLED
    )
    second = await families.save(changed)
    assert second.id == first.id
    assert await families.find(first.id) == Family.of(changed, first.id)


async def test_an_id_is_always_the_same_for_a_number_and_does_not_tell_it(
    families: FamilyStore,
) -> None:
    one, other = families.id_of(FILING.number), families.id_of("1101052019000124")
    assert one == families.id_of(FILING.number) != other
    assert FILING.number not in one
