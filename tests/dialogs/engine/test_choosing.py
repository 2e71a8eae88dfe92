"""What is meant by a number, a label, or something near a label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.engine.choosing import nearest, number_in, numbers_in, plain

DISTRICTS = ["东城区", "西城区", "朝阳区", "海淀区"]
ESTATES = ["青禾家园一居室", "青禾家园二居室", "潞城里一居室"]


@pytest.mark.parametrize(
    "text",
    [
        "2",
        "２",
        " 2 ",
        "2.",
        "2、",
        "二",
        "两",
        "第2个",
        "第二个",
        "第 2 项",
        "2号",
        "（2）",
        "两户",
    ],
)
def test_a_number_is_meant_in_every_usual_way(text: str) -> None:
    assert number_in(text) == 2


@pytest.mark.parametrize(
    ("text", "number"), [("十", 10), ("十二", 12), ("二十", 20), ("第十一个", 11), ("零", 0)]
)
def test_chinese_numerals_go_beyond_nine(text: str, number: int) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    "text", ["", "两点", "2个人", "1234", "二居室", "第", "个", "2,3", "-2", "2.5"]
)
def test_what_only_holds_a_number_means_none(text: str) -> None:
    assert number_in(text) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,3", [1, 3]),
        ("1、3 和 4", [1, 3, 4]),
        ("１，３", [1, 3]),
        ("第1个和第3个", [1, 3]),
        ("一 三", [1, 3]),
        ("1,x", []),
        ("", []),
        ("1,,2", [1, 2]),
    ],
)
def test_several_numbers_are_all_numbers_or_none(text: str, numbers: list[int]) -> None:
    assert numbers_in(text) == numbers


@given(st.text(max_size=40))
def test_any_words_mean_a_number_or_none(text: str) -> None:
    number = number_in(text)
    assert number is None or 0 <= number <= 999
    assert all(one >= 0 for one in numbers_in(text))


@given(st.text(max_size=40))
def test_words_are_compared_without_width_case_space_and_edge_marks(text: str) -> None:
    once = plain(text)
    assert plain(f" 　{text}。 ") == once
    assert not any(char.isspace() for char in once)


@given(st.integers(1, 999))
def test_a_number_is_the_same_in_both_widths(number: int) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    assert number_in(wide) == number_in(str(number)) == number


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("朝阳", "朝阳区"),
        ("朝阳区域", "朝阳区"),
        ("海殿区", None),
        ("海淀", "海淀区"),
        ("我选海淀区", "海淀区"),
    ],
)
def test_a_near_miss_of_one_label_means_it(text: str, district: str | None) -> None:
    found = nearest(text, DISTRICTS)
    assert (DISTRICTS[found] if found is not None else None) == district


@pytest.mark.parametrize("text", ["一居室", "青禾家园", "区", "", "城区", "完全不同的话"])
def test_words_that_fit_several_labels_or_none_mean_none(text: str) -> None:
    assert nearest(text, DISTRICTS if "区" in text else ESTATES) is None


@given(st.text(max_size=20), st.lists(st.text(max_size=10), max_size=6))
def test_the_nearest_is_one_of_those_offered(text: str, labels: list[str]) -> None:
    found = nearest(text, labels)
    assert found is None or 0 <= found < len(labels)
