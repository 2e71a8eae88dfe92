"""Everything that gets a talk back on its way, at every kind of question."""

import pytest

from dialogs.engine.dsl import Answers, Ask, Choose, Flow, Menu, Option, Receipt
from dialogs.engine.kinds import text
from dialogs.engine.messages import Said, SaidKind
from dialogs.engine.ways import VerbWord
from tests.support.desks import HOME_WORDS, Bench, BenchDesk
from tests.support.forms import Joining, Notice, Proven, Typed
from tests.support.rental import Rental, at_review


async def rooms(_answers: Answers, _desk: BenchDesk) -> list[Option]:
    return [Option("一居室", value="one"), Option("二居室", value="two")]


class Look(Flow, id="look", title="看房"):
    words = ("看房",)
    reading = True
    review = False
    room = Choose(rooms, "看哪个？", title="户型", resets=("page",))

    async def _on(_answers: Answers, _desk: BenchDesk) -> list[Option]:  # noqa: N805 (no method)
        return [Option("看别的", say="返回")]

    page = Menu(_on, "这是一居室。")


class Note(Flow, id="note", title="留言"):
    words = ("留言",)
    review = False
    message = Ask(text(50), "想说什么？", title="留言")

    async def submit(self, answers: Answers, desk: BenchDesk) -> Receipt:
        return Receipt(f"第 {desk.lodge({'message': answers[Note.message]})} 条")


PLACES: dict[str, tuple[str, ...]] = {
    "home": ("菜单",),
    "ask": ("公租房申请", "朝阳区", "单身"),
    "known words": ("公租房申请",),
    "group": ("公租房申请", "朝阳区", "家庭"),
    "inside a group": ("公租房申请", "朝阳区", "家庭", "加一位"),
    "page inside a group": ("公租房申请", "朝阳区", "家庭", "加一位", "林若溪"),
    "changing": ("公租房申请", "朝阳区", "单身", "改区"),
    "page": ("打字",),
    "code": ("验证手机", "13812345678"),
    "notice": ("看告知书",),
    "agreement": ("加入",),
    "choice": ("看房",),
    "menu": ("看房", "1"),
    "words": ("留言",),
}


@pytest.fixture
def bench() -> Bench:
    return Bench.of(Rental, Typed, Proven, Notice, Joining, Look, Note)


async def arrive(bench: Bench, place: str) -> None:
    """Bring the talk to a place."""
    if place == "review":
        await at_review(bench)
    elif place == "photo":
        await at_review(bench)
        await bench.say("改户口本")
    else:
        await bench.say(*PLACES[place])


EVERYWHERE = [*PLACES, "review", "photo"]
HARMLESS = ["帮助", "为什么", "为什么？", "再说一遍", "结果", "?"]
ASIDES = ["轮候要等多久", "你好", "谢谢"]
TAKES_ANY_WORDS = {"inside a group", "words"}
"""A name or a message may be anything."""
READS_ON = {(place, ASIDES[0]) for place in ("home", "choice", "menu")}
"""Where one only reads, the answer to a question is another page."""


def asked(bench: Bench) -> tuple[str, object]:
    """Return where the citizen is and everything answered so far, page links aside."""
    drafts = [
        (draft.flow, {name: kept for name, kept in draft.answers.items() if ".page" not in name})
        for draft in bench.conversation.drafts
    ]
    return bench.at, drafts


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (place, said)
        for place in EVERYWHERE
        for said in (*HARMLESS, *(() if place in TAKES_ANY_WORDS else ASIDES))
        if (place, said) not in READS_ON
    ],
)
async def test_a_word_of_help_answers_and_leaves_everything_where_it_was(
    bench: Bench, place: str, said: str
) -> None:
    await arrive(bench, place)
    before, question = asked(bench), (await bench.say("再说一遍"))
    await bench.say(said)
    assert asked(bench) == before
    assert bench.last.text.endswith(question.text)
    assert bench.last.options == question.options
    assert bench.last.links == question.links
    assert bench.desk.lodged == []


@pytest.mark.parametrize(("place", "said"), sorted(READS_ON))
async def test_where_one_only_reads_a_question_is_answered_on_a_page_of_its_own(
    bench: Bench, place: str, said: str
) -> None:
    await arrive(bench, place)
    await bench.say(said)
    assert "轮候 的答案" in bench.last.text
    assert bench.desk.lodged == []


@pytest.mark.parametrize("place", EVERYWHERE)
@pytest.mark.parametrize("said", ["菜单", "退出", "首页", "取消"])
async def test_home_is_one_word_away_from_everywhere_and_answers_stay(
    bench: Bench, place: str, said: str
) -> None:
    await arrive(bench, place)
    kept = {**bench.draft.answers} if bench.conversation.drafts else {}
    await bench.say(said)
    assert bench.at == "home"
    assert HOME_WORDS in bench.last.text
    if bench.conversation.drafts:
        assert bench.draft.answers == kept


