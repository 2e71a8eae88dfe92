"""However many register and cancel at once, what is tallied is what lives."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

import adapters.sql
from adapters.sql.base import SqlSession
from adapters.sql.registrations import RegistrationRow
from adapters.sql.tallies import TallyRow, live_counts
from domain.registrations.model import RegistrationState
from domain.shared.work import CollidedError
from tests.support.allotment import NOW, a_plan, a_project, a_registration, a_unit
from tests.support.allotment_sql import keep_plans
from tests.support.sql import CIPHER, DATABASES, open_work

UNITS = [a_unit(f"unit-{n}") for n in range(3)]
FAMILIES = [f"family-{n}" for n in range(5)]
CITIZENS = 16
WISHES = 8


@pytest.fixture
async def offered(engine: AsyncEngine) -> AsyncEngine:
    """Put a plan with three units on record."""
    session = SqlSession(engine, CIPHER)
    await keep_plans(session, [a_plan()], [a_project()], UNITS)
    await session.commit()
    return engine


async def counted(engine: AsyncEngine) -> tuple[dict[str, int], dict[str, int]]:
    """Return what is tallied of each unit, and what lives of it."""
    session = SqlSession(engine, CIPHER)
    tallied = await live_counts(session)
    live = select(RegistrationRow.unit_id).where(
        RegistrationRow.state == RegistrationState.REGISTERED
    )
    units = (await session.read(live)).scalars()
    found = dict(Counter(units))
    await session.close()
    return tallied, found


async def wish(engine: AsyncEngine, chance: random.Random) -> None:
    """Register a family for a unit, or cancel some of its registrations, as chance will have it."""
    async with open_work(engine) as work:
        family = chance.choice(FAMILIES)
        live = [one.number for one in await work.registrations.of_family(family) if one.live]
        if live and chance.random() < 0.4:
            chance.shuffle(live)
            await work.registrations.cancel(live[: chance.randint(1, len(live))], NOW)
        else:
            number = f"{chance.randrange(10**12):012}"
            new = a_registration(number, unit=chance.choice(UNITS), family_id=family)
            await work.registrations.add(new, limit=chance.choice([None, 2]))
        if chance.random() < 0.8:
            await work.commit()


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_tallied_is_what_lives(offered: AsyncEngine, seed: int) -> None:
    """Nor do any two ever wait for each other. Source: Q-10."""
    collisions: set[str] = set()

    async def citizen(number: int) -> None:
        chance = random.Random(seed * CITIZENS + number)  # noqa: S311 (tests must repeat)
        for _ in range(WISHES):
            try:
                await wish(offered, chance)
            except CollidedError as error:
                collisions.add(error.detail)

    await asyncio.gather(*map(citizen, range(CITIZENS)))
    tallied, live = await counted(offered)
    assert tallied == live
    assert live
    assert collisions <= {"UniqueViolationError"}


@pytest.mark.parametrize("engine", DATABASES[1:], indirect=True)
async def test_those_who_register_for_one_unit_at_once_do_not_share_a_row(
    offered: AsyncEngine,
) -> None:
    """Source: Q-10."""
    works = [open_work(offered) for _ in range(8)]
    for number, work in enumerate(works):
        new = a_registration(str(number), unit=UNITS[0], family_id=str(number))
        assert await work.registrations.add(new, limit=None)
    # Two whose connections happen to share a row wait for each other, but not for long.
    await asyncio.gather(*(work.commit() for work in works))
    session = SqlSession(offered, CIPHER)
    rows = (await session.read(select(TallyRow.shard, TallyRow.live))).all()
    await session.close()
    assert sum(row.live for row in rows) == 8
    assert len(rows) > 1


# --- older records --------------------------------------------------------------------------------


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'anju.db'}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def move(connection: Connection, *, to: str) -> None:
    config = Config(Path(adapters.sql.__file__).parent / "migrations" / "alembic.ini")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    connection.commit()


def test_older_registrations_are_tallied_by_the_revision(connection: Connection) -> None:
    """Source: Q-10."""
    move(connection, to="0006")
    states = [RegistrationState.REGISTERED, RegistrationState.REGISTERED, "cancelled"]
    for number, state in enumerate(states):
        one = a_registration(str(number), unit=UNITS[0])
        kept = {
            "number": one.number,
            "family_id": str(number),
            "account_id": one.account_id,
            "plan_id": one.plan_id,
            "project_id": one.project_id,
            "unit_id": one.unit_id,
            "unit_type": one.unit_type.value,
            "state": state,
            "notice_version": 1,
            "notice_hash": one.notice_hash,
            "phone": b"",
            "created_at": one.created_at,
        }
        connection.execute(insert(RegistrationRow).values(kept))
    connection.commit()
    move(connection, to="0007")
    found = connection.execute(text("SELECT unit_id, live FROM tallies")).all()
    assert [tuple(row) for row in found] == [("unit-0", 2)]
