"""Everything of a kind is listed once, in pieces, whatever lies between."""

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql import cases
from adapters.sql.cases import SqlListings
from domain.filings.model import Filing
from domain.identity.model import Verified
from domain.plans.offers import Offer
from domain.registrations.exports import ListedFamily, ListedRegistration, ListingStore
from tests.support.allotment import NOW, a_family, a_plan, a_project, a_registration, a_unit
from tests.support.sql import open_work

PLAN, OTHER = a_plan(), a_plan("other")


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "_WINDOW", 3)
    monkeypatch.setattr(cases, "_FAMILIES", 2)


async def all_registrations(
    store: ListingStore, plan_id: str | None
) -> tuple[list[ListedRegistration], list[int]]:
    listed, shares, after = [], [], ""
    while True:
        page = await store.registrations(plan_id, after)
        listed += page.items
        shares.append(page.share)
        if page.after is None:
            return listed, shares
        after = page.after


async def fill(engine: AsyncEngine) -> str:
    """Register ten families, the even ones in another plan; return the account of the first."""
    async with open_work(engine) as work:
        for plan in (PLAN, OTHER):
            offer = Offer(plan, (a_project(f"p-{plan.id}", plan),), (), draft=False)
            unit = a_unit(f"u-{plan.id}", f"p-{plan.id}")
            await work.offers.save(replace(offer, units=(unit,)))
        person = await work.people.save(Verified("曹演示", "11010019860412001X", NOW, "test"))
        account = await work.accounts.add(phone="+8619900001234", at=NOW)
        assert account
        assert await work.accounts.set_person(account.id, person.id)
        for number in range(10):
            known = replace(a_family(), number=f"11010520190001{number:02}")
            fields = {name: getattr(known, name) for name in Filing.__dataclass_fields__}
            family = await work.families.save(Filing(**fields))
            plan = (OTHER, PLAN)[number % 2]
            row = replace(
                a_registration(f"N{number}", unit=a_unit(f"u-{plan.id}", f"p-{plan.id}")),
                family_id=family.id,
                plan_id=plan.id,
                project_id=f"p-{plan.id}",
                account_id=account.id,
            )
            assert await work.registrations.add(row, limit=None)
            await work.commit()
    return account.id


async def test_registrations_are_listed_once_each_in_their_order(engine: AsyncEngine) -> None:
    account_id = await fill(engine)
    async with open_work(engine) as work:
        store = work.listings
        assert isinstance(store, SqlListings)
        everything, shares = await all_registrations(store, None)
        one_plan, _ = await all_registrations(store, "plan")
        nothing, _ = await all_registrations(store, "nowhere")
    assert [one.registration.number for one in everything] == [f"N{n}" for n in range(10)]
    assert [one.registration.number for one in one_plan] == ["N1", "N3", "N5", "N7", "N9"]
    assert not nothing
    assert shares == sorted(shares)
    assert shares[-1] == 100
    first = everything[0]
    assert first.person
    assert first.person.name == "曹演示"
    assert first.family
    assert first.family.number == "1101052019000100"
    assert first.registration.account_id == account_id


async def test_families_are_listed_once_each(engine: AsyncEngine) -> None:
    await fill(engine)
    listed: list[ListedFamily] = []
    async with open_work(engine) as work:
        page = await work.listings.families()
        while True:
            listed += page.items
            if page.after is None:
                break
            page = await work.listings.families(page.after)
    assert len({one.family.number for one in listed}) == len(listed) == 10


async def test_empty_records_are_one_empty_page(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        page = await work.listings.registrations(None)
        assert (list(page.items), page.after, page.share) == ([], None, 100)
        assert (await work.listings.families()).after is None
