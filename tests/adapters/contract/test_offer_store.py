"""Offers are kept whole, drafts are hidden from citizens, and whoever changes one is alone."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.offers import SqlOffers
from domain.filings.model import UnitType
from domain.plans.offers import Offer
from domain.plans.service_offers import OfferStore
from tests.support.allotment import a_plan, a_project, a_registration, a_unit
from tests.support.sql import open_work

PLAN = a_plan(limit=2)
OFFER = Offer(
    PLAN,
    (a_project("second", PLAN), a_project("first", PLAN)),
    (a_unit("two", "second"), a_unit("one", "second", UnitType.ONE), a_unit("three", "first")),
    draft=False,
)
NEXT = a_plan("next", opens=3)
DRAFT = Offer(NEXT, (a_project("far", NEXT),), (a_unit("four", "far"),), draft=True)


async def kept(engine: AsyncEngine, *offers: Offer) -> None:
    async with open_work(engine) as work:
        store: OfferStore = work.offers
        assert isinstance(store, SqlOffers)
        await store.lock()
        for offer in offers:
            await store.save(offer)
        await work.commit()


async def test_an_offer_comes_back_as_it_was_kept(engine: AsyncEngine) -> None:
    await kept(engine, OFFER, DRAFT)
    async with open_work(engine) as work:
        assert await work.offers.find("plan") == OFFER
        assert await work.offers.find("nowhere") is None
        assert await work.offers.all() == [DRAFT, OFFER]


async def test_citizens_see_no_draft(engine: AsyncEngine) -> None:
    """Source: S0-31."""
    await kept(engine, OFFER, DRAFT)
    async with open_work(engine) as work:
        book = await work.plans.book()
    assert [plan.id for plan in book.plans()] == ["plan"]
    assert [project.id for project in book.projects("plan")] == ["second", "first"]


async def test_what_is_kept_again_is_changed_and_nothing_is_lost(engine: AsyncEngine) -> None:
    await kept(engine, OFFER)
    units = (replace(OFFER.units[0], rent_rate=Decimal("50.5")), a_unit("five", "second"))
    await kept(engine, replace(OFFER, units=units))
    async with open_work(engine) as work:
        found = await work.offers.find("plan")
    assert found
    by_id = {unit.id: unit for unit in found.units}
    assert set(by_id) == {"one", "two", "three", "five"}
    assert by_id["two"].rent_rate == Decimal("50.5")


def many() -> Iterator[Offer]:
    projects = tuple(a_project(f"project-{number}", PLAN) for number in range(450))
    units = tuple(a_unit(f"unit-{one.id}", one.id) for one in projects)
    yield Offer(PLAN, projects, units, draft=True)


async def test_a_large_offer_is_kept_in_its_order(engine: AsyncEngine) -> None:
    (offer,) = many()
    await kept(engine, offer)
    async with open_work(engine) as work:
        assert await work.offers.find("plan") == offer


async def test_a_draft_is_removed_and_nothing_else_ever(engine: AsyncEngine) -> None:
    await kept(engine, OFFER, DRAFT)
    async with open_work(engine) as work:
        assert not await work.offers.discard("plan")
        assert not await work.offers.discard("nowhere")
        assert await work.offers.discard("next")
        await work.commit()
    async with open_work(engine) as work:
        assert await work.offers.all() == [OFFER]


async def test_live_registrations_are_counted_by_unit(engine: AsyncEngine) -> None:
    await kept(engine, OFFER)
    async with open_work(engine) as work:
        row = a_registration("1", unit=OFFER.units[0])
        assert await work.registrations.add(replace(row, project_id="second"), limit=None)
        await work.commit()
    async with open_work(engine) as work:
        assert await work.offers.live() == {"two": 1}


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_of_two_who_change_an_offer_one_waits_for_the_other(engine: AsyncEngine) -> None:
    await kept(engine, OFFER)
    seen: list[str] = []

    async def rename(name: str) -> None:
        async with open_work(engine) as work:
            await work.offers.lock()
            found = await work.offers.find("plan")
            assert found
            seen.append(found.plan.name)
            await asyncio.sleep(0.05)
            await work.offers.save(replace(found, plan=replace(found.plan, name=name)))
            await work.commit()

    await asyncio.gather(rename("甲"), rename("乙"))
    assert seen[0] == PLAN.name
    assert seen[1] in {"甲", "乙"}
