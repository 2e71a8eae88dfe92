import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pypinyin
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from domain.content import segments
from domain.content.model import Faq
from domain.content.search import FaqIndex, index_of, is_question
from domain.content.segments import sounds
from tests.support.allotment import a_faq

FAQS = (
    a_faq("password", "忘记密码怎么办？", "密码忘了"),
    a_faq("no-code", "收不到验证码怎么办？", "没收到验证码", "短信没收到"),
    a_faq("rent", "租金怎么算？", "月租金是多少"),
    a_faq("register", "怎么登记房源？", "登记怎么办理"),
    a_faq("number", "备案编号在哪里找？", "怎么查备案编号"),
)
INDEX = FaqIndex(FAQS, (("报名", "登记"), ("上车", "登记房源")))

LOADED_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from domain.content.segments import Segmenter

start = Barrier(8)


def first(_):
    start.wait()
    return Segmenter(["怎么办"]).words("怎么办")


with ThreadPoolExecutor(8) as threads:
    assert len({*map(tuple, threads.map(first, range(8)))}) == 1
"""


def answered(text: str) -> str | None:
    faq = INDEX.find(text).clear
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
    """Source: S2-14."""
    assert answered(text) == faq_id


@pytest.mark.parametrize(
    ("text", "faq_id"),
    [("怎么报名房源", "register"), ("报名怎么办理", "register"), ("怎么上车", "register")],
)
def test_a_synonym_finds_what_the_published_word_finds(text: str, faq_id: str) -> None:
    """Source: S2-14."""
    assert answered(text) == faq_id
    assert FaqIndex(FAQS).find(text).clear is None


@pytest.mark.parametrize(
    ("text", "faq_id"),
    [("备按编号再哪里找", "number"), ("往记秘马怎么办", "password"), ("祖金怎么蒜", "rent")],
)
def test_letters_that_sound_alike_are_taken_for_each_other(text: str, faq_id: str) -> None:
    """Source: S2-14."""
    assert answered(text) == faq_id


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "好的", "确定", "19900001001", "11010019860412001X"),
        *("曹演示", "一居室", "？？？", "😀", "\ue000\ue001", "\x00"),
    ],
)
def test_what_is_no_question_finds_none(text: str) -> None:
    assert answered(text) is None


def test_of_two_close_questions_the_closer_one_wins() -> None:
    faqs = [a_faq("cancel", "怎么取消登记"), a_faq("again", "取消登记后还能再登记吗")]
    best = FaqIndex(faqs).find("取消登记后还能再登记").clear
    assert best is not None
    assert best.id == "again"


def test_without_questions_there_is_no_answer() -> None:
    found = FaqIndex([]).find("租金怎么算")
    assert (found.clear, found.near) == (None, ())


def test_what_comes_near_is_offered_best_first_and_never_twice() -> None:
    faqs = [
        a_faq("rent", "租金怎么算？"),
        a_faq("subsidy", "有租金补贴吗？"),
        a_faq("pets", "可以养狗吗？"),
    ]
    found = FaqIndex(faqs).find("租金补贴要等多久")
    assert found.clear is None
    assert [one.id for one in found.near] == ["subsidy", "rent"][: len(found.near)]
    assert found.near
    clear = FaqIndex(faqs).find("有租金补贴吗")
    assert clear.clear
    assert clear.clear not in clear.near


@given(st.text(max_size=200))
@example("（" * 200)
def test_any_text_is_understood_or_not_but_never_breaks(text: str) -> None:
    found = INDEX.find(text)
    assert found.clear is None or found.clear in FAQS
    assert len(found.near) <= 3


@given(
    st.sampled_from(FAQS),
    st.sampled_from(["", "请问", "你好，"]),
    st.sampled_from(["", "？", "啊", "呢！"]),
)
def test_politeness_and_punctuation_do_not_count(faq: Faq, before: str, after: str) -> None:
    for words in (faq.question, *faq.aliases):
        assert answered(f"{before}{words}{after}") == faq.id


_HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x6FFF)
_TITLES = st.lists(st.text(_HAN, min_size=6, max_size=20), min_size=1, max_size=12, unique=True)


@given(_TITLES)
def test_every_entry_is_found_by_its_own_title(titles: list[str]) -> None:
    faqs = tuple(a_faq(str(number), title) for number, title in enumerate(titles))
    index = FaqIndex(faqs)
    found = [index.find(title).clear for title in titles]
    # Polite words at the ends do not count, so that two titles may be the same question.
    assert all(one is not None for one in found)
    assert found[0] == faqs[0]


_COMMON = st.sampled_from(
    [
        bytes((0xA0 + row, 0xA0 + cell)).decode("gb2312")
        for row in range(16, 55)
        for cell in range(1, 95)
    ]
)
"""Letters that citizens write: of rarer ones no dictionary knows words or sounds."""


@given(st.text(_COMMON, min_size=10, max_size=20), st.data())
def test_a_slip_of_one_letter_is_forgiven(title: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(title) - 1))
    slip = data.draw(_COMMON)
    # A letter said twice weighs as one: then a slip may be a third of all there is.
    assume(slip not in title and len({*title}) == len(title))
    index = FaqIndex([a_faq("a", title), a_faq("b", "租金怎么算"), a_faq("c", "密码忘了怎么办")])
    found = index.find(title[:at] + slip + title[at + 1 :]).clear
    assert found is not None
    assert found.id == "a"


def test_a_very_long_text_is_judged_by_its_beginning() -> None:
    assert answered("我密码忘了" + "，急" * 5000) == "password"
    assert answered("急，" * 5000 + "我密码忘了") is None


def test_among_a_thousand_entries_a_question_takes_little_work() -> None:
    """Source: S2-14. Two milliseconds of a processor to itself; ten times that on a busy one."""
    faqs = tuple(
        a_faq(f"{number}", f"第{number}号小区的{what}", f"{number}号小区{what}怎么走")
        for number in range(250)
        for what in ("地铁站", "幼儿园和小学", "停车位", "菜市场")
    )
    index = FaqIndex(faqs)
    asked = ["17号小区停车位怎么走", "地铁站远不远", "哪个小区有幼儿园", "租金怎么算"]
    began = time.process_time()
    for _ in range(25):
        for text in asked:
            index.find(text)
    assert (time.process_time() - began) / 100 < 0.02


def test_an_index_is_made_once_for_what_is_published() -> None:
    first = index_of(FAQS, ())
    assert index_of(tuple(replace(one) for one in FAQS), ()) is first
    assert index_of(FAQS, (("报名", "登记"),)) is not first


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("公积金能不能抵房租", True),
        ("在哪里看房", True),
        ("可以养狗吗", True),
        ("张三", False),
        ("13812345678", False),
        ("我住在青禾路", False),
        ("吗", False),
    ],
)
def test_a_question_is_told_from_an_answer(text: str, asks: bool) -> None:  # noqa: FBT001 (a table)
    assert is_question(text) is asks


def test_the_syllables_are_those_of_the_library() -> None:
    """The list is made from it, so that no process has to load 50 MB of readings."""
    wrong = [
        letter
        for letter in map(chr, segments._readings())  # noqa: SLF001 (the table itself is tried)
        if sounds(letter) != sounds(_first_read_like(letter))
    ]
    assert not wrong
    assert len(segments._readings()) == 6763  # noqa: SLF001 (as above)


def _first_read_like(letter: str) -> str:
    """Return the first common letter that the library reads as it reads this one."""
    return _FIRST[pypinyin.lazy_pinyin(letter)[0]]


_FIRST: dict[str, str] = {}
for _letter in map(chr, segments._readings()):  # noqa: SLF001 (as above)
    _FIRST.setdefault(pypinyin.lazy_pinyin(_letter)[0], _letter)


def test_many_who_search_first_at_once_share_one_index() -> None:
    faqs = (a_faq("many", "很多人同时来问怎么办"),)
    start = Barrier(8)

    def first(_: int) -> FaqIndex:
        start.wait()
        return index_of(faqs)

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(first, range(8)))
    assert all(one is made[0] for one in made)


def test_the_library_is_loaded_once_however_many_need_it_at_once() -> None:
    begun = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-c", LOADED_AT_ONCE], check=False, capture_output=True, text=True
    )
    assert begun.returncode == 0, begun.stderr
