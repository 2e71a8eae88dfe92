"""What whoever judges passwords must see in them. Source: S0-08; ASVS 6.2.4."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.passwords import GuessingMeter
from domain.accounts.service import PasswordMeter
from domain.accounts.strength import Weakness, too_weak

KNOWN = ["19900000001", "anju", "安居"]


@pytest.fixture
def meter() -> PasswordMeter:
    return GuessingMeter()


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("", Weakness.SHORT),
        ("a1B2", Weakness.SHORT),
        ("password1", Weakness.COMMON),
        ("abcd12345", Weakness.COMMON),
        ("p@ssw0rd1", Weakness.COMMON),
        ("19900000001", Weakness.OWN),
        ("anju2026", Weakness.OWN),
        ("abcdefghij", Weakness.SEQUENCE),
        ("aaaaaaaaaaaa", Weakness.REPEAT),
        ("abababababab", Weakness.REPEAT),
        ("sdfghjkl;'", Weakness.KEYBOARD),
        ("19880401", Weakness.DATE),
    ],
)
async def test_what_is_easy_to_guess_is_too_weak_and_the_reason_is_named(
    meter: PasswordMeter, password: str, weakness: Weakness
) -> None:
    assert too_weak(password, await meter.weigh(password, KNOWN)) is weakness


@pytest.mark.parametrize("password", ["qinghe-yuecai-72", "wo3de5jia", "青禾家园月采向阳"])
async def test_what_is_hard_to_guess_is_strong_enough(meter: PasswordMeter, password: str) -> None:
    assert too_weak(password, await meter.weigh(password, KNOWN)) is None


async def test_what_others_know_makes_the_same_words_weaker(meter: PasswordMeter) -> None:
    free = await meter.weigh("zhouanran", [])
    known = await meter.weigh("zhouanran", ["zhouanran"])
    assert known.score < free.score


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_any_words_are_judged(password: str, known: list[str]) -> None:
    strength = asyncio.run(GuessingMeter().weigh(password, known))
    assert 0 <= strength.score <= 4


async def test_a_very_long_password_is_not_a_way_to_keep_us_busy(meter: PasswordMeter) -> None:
    assert (await meter.weigh("ab" * 50_000, [])).score == 0
