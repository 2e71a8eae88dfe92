"""Every code that the platform's pages list means one thing to us. Source: S0-11."""

import pytest

from adapters.wechat_outcomes import Outcome, outcome_of

FORESEEN = {
    Outcome.DONE: "0",
    Outcome.BUSY: "-1 268487001 268487002",
    Outcome.RENEW: "40001 40014 42001",
    Outcome.STOP: "40002 40013 40125 41002 41004 40243",
    Outcome.BARRED: "40164 61004 45035 89503 89506 89507",
    Outcome.UNREACHABLE: "40003 43004 50005 43019 48002 45087 50001 50002",
    Outcome.MEDIA_GONE: "40007",
    Outcome.RESTART: "40029 40163 42003",
    Outcome.BUG: "40033 41001 47001 47002",
    Outcome.TEMPLATE: "40037 43116 40249 47003",
    Outcome.NO_CONSENT: "43101",
    Outcome.TOO_LONG: "45002 45003 45004 45005 45006 45007 45008",
    Outcome.DAY_FULL: "45009",
    Outcome.MINUTE_FULL: "45011",
    Outcome.CLOSED: "45015",
    Outcome.FULL: "45047",
    Outcome.CODES_FULL: "45029",
    Outcome.NOT_GRANTED: "48001",
    Outcome.BANNED: "48004 45501 50004",
    Outcome.NO_RESETS: "48006",
    Outcome.RISKY: "87014",
    Outcome.MINOR: "70000",
    Outcome.MISSING: "46003",
}


@pytest.mark.parametrize("outcome", FORESEEN)
def test_a_listed_code_has_its_outcome(outcome: Outcome) -> None:
    assert {outcome_of(int(code)) for code in FORESEEN[outcome].split()} == {outcome}


@pytest.mark.parametrize("code", [1, -2, 99999, 45048])
def test_a_code_that_nobody_foresaw_is_shown_to_a_person(code: int) -> None:
    assert outcome_of(code) is Outcome.SURFACE


def test_every_outcome_but_that_one_has_codes() -> None:
    assert set(FORESEEN) | {Outcome.SURFACE} == set(Outcome)
