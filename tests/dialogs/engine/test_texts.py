"""Texts to be read to their end, and texts to be agreed to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.engine.dsl import Reading
from dialogs.engine.texts import paged
from domain.content.model import fingerprint
from tests.support.allotment import a_document
from tests.support.desks import Bench
from tests.support.forms import Joining, Notice


@pytest.fixture
def bench() -> Bench:
    return Bench.of(Notice, Joining)


async def to_last_page(bench: Bench) -> int:
    """Turn the notice's pages to the last; return how many there are."""
    await bench.say("看告知书")
    pages = 1
    while "下一页" in bench.labels:
        await bench.say("下一页")
        pages += 1
    return pages


@given(st.text(max_size=400), st.integers(8, 120))
def test_pages_hold_the_whole_text_and_no_more_than_they_may(text: str, most: int) -> None:
    pages = paged(text, most)
    assert pages
    assert all(len(page.encode()) <= most for page in pages)
    assert "".join("".join(pages).split()) == "".join(text.split())


async def test_every_page_is_shown_in_turn_with_its_number(bench: Bench) -> None:
    pages = await to_last_page(bench)
    assert pages > 2
    numbers = [reply.text.splitlines()[0] for reply in bench.replies]
    assert [f"第 {page}/{pages} 页" in shown for page, shown in enumerate(numbers, 1)] == [
        True
    ] * pages
    whole = "".join(reply.text.partition("\n")[2] for reply in bench.replies)
    [notice] = [one for one in bench.desk.documents.published if one.kind == "notice-long"]
    assert "".join(whole.split()) == "".join(notice.text.split())


@pytest.mark.parametrize("said", ["我已阅读并同意", "同意", "已阅读"])
async def test_a_tick_before_the_last_page_does_not_count(bench: Bench, said: str) -> None:
    await bench.say("看告知书", said)
    assert bench.at == "notice"
    assert "下一页" in bench.labels
    assert bench.desk.lodged == []


async def test_a_tick_on_the_last_page_keeps_what_was_read(bench: Bench) -> None:
    await to_last_page(bench)
    await bench.tap("我已阅读")
    [notice] = [one for one in bench.desk.documents.published if one.kind == "notice-long"]
    assert bench.desk.lodged == [{"hash": notice.text_hash}]


async def test_other_words_on_a_page_turn_nothing(bench: Bench) -> None:
    await bench.say("看告知书", "下一页", "这是什么", "为什么")
    assert "第 2/" in (await bench.say("再说一遍")).text


async def test_going_on_with_a_notice_shows_the_page_where_one_was(bench: Bench) -> None:
    await bench.say("看告知书", "下一页")
    page = bench.last.text
    await bench.say("加入", "看告知书", "下一页")
    assert "第 3/" in bench.last.text
    await bench.say("再说一遍")
    assert bench.last.text != page


async def test_a_new_version_is_read_from_its_first_page(bench: Bench) -> None:
    await to_last_page(bench)
    bench.desk.documents.published.append(a_document("notice-long", 2, "新的一行。\n" * 300))
    await bench.say("我已阅读并同意")
    assert bench.desk.lodged == []
    assert "第 1/" in (await bench.say("再说一遍")).text


@pytest.mark.parametrize(
    "said", ["同意", "同意并继续", "我同意", "同意了", "我都同意", "同意，继续", "1"]
)
async def test_agreeing_keeps_which_versions_were_agreed_to(bench: Bench, said: str) -> None:
    await bench.say("加入", said)
    assert bench.desk.lodged == [{"kinds": ["user", "privacy"]}]


async def test_an_agreement_can_be_read_first_and_the_question_stays(bench: Bench) -> None:
    await bench.say("加入", "2")
    assert "user 的内容" in bench.last.text
    assert bench.at == "agree"
    await bench.tap("看privacy")
    assert "privacy 的内容" in bench.last.text
    await bench.tap("同意并继续")
    assert len(bench.desk.lodged) == 1


@pytest.mark.parametrize("said", ["不同意", "我不同意", "再看看", "同意吗", "同意不了", "同意什么"])
async def test_what_is_not_agreement_is_none(bench: Bench, said: str) -> None:
    await bench.say("加入", said)
    assert bench.desk.lodged == []
    assert bench.at == "agree"


def test_a_reading_names_the_version_and_the_text() -> None:
    stored = {"kind": "user", "version": 1, "hash": fingerprint("内容"), "page": 1}
    assert Notice.notice.load(stored) == Reading("user", 1, fingerprint("内容"))
    assert Joining.agree.load([stored]) == (Reading("user", 1, fingerprint("内容")),)


@pytest.mark.parametrize("stored", [None, [], {}, {"version": 1, "page": 2}, "同意"])
def test_a_half_read_text_is_no_answer(stored: list[str] | dict[str, int] | str | None) -> None:
    assert not Notice.notice.answered(stored)
    assert not Joining.agree.answered(stored)
