"""What must not be twice is forbidden by the records themselves, whoever writes and however."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import Base, SqlSession
from adapters.sql.people import AccountRow, PersonRow
from adapters.sql.records import DeliveryRow, EffectRow
from adapters.sql.registrations import RegistrationRow
from tests.support.allotment import NOW, a_plan, a_project, a_unit
from tests.support.allotment_sql import keep_plans
from tests.support.sql import CIPHER

CROWD = 64
UNITS = [a_unit(f"unit-{n}") for n in range(CROWD)]


def registration(nth: int, **given: object) -> dict[str, Any]:
    """Return a live registration of the family, for a unit and a slot of its own."""
    return {
        "number": f"DJ{nth}",
        "family_id": "family",
        "account_id": "account",
        "plan_id": a_plan().id,
        "project_id": UNITS[0].project_id,
        "unit_id": UNITS[nth].id,
        "unit_type": UNITS[nth].unit_type.value,
        "state": "registered",
        "slot": nth + 1,
        "notice_version": 1,
        "notice_hash": "",
        "phone": b"",
        "created_at": NOW,
    } | given


def account(number: int, **given: object) -> dict[str, Any]:
    """Return a live account of a phone of its own."""
    kept = {"id": str(number), "phone_index": str(number), "phone": b"", "state": "active"}
    return kept | {"created_at": NOW} | given


def person(number: int, **given: object) -> dict[str, Any]:
    kept = {"id": str(number), "number_index": str(number), "number": b"", "name": b""}
    return kept | {"verified_at": NOW, "source": "test"} | given


def effect(_: int) -> dict[str, Any]:
    return {"draft_id": "d", "flow": "f", "fingerprint": "", "receipt": b"", "at": NOW}


def delivery(_: int) -> dict[str, Any]:
    return {"key": "k", "openid": "o", "reply": b"", "at": NOW}


@pytest.fixture
async def records(engine: AsyncEngine) -> AsyncEngine:
    """Lend records in which there is a plan to register for."""
    session = SqlSession(engine, CIPHER)
    await keep_plans(session, [a_plan()], [a_project()], UNITS)
    await session.commit()
    return engine


async def write(engine: AsyncEngine, row: type[Base], values: dict[str, Any]) -> bool:
    """Write a row as nobody should, without any look; return whether that was let through."""
    try:
        async with engine.begin() as connection:
            await connection.execute(insert(row).values(**values))
    except IntegrityError:
        return False
    return True


@pytest.mark.parametrize(
    ("row", "make"),
    [
        (RegistrationRow, lambda number: registration(number, unit_id="unit-0")),
        (RegistrationRow, lambda number: registration(number, slot=1)),
        (RegistrationRow, lambda number: registration(number, number="DJ")),
        (RegistrationRow, lambda number: registration(number, check_index="code")),
        (AccountRow, lambda number: account(number, phone_index="phone")),
        (PersonRow, lambda number: person(number, number_index="number")),
        (EffectRow, effect),
        (DeliveryRow, delivery),
    ],
    ids=["unit", "slot", "number", "check code", "phone", "person", "draft", "delivery"],
)
async def test_of_sixty_four_who_look_at_nothing_one_is_let_through(
    records: AsyncEngine, row: type[Base], make: Callable[[int], dict[str, Any]]
) -> None:
    """Source: S0-50."""
    through = await asyncio.gather(*(write(records, row, make(number)) for number in range(CROWD)))
    assert through.count(True) == 1
    async with records.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(row))).scalar_one() == 1


async def test_what_has_ended_stands_in_nobodys_way(records: AsyncEngine) -> None:
    """Source: S0-54."""
    for number in range(3):
        ended = registration(number, unit_id="unit-0", slot=1, state="cancelled")
        assert await write(records, RegistrationRow, ended)
        assert await write(records, AccountRow, account(number, phone_index="", state="closed"))
    assert await write(records, RegistrationRow, registration(3, unit_id="unit-0", slot=1))
    assert not await write(records, RegistrationRow, registration(4, unit_id="unit-0"))


async def test_families_stand_in_nobodys_way(records: AsyncEngine) -> None:
    """Source: S0-50."""
    through = await asyncio.gather(
        *(
            write(
                records,
                RegistrationRow,
                registration(number, unit_id="unit-0", slot=1, family_id=str(number)),
            )
            for number in range(CROWD)
        )
    )
    assert through == [True] * CROWD
