"""Source: S0-23, S0-76, S0-77."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.idents import (
    IdFault,
    InvalidIdNumberError,
    InvalidNameError,
    InvalidPhoneError,
    Masked,
    half_width,
    long_id,
    mask,
    mobile,
    person_name,
    resident_id,
)

TODAY = date(2026, 3, 11)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
FULL_WIDTH = {ord(half): ord(half) + 0xFEE0 for half in "0123456789ABCXYZabcxyz"}


def with_check(first: str) -> str:
    """The table of the standard, so that the library is not asked about itself."""
    remainder = sum(w * int(digit) for w, digit in zip(WEIGHTS, first, strict=True)) % 11
    return first + "10X98765432"[remainder]


@st.composite
def id_numbers(draw: st.DrawFn) -> str:
    region = draw(st.sampled_from(["110100", "110103", "440524", "659004", "810000", "830000"]))
    born = draw(st.dates(date(1880, 1, 1), TODAY))
    serial = draw(st.integers(0, 999))
    return with_check(f"{region}{born:%Y%m%d}{serial:03}")


phones = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",
        "440524188001010014",
        "11010019860412001X",
        "11010019920229007X",
        "110100201506010030",
        "810000199408230021",
        "830000199201300022",
    ],
)
def test_a_right_id_number_is_taken_as_it_is(number: str) -> None:
    assert resident_id(number, TODAY) == number


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("110105194912310021", IdFault.CHECK),
        ("110105194902300020", IdFault.BIRTH),
        ("990105194912310023", IdFault.REGION),
        ("110105491231002", IdFault.SHAPE),
        ("11010519491231002", IdFault.SHAPE),
        ("11010519491231002XX", IdFault.SHAPE),
        ("11010519491231X02X", IdFault.SHAPE),
        ("１１０", IdFault.SHAPE),
        ("", IdFault.SHAPE),
        ("我的身份证", IdFault.SHAPE),
        ("①１０１０５19491231002X", IdFault.SHAPE),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", IdFault.SHAPE),
        (with_check("11010019920230007"), IdFault.BIRTH),
        (with_check("11010019930229007"), IdFault.BIRTH),
        (with_check("11010020260312001"), IdFault.BIRTH),
        (with_check("11010000000101001"), IdFault.BIRTH),
        (with_check("16010019860412001"), IdFault.REGION),
        (with_check("91110019850505001"), IdFault.REGION),
    ],
)
def test_each_way_to_be_wrong_has_its_own_name(number: str, fault: IdFault) -> None:
    with pytest.raises(InvalidIdNumberError) as caught:
        resident_id(number, TODAY)
    assert caught.value.fault is fault


def test_a_child_may_be_born_today_but_not_tomorrow() -> None:
    number = with_check("11010020260311001")
    assert resident_id(number, TODAY) == number
    with pytest.raises(InvalidIdNumberError):
        resident_id(number, date(2026, 3, 10))


@given(id_numbers(), st.sampled_from(["", " ", "\u3000", "\u00a0", "\n"]), st.booleans())
def test_an_id_number_is_understood_in_any_notation(number: str, gap: str, wide: bool) -> None:  # noqa: FBT001 (drawn)
    typed = f"{gap}{number[:6]}{gap}{number[6:14]}{gap}{number[14:].lower()}{gap}"
    assert resident_id(typed.translate(FULL_WIDTH) if wide else typed, TODAY) == number


@given(id_numbers(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_never_passes(number: str, place: int, other: str) -> None:
    changed = number[:place] + other + number[place + 1 :]
    if changed != number:
        with pytest.raises(InvalidIdNumberError):
            resident_id(changed, TODAY)


@given(st.text(max_size=40))
def test_any_text_is_either_an_id_number_or_refused(text: str) -> None:
    try:
        number = resident_id(text, TODAY)
    except InvalidIdNumberError:
        return
    assert re.fullmatch(r"[0-9]{17}[0-9X]", number)


def test_an_old_id_number_is_found_under_its_new_one() -> None:
    assert long_id("110105 491231 002") == "11010519491231002X"


@given(id_numbers())
def test_a_new_id_number_stays_as_it_is(number: str) -> None:
    assert long_id(number.lower()) == number


@given(
    phones,
    st.sampled_from(["", "+86", "0086", "86", "+86 ", "（+86）", "＋８６", "+86-"]),
    st.sampled_from(["", " ", "-", "－", "\u3000", "–"]),
    st.booleans(),
)
def test_a_phone_is_understood_in_any_notation(
    digits: str,
    country: str,
    gap: str,
    wide: bool,  # noqa: FBT001 (drawn)
) -> None:
    typed = f" {country}{digits[:3]}{gap}{digits[3:7]}{gap}{digits[7:]} "
    assert mobile(typed.translate(FULL_WIDTH) if wide else typed) == f"+86{digits}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1380000000",
        "138000000000",
        "12800000000",
        "10010000000",
        "+85261234567",
        "+1 380 000 0000",
        "01013800000000",
        "010-81120588",
        "13800000000a",
        "١٣٨٠٠٠٠٠٠٠٠",
        "电话13800000000",
    ],
)
def test_what_is_no_mobile_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidPhoneError):
        mobile(text)


@given(st.text(max_size=30))
def test_any_text_is_either_a_phone_or_refused(text: str) -> None:
    try:
        phone = mobile(text)
    except InvalidPhoneError:
        return
    assert re.fullmatch(r"\+861[3-9][0-9]{9}", phone)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("曹雪", "曹雪"),
        (" 曹 雪 芹 ", "曹雪芹"),
        ("曹\u3000雪", "曹雪"),
        ("阿依努尔•买买提", "阿依努尔·买买提"),
        ("阿依努尔 . 买买提".replace(" . ", "．"), "阿依努尔·买买提"),
        ("阿依努尔 · 买买提", "阿依努尔·买买提"),
        ("𠮷田", "𠮷田"),
        ("Mary  Jane O'Neil", "Mary Jane O'Neil"),
        ("Ｌｉｎａ Ｗ", "Lina W"),
        ("José García", "José García"),
    ],
)
def test_a_name_is_read_as_people_write_it(typed: str, name: str) -> None:
    assert person_name(typed) == name


@pytest.mark.parametrize(
    "text",
    ["", "曹", "·曹雪", "曹··雪", "曹雪（演示）", "曹雪1", "曹" * 31, "曹雪。", "<b>", "😀😀"],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidNameError):
        person_name(text)


@given(st.text(max_size=40))
def test_reading_a_name_twice_changes_nothing(text: str) -> None:
    try:
        name = person_name(text)
    except InvalidNameError:
        return
    assert person_name(name) == name
    assert 2 <= len(name) <= 30


def test_only_digits_letters_and_spaces_become_half_width() -> None:
    assert half_width("１２Ａｂ\u3000（，。）①") == "12Ab （，。）①"


@given(st.text())
def test_making_half_width_keeps_the_length_and_is_done_once(text: str) -> None:
    assert len(half_width(text)) == len(text)
    assert half_width(half_width(text)) == half_width(text)


@pytest.mark.parametrize(
    ("value", "as_", "shown"),
    [
        ("曹雪芹", Masked.NAME, "曹某某"),
        ("曹雪", Masked.NAME, "曹某某"),
        ("欧阳建国", Masked.NAME, "欧阳某某"),
        ("东方", Masked.NAME, "东某某"),
        ("阿依努尔·买买提", Masked.NAME, "阿某某"),
        ("210100198809230023", Masked.ID_NUMBER, "21*****23"),
        ("11010519491231002X", Masked.ID_NUMBER, "11*****2X"),
        ("+8618612349021", Masked.PHONE, "186****9021"),
        ("18612349021", Masked.PHONE, "186****9021"),
        ("1101052019000123", Masked.FILING_NUMBER, "110105*****123"),
        ("ABCD-1234", Masked.FILING_NUMBER, "*****"),
        ("京(2017)开不动产权第0012345号", Masked.CERTIFICATE, "****345号"),
        ("1234", Masked.CERTIFICATE, "****"),
        ("", Masked.NAME, "某某"),
        ("", Masked.PHONE, "****"),
    ],
)
def test_a_mask_shows_what_the_manual_shows(value: str, as_: Masked, shown: str) -> None:
    assert mask(value, as_) == shown


@given(st.from_regex(r"[0-9A-Z]{0,30}", fullmatch=True), st.sampled_from(Masked))
def test_a_mask_never_shows_the_middle_nor_how_long_it_is(value: str, as_: Masked) -> None:
    shown = mask(value, as_)
    kept = re.sub(r"[*某]", "", shown)
    hidden = len(value) - len(kept)
    assert hidden >= 4 or kept == "" or as_ is Masked.NAME
    assert value not in shown or value == "" or (as_ is Masked.NAME and len(value) == 1)
    longer = mask(value[:15] + "0" * 20 + value[15:], as_)
    if hidden >= 4 and len(value) >= 24 and as_ is not Masked.PHONE:
        assert longer == shown


@given(id_numbers(), id_numbers())
def test_a_masked_id_number_tells_only_its_ends(one: str, other: str) -> None:
    same_ends = (one[:2], one[-2:]) == (other[:2], other[-2:])
    assert (mask(one, Masked.ID_NUMBER) == mask(other, Masked.ID_NUMBER)) == same_ends


@given(phones, phones)
def test_a_masked_phone_tells_only_its_ends(one: str, other: str) -> None:
    same_ends = (one[:3], one[-4:]) == (other[:3], other[-4:])
    assert (mask(f"+86{one}", Masked.PHONE) == mask(other, Masked.PHONE)) == same_ends
