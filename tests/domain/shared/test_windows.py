"""When the platform lets us write first: what opens a window, and which one is used."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.conversations import Conversation
from domain.shared.records import OpenId
from domain.shared.windows import (
    MESSAGE_PLACES,
    TAP_PLACES,
    open_window,
    remember,
    windows_of,
)

NOW = datetime(2026, 3, 11, 4, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def talk(**acts: timedelta) -> Conversation:
    """Return a talk whose citizen wrote or tapped so long ago."""
    conversation = Conversation(OpenId("o" * 28))
    for act, ago in acts.items():
        remember(conversation, tapped=act == "tapped", at=(NOW - ago).timestamp())
    return conversation


def places(conversation: Conversation) -> int:
    window = open_window(windows_of(conversation), NOW)
    return window.places if window else 0


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ({}, 0),
        ({"written": 0 * HOUR}, MESSAGE_PLACES),
        ({"written": 47 * HOUR}, MESSAGE_PLACES),
        ({"written": 48 * HOUR}, 0),
        ({"tapped": 0 * SECOND}, TAP_PLACES),
        ({"tapped": 49 * SECOND}, TAP_PLACES),
        ({"tapped": 60 * SECOND}, 0),
        # A tap adds nothing to what a message gave.
        ({"written": 1 * HOUR, "tapped": 0 * SECOND}, MESSAGE_PLACES),
        ({"written": 49 * HOUR, "tapped": 0 * SECOND}, TAP_PLACES),
        ({"written": 49 * HOUR, "tapped": 61 * SECOND}, 0),
    ],
)
def test_a_window_gives_its_places_for_its_time(acts: dict[str, timedelta], expected: int) -> None:
    assert places(talk(**acts)) == expected


def test_we_stop_a_little_before_the_platform_does() -> None:
    for conversation in (talk(written=48 * HOUR - SECOND), talk(tapped=59 * SECOND)):
        assert any(window.is_open(NOW) for window in windows_of(conversation))
        assert places(conversation) == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(1, 2_000_000_000))))
def test_only_the_last_act_of_each_sort_is_remembered(acts: list[tuple[bool, float]]) -> None:
    conversation = talk()
    for tapped, at in acts:
        remember(conversation, tapped=tapped, at=at)
    written = [at for tapped, at in acts if not tapped]
    assert conversation.written_at == max(written, default=0)
    assert Conversation.from_json(conversation.to_json()) == conversation
