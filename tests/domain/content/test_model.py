import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content.model import Faq, best_answer, fingerprint
from tests.support.allotment import a_faq

FAQS = [
    a_faq("password", "忘记密码怎么办？", "密码忘了"),
    a_faq("no-code", "收不到验证码怎么办？", "没收到验证码", "短信没收到"),
    a_faq("rent", "租金怎么算？", "月租金是多少"),
]


def answered(text: str) -> str | None:
    faq = best_answer(text, FAQS)
    return None if faq is None else faq.id


@pytest.mark.parametrize(
    ("text", "faq_id"),
    [
        ("忘记密码怎么办？", "password"),
        ("忘记密码怎么办", "password"),
        ("  密码忘了！！ ", "password"),
        ("请问，忘记密码怎么办呢", "password"),
        ("我密码忘了，登录不上去", "password"),
        ("我一直没收到验证码啊", "no-code"),
        ("收不到验证码咋办", "no-code"),
        ("您好请问月租金是多少", "rent"),
        ("租金怎么计算", "rent"),
    ],
)
def test_a_question_in_other_words_finds_its_answer(text: str, faq_id: str) -> None:
    assert answered(text) == faq_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "好的",
        "确定",
        "19900001001",
        "11010019860412001X",
        "曹演示",
        "一居室",
        "？？？",
        "😀",
    ],
)
def test_what_is_no_question_finds_none(text: str) -> None:
    assert answered(text) is None


def test_of_two_close_questions_the_closer_one_wins() -> None:
    faqs = [a_faq("cancel", "怎么取消登记"), a_faq("again", "取消登记后还能再登记吗")]
    best = best_answer("取消登记后还能再登记", faqs)
    assert best is not None
    assert best.id == "again"


def test_without_questions_there_is_no_answer() -> None:
    assert best_answer("租金怎么算", []) is None


@given(st.text(max_size=200))
def test_any_text_is_understood_or_not_but_never_breaks(text: str) -> None:
    assert answered(text) in {None, "password", "no-code", "rent"}


@given(
    st.sampled_from(FAQS),
    st.sampled_from(["", "请问", "你好，"]),
    st.sampled_from(["", "？", "啊", "呢！"]),
)
def test_politeness_and_punctuation_do_not_count(faq: Faq, before: str, after: str) -> None:
    for words in (faq.question, *faq.aliases):
        assert answered(f"{before}{words}{after}") == faq.id


def test_a_fingerprint_is_the_sha256_of_the_text() -> None:
    assert fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert fingerprint("告知书") != fingerprint("告知书 ")


def test_a_very_long_text_is_judged_by_its_beginning() -> None:
    assert answered("我密码忘了" + "，急" * 5000) == "password"
    assert answered("急，" * 5000 + "我密码忘了") is None
