"""What fits on a card, who may take what, and by what a card is known. Source: S0-40."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.platform.people import FITS
from domain.filings.model import UnitType
from domain.notices.model import (
    TOPICS,
    CardTemplate,
    Topic,
    card_of,
    fitted,
    may_take_from,
    receipt_key,
    standard,
)
from domain.shared.clock import minute
from domain.shared.pushes import MANNERS, PushKind
from domain.shared.records import OpenId
from tests.support.allotment import NOW, a_book, a_plan, a_unit

BLANKS = ("thing", "short_thing", "phrase", "character_string", "number", "letter")
KEPT = CardTemplate("T1", "S1", blanks=("phrase1", "thing2", "character_string3", "time4"))


@given(st.sampled_from(BLANKS), st.integers(1, 20), st.text())
def test_whatever_is_said_fits_the_blank_it_stands_in(blank: str, number: int, value: str) -> None:
    assert re.fullmatch(FITS[blank], fitted(f"{blank}{number}", value))


@given(st.datetimes())
def test_a_moment_fits_as_it_is(at: object) -> None:
    told = minute(NOW + timedelta(minutes=hash(at) % 10**6))
    assert fitted("time4", told) == told
    assert re.fullmatch(FITS["time"], told)


def test_what_is_too_long_says_so() -> None:
    shortened = fitted("thing2", "第四批公共租赁住房快速配租登记计划（演示）")
    assert shortened == "第四批公共租赁住房快速配租登记计划（演…"


def test_a_card_names_what_it_is_about_then_its_values_in_their_order() -> None:
    values = ("青禾家园二居室", "DJ202603110000017", "2026年3月11日 12:00")
    card = card_of(PushKind.REGISTERED, values, KEPT, agreed=False, key="push-7")
    assert card is not None
    assert (card.template, card.title, card.key) == ("T1", "登记成功", "push-7")
    assert [fact.label for fact in card.facts] == ["事项", "房源", "登记编号", "时间"]
    assert card.values == dict(zip(KEPT.blanks, ("登记成功"[:5], *values), strict=True))
    assert "DJ2026" not in repr(card)


def test_a_card_that_citizens_agree_to_is_another_one() -> None:
    card = card_of(PushKind.CASE, ("a", "b", "c"), KEPT, agreed=True)
    assert card is not None
    assert (card.template, card.agreed) == ("S1", True)


@pytest.mark.parametrize("agreed", [True, False])
def test_without_a_template_there_is_no_card(*, agreed: bool) -> None:
    assert card_of(PushKind.CASE, ("a", "b", "c"), CardTemplate(), agreed=agreed) is None
    assert card_of(PushKind.RESTED, ("a",), KEPT, agreed=agreed) is None


def test_every_kind_that_may_be_a_card_has_a_topic_that_one_can_turn_off() -> None:
    assert {kind for kind, manner in MANNERS.items() if manner.as_card} == set(TOPICS)
    assert set(TOPICS.values()) == set(Topic)


def test_an_sms_is_sent_unasked_only_for_what_may_be_told_by_sms() -> None:
    for topic in Topic:
        by_sms = any(MANNERS[kind].by_sms for kind, of in TOPICS.items() if of is topic)
        assert standard(topic).sms == by_sms
        assert standard(topic).wechat


@given(st.sets(st.sampled_from(UnitType)), st.sets(st.sampled_from(UnitType), min_size=1))
def test_a_family_may_take_what_is_of_a_filed_type(
    filed: set[UnitType], offered: set[UnitType]
) -> None:
    units = [a_unit(f"unit-{one.name}", unit_type=one) for one in offered]
    plan = a_plan()
    assert may_take_from(plan, a_book(plan, units), tuple(filed)) == bool(filed & offered)


def test_of_a_plan_without_places_nobody_may_take_anything() -> None:
    plan = a_plan(limit=0)
    assert not may_take_from(plan, a_book(plan), (UnitType.TWO,))


def test_a_card_is_known_by_its_number_or_by_whom_it_went_to() -> None:
    alice, bob = OpenId("a" * 28), OpenId("b" * 28)
    assert receipt_key(7) == receipt_key("7") != receipt_key(8)
    by_alice = receipt_key(openid=alice, template="T1")
    assert len({by_alice, receipt_key(openid=bob, template="T1")}) == 2
    assert by_alice != receipt_key(openid=alice, template="T2")
    assert alice not in by_alice
    assert len(by_alice) <= 64
