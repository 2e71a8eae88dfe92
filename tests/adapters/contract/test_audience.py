"""Who may be told of a plan, page by page."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import SqlSession
from domain.filings.model import Family, FamilyState, Filing, UnitType
from domain.notices.service import Audience, Household
from domain.registrations.model import RegistrationState
from domain.shared.records import AccountId
from tests.support.allotment import NOW, a_plan, a_project, a_registration, a_unit
from tests.support.allotment_sql import keep_plans
from tests.support.sql import CIPHER, open_work


def filing(number: str, state: FamilyState, *types: UnitType) -> Filing:
    return Filing(
        number=number,
        district="朝阳",
        unit_types=types,
        group="2P",
        state=state,
        members=(),
        filed_at=date(2020, 1, 1),
    )


async def settle(engine: AsyncEngine, *filings: Filing) -> list[tuple[AccountId, Family]]:
    """Return the accounts that are bound to these families, in the order of their ids."""
    found = []
    async with open_work(engine) as work:
        for number, one in enumerate(filings):
            account = await work.accounts.add(phone=f"+8619900000{number:03}", at=NOW)
            assert account is not None
            family = await work.families.save(one)
            await work.accounts.set_family(account.id, family.id)
            found.append((account.id, family))
        await work.accounts.add(phone="+8619900000999", at=NOW)
        await work.commit()
    return sorted(found, key=lambda one: one[0])


async def test_pages_follow_the_key_and_leave_out_whoever_cannot_register(
    engine: AsyncEngine,
) -> None:
    valid = [filing(f"F{n}", FamilyState.VALID, UnitType.TWO) for n in range(5)]
    cancelled = filing("F9", FamilyState.CANCELLED, UnitType.TWO)
    bound = await settle(engine, *valid, cancelled)
    async with open_work(engine) as work:
        closed = next(account for account, family in bound if family.number == "F4")
        await work.accounts.close(closed, keep_person=True)
        await work.commit()
    ids = [account for account, family in bound if family.number not in ("F4", "F9")]
    async with open_work(engine) as work:
        audience: Audience = work.audience
        first = await audience.page("plan", after="", most=3)
        assert [one.account_id for one in first] == ids[:3]
        rest = await audience.page("plan", after=first[-1].account_id, most=3)
        assert rest == [Household(ids[3], (UnitType.TWO,), registered=False)]
        assert await audience.page("plan", after=rest[-1].account_id, most=3) == []


async def test_who_has_a_live_registration_in_the_plan_is_marked(engine: AsyncEngine) -> None:
    kinds = [filing(f"F{n}", FamilyState.VALID, UnitType.ONE, UnitType.TWO) for n in range(3)]
    bound = await settle(engine, *kinds)
    session = SqlSession(engine, CIPHER)
    await keep_plans(session, [a_plan()], [a_project()], [a_unit()])
    await session.commit()
    states = (RegistrationState.REGISTERED, RegistrationState.CANCELLED)
    async with open_work(engine) as work:
        for (_, family), state in zip(bound, states, strict=False):
            number = f"DJ2026031100000{state.value[:2]}"
            wish = a_registration(number, family_id=family.id, state=state)
            assert await work.registrations.add(wish, limit=None)
        await work.commit()
    async with open_work(engine) as work:
        page = await work.audience.page("plan", after="", most=9)
        assert [one.registered for one in page] == [True, False, False]
        assert page[0].unit_types == (UnitType.ONE, UnitType.TWO)
        other = await work.audience.page("another", after="", most=9)
        assert not any(one.registered for one in other)