@pytest.mark.parametrize("place", EVERYWHERE)
@pytest.mark.parametrize("verb", list(VerbWord))
async def test_every_verb_is_answered_everywhere_without_an_effect(
    bench: Bench, place: str, verb: VerbWord
) -> None:
    await arrive(bench, place)
    reply = await bench.say(verb)
    assert reply.text
    assert bench.desk.lodged == []


@pytest.mark.parametrize("place", EVERYWHERE)
@pytest.mark.parametrize("verb", list(VerbWord))
async def test_after_any_verb_the_menu_leads_home(bench: Bench, place: str, verb: VerbWord) -> None:
    await arrive(bench, place)
    await bench.say(verb, "菜单")
    assert bench.at == "home"


LEFT = [place for place in EVERYWHERE if place not in {"home", "choice", "menu"}]
UNTOUCHED = {"known words", "code", "notice", "agreement", "words"}
"""Where the only question so far has no whole answer: nothing is lost if it is not kept."""


@pytest.mark.parametrize("place", [place for place in LEFT if place not in UNTOUCHED])
async def test_what_was_left_is_gone_on_with_where_it_was(bench: Bench, place: str) -> None:
    await arrive(bench, place)
    at, answers = bench.at, {**bench.draft.answers}
    await bench.say("菜单", "继续")
    assert bench.draft.answers == answers
    if place == "changing":
        assert bench.at == "income"
    elif place == "photo":
        assert bench.at == "review"
    else:
        assert bench.at == at


@pytest.mark.parametrize("place", LEFT)
async def test_starting_again_forgets_the_answers_and_only_these(bench: Bench, place: str) -> None:
    await bench.say("留言", "菜单")
    await arrive(bench, place)
    flow = bench.draft.flow
    await bench.say("重新开始")
    assert bench.draft.flow == flow
    steps = bench.catalog.flows[flow].steps
    answered = [
        name for name, step in steps.items() if step.answered(bench.draft.answers.get(name))
    ]
    assert answered == []


async def test_starting_again_with_nothing_begun_is_home(bench: Bench) -> None:
    await bench.say("重新开始")
    assert bench.at == "home"


# --- back -------------------------------------------------------------------------------------


async def test_back_walks_the_trail_and_the_same_answers_lead_forth_again(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "单身", "6万", "2015-07-01")
    before = {**bench.draft.answers}
    for at in ("since", "income", "kind", "district"):
        await bench.say("返回")
        assert bench.at == at
    assert "朝阳区" in bench.last.text
    await bench.say("朝阳区")
    assert bench.at == "people"
    assert bench.draft.answers == before


async def test_back_from_the_review_is_the_last_question(bench: Bench) -> None:
    await at_review(bench)
    await bench.say("返回")
    assert bench.at == "hukou"
    await bench.say("返回")
    assert bench.at == "by_post"


async def test_back_from_the_first_question_is_home_and_keeps_the_answers(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "返回", "返回")
    assert bench.at == "home"
    await bench.say("继续")
    assert bench.at == "kind"


async def test_back_from_what_a_page_led_to_is_that_page(bench: Bench) -> None:
    await bench.say("看房", "1", "留言", "返回")
    assert bench.draft.flow == "look"
    assert bench.at == "page"


# --- misses -----------------------------------------------------------------------------------


async def test_misses_get_a_sentence_then_a_hint_then_a_person(bench: Bench) -> None:
    await bench.say("公租房申请", "火星")
    assert "前面的数字" not in bench.last.text
    assert "联系人工" not in bench.labels
    await bench.say("木星")
    assert "前面的数字" in bench.last.text
    assert "联系人工" not in bench.labels
    await bench.say("土星")
    assert "联系人工" in bench.labels
    assert bench.at == "district"


async def test_an_answer_that_fits_begins_the_ladder_anew(bench: Bench) -> None:
    await bench.say("公租房申请", "火星", "木星", "朝阳区", "火星")
    assert bench.conversation.misses == 1


async def test_an_answer_inside_a_group_begins_the_ladder_anew(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭", "加一位", "1", "2", "林若溪")
    assert bench.conversation.misses == 0


async def test_a_question_of_theirs_is_no_miss(bench: Bench) -> None:
    await bench.say("公租房申请", "火星", "轮候要等多久", "木星")
    assert "轮候" in bench.replies[2].text
    assert bench.conversation.misses == 2


async def test_words_outside_any_flow_climb_the_ladder_too(bench: Bench) -> None:
    await bench.say("火星", "木星")
    assert "联系人工" not in bench.labels
    await bench.say("土星")
    assert "联系人工" in bench.labels


async def test_a_question_outside_any_flow_is_answered(bench: Bench) -> None:
    await bench.say("请问轮候要等多久？")
    assert "轮候 的答案" in bench.last.text


@pytest.mark.parametrize("said", ["公租房申清", "我想办公租房申请可以吗"])
async def test_words_near_those_of_a_flow_begin_it(bench: Bench, said: str) -> None:
    await bench.say(said)
    assert bench.draft.flow == "rental"


# --- sentences that are no verbs ----------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["改不了手机号怎么办", "改天再说吧", "取消了怎么办", "我要返回上一步"]
)
async def test_a_sentence_with_a_verb_in_it_is_an_answer_where_words_are_asked(
    bench: Bench, said: str
) -> None:
    await bench.say("留言", said)
    assert bench.desk.lodged == [{"message": said}]


