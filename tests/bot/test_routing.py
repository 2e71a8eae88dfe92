"""Which way a message goes; nothing is done yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.routing import choose
from dialogs.catalog import catalog
from dialogs.engine.messages import Option, Said, SaidKind, Start
from dialogs.engine.ways import (
    Begin,
    Chosen,
    Greet,
    Picture,
    Silence,
    Sorry,
    Stale,
    Verb,
    VerbWord,
    Way,
    Words,
)
from domain.shared.conversations import Conversation
from domain.shared.records import OpenId

CATALOG = catalog()
MARK = "abcdefgh.unit"
OFFERED = (
    Option("一居室（3 户已登记）", value="one", say="青禾家园一居室"),
    Option("二居室", value="two"),
    Option("看别的", start=Start("browse", {"mine": "yes"})),
    Option("去菜单", say="菜单"),
    Option("我再想想"),
)


def talk(*options: Option, mark: str = MARK, shown: int | None = None) -> Conversation:
    """Return a talk in which some options were last shown."""
    conversation = Conversation(OpenId("o"), mark=mark)
    conversation.offered = [option.to_json() for option in options]
    conversation.shown = [] if shown is None else [shown]
    return conversation


def way(text: str, *, tap: str = "", within: Conversation | None = None) -> Way:
    """Return where some words lead."""
    return choose(Said(SaidKind.TEXT, text, tap), within or talk(*OFFERED), CATALOG)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("菜单", VerbWord.MENU),
        ("首页", VerbWord.MENU),
        (" 菜 单。", VerbWord.MENU),
        ("MENU", VerbWord.MENU),
        ("上一步", VerbWord.BACK),
        ("取消", VerbWord.LEAVE),
        ("继续", VerbWord.GO_ON),
        ("重新开始", VerbWord.AGAIN),
        ("帮助！", VerbWord.HELP),
        ("?", VerbWord.HELP),
        ("？", VerbWord.HELP),
        ("为什么", VerbWord.WHY),
        ("为什么？", VerbWord.WHY),
        ("怎么用?", VerbWord.HELP),
        ("结果", VerbWord.RESULT),
        ("下一页", VerbWord.NEXT_PAGE),
        ("再说一遍", VerbWord.REPEAT),
    ],
)
def test_words_that_work_everywhere_are_verbs(text: str, verb: VerbWord) -> None:
    found = way(text)
    assert isinstance(found, Verb)
    assert found.word is verb


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("改", ""),
        ("改2", "2"),
        ("修改收入", "收入"),
        ("改一下手机号", "手机号"),
        ("更改 区", "区"),
    ],
)
def test_a_change_carries_what_it_is_about(text: str, about: str) -> None:
    found = way(text)
    assert isinstance(found, Verb)
    assert (found.word, found.about) == (VerbWord.CHANGE, about)


@pytest.mark.parametrize(
    "text",
    ["我想取消昨天的登记可以吗", "请返回我的押金", "继续努力工作", "为什么要实名呢", "帮助别人"],
)
def test_sentences_with_a_verb_in_them_are_words(text: str) -> None:
    assert way(text) == Words(text)


@pytest.mark.parametrize(("text", "flow"), [("我的登记", "my_registrations"), ("注 册", "sign_up")])
def test_a_flow_begins_by_its_words(text: str, flow: str) -> None:
    assert way(text) == Begin(Start(flow), text=text)


def test_a_shortcut_begins_its_flow_with_its_answers() -> None:
    assert way("只看我能登记的") == Begin(Start("browse", {"mine": "yes"}), text="只看我能登记的")


@pytest.mark.parametrize(
    "text", ["1", "１", "第1个", "一", "一居室（3 户已登记）", "青禾家园一居室"]
)
def test_an_option_is_chosen_by_number_label_or_what_it_says(text: str) -> None:
    assert way(text) == Chosen(OFFERED[0])


def test_an_option_begins_says_or_is_words() -> None:
    assert way("3") == Begin(Start("browse", {"mine": "yes"}))
    assert way("4") == Verb(VerbWord.MENU, text="菜单")
    assert way("5") == Words("我再想想")


@pytest.mark.parametrize("text", ["00", "6", "99", "-1", "1.5"])
def test_a_number_that_was_not_shown_is_words(text: str) -> None:
    assert way(text) == Words(text)


def test_a_number_on_a_page_still_to_come_is_words_and_its_label_is_not() -> None:
    within = talk(*OFFERED, shown=1)
    assert way("2", within=within) == Words("2")
    assert way("二居室", within=within) == Chosen(OFFERED[1])


def test_the_label_of_an_option_goes_before_a_word_that_works_everywhere() -> None:
    within = talk(Option("菜单", value="carte"))
    assert way("菜单", within=within) == Chosen(Option("菜单", value="carte"))


def test_a_tap_is_the_option_it_was_shown_for() -> None:
    assert way("二居室", tap=f"{MARK}.2") == Chosen(OFFERED[1])


def test_a_tap_whose_words_are_another_options_is_taken_by_its_words() -> None:
    assert way("二居室", tap=f"{MARK}.1") == Chosen(OFFERED[1])
    assert way("别的话", tap=f"{MARK}.1") == Words("别的话")


def test_a_tap_on_an_earlier_question_is_stale() -> None:
    assert way("二居室", tap="abcdefgh.plan.2") == Stale("abcdefgh", "plan", "二居室")


def test_a_stale_tap_on_a_word_that_works_everywhere_works() -> None:
    assert way("菜单", tap="abcdefgh.plan.2") == Verb(VerbWord.MENU, text="菜单")


@pytest.mark.parametrize("tap", ["x", "..", "a.b", ".1", f"{MARK}.next", f"{MARK}.0", f"{MARK}.77"])
def test_a_tap_without_sense_is_taken_by_its_words(tap: str) -> None:
    assert way("二居室", tap=tap) == Chosen(OFFERED[1])


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "\x00\x07", "\n\n"])
def test_nothing_readable_is_answered(text: str) -> None:
    assert isinstance(way(text), Sorry)


def test_what_is_far_too_long_is_not_read() -> None:
    assert isinstance(way("菜" * 1_001), Sorry)
    assert way("菜" * 1_000) == Words("菜" * 1_000)


@pytest.mark.parametrize("text", ["密码是Secret2026x", "我的密码：abc12345"])
def test_a_password_is_not_taken_into_the_talk(text: str) -> None:
    found = way(text)
    assert isinstance(found, Sorry)
    assert text[-8:] not in found.sentence


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Said(SaidKind.FOLLOW, "scene"), Greet("scene", new=True)),
        (Said(SaidKind.SCAN, "scene"), Greet("scene", new=False)),
        (Said(SaidKind.IMAGE, media_id="m"), Picture("m")),
        (Said(SaidKind.UNFOLLOW), Silence()),
        (Said(SaidKind.RECEIPT), Silence()),
        (Said(SaidKind.OTHER), Silence()),
        (Said(SaidKind.MENU, "菜单"), Verb(VerbWord.MENU, text="菜单")),
    ],
)
def test_each_kind_of_message_has_its_way(said: Said, expected: Way) -> None:
    assert choose(said, talk(), CATALOG) == expected


@pytest.mark.parametrize(
    "kind", [SaidKind.VOICE, SaidKind.VIDEO, SaidKind.LOCATION, SaidKind.LINK, SaidKind.FILE]
)
def test_what_cannot_be_taken_has_a_sentence_of_its_own(kind: SaidKind) -> None:
    found = choose(Said(kind), talk(), CATALOG)
    assert isinstance(found, Sorry)
    others = [choose(Said(other), talk(), CATALOG) for other in SaidKind if other is not kind]
    assert found not in others


ANY_SAID = st.builds(
    Said,
    kind=st.sampled_from(SaidKind),
    text=st.one_of(st.text(max_size=30), st.sampled_from(["菜单", "1", "二居室", "改1"])),
    tap=st.one_of(
        st.text(max_size=20), st.builds(f"{MARK}.{{}}".format, st.integers(-2, 9)), st.just("a.b.1")
    ),
    media_id=st.text(max_size=5),
)


@given(ANY_SAID, st.lists(st.sampled_from(OFFERED), max_size=5), st.integers(0, 6))
def test_anything_has_a_way_and_looking_changes_nothing(
    said: Said, options: list[Option], shown: int
) -> None:
    conversation = talk(*options, shown=min(shown, len(options)))
    before = conversation.to_json()
    found = choose(said, conversation, CATALOG)
    assert isinstance(found, Way)
    assert conversation.to_json() == before
    if isinstance(found, Chosen):
        assert found.option in options
