"""What every source of chance must do."""

import re

import pytest

from adapters.system import SystemRandomness
from domain.shared.chance import Randomness
from tests.support.chance import SeededRandomness


@pytest.fixture(params=[SystemRandomness, SeededRandomness])
def rng(request: pytest.FixtureRequest) -> Randomness:
    return request.param()


@pytest.mark.parametrize("count", [1, 6, 8])
def test_digits_are_as_many_as_asked_for_and_may_begin_with_zero(
    rng: Randomness, count: int
) -> None:
    drawn = [rng.digits(count) for _ in range(500)]
    assert all(re.fullmatch(rf"[0-9]{{{count}}}", digits) for digits in drawn)
    assert any(digits.startswith("0") for digits in drawn)


def test_every_digit_comes_up_about_as_often(rng: Randomness) -> None:
    drawn = "".join(rng.digits(6) for _ in range(5000))
    assert all(2600 < drawn.count(digit) < 3400 for digit in "0123456789")


def test_tokens_hold_128_bits_that_may_stand_in_a_url_and_never_repeat(rng: Randomness) -> None:
    tokens = [rng.token() for _ in range(5000)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)
    assert len(set(tokens)) == 5000


def test_numbers_stay_below_their_bound_and_reach_all_of_it(rng: Randomness) -> None:
    assert {rng.below(7) for _ in range(1000)} == set(range(7))
    assert rng.below(1) == 0
