"""Numbers that questions give as examples are nobody's. Source: S0-26."""

import re

import pytest

from adapters.simulated import World
from bot.words import report
from domain.filings.model import filing_number

EXAMPLES = sorted(set(re.findall(r"(?<!\d)\d{16}(?!\d)", report())))


def test_there_is_an_example() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("number", EXAMPLES)
def test_an_example_is_a_filing_number_and_no_familys(number: str) -> None:
    assert filing_number(number) == number
    assert number not in World.load().families
