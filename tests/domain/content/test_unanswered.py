"""Nobody is known by what is kept of an unanswered question. Source: S0-76, S0-77."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content.unanswered import without_persons


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("我的身份证号110100198604120010能登记吗", "1101001986"),
        ("身份证 11010019860412001X 登记不了", "0412"),
        ("我手机号１３８ １２３４ ５６７８收不到短信", "1234"),
        ("手机幺三八幺二三四五六七八收不到", "三四五六"),
        ("备案号BJ2026031100017查不到", "2026"),
        ("发到 caoyanshi86@example.com 可以吗", "caoyanshi"),
        ("微信号cao_1986加我", "cao_1986"),
        ("我叫曹演示，怎么查登记", "演示"),
        ("我是欧阳娜娜怎么登记", "娜娜"),
        ("姓名：周安然 登记查不到", "安然"),
        ("户主林若溪的备案取消了吗", "若溪"),
        ("我儿子周小满能一起住吗", "小满"),
        ("请找周大海先生接电话", "大海"),
        ("曹演示", "演示"),
        ("曹演示，我的登记呢", "演示"),
        ("我住青禾路12号院3单元", "12"),
    ],
)
def test_what_tells_who_it_was_is_gone(text: str, gone: str) -> None:
    assert gone not in without_persons(text)


@pytest.mark.parametrize(
    "text",
    [
        "公积金能不能抵房租",
        "宠物能带进去吗",
        "登记以后多久公示名单",
        "高层有没有电梯",
        "安全通道在哪里",
        "我是户主能代办吗",
        "车位怎么租",
    ],
)
def test_a_question_about_nobody_stays_as_it_is(text: str) -> None:
    assert without_persons(text) == text


@given(st.text(max_size=300))
def test_no_digit_ever_stays(text: str) -> None:
    kept = without_persons(text)
    assert not re.search("[0-9０-９]", kept)
    assert len(kept) <= 80


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text("问请 -", max_size=5))
def test_no_phone_ever_stays(phone: str, between: str) -> None:
    kept = without_persons(f"我的电话{between}{phone}怎么改")
    assert not any(part in kept for part in (phone[3:7], phone[-4:]))
