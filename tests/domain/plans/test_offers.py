"""What citizens have seen does not vanish, and what they registered for does not change."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.filings.model import UnitType
from domain.plans.model import Plan, PlanId, PlanKind, Project, ProjectId, Unit, UnitId
from domain.plans.offers import ChangeKind, Offer, OfferRule, changes, objections
from domain.shared.clock import CHINA

NOW = datetime(2026, 3, 11, 12, tzinfo=CHINA)
DAY = timedelta(days=1)


def an_offer(opens: float = 1, *, draft: bool = False, limit: int | None = 2) -> Offer:
    """Return an offer that opens in so many days, for ten; it is chosen ten days later for five."""
    opens_at = NOW + opens * DAY
    plan = Plan(
        id=PlanId("plan"),
        name="第六批",
        kind=PlanKind.QUICK,
        opens_at=opens_at,
        closes_at=opens_at + 10 * DAY,
        choosing_from=opens_at + 20 * DAY,
        choosing_to=opens_at + 25 * DAY,
        notice="notice-quick",
        limit=limit,
        demo=False,
    )
    project = Project(
        id=ProjectId("project"),
        plan_id=plan.id,
        name="青禾家园",
        district="朝阳区",
        address="青禾路 1 号",
        choosing_from=plan.choosing_from,
        choosing_to=plan.choosing_to,
        summary="近地铁",
        scene="scene",
    )
    units = [
        Unit(UnitId(str(kind)), project.id, kind, Decimal(39), Decimal(43), Decimal(48), 120)
        for kind in (UnitType.ONE, UnitType.TWO)
    ]
    return Offer(plan, (project,), tuple(units), draft)


def plan_with(offer: Offer, **values: Any) -> Offer:
    return replace(offer, plan=replace(offer.plan, **values))


def project_with(offer: Offer, **values: Any) -> Offer:
    return replace(offer, projects=(replace(offer.projects[0], **values),))


def unit_with(offer: Offer, **values: Any) -> Offer:
    return replace(offer, units=(replace(offer.units[0], **values), offer.units[1]))


def rules(present: Offer | None, wanted: Offer, **live: int) -> list[tuple[OfferRule, str]]:
    found = objections(present, wanted, live, NOW)
    return [(one.rule, one.field) for one in found]


COMING, OPEN, CLOSED, CHOOSING = an_offer(1), an_offer(-1), an_offer(-11), an_offer(-22)


@pytest.mark.parametrize("offer", [COMING, OPEN, CLOSED, CHOOSING])
def test_nothing_speaks_against_leaving_things_as_they_are(offer: Offer) -> None:
    assert not objections(offer, offer, {"一居室": 3}, NOW)


def test_a_new_plan_that_comes_is_welcome_and_one_that_has_come_is_not() -> None:
    assert not rules(None, an_offer(1, draft=True))
    assert rules(None, an_offer(-1, draft=True)) == [(OfferRule.INTO_THE_PAST, "opens_at")]


@pytest.mark.parametrize(
    ("wanted", "rule", "field"),
    [
        (plan_with(COMING, closes_at=COMING.plan.opens_at), "closes-before-opens", "closes_at"),
        (
            plan_with(COMING, closes_at=COMING.plan.choosing_from + DAY),
            "choosing-before-closing",
            "choosing_from",
        ),
        (project_with(COMING, choosing_from=NOW + 2 * DAY), "choosing-outside", "choosing_from"),
        (
            project_with(COMING, choosing_to=COMING.plan.choosing_from),
            "choosing-backwards",
            "choosing_to",
        ),
        (replace(COMING, units=()), "nothing-offered", ""),
        (plan_with(COMING, opens_at=NOW - DAY), "into-the-past", "opens_at"),
        (plan_with(OPEN, opens_at=NOW + DAY), "moment-passed", "opens_at"),
        (plan_with(OPEN, closes_at=NOW - timedelta(minutes=1)), "into-the-past", "closes_at"),
        (plan_with(OPEN, name="改名"), "opened", "name"),
        (plan_with(OPEN, limit=1), "limit-lowered", "limit"),
        (plan_with(CLOSED, closes_at=NOW + DAY), "moment-passed", "closes_at"),
        (unit_with(CLOSED, count=1), "closed", ""),
        (project_with(CHOOSING, choosing_from=NOW + DAY), "moment-passed", "choosing_from"),
        (replace(COMING, units=COMING.units[:1]), "vanishes", ""),
    ],
)
def test_a_rule_speaks_against_a_change(wanted: Offer, rule: str, field: str) -> None:
    by_state = {one.plan.choosing_from: one for one in (COMING, OPEN, CLOSED, CHOOSING)}
    present = by_state[wanted.plan.choosing_from]
    assert (OfferRule(rule), field) in rules(present, wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        plan_with(COMING, name="改名", opens_at=NOW + 2 * DAY, limit=None),
        project_with(COMING, name="改名", summary="改过"),
        unit_with(COMING, rent_rate=Decimal(50)),
        plan_with(OPEN, closes_at=NOW + 15 * DAY),
        plan_with(OPEN, closes_at=NOW),
        plan_with(OPEN, limit=3),
        plan_with(OPEN, limit=None),
        project_with(OPEN, summary="改过", address="改过"),
        unit_with(OPEN, count=60),
        unit_with(OPEN, rent_rate=Decimal(50)),
        plan_with(CLOSED, choosing_to=CLOSED.plan.choosing_to + DAY),
        project_with(CLOSED, summary="改过"),
        plan_with(CHOOSING, choosing_to=CHOOSING.plan.choosing_to + DAY),
    ],
)
def test_nothing_speaks_against_what_hurts_nobody(wanted: Offer) -> None:
    present = next(
        one
        for one in (COMING, OPEN, CLOSED, CHOOSING)
        if one.plan.choosing_from == wanted.plan.choosing_from
    )
    assert not rules(present, wanted)


@pytest.mark.parametrize("field", ["area_from", "area_to", "rent_rate"])
def test_what_families_registered_for_stays(field: str) -> None:
    wanted = unit_with(OPEN, **{field: Decimal(40)})
    assert (OfferRule.REGISTERED, field) in rules(OPEN, wanted, 一居室=1)
    assert (OfferRule.REGISTERED, field) not in rules(OPEN, wanted, 二居室=1)


def test_a_limit_is_never_brought_in_late() -> None:
    boundless = plan_with(OPEN, limit=None)
    assert rules(boundless, plan_with(OPEN, limit=9)) == [(OfferRule.LIMIT_LOWERED, "limit")]


def test_a_draft_may_lose_what_nobody_has_seen() -> None:
    draft = an_offer(draft=True)
    assert not rules(draft, replace(draft, units=draft.units[:1]))


def test_changes_name_the_fields_and_put_what_is_missing_last() -> None:
    wanted = replace(unit_with(COMING, rent_rate=Decimal(50), count=1), units=())
    wanted = replace(wanted, units=(replace(COMING.units[0], rent_rate=Decimal(50), count=1),))
    found = changes(COMING, wanted)
    assert [one.kind for one in found] == [
        ChangeKind.SAME,
        ChangeKind.SAME,
        ChangeKind.CHANGED,
        ChangeKind.MISSING,
    ]
    assert [(one.field, one.before, one.after) for one in found[2].fields] == [
        ("rent_rate", Decimal(48), Decimal(50)),
        ("count", 120, 1),
    ]
    assert {one.kind for one in changes(None, COMING)} == {ChangeKind.NEW}


def test_a_fingerprint_is_the_same_for_the_same_offer_only() -> None:
    assert an_offer().fingerprint == an_offer().fingerprint
    others = {one.fingerprint for one in (COMING, OPEN, unit_with(COMING, count=1))}
    assert len(others) == 3
