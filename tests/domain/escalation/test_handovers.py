"""Who owns a talk, when it is silent, unseen or left; what may be said, waited for and rated."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.escalation.handovers import (
    ALLOWED,
    AWAY_AFTER,
    SILENT_AFTER,
    UNSEEN_AFTER,
    AlreadyRatedError,
    Card,
    DeskKind,
    Handover,
    HandoverState,
    InvalidLineError,
    InvalidRatingError,
    NothingToRateError,
    Owner,
    Presence,
    is_away,
    is_silent,
    is_unseen,
    line_text,
    may_wait,
    owner_of,
    rated,
)
from domain.escalation.model import (
    TICKET_ALLOWED,
    OfficeHours,
    TicketState,
    hours_at,
    serving_days,
)
from domain.escalation.replies import UnfilledError, blanks, must_be_filled
from tests.support.allotment import NOW, OPENID, FixedCalendar

WAITING = Handover(
    1, OPENID, None, DeskKind.CONSOLE, Card(), HandoverState.WAITING, asked_at=NOW, heard_at=NOW
)
TAKEN = replace(WAITING, state=HandoverState.TAKEN, agent="an", taken_at=NOW)
ENDED = replace(TAKEN, state=HandoverState.ENDED, ended_at=NOW)
SECOND = timedelta(seconds=1)

MOVES = {
    ("waiting", "taken"),
    ("waiting", "ended"),
    ("taken", "taken"),
    ("taken", "waiting"),
    ("taken", "ended"),
}
TICKET_MOVES = {
    ("open", "taken"),
    ("open", "closed"),
    ("taken", "open"),
    ("taken", "answered"),
    ("taken", "closed"),
    ("answered", "taken"),
    ("answered", "closed"),
}


@pytest.mark.parametrize(("before", "after"), [*product(HandoverState, HandoverState)])
def test_a_handover_moves_as_the_table_says(before: HandoverState, after: HandoverState) -> None:
    assert (after in ALLOWED[before]) == ((before.value, after.value) in MOVES)


@pytest.mark.parametrize(("before", "after"), [*product(TicketState, TicketState)])
def test_a_ticket_moves_as_the_table_says(before: TicketState, after: TicketState) -> None:
    """Source: S4-78."""
    assert (after in TICKET_ALLOWED[before]) == ((before.value, after.value) in TICKET_MOVES)


@pytest.mark.parametrize(
    ("handover", "owner"),
    [
        (None, Owner.BOT),
        (WAITING, Owner.WAITING),
        (TAKEN, Owner.OFFICER),
        (replace(TAKEN, desk=DeskKind.WECHAT), Owner.PLATFORM),
        (ENDED, Owner.BOT),
    ],
)
def test_a_talk_has_one_owner(handover: Handover | None, owner: Owner) -> None:
    assert owner_of(handover) is owner


@pytest.mark.parametrize(
    ("in_hours", "desk", "present", "told", "waits"),
    [
        (True, DeskKind.CONSOLE, 1, 0, True),
        (True, DeskKind.CONSOLE, 0, 1, True),
        (True, DeskKind.CONSOLE, 0, 0, False),
        (False, DeskKind.CONSOLE, 3, 3, False),
        (True, DeskKind.WECHAT, 0, 0, True),
        (False, DeskKind.WECHAT, 0, 0, False),
    ],
)
def test_nobody_waits_where_nobody_can_come(
    in_hours: bool,  # noqa: FBT001 (a column of the table)
    desk: DeskKind,
    present: int,
    told: int,
    waits: bool,  # noqa: FBT001 (as above)
) -> None:
    """Source: S1-58."""
    assert may_wait(in_hours=in_hours, desk=desk, present=present, told=told) is waits


def test_half_an_hour_without_a_word_is_silence() -> None:
    assert not is_silent(TAKEN, NOW + SILENT_AFTER - SECOND)
    assert is_silent(TAKEN, NOW + SILENT_AFTER)
    assert not is_silent(WAITING, NOW + SILENT_AFTER)


def test_who_waits_unseen_for_a_minute_is_called_for_again_and_again() -> None:
    assert not is_unseen(WAITING, NOW + UNSEEN_AFTER - SECOND)
    assert is_unseen(WAITING, NOW + UNSEEN_AFTER)
    called = replace(WAITING, notified=1, notified_at=NOW + UNSEEN_AFTER)
    assert not is_unseen(called, NOW + UNSEEN_AFTER * 2 - SECOND)
    assert is_unseen(called, NOW + UNSEEN_AFTER * 2)
    assert not is_unseen(replace(called, seen_at=NOW), NOW + UNSEEN_AFTER * 9)
    assert not is_unseen(TAKEN, NOW + UNSEEN_AFTER * 9)


def test_an_agent_without_a_sign_of_life_has_gone() -> None:
    late = NOW + AWAY_AFTER
    there, other = Presence("an", "小安", late - SECOND), Presence("ju", "小居", late)
    assert is_away(TAKEN, [other], late)
    assert not is_away(TAKEN, [other, there], late)
    assert not is_away(TAKEN, [], late - SECOND)
    assert not is_away(replace(TAKEN, desk=DeskKind.WECHAT), [], late)
    assert not is_away(WAITING, [], late)


@given(st.text(max_size=700))
def test_a_line_is_kept_without_the_space_around_it_or_refused(text: str) -> None:
    if 0 < len(text.strip()) <= 600:
        assert line_text(text) == text.strip()
    else:
        with pytest.raises(InvalidLineError):
            line_text(text)


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_a_rating_is_one_to_five_stars(stars: int) -> None:
    with pytest.raises(InvalidRatingError):
        rated(ENDED, stars, NOW)


@pytest.mark.parametrize("handover", [None, WAITING, TAKEN, replace(ENDED, taken_at=None)])
def test_only_a_talk_that_was_and_is_over_is_rated(handover: Handover | None) -> None:
    with pytest.raises(NothingToRateError):
        rated(handover, 5, NOW)
    assert rated(ENDED, 5, NOW + timedelta(days=7)) is ENDED
    with pytest.raises(NothingToRateError):
        rated(ENDED, 5, NOW + timedelta(days=7, seconds=1))


def test_the_first_rating_stands() -> None:
    with pytest.raises(AlreadyRatedError):
        rated(replace(ENDED, rating=3), 5, NOW)


def test_while_registrations_are_taken_people_answer_on_every_day() -> None:
    """Source: S1-58."""
    saturday = NOW + timedelta(days=3)
    works = FixedCalendar().is_working_day
    period = (NOW, NOW + timedelta(days=10))
    assert not hours_at(saturday, OfficeHours(), works).open
    assert hours_at(saturday, OfficeHours(), serving_days(works, [period])).open
    later = saturday + timedelta(days=14)
    assert not hours_at(later, OfficeHours(), serving_days(works, [period])).open


@pytest.mark.parametrize(
    ("text", "left"),
    [("您好〔姓名〕", ["〔姓名〕"]), ("〔〕和〔编号〕", ["〔〕", "〔编号〕"]), ("您好王女士", [])],
)
def test_a_blank_is_never_sent(text: str, left: list[str]) -> None:
    assert blanks(text) == left
    if left:
        with pytest.raises(UnfilledError):
            must_be_filled(text)
    else:
        must_be_filled(text)
