"""Kinds of answers: what is read from words, what is stored, what is shown."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.engine.kinds import (
    Kind,
    UnfitError,
    area,
    day,
    filing_number,
    money,
    one_of,
    person,
    phone,
    resident_id,
    secret,
    text,
    whole_number,
    yes_no,
)
from domain.shared.conversations import Json

TODAY = date(2026, 3, 11)
IDENTITY = resident_id(lambda: TODAY)
WISH = one_of("单身", "家庭")
KINDS: dict[str, Kind[object]] = {
    "area": area,
    "day": day,
    "filing_number": filing_number,
    "money": money,
    "one_of": WISH,
    "person": person,
    "phone": phone,
    "resident_id": IDENTITY,
    "secret": secret,
    "text": text(20),
    "whole_number": whole_number(0, 99),
    "yes_no": yes_no,
}

SAMPLES = st.one_of(
    st.text(max_size=30),
    st.text("0123456789零一二两三四五六七八九十百千万亿点.,，元年月日-/ ０１２平米㎡", max_size=24),
    st.decimals(0, 10**10, allow_nan=False, places=2).map(str),
    st.dates().map(date.isoformat),
    st.sampled_from(["是", "没有", "单身", "家庭", "王小安", "阿依努尔·买买提", "13800138000"]),
    st.from_regex(r"1[3-9]\d{9}", fullmatch=True),
    st.from_regex(r"[0-9A-Z-]{8,24}", fullmatch=True),
    st.just("11010019860412001X"),
)


def parsed(kind: Kind[object], words: str) -> object:
    """Return what a kind reads; ``None`` if it does not fit."""
    with suppress(UnfitError):
        return kind.parse(words)
    return None


@pytest.mark.parametrize("name", KINDS)
@given(words=SAMPLES)
def test_any_words_are_read_or_refused_with_a_sentence_and_what_is_read_is_stored_and_shown(
    name: str, words: str
) -> None:
    kind = KINDS[name]
    value = parsed(kind, words)
    if value is None:
        with pytest.raises(UnfitError) as unfit:
            kind.parse(words)
        assert unfit.value.sentence
        return
    stored: Json = kind.dump(value)
    assert isinstance(stored, str | int | float | bool)
    assert kind.load(stored) == value
    assert kind.show(value)


@pytest.mark.parametrize("name", ["area", "day", "money", "one_of", "whole_number", "yes_no"])
@given(words=SAMPLES)
def test_what_is_shown_means_the_same_when_it_is_typed(name: str, words: str) -> None:
    kind = KINDS[name]
    value = parsed(kind, words)
    if value is not None:
        assert kind.parse(kind.show(value)) == value


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("stored", [None, 3.5, [], {}, {"value": "x"}, ""])
def test_what_another_release_stored_is_read_or_refused_and_never_breaks(
    name: str, stored: Json
) -> None:
    with suppress(UnfitError):
        assert KINDS[name].show(KINDS[name].load(stored))


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("60000", "60000"),
        ("６００００", "60000"),
        ("60,000", "60000"),
        ("60，000元", "60000"),
        ("6万", "60000"),
        ("6万元", "60000"),
        ("6.5万", "65000"),
        ("六万", "60000"),
        ("六万五千元整", "65000"),
        ("两千三百", "2300"),
        ("0", "0"),
        ("零", "0"),
        (" 1200.5 块", "1200.5"),
        ("3千", "3000"),
        ("1200.555", "1200.56"),
    ],
)
def test_an_amount_is_read_as_people_write_it(words: str, amount: str) -> None:
    assert money.parse(words) == Decimal(amount)


@pytest.mark.parametrize(
    "words", ["", "很多", "-5", "6万多", "1e5", "10000000001", "六万元吧", "0x10", "NaN"]
)
def test_an_amount_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(UnfitError):
        money.parse(words)


@pytest.mark.parametrize(
    ("words", "metres"),
    [("58.5", "58.5"), ("58.5平方米", "58.5"), ("58㎡", "58"), ("六十平米", "60"), ("45m²", "45")],
)
def test_an_area_is_read_with_or_without_its_unit(words: str, metres: str) -> None:
    assert area.parse(words) == Decimal(metres)


@pytest.mark.parametrize("words", ["10001", "大约六十", "-1", ""])
def test_an_area_no_flat_has_is_refused(words: str) -> None:
    with pytest.raises(UnfitError):
        area.parse(words)


@pytest.mark.parametrize(
    "words",
    [
        "2024-05-01",
        "2024/5/1",
        "2024.5.1",
        "2024年5月1日",
        "20240501",
        "２０２４年５月１日",
        "2024年05月01",
    ],
)
def test_a_day_is_read_in_every_usual_way(words: str) -> None:
    assert day.parse(words) == date(2024, 5, 1)


@pytest.mark.parametrize(
    "words",
    ["2023-02-29", "5月1日", "24-5-1", "0001-01-01", "2101-01-01", "2024-13-01", "昨天", ""],
)
def test_a_day_the_calendar_does_not_have_is_refused(words: str) -> None:
    with pytest.raises(UnfitError):
        day.parse(words)


@pytest.mark.parametrize(("words", "count"), [("3", 3), ("三", 3), ("１２", 12), ("十二", 12)])
def test_a_count_is_read_in_figures_or_words(words: str, count: int) -> None:
    assert whole_number(1, 12).parse(words) == count


@pytest.mark.parametrize("words", ["0", "13", "2.5", "几个", "-1", "三四"])
def test_a_count_out_of_bounds_or_broken_is_refused(words: str) -> None:
    with pytest.raises(UnfitError):
        whole_number(1, 12).parse(words)


@pytest.mark.parametrize("words", ["单身", " 单 身。", "单身！"])
def test_a_known_word_is_read_whatever_stands_around_it(words: str) -> None:
    assert WISH.parse(words) == "单身"


def test_a_word_that_is_offered_no_more_is_asked_again() -> None:
    with pytest.raises(UnfitError):
        one_of("家庭").load("单身")


@pytest.mark.parametrize(
    ("words", "meant"), [("有", True), ("YES", True), ("没有", False), ("不用", False)]
)
def test_yes_and_no_have_many_words(words: str, *, meant: bool) -> None:
    assert yes_no.parse(words) is meant


@pytest.mark.parametrize(
    "words", ["13812345678", "+86 138-1234-5678", "我的号码是 138 1234 5678", "0086138１２３45678"]
)
def test_a_phone_is_read_in_any_notation_and_shown_masked(words: str) -> None:
    assert phone.parse(words) == "+8613812345678"
    assert phone.show(phone.parse(words)) == "138****5678"


def test_an_identity_number_is_never_shown_whole() -> None:
    number = "11010019860412001X"
    assert IDENTITY.sensitive
    assert number[4:-2] not in IDENTITY.show(IDENTITY.parse(number))


@pytest.mark.parametrize(
    "number",
    ["1101001986041200", "99010019860412001X", "11010019861312001X", "110100198604120011"],
    ids=["shape", "region", "birth", "check"],
)
def test_each_fault_of_an_identity_number_has_a_sentence_of_its_own(number: str) -> None:
    with pytest.raises(UnfitError) as unfit:
        IDENTITY.parse(number)
    with pytest.raises(UnfitError) as shapeless:
        IDENTITY.parse("身份证")
    assert (unfit.value.sentence == shapeless.value.sentence) is (number == "1101001986041200")


def test_a_secret_keeps_its_spaces_and_is_never_shown() -> None:
    assert secret.parse(" a b ") == " a b "
    assert "a b" not in secret.show(" a b ")


def test_free_words_have_a_length() -> None:
    assert text(5).parse("  五个字以内 ") == "五个字以内"
    for words in ("", "   ", "六个字太长了"):
        with pytest.raises(UnfitError):
            text(5).parse(words)
