"""Several things at once: interruptions, what must come first, deploys, and errors of the rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Need, Option, Receipt, SettledError, Start
from dialogs.engine.kinds import one_of, text
from dialogs.engine.messages import Said, SaidKind
from dialogs.engine.walk import REVIEW, walk
from domain.shared.errors import ConflictError, NeedsError, RefusedError, UnavailableError
from tests.support.desks import HOME_WORDS, Bench, BenchDesk, catalog_of
from tests.support.forms import Proven, Typed
from tests.support.rental import Rental, at_review


class SignIn(Flow, id="sign_in", title="登录"):
    """Provides what most need; standing alone it asks one thing more."""

    words = ("登录",)
    review = False
    provides = Need.SIGNED_IN
    name = Ask(text(9), "您是谁？", title="称呼")
    extra = Ask(
        one_of("要", "不要"), "要密码吗？", title="密码", when=lambda answers: not answers.pushed
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        if (await desk.citizen()).has(Need.SIGNED_IN):
            raise SettledError(Receipt("您已经登录。"))
        return "先登录。"

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        assert isinstance(desk, BenchDesk)
        desk.lodge({"signed in": answers[SignIn.name]})
        desk.met.add(Need.SIGNED_IN)
        return Receipt("已登录。")


class RealName(Flow, id="real_name", title="实名"):
    words = ("实名",)
    review = False
    requires = (Need.SIGNED_IN,)
    provides = Need.REAL_NAME
    person = Ask(text(9), "姓名？", title="姓名")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        assert isinstance(desk, BenchDesk)
        desk.lodge({"person": answers[RealName.person]})
        desk.met.add(Need.REAL_NAME)
        return Receipt("已实名。")


class Apply(Flow, id="apply", title="登记"):
    """Needs two things; is begun for a unit."""

    words = ("登记",)
    requires = (Need.SIGNED_IN, Need.REAL_NAME)
    closed = False
    unit = Ask(text(9), "哪一套？", title="房源")
    wish = Ask(text(9), "有什么愿望？", title="愿望")

    async def admit(self, answers: Answers, desk: Desk) -> None:
        if answers.unit == "已截止":
            raise RefusedError

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        assert isinstance(desk, BenchDesk)
        desk.lodge({"unit": answers[Apply.unit], "wish": answers[Apply.wish]})
        return Receipt("登记好了。", (Option("再登记", start=Start("apply")),))


class Chain(Flow, id="chain", title="连着办"):
    words = ("连着办",)
    review = False
    what = Ask(text(9), "办什么？", title="内容")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        return Receipt("办好了第一件。", start=Start("sign_in"))


class Halfway(Flow, id="halfway", title="半路"):
    """Finds out only when submitting that the citizen must sign in."""

    words = ("半路",)
    what = Ask(text(9), "办什么？", title="内容")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        assert isinstance(desk, BenchDesk)
        if not (await desk.citizen()).has(Need.SIGNED_IN):
            raise NeedsError(Need.SIGNED_IN)
        desk.lodge({"halfway": answers[Halfway.what]})
        return Receipt("办好了。")


ALL = (Rental, Typed, Proven, SignIn, RealName, Apply, Chain, Halfway)


@pytest.fixture
def bench() -> Bench:
    return Bench.of(*ALL)


def stack(bench: Bench) -> list[str]:
    return [draft.flow for draft in bench.conversation.drafts]


# --- what must come first -------------------------------------------------------------------------


async def test_what_must_come_first_is_done_first_and_then_it_goes_on(bench: Bench) -> None:
    await bench.say("登记")
    assert stack(bench) == ["apply", "sign_in"]
    await bench.say("小安")
    assert stack(bench) == ["apply", "real_name"]
    assert "已登录" in bench.last.text
    await bench.say("王小安")
    assert stack(bench) == ["apply"]
    assert "已实名" in bench.last.text
    assert bench.at == "unit"


async def test_what_was_known_before_is_known_after(bench: Bench) -> None:
    bench.desk.met.add(Need.SIGNED_IN)
    bench.desk.met.add(Need.REAL_NAME)
    await bench.say("登记", "一套")
    bench.desk.met.clear()
    await bench.say("菜单", "登记", "小安", "王小安")
    assert bench.at == "wish"
    assert bench.draft.answers["unit"] == "一套"


@pytest.mark.parametrize("said", ["登录", "菜单", "返回", "重新开始", "登记", "继续", "帮助"])
async def test_whatever_is_said_on_the_way_the_first_wish_is_come_back_to(
    bench: Bench, said: str
) -> None:
    await bench.say("登记", said)
    if bench.at == "home":
        await bench.say("继续")
    await bench.say("小安", "王小安")
    assert stack(bench) == ["apply"]
    assert bench.at == "unit"


async def test_what_waits_for_another_asks_no_extras_and_alone_it_does(bench: Bench) -> None:
    await bench.say("登录", "小安")
    assert bench.at == "extra"
    other = Bench.of(*ALL)
    await other.say("登记", "小安")
    assert other.draft.flow == "real_name"


async def test_a_need_found_out_on_submitting_is_met_and_the_page_comes_back(bench: Bench) -> None:
    await bench.say("半路", "事情", "提交")
    assert stack(bench) == ["halfway", "sign_in"]
    await bench.say("小安")
    assert bench.at == REVIEW
    await bench.say("提交")
    assert {"halfway": "事情"} in bench.desk.lodged


async def test_what_is_done_already_says_so_and_ends(bench: Bench) -> None:
    bench.desk.met.add(Need.SIGNED_IN)
    await bench.say("登录")
    assert "已经登录" in bench.last.text
    assert stack(bench) == []


async def test_what_cannot_begin_says_why_before_anything_is_asked_for(bench: Bench) -> None:
    shown = Start("apply", {"unit": "已截止"})
    bench.conversation.offered = [Option("登记这套", start=shown).to_json()]
    await bench.say("1")
    assert bench.at == "home"
    assert stack(bench) == []
    assert HOME_WORDS in bench.last.text
    assert len(bench.last.text) > len(HOME_WORDS) + 5


async def test_one_thing_may_lead_straight_to_the_next(bench: Bench) -> None:
    await bench.say("连着办", "这个")
    assert stack(bench) == ["sign_in"]
    assert "办好了第一件" in bench.last.text
    assert "您是谁" in bench.last.text


# --- interruptions --------------------------------------------------------------------------------


async def test_what_was_interrupted_is_offered_and_gone_on_with(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "登录", "小安", "不要")
    assert Rental.title in bench.last.closing
    await bench.say("继续")
    assert bench.draft.flow == "rental"
    assert bench.at == "kind"


async def test_each_of_several_interrupted_things_keeps_its_answers(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "打字", "登录", "小安", "公租房申请")
    assert bench.at == "kind"
    await bench.say("登录")
    assert bench.at == "extra"
    await bench.say("打字")
    assert bench.at == "identity"
    assert sorted(stack(bench)) == ["rental", "sign_in", "typed"]


async def test_the_oldest_of_very_many_interrupted_things_goes() -> None:
    def form(number: int) -> type[Flow]:
        body = {
            "words": (f"表格{number}甲",),
            "one": Ask(text(9), "？", title="一"),
            "two": Ask(text(9), "？", title="二"),
        }
        return type(f"Form{number}", (Flow,), body, id=f"form{number}", title=f"表格{number}")

    bench = Bench.of(*map(form, range(12)))
    for number in range(12):
        await bench.say(f"表格{number}甲", "答")
    assert stack(bench) == [f"form{number}" for number in range(4, 12)]


async def test_the_same_wish_for_something_else_is_another_draft(bench: Bench) -> None:
    bench.desk.met |= {Need.SIGNED_IN, Need.REAL_NAME}
    for unit in ("一套", "另一套"):
        bench.conversation.offered = [
            Option("去登记", start=Start("apply", {"unit": unit})).to_json()
        ]
        await bench.say("去登记", f"要{unit}")
    assert [draft.answers["unit"] for draft in bench.conversation.drafts] == ["一套", "另一套"]
    await bench.say("提交", "继续", "提交")
    assert [one["unit"] for one in bench.desk.lodged] == ["另一套", "一套"]


async def test_a_welcome_may_lead_into_a_flow(bench: Bench) -> None:
    await bench.do(Said(SaidKind.SCAN, "rental"))
    assert bench.at == "district"
    assert "欢迎" in bench.last.text
    await bench.do(Said(SaidKind.FOLLOW))
    assert bench.at == "home"


# --- errors of the rules --------------------------------------------------------------------------


@pytest.mark.parametrize("error", [UnavailableError, ConflictError, RefusedError])
async def test_an_effect_that_is_refused_is_undone_told_and_may_be_tried_again(
    bench: Bench, error: type[Exception]
) -> None:
    await at_review(bench)
    before = {**bench.draft.answers}
    bench.desk.refusals.append(error())
    await bench.say("提交")
    assert bench.undone == 1
    assert bench.draft.answers == before
    assert bench.labels
    await bench.say("继续", "提交")
    assert len(bench.desk.lodged) == 1


async def test_a_fault_of_ours_leaves_the_talk_to_whoever_keeps_it(bench: Bench) -> None:
    await at_review(bench)
    kept = bench.conversation.to_json()
    bench.desk.refusals.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await bench.say("提交")
    assert bench.conversation.to_json()["drafts"] == kept["drafts"]


# --- deploys --------------------------------------------------------------------------------------


async def test_a_flow_that_is_gone_is_let_go_and_the_rest_goes_on(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "登录", "小安")
    bench.catalog = catalog_of(Rental, Typed)
    await bench.say("继续")
    assert bench.at == "kind"


async def test_a_question_of_a_later_release_is_asked_before_the_review(bench: Bench) -> None:
    bench.desk.met |= {Need.SIGNED_IN, Need.REAL_NAME}
    await bench.say("登记", "一套", "向阳")

    class Later(Flow, id="apply", version=2, title="登记"):
        unit = Apply.unit
        floor = Ask(text(9), "几层？", title="楼层")
        wish = Apply.wish

    bench.catalog = catalog_of(Later)
    await bench.say("提交")
    assert bench.at == "floor" or bench.draft.answers["floor"] == "提交"
    await bench.say("改楼层", "三层")
    assert bench.at == REVIEW


# --- any talk -------------------------------------------------------------------------------------

WORDS = [
    *("公租房申请", "登记", "登录", "实名", "打字", "验证手机", "连着办", "半路"),
    *("菜单", "返回", "退出", "继续", "重新开始", "帮助", "为什么", "改", "改1", "改区", "结果"),
    *("1", "２", "三", "第1个", "朝阳区", "单身", "家庭", "加一位", "完成", "删1", "改2", "没有"),
    *("6万", "2015-07-01", "3", "是", "58.5", "小安", "110100198809230028", "13812345678"),
    *("提交", "确定", "同意", "轮候要等多久", "???", "改不了", "110100201506010030"),
]
SAID = st.one_of(
    st.sampled_from(WORDS).map(lambda text: Said(SaidKind.TEXT, text)),
    st.sampled_from(["media", "blurred"]).map(lambda one: Said(SaidKind.IMAGE, media_id=one)),
    st.tuples(st.sampled_from(WORDS), st.integers(0, 9)).map(
        lambda one: Said(SaidKind.TEXT, one[0], tap=f"abcdefgh.kind.{one[1]}")
    ),
    st.text(max_size=8).map(lambda text: Said(SaidKind.TEXT, text)),
)


@given(st.lists(SAID, max_size=40), st.integers(0, 3))
async def test_any_talk_is_answered_keeps_its_place_and_has_no_effect_nobody_asked_for(
    talk: list[Said], pause: int
) -> None:
    bench = Bench.of(*ALL)
    for said in talk:
        reply = await bench.do(said)
        assert reply.text or reply.options
        bench.clock.forward(pause * 700)
        for draft in bench.conversation.drafts:
            flow = bench.catalog.flows[draft.flow]
            assert walk(flow, draft).at in {*flow.steps, REVIEW, "done"}
    done = [effect.draft_id for effect in bench.desk.effects.rows.values()]
    assert len(done) == len(set(done)) == len(bench.desk.lodged) + _unlodged(bench)
    await bench.say("菜单")
    assert bench.at == "home"


def _unlodged(bench: Bench) -> int:
    """Return how many effects were those of the one flow that lodges nothing."""
    return sum(effect.flow == "chain" for effect in bench.desk.effects.rows.values())


FORM = ("朝阳区", "单身", "6万", "2015-07-01", "3", "有", "58.5", "要", "青禾路 1 号")


@given(st.integers(1, len(FORM)), st.data())
async def test_going_back_and_giving_the_same_answer_changes_nothing(
    answered: int, data: st.DataObject
) -> None:
    bench = Bench.of(Rental)
    await bench.say("公租房申请", *FORM[:answered])
    before, place = {**bench.draft.answers}, bench.at
    steps = data.draw(st.integers(1, answered))
    await bench.say(*["返回"] * steps)
    assert bench.at == list(before)[answered - steps]
    await bench.say(FORM[answered - steps])
    assert bench.draft.answers == before
    assert bench.at == place
