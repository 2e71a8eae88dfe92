import asyncio
from collections import Counter
from contextlib import suppress

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import SqlSession
from adapters.sql.registrations import RegistrationRow, SqlRegistrations
from adapters.system import SystemRandomness
from domain.content.model import fingerprint
from domain.filings.model import UnitType
from domain.plans.model import Plan
from domain.registrations.model import AlreadyRegisteredError, PlanLimitError, Registration
from domain.registrations.service import RegistrationService
from domain.shared.errors import DomainError
from domain.shared.work import CollidedError
from tests.support.allotment import (
    NOW,
    PHONE,
    a_document,
    a_family,
    a_plan,
    a_project,
    a_registration,
    a_unit,
    an_account,
)
from tests.support.allotment_sql import keep_content, keep_plans
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, open_work

CROWD = 64
UNITS = [a_unit(f"unit-{n}") for n in range(8)]


async def offer(engine: AsyncEngine, plan: Plan) -> None:
    """Put a plan with eight units and its notice on record."""
    session = SqlSession(engine, CIPHER)
    await keep_plans(session, [plan], [a_project(plan=plan)], UNITS)
    await keep_content(session, [a_document()])
    await session.commit()


async def register(engine: AsyncEngine, unit_id: str) -> Registration | DomainError:
    """Register one family as a turn does, again where it collided; return how it ended."""
    while True:
        with suppress(CollidedError):
            return await register_once(engine, unit_id)


async def register_once(engine: AsyncEngine, unit_id: str) -> Registration | DomainError:
    async with open_work(engine) as work:
        service = RegistrationService(work, FakeClock(NOW), SystemRandomness())
        try:
            made = await service.register(
                account=an_account(),
                family=a_family(unit_types=tuple(UnitType)),
                unit_id=unit_id,
                notice_version=1,
                notice_hash=fingerprint("告知书"),
                phone=PHONE,
            )
        except DomainError as error:
            return error
        await work.commit()
    return made


async def rows(engine: AsyncEngine) -> list[Registration]:
    session = SqlSession(engine, CIPHER)
    found = await SqlRegistrations(session).of_family("family")
    await session.close()
    return found


async def test_of_many_who_register_a_family_for_one_unit_at_once_one_succeeds(
    engine: AsyncEngine,
) -> None:
    """Source: S0-50."""
    await offer(engine, a_plan())
    ends = await asyncio.gather(*(register(engine, "unit-0") for _ in range(CROWD)))
    (made,) = await rows(engine)
    assert Counter(type(end) for end in ends) == {Registration: 1, AlreadyRegisteredError: 63}
    told = {end.number for end in ends if isinstance(end, Registration | AlreadyRegisteredError)}
    assert told == {made.number}
    async with open_work(engine) as work:
        assert len(await work.acts.about(made.number)) == 1
        assert len(await work.consents.of("account")) == 1


async def test_the_limit_holds_when_a_family_registers_for_many_units_at_once(
    engine: AsyncEngine,
) -> None:
    """Source: Q-01."""
    await offer(engine, a_plan(limit=3))
    ends = await asyncio.gather(*(register(engine, unit.id) for unit in UNITS))
    assert Counter(type(end) for end in ends) == {Registration: 3, PlanLimitError: 5}
    assert len(await rows(engine)) == 3


async def test_without_any_look_before_the_index_alone_still_forbids_a_second_one(
    engine: AsyncEngine,
) -> None:
    """Source: S0-50."""
    await offer(engine, a_plan())

    async def add(n: int) -> bool:
        row = a_registration(f"DJ{n}", unit=UNITS[0])
        try:
            async with open_work(engine) as work:
                added = await work.registrations.add(row, limit=None)
                await work.commit()
        except CollidedError:
            return False
        return added

    added = await asyncio.gather(*(add(n) for n in range(CROWD)))
    assert added.count(True) == 1


async def test_overlapping_cancellations_at_once_never_cancel_a_part(
    engine: AsyncEngine,
) -> None:
    """Source: S0-54."""
    await offer(engine, a_plan())
    session = SqlSession(engine, CIPHER)
    for n, unit in enumerate(UNITS):
        row = a_registration(str(n), unit=unit)
        assert await SqlRegistrations(session).add(row, limit=None)
    await session.commit()

    async def cancel(numbers: list[str]) -> tuple[list[str], bool]:
        own = SqlSession(engine, CIPHER)
        done = await SqlRegistrations(own).cancel(numbers, NOW)
        await own.commit()
        return numbers, done

    wishes = [[str(n % 8), str((n + 1) % 8)] for n in range(CROWD)]
    ends = await asyncio.gather(*(cancel(numbers) for numbers in wishes))
    done = [number for numbers, cancelled in ends if cancelled for number in numbers]
    cancelled = [one.number for one in await rows(engine) if not one.live]
    assert done
    assert sorted(done) == sorted(cancelled)


async def test_a_phone_is_not_readable_in_the_records(engine: AsyncEngine) -> None:
    await offer(engine, a_plan())
    made = await register(engine, "unit-0")
    assert isinstance(made, Registration)
    session = SqlSession(engine, CIPHER)
    sealed = (await session.read(select(RegistrationRow.phone))).scalar_one()
    count = (await session.read(select(func.count()).select_from(RegistrationRow))).scalar_one()
    await session.close()
    assert count == 1
    assert PHONE.encode() not in sealed
    assert CIPHER.open_text(sealed) == PHONE


async def test_the_records_alone_make_no_paper(engine: AsyncEngine) -> None:
    """Source: S0-48."""
    await offer(engine, a_plan())
    kept = a_registration(unit=UNITS[0], check_code="01234567890123456789")
    async with open_work(engine) as work:
        assert await work.registrations.add(kept, limit=None)
        await work.commit()
    session = SqlSession(engine, CIPHER)
    [row] = (await session.read(select(RegistrationRow.__table__))).all()
    await session.close()
    assert not [column for column in row if kept.check_code in str(column)]
    assert kept.check_code.encode() not in row.check_code
    async with open_work(engine) as work:
        assert await work.registrations.of_check_code(kept.check_code) == kept
