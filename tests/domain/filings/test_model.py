"""Source: S0-26, S0-28, S0-29."""

import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.filings.model import (
    Family,
    FamilyCancelledError,
    FamilyNotFoundError,
    FamilyState,
    Filing,
    InvalidFilingNumberError,
    Member,
    UnitType,
    filing_number,
    screen,
    unit_types_of,
)

OWN, OTHER = "11010519491231002X", "110100198809230028"


def a_filing(
    *id_numbers: str, state: FamilyState = FamilyState.VALID, number: str = "1101052019000123"
) -> Filing:
    return Filing(
        number=number,
        district="朝阳区",
        unit_types=(UnitType.STUDIO, UnitType.TWO),
        group="第2组",
        state=state,
        members=tuple(Member("曹雪芹", id_number, "申请人") for id_number in id_numbers),
        filed_at=date(2019, 3, 18),
    )


filings = st.builds(
    Filing,
    number=st.text(max_size=24),
    district=st.text(max_size=10),
    unit_types=st.lists(st.sampled_from(UnitType), unique=True).map(unit_types_of),
    group=st.text(max_size=10),
    state=st.sampled_from(FamilyState),
    members=st.lists(st.builds(Member, st.text(), st.text(), st.text()), max_size=6).map(tuple),
    filed_at=st.none() | st.dates(),
)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1101052019000123", "1101052019000123"),
        (" 110105 2019 000123 ", "1101052019000123"),
        ("１１０１０５２０１９０００１２３", "1101052019000123"),
        ("bj-2019－0001", "BJ-2019-0001"),
        ("ｂｊ—2019–0001", "BJ-2019-0001"),
    ],
)
def test_a_filing_number_is_read_as_people_write_it(typed: str, number: str) -> None:
    assert filing_number(typed) == number


@pytest.mark.parametrize(
    "text", ["", "1234567", "1" * 25, "朝阳2019000123", "1101052019_00123", "<1101052019>"]
)
def test_what_cannot_be_a_filing_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilingNumberError):
        filing_number(text)


def test_the_operators_own_pattern_rules() -> None:
    assert filing_number("公租2019", r"公租[0-9]{4}") == "公租2019"
    with pytest.raises(InvalidFilingNumberError):
        filing_number("1101052019000123", r"[0-9]{10}")


@given(st.text(max_size=40))
def test_any_text_is_either_a_filing_number_or_refused(text: str) -> None:
    try:
        number = filing_number(text)
    except InvalidFilingNumberError:
        return
    assert re.fullmatch(r"[0-9A-Z-]{8,24}", number)
    assert filing_number(number) == number


def test_a_member_may_see_the_filing() -> None:
    filing = a_filing(OTHER, OWN)
    assert screen(filing, OWN) is filing


def test_a_member_filed_under_an_old_number_is_a_member() -> None:
    assert a_filing("110105491231002").includes(OWN)
    assert not a_filing("110105491231002").includes(OTHER)


@pytest.mark.parametrize("state", FamilyState)
def test_to_strangers_every_filing_is_as_unknown_as_none(state: FamilyState) -> None:
    for found in (None, a_filing(OTHER, state=state), a_filing(state=state)):
        with pytest.raises(FamilyNotFoundError) as caught:
            screen(found, OWN)
        assert str(caught.value) == str(FamilyNotFoundError())


def test_a_cancelled_filing_is_told_to_its_members_only() -> None:
    with pytest.raises(FamilyCancelledError):
        screen(a_filing(OWN, state=FamilyState.CANCELLED), OWN)


@given(filings)
def test_a_filing_survives_the_store(filing: Filing) -> None:
    assert Filing.from_json(json.loads(json.dumps(filing.to_json()))) == filing


@given(filings, st.text())
def test_a_family_says_what_its_filing_says(filing: Filing, family_id: str) -> None:
    family = Family.of(filing, family_id)
    assert family.id == family_id
    assert family.to_json() == filing.to_json()


@given(st.lists(st.sampled_from(UnitType)))
def test_unit_types_stand_once_each_from_small_to_large(types: list[UnitType]) -> None:
    read = unit_types_of([one.value for one in types])
    assert set(read) == set(types)
    assert [list(UnitType).index(one) for one in read] == sorted(
        list(UnitType).index(one) for one in set(types)
    )


def test_an_unknown_unit_type_is_seen() -> None:
    with pytest.raises(ValueError, match="九居室"):
        unit_types_of(["九居室"])


def test_members_do_not_show_in_what_is_logged() -> None:
    shown = repr(a_filing(OWN))
    assert OWN not in shown
    assert "曹" not in shown
