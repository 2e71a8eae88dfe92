import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content.editions import (
    MOST_WORDS,
    Change,
    Unfit,
    UnfitWordingError,
    Wording,
    difference,
    is_new_kind,
    may_withdraw,
    required,
)

_LINES = st.text(st.sampled_from("甲乙丙丁\n "), max_size=60)


@given(_LINES, _LINES)
def test_a_difference_gives_back_both_texts(before: str, after: str) -> None:
    """Source: S3-68."""
    pieces = difference(before, after)
    assert "".join(one.words for one in pieces if one.change is not Change.ADDED) == before
    assert "".join(one.words for one in pieces if one.change is not Change.REMOVED) == after


def test_only_what_changed_is_shown_as_changed() -> None:
    pieces = difference("第一条 租金每月一付\n第二条", "第一条 租金每季一付\n第二条")
    changed = [(one.change, one.words) for one in pieces if one.change is not Change.KEPT]
    assert changed == [(Change.REMOVED, "月"), (Change.ADDED, "季")]


def test_long_texts_are_compared_in_time() -> None:
    before = "\n".join(f"第{number}条 内容" for number in range(900))
    pieces = difference(before, before.replace("第500条", "第五百条"))
    assert sum(one.change is Change.REMOVED for one in pieces) == 1


@pytest.mark.parametrize(
    ("kind", "wording", "fault"),
    [
        ("faq-rent", Wording(" ", "正文"), Unfit.NO_TITLE),
        ("faq-rent", Wording("题" * 61, "正文"), Unfit.LONG_TITLE),
        ("faq-rent", Wording("题", " \n "), Unfit.NO_TEXT),
        ("faq-rent", Wording("题", "字" * 501), Unfit.LONG_TEXT),
        ("consent-face", Wording("题", "字" * 634), Unfit.LONG_TEXT),
        ("guide-a", Wording("题", "字" * (MOST_WORDS + 1)), Unfit.LONG_TEXT),
        ("guide-a", Wording("题", "正文", ("别的问法",)), Unfit.ALIASES),
        ("faq-rent", Wording("题", "正文", ("问" * 61,)), Unfit.ALIASES),
        ("faq-rent", Wording("题", "正文", tuple(map(str, range(61)))), Unfit.ALIASES),
    ],
)
def test_a_wording_that_no_chat_can_show_is_refused(
    kind: str, wording: Wording, fault: Unfit
) -> None:
    with pytest.raises(UnfitWordingError) as refused:
        required(kind, wording)
    assert refused.value.fault is fault


def test_a_wording_is_kept_without_blanks_around_it() -> None:
    told = required("faq-rent", Wording(" 租金\n怎么算 ", "\r\n一  \r\n二\n\n", (" 甲 ", "甲", "")))
    assert told == Wording("租金 怎么算", "一\n二", ("甲",))


@pytest.mark.parametrize(
    "kind", ["faq-pets", "guide-move-in", "announcement-2026-5", "notice-x", "agreement-user"]
)
def test_a_new_text_has_a_plain_name(kind: str) -> None:
    assert is_new_kind(kind)


@pytest.mark.parametrize(
    "kind", ["agreement-x", "consent-x", "faq-", "faq_A", "faq-A", "租金", f"faq-{'a' * 60}", ""]
)
def test_what_code_relies_on_is_not_made_by_officers(kind: str) -> None:
    """Source: S0-16."""
    assert not is_new_kind(kind)


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        ("agreement-user", False),
        ("notice-quick", False),
        ("consent-face", False),
        ("faq-rent", True),
        ("guide-a", True),
        ("announcement-a", True),
    ],
)
def test_what_citizens_agree_to_stays(kind: str, may: bool) -> None:  # noqa: FBT001 (a table)
    """Source: S0-16, S0-41."""
    assert may_withdraw(kind) is may
