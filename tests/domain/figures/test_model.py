"""From two footings to what is counted, and from counts to a funnel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.figures.model import (
    NOWHERE,
    Event,
    Footing,
    Heard,
    Passage,
    footing,
    funnel,
    passages,
)
from domain.shared.conversations import Conversation, Draft
from domain.shared.records import OpenId

CODE = Footing("aaaaaaaa", "sign-up", "code")
PHONE = Footing("aaaaaaaa", "sign-up", "phone")
HUMAN = Footing("bbbbbbbb", "human", "message")
BROWSE = Footing("cccccccc", "browse", "plan")


def counted(before: Footing, after: Footing, **more: object) -> set[tuple[str, str, str]]:
    found = passages(before, after, **more)  # type: ignore[arg-type] # as the table says
    return {(one.flow, one.step, one.event.value) for one in found}


@pytest.mark.parametrize(
    ("before", "after", "more", "expected"),
    [
        (NOWHERE, PHONE, {}, {("sign-up", "phone", "arrived")}),
        (PHONE, CODE, {}, {("sign-up", "phone", "answered"), ("sign-up", "code", "arrived")}),
        (
            CODE,
            PHONE,
            {"heard": Heard.BACK},
            {("sign-up", "code", "back"), ("sign-up", "phone", "arrived")},
        ),
        (CODE, NOWHERE, {}, {("sign-up", "code", "left")}),
        (CODE, BROWSE, {}, {("sign-up", "code", "left"), ("browse", "plan", "arrived")}),
        (CODE, HUMAN, {}, {("sign-up", "code", "person"), ("human", "message", "arrived")}),
        (CODE, NOWHERE, {"heard": Heard.PERSON}, {("sign-up", "code", "person")}),
        (
            CODE,
            NOWHERE,
            {"done": "aaaaaaaa"},
            {("sign-up", "code", "answered"), ("sign-up", "code", "done")},
        ),
        (HUMAN, CODE, {}, {("human", "message", "left"), ("sign-up", "code", "arrived")}),
        (CODE, CODE, {}, set()),
        (NOWHERE, NOWHERE, {}, set()),
        (
            CODE,
            Footing("aaaaaaaa", "sign-up", "code", misses=1),
            {},
            {("sign-up", "code", "missed")},
        ),
    ],
)
def test_each_turn_is_counted_where_it_happened(
    before: Footing, after: Footing, more: dict[str, object], expected: set[tuple[str, str, str]]
) -> None:
    assert counted(before, after, **more) == expected


@given(st.lists(st.sampled_from([NOWHERE, PHONE, CODE, HUMAN, BROWSE]), max_size=30))
def test_every_visit_ends_at_most_once(way: list[Footing]) -> None:
    seen = [one for pair in zip([NOWHERE, *way], way, strict=False) for one in passages(*pair)]
    for figures in funnel(((one, 1) for one in seen), {one.flow: [] for one in seen}):
        ends = (Event.ANSWERED, Event.BACK, Event.LEFT, Event.PERSON)
        ended = sum(figures[end] for end in ends)
        assert figures.arrived - 1 <= ended <= figures.arrived
        assert figures.stopped == figures.arrived - ended
        assert 0 <= figures.went_on <= 1


def test_a_footing_is_where_the_mark_says() -> None:
    talk = Conversation(
        OpenId("oTest"),
        drafts=[Draft("1234567890", "sign-up", 1), Draft("abcdefghij", "human", 1)],
        mark="12345678.code",
        misses=2,
    )
    assert footing(talk) == Footing("12345678", "sign-up", "code", 2)
    for elsewhere in ("home.0", "", "99999999.code"):
        talk.mark = elsewhere
        assert footing(talk) == NOWHERE


def test_a_funnel_keeps_the_order_of_the_questions_and_shows_those_asked_no_more_last() -> None:
    counts = [
        (Passage("sign-up", "old", Event.ARRIVED), 4),
        (Passage("sign-up", "code", Event.ARRIVED), 8),
        (Passage("sign-up", "phone", Event.ARRIVED), 7),
        (Passage("sign-up", "phone", Event.ARRIVED), 3),
        (Passage("sign-up", "phone", Event.ANSWERED), 8),
        (Passage("other", "x", Event.ARRIVED), 1),
    ]
    found = funnel(counts, {"sign-up": ["phone", "code"]})
    assert [(one.step, one.arrived, one.stopped) for one in found] == [
        ("phone", 10, 2),
        ("code", 8, 8),
        ("old", 4, 4),
    ]
    assert found[0].went_on == 0.8
