"""Every way to fail has its own code, and its own words for the citizen."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from dialogs.engine.excuses import SENTENCES, excuse
from domain.shared.errors import (
    ConflictError,
    DomainError,
    InvalidError,
    NeedsError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from tests.support.errors import an_error, error_classes

SIX = (ConflictError, InvalidError, NeedsError, NotFoundError, RefusedError, UnavailableError)

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)

KINDS = [kind for kind in error_classes() if kind is not DomainError]


def test_every_error_is_one_of_the_six() -> None:
    assert len(KINDS) > len(SIX)
    assert all(issubclass(kind, SIX) for kind in KINDS)


def test_every_error_has_a_code_of_its_own() -> None:
    shared = [code for code, count in Counter(kind.code for kind in KINDS).items() if count > 1]
    assert not shared
    assert not [kind for kind in KINDS if "code" not in vars(kind)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_error_is_explained_in_one_line_first(kind: type[DomainError]) -> None:
    assert (kind.__doc__ or "").strip().partition("\n")[0].endswith(".")
    assert kind.__name__.endswith("Error")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_error_has_an_excuse_that_a_citizen_can_act_on(kind: type[DomainError]) -> None:
    words = excuse(an_error(kind), NOW)
    assert words.strip()
    assert kind.code not in words
    assert len(words.encode()) <= 600


def test_every_code_has_its_own_sentence_and_no_sentence_is_left_over() -> None:
    assert set(SENTENCES) == {DomainError.code, *(kind.code for kind in KINDS)}


def test_a_business_no_and_a_silent_line_never_sound_the_same() -> None:
    silent = {excuse(an_error(kind), NOW) for kind in KINDS if issubclass(kind, UnavailableError)}
    others = {
        excuse(an_error(kind), NOW) for kind in KINDS if not issubclass(kind, UnavailableError)
    }
    assert not silent & others