# --- taps on earlier options --------------------------------------------------------------------


async def test_a_tap_on_an_answered_question_says_how_to_change_it(bench: Bench) -> None:
    shown = await bench.say("公租房申请")
    await bench.say("朝阳区")
    await bench.tap("海淀区", of=shown)
    assert bench.draft.answers["district"] == "朝阳区"
    assert "朝阳区" in bench.last.text
    assert "改区" in bench.last.text
    assert bench.at == "kind"


async def test_a_tap_on_the_question_being_changed_is_an_answer(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "改区")
    await bench.tap("海淀区")
    assert bench.draft.answers["district"] == "海淀区"


async def test_a_tap_on_something_else_shows_what_is_open(bench: Bench) -> None:
    shown = await bench.say("公租房申请")
    await bench.say("留言")
    await bench.tap("海淀区", of=shown)
    assert bench.at == "message"
    assert "想说什么" in bench.last.text


async def test_a_tap_on_what_is_done_repeats_the_receipt(bench: Bench) -> None:
    await at_review(bench)
    review = bench.last
    await bench.tap("提交")
    done = bench.last.text
    await bench.tap("提交", of=review)
    assert done in bench.last.text
    assert len(bench.desk.lodged) == 1


async def test_confirming_once_more_repeats_the_receipt_for_a_while(bench: Bench) -> None:
    await at_review(bench)
    await bench.say("提交", "提交")
    assert "编号 1" in bench.last.text
    assert len(bench.desk.lodged) == 1
    bench.clock.forward(11 * 60)
    await bench.say("提交")
    assert "编号 1" not in bench.last.text


@pytest.mark.parametrize(
    "tap", ["", ".", "x", "x.y", "x.y.z", "x.y.1.2", "..1", "home.0.99", "9" * 99]
)
async def test_a_tap_with_a_made_up_id_is_taken_as_its_words(bench: Bench, tap: str) -> None:
    await bench.say("公租房申请")
    await bench.do(Said(SaidKind.TEXT, "朝阳区", tap=tap))
    known = bench.draft.answers.get("district")
    assert known == "朝阳区" or "之前的选项" in bench.last.text


# --- coming back after a while --------------------------------------------------------------------


@pytest.mark.parametrize("said", ["朝阳区了", "一个人申请", "你好"])
async def test_whoever_comes_back_is_asked_whether_to_go_on(bench: Bench, said: str) -> None:
    await bench.say("公租房申请", "朝阳区")
    bench.clock.forward(31 * 60)
    await bench.say(said)
    assert bench.labels == ["继续", "重新开始", "菜单"]
    assert bench.at == "kind"
    await bench.say("1")
    assert "个人还是家庭" in bench.last.text


async def test_whoever_answered_nothing_is_taken_by_the_word(bench: Bench) -> None:
    await bench.say("公租房申请")
    bench.clock.forward(31 * 60)
    await bench.say("朝阳区")
    assert bench.at == "kind"


async def test_a_page_that_only_reads_is_not_come_back_to(bench: Bench) -> None:
    await bench.say("看房")
    bench.clock.forward(31 * 60)
    await bench.say("你好")
    assert bench.at == "home"


async def test_a_tap_after_a_while_is_an_answer(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区")
    bench.clock.forward(3 * 24 * 3600)
    await bench.tap("单身")
    assert bench.at == "income"


# --- what cannot be taken -------------------------------------------------------------------------


@pytest.mark.parametrize("place", EVERYWHERE)
@pytest.mark.parametrize(
    "said",
    [
        Said(SaidKind.VOICE, media_id="m"),
        Said(SaidKind.VIDEO, media_id="m"),
        Said(SaidKind.LOCATION),
        Said(SaidKind.LINK),
        Said(SaidKind.FILE),
        Said(SaidKind.TEXT, ""),
        Said(SaidKind.TEXT, " \u200b\u0000 "),
        Said(SaidKind.TEXT, "长" * 10_000),
    ],
    ids=["voice", "video", "location", "link", "file", "empty", "unprintable", "long"],
)
async def test_what_cannot_be_taken_is_answered_with_the_question(
    bench: Bench, place: str, said: Said
) -> None:
    await arrive(bench, place)
    before, question = asked(bench), await bench.say("再说一遍")
    reply = await bench.do(said)
    assert asked(bench) == before
    assert reply.text.endswith(question.text)
    assert len(reply.text) > len(question.text)


@pytest.mark.parametrize(
    "said", [Said(SaidKind.UNFOLLOW), Said(SaidKind.RECEIPT), Said(SaidKind.OTHER)]
)
async def test_what_needs_no_answer_gets_none_and_the_options_still_count(
    bench: Bench, said: Said
) -> None:
    await bench.say("公租房申请")
    assert (await bench.do(said)).silent
    await bench.say("3")
    assert bench.draft.answers["district"] == "朝阳区"
