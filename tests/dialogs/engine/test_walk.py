"""Answers are the only position: from them to the place they lead to."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.engine.dsl import Answers, Ask, Flow, Section
from dialogs.engine.kinds import Kind, area, one_of, text, whole_number, yes_no
from dialogs.engine.walk import DONE, REVIEW, START, edges, machine_of, mermaid, walk, walked_edges
from domain.shared.conversations import Draft, Json
from tests.support.rental import Rental

WORDS: Kind[str] = text(20)


def ask(*, when: Callable[[Answers], object] | None = None, was: str = "") -> Ask[str]:
    return Ask(WORDS, "？", when=when, was=was)


class Plain(Flow, id="plain"):
    one, two, three = ask(), ask(), ask()


class Branching(Flow, id="branching"):
    kind = Ask(one_of("甲", "乙"), "？")
    only_a = ask(when=lambda answers: answers.kind == "甲")
    home = Ask(yes_no, "？")
    size = Ask(area, "？", when=lambda answers: answers.home)
    large = ask(when=lambda answers: answers.size > 60)
    last = ask()


class Either(Flow, id="either"):
    kind = Ask(one_of("甲", "乙"), "？")
    extra = ask(when=lambda answers: answers.kind == "乙")
    both = ask(when=lambda answers: answers.extra or answers.kind == "甲")


def draft(flow: type[Flow], answers: Mapping[str, Json], editing: str = "") -> Draft:
    return Draft("draft", flow.id, flow.version, dict(answers), editing)


def at(flow: type[Flow], **answers: Json) -> str:
    return walk(flow, draft(flow, answers)).at


def test_a_plain_flow_has_one_edge_between_neighbours_and_one_to_confirm() -> None:
    assert edges(Plain) == {
        (START, "one"),
        ("one", "two"),
        ("two", "three"),
        ("three", REVIEW),
        (REVIEW, DONE),
    }


def test_edges_lead_to_each_following_step_up_to_the_first_always_asked() -> None:
    assert edges(Branching) == {
        (START, "kind"),
        ("kind", "only_a"),
        ("kind", "home"),
        ("only_a", "home"),
        ("home", "size"),
        ("home", "last"),
        ("size", "large"),
        ("size", "last"),
        ("large", "last"),
        ("last", REVIEW),
        (REVIEW, DONE),
    }


def test_a_question_needed_for_one_of_two_reasons_can_follow_where_the_other_was_left_out() -> None:
    assert ("kind", "both") in edges(Either)
    assert at(Either, kind="甲") == "both"
    assert at(Either, kind="乙") == "extra"
    assert at(Either, kind="乙", extra="有") == "both"


def test_the_first_edge_that_holds_is_taken() -> None:
    assert at(Branching, kind="甲") == "only_a"
    assert at(Branching, kind="乙") == "home"
    assert at(Branching, kind="乙", home=True, size="61") == "large"
    assert at(Branching, kind="乙", home=True, size="60") == "last"


def test_a_condition_that_computes_with_a_missing_answer_does_not_hold() -> None:
    assert at(Branching, kind="乙", home=False) == "last"


def test_a_hidden_answer_counts_for_nothing_further_on() -> None:
    hidden = draft(Branching, {"kind": "乙", "home": False, "size": "90"})
    assert walk(Branching, hidden).at == "last"
    assert "large" not in walk(Branching, hidden).trail


def test_an_answer_todays_rules_no_longer_accept_is_asked_again() -> None:
    assert at(Plain, one="好", two="长" * 21, three="好") == "two"


@pytest.mark.parametrize(("editing", "at"), [("two", "two"), ("nowhere", REVIEW), ("", REVIEW)])
def test_the_question_being_changed_is_open_although_answered(editing: str, at: str) -> None:
    whole = draft(Plain, {"one": "一", "two": "二", "three": "三"}, editing)
    assert walk(Plain, whole).at == at


def test_everybody_shares_one_machine_that_holds_nobody() -> None:
    before = machine_of(Rental)
    for _ in range(3):
        walk(Rental, draft(Rental, {"district": "朝阳区"}))
    assert machine_of(Rental) is before
    assert before.models == []


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), unique=True, min_size=1))
def test_a_draft_goes_on_at_the_first_open_question_of_whatever_form_is_deployed(
    order: list[str],
) -> None:
    deployed = type("Deployed", (Flow,), {name: ask() for name in order}, id="deployed")
    answered = {"a": "甲", "c": "丙"}
    position = walk(deployed, draft(deployed, answered))
    missing = [name for name in order if name not in answered]
    assert position.at == (missing[0] if missing else REVIEW)
    asked = order[: order.index(missing[0]) + 1] if missing else order
    assert list(position.trail) == asked


def test_an_answer_moves_with_the_name_of_its_question() -> None:
    class Renamed(Flow, id="plain"):
        one = ask()
        second = ask(was="two")
        three = ask()

    kept = draft(Plain, {"one": "一", "two": "二"})
    assert walk(Renamed, kept).at == "three"
    assert kept.answers == {"one": "一", "second": "二"}


def test_an_answer_under_the_new_name_wins_over_one_under_the_old() -> None:
    class Renamed(Flow, id="plain"):
        second = ask(was="two")

    assert walk(Renamed, draft(Plain, {"two": "旧", "second": "新"})).at == REVIEW


def test_a_section_that_is_not_needed_is_left_out_whole() -> None:
    alone = draft(Rental, {"district": "朝阳区", "kind": "单身"})
    assert walk(Rental, alone).at == "income"
    together = draft(Rental, {"district": "朝阳区", "kind": "家庭"})
    assert walk(Rental, together).at == "members"


KNOWN: dict[str, st.SearchStrategy[Json]] = {
    "district": st.sampled_from(["朝阳区", "海淀区", "外星"]),
    "kind": st.sampled_from(["单身", "家庭"]),
    "members": st.sampled_from([{"items": [], "open": 0, "closed": True}, {"items": []}]),
    "income": st.sampled_from(["0.00", "60000.00", "很多"]),
    "since": st.sampled_from(["2015-07-01", "昨天"]),
    "people": st.integers(0, 10),
    "has_home": st.booleans(),
    "home_m2": st.sampled_from(["58.50", "90000"]),
    "by_post": st.booleans(),
    "address": st.sampled_from(["青禾路 1 号", ""]),
    "hukou": st.sampled_from([{"picture": "kept"}, None]),
}


@given(st.fixed_dictionaries({}, optional=KNOWN))
def test_any_answers_lead_somewhere_over_edges_the_map_shows(answers: dict[str, Json]) -> None:
    kept = draft(Rental, answers)
    position = walk(Rental, kept)
    assert position.at in {*Rental.steps, REVIEW}
    assert len(set(position.trail)) == len(position.trail)
    assert walked_edges(Rental, kept) <= edges(Rental) | {(position.at, position.at)}
    assert walk(Rental, kept) == position


@given(st.fixed_dictionaries({}, optional=KNOWN))
def test_every_question_passed_is_needed_and_answered_and_the_open_one_is_not(
    answers: dict[str, Json],
) -> None:
    kept = draft(Rental, answers)
    position = walk(Rental, kept)
    passed = [name for name in position.trail if name != position.at]
    assert all(Rental.steps[name].answered(kept.answers.get(name)) for name in passed)
    if position.at != REVIEW:
        assert not Rental.steps[position.at].answered(kept.answers.get(position.at))


def test_the_map_names_every_question_and_every_condition() -> None:
    drawn = mermaid(Branching)
    assert drawn.startswith("stateDiagram-v2\n")
    assert "home --> size : needs size" in drawn
    assert f"{REVIEW} --> [*] : 提交" in drawn
    assert drawn.count("-->") == len(edges(Branching))


def test_a_flow_without_a_page_to_check_ends_with_its_last_answer() -> None:
    class Short(Flow, id="short"):
        review = False
        count = Ask(whole_number(1, 3), "？")

    class Sectioned(Flow, id="sectioned"):
        part = Section("部分", when=lambda answers: answers.gone > 3)
        count = Ask(whole_number(1, 3), "？")

    assert at(Short, count=2) == DONE
    assert at(Sectioned) == REVIEW
