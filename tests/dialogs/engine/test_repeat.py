"""A group of questions asked for each of several: adding, changing, removing, and a page inside."""

import pytest

from dialogs.engine.dsl import Ask, Flow, Receipt, Repeat
from dialogs.engine.kinds import text, whole_number
from dialogs.engine.messages import Option
from dialogs.engine.steps import Answers
from domain.shared.conversations import Json
from tests.support.desks import Bench, BenchDesk, catalog_of
from tests.support.rental import FIRST_ID, SECOND_ID, Member, Rental, at_review, one_member


class Part(Flow):
    name = Ask(text(5), "叫什么？", title="名字")
    age = Ask(whole_number(0, 99), "{name}几岁？", title="年龄", hint="周岁。")


class Household(Flow, id="household", title="家庭"):
    words = ("家庭登记",)
    members = Repeat(Part, "家人", label="{name} {age}岁", least=1, most=2, aka=("成员",))

    async def submit(self, answers: Answers, desk: BenchDesk) -> Receipt:
        names = [one[Part.name] for one in answers[Household.members]]
        return Receipt(f"第 {desk.lodge({'names': names})} 次：{'、'.join(names)}")


@pytest.fixture
def bench() -> Bench:
    return Bench.of(Household, Rental)


def members(bench: Bench, step: str = "members") -> list[dict[str, Json]]:
    """Return the answers of each item as they are stored."""
    stored = bench.draft.answers[step]
    assert isinstance(stored, dict)
    items = stored["items"]
    assert isinstance(items, list)
    return [dict(item["answers"]) for item in items if isinstance(item, dict)]


async def test_the_least_number_is_asked_for_without_asking_whether(bench: Bench) -> None:
    reply = await bench.say("家庭登记")
    assert "叫什么" in reply.text
    assert bench.labels == []


async def test_each_item_is_asked_its_questions_and_the_list_shows_them(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "八", "加一位", "小宁")
    reply = await bench.say("9")
    assert "小安 8岁" in reply.text
    assert "小宁 9岁" in reply.text
    assert members(bench) == [{"name": "小安", "age": 8}, {"name": "小宁", "age": 9}]


async def test_no_more_than_the_most_can_be_added(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "加一位", "小宁", "9")
    assert bench.labels == ["完成"]
    await bench.say("加一位")
    assert len(members(bench)) == 2
    assert bench.at == "members"


async def test_done_closes_the_group_and_not_before_the_least(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "删1")
    assert members(bench)[0] == {}
    assert "叫什么" in bench.last.text
    await bench.say("小宁", "9", "完成")
    assert bench.at == "review"


async def test_a_group_that_may_be_empty_can_be_closed_at_once(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭", "没有")
    assert bench.at == "income"


async def test_changing_goes_through_the_questions_and_keeps_what_is_not_changed(
    bench: Bench,
) -> None:
    await bench.say("家庭登记", "小安", "8")
    reply = await bench.say("改1")
    assert "小安" in reply.text
    await bench.say("继续")
    assert "几岁" in bench.last.text
    assert "8" in bench.last.text
    await bench.say("10")
    assert members(bench) == [{"name": "小安", "age": 10}]
    assert bench.labels == ["加一位", "完成"]


async def test_changing_with_other_answers_replaces_them(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "改第1位", "小宁", "继续")
    assert members(bench) == [{"name": "小宁", "age": 8}]


async def test_an_answer_that_does_not_fit_changes_nothing(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "改1", "名字实在太长了吧")
    assert members(bench) == [{"name": "小安", "age": 8}]
    assert "叫什么" in (await bench.say("再说一遍")).text


@pytest.mark.parametrize("said", ["改3", "删3", "删零", "改0", "删掉吧", "随便"])
async def test_a_number_nobody_has_is_answered_and_changes_nothing(bench: Bench, said: str) -> None:
    await bench.say("家庭登记", "小安", "8", said)
    assert members(bench) == [{"name": "小安", "age": 8}]
    assert bench.labels == ["加一位", "完成"]


async def test_removing_takes_out_the_one_that_was_named(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "加一位", "小宁", "9", "删除第1个")
    assert members(bench) == [{"name": "小宁", "age": 9}]


async def test_back_inside_an_item_asks_the_question_before_with_its_answer_kept(
    bench: Bench,
) -> None:
    await bench.say("家庭登记", "小安", "返回")
    assert "叫什么" in bench.last.text
    assert "小安" in bench.last.text
    await bench.say("小安")
    assert "几岁" in bench.last.text
    await bench.say("8")
    assert members(bench) == [{"name": "小安", "age": 8}]
    assert bench.labels == ["加一位", "完成"]


async def test_back_from_a_change_gives_it_up_and_loses_nobody(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "加一位", "小宁", "9", "改2", "返回")
    assert [one["name"] for one in members(bench)] == ["小安", "小宁"]
    assert "完成" in bench.labels


async def test_back_from_an_item_nobody_answered_for_drops_it(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "加一位", "返回")
    assert members(bench) == [{"name": "小安", "age": 8}]
    assert bench.labels == ["加一位", "完成"]


async def test_back_from_a_half_filled_item_keeps_its_answers(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭", "加一位", "林若溪", "返回", "返回")
    assert bench.at == "kind"
    await bench.say("家庭")
    assert members(bench)[0]["name"] == "林若溪"
    assert bench.at == "members"


async def test_a_half_filled_item_survives_the_menu(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "菜单", "继续")
    assert "小安几岁" in bench.last.text


async def test_a_page_inside_an_item_brings_its_answer(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭", "加一位", "林若溪")
    await bench.fill(id_number=FIRST_ID)
    await bench.say("继续")
    assert "什么关系" in bench.last.text
    assert members(bench)[0]["id_no"] == FIRST_ID


async def test_each_item_has_a_page_of_its_own(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭")
    await one_member(bench, "林若溪", FIRST_ID)
    await one_member(bench, "周小满", SECOND_ID)
    assert [one["id_no"] for one in members(bench)] == [FIRST_ID, SECOND_ID]


async def test_one_who_comes_after_a_removed_one_gets_nothing_of_theirs(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭")
    await one_member(bench, "林若溪", FIRST_ID)
    await bench.say("删1", "加一位", "周小满", "帮助")
    assert "身份证号" in bench.last.text
    await bench.fill(id_number=SECOND_ID)
    await bench.say("继续")
    assert members(bench)[0]["id_no"] == SECOND_ID


async def test_the_page_of_an_item_can_be_filled_anew_and_no_word_skips_it(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭")
    await one_member(bench)
    await bench.say("改1", "继续")
    for said in ("帮助", "为什么", "再说一遍"):
        await bench.say(said)
        assert "身份证号" in bench.last.text
        assert bench.last.links
    await bench.fill(id_number=SECOND_ID)
    await bench.say("继续")
    assert members(bench)[0]["id_no"] == SECOND_ID
    assert "什么关系" in bench.last.text


async def test_the_page_of_an_item_need_not_be_filled_anew(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭")
    await one_member(bench)
    await bench.say("改1", "林小溪", "继续", "继续", "继续")
    assert members(bench)[0] | {"id_no.page": None} == {
        "name": "林小溪",
        "id_no": FIRST_ID,
        "relation": "配偶",
        "income": "0.00",
        "id_no.page": None,
    }
    assert bench.labels == ["加一位", "完成"]


async def test_why_and_hint_are_those_of_the_question_inside(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭", "加一位")
    assert "身份证上一样" in (await bench.say("为什么？")).text
    await bench.say("林若溪")
    assert "都要填" in (await bench.say("为什么")).text
    await bench.say("家庭登记", "小安", "很大")
    assert "周岁" in (await bench.say("非常大")).text


async def test_a_tap_on_another_question_of_the_group_is_not_an_answer(bench: Bench) -> None:
    await bench.say("公租房申请", "朝阳区", "家庭", "加一位", "林若溪", FIRST_ID)
    relation = bench.last
    await bench.tap("配偶")
    await bench.tap("子女", of=relation)
    assert members(bench)[0]["relation"] == "配偶"
    assert "去年收入" in bench.last.text


async def test_the_group_can_be_changed_from_the_review_and_returns_there(bench: Bench) -> None:
    await at_review(bench)
    await bench.say("改家人")
    assert "林若溪（配偶）" in bench.last.text
    await one_member(bench, "周小满", SECOND_ID)
    await bench.say("完成")
    assert bench.at == "review"
    assert [one["name"] for one in members(bench)] == ["林若溪", "周小满"]


async def test_removing_the_last_one_needed_asks_for_another_before_the_review(
    bench: Bench,
) -> None:
    await bench.say("家庭登记", "小安", "8", "完成", "改成员", "删1")
    assert bench.at == "members"
    await bench.say("提交")
    assert bench.desk.lodged == []


async def test_a_further_question_of_a_later_release_is_asked_of_each(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "加一位", "小宁", "9", "完成")

    class LaterPart(Flow):
        name = Ask(text(5), "叫什么？", title="名字")
        age = Ask(whole_number(0, 99), "{name}几岁？", title="年龄")
        school = Ask(text(9), "{name}在哪里上学？", title="学校")

    class Later(Flow, id="household", version=2, title="家庭"):
        members = Repeat(LaterPart, "家人", label="{name} {age}岁", least=1, most=2)

    bench.catalog = catalog_of(Later)
    assert "小安在哪里上学" in (await bench.say("再说一遍")).text
    await bench.say("一小")
    assert "小宁在哪里上学" in bench.last.text
    await bench.say("二小")
    assert bench.at == "review"
    assert [one["school"] for one in members(bench)] == ["一小", "二小"]


async def test_what_is_submitted_are_the_typed_answers_of_each(bench: Bench) -> None:
    await bench.say("家庭登记", "小安", "8", "加一位", "小宁", "9", "完成", "提交")
    assert bench.desk.lodged == [{"names": ["小安", "小宁"]}]


@pytest.mark.parametrize(
    "stored", [None, "坏", [], {"items": "x"}, {"items": [1, {"key": "a"}], "open": "x"}]
)
def test_what_cannot_be_understood_is_no_item_and_breaks_nothing(stored: Json) -> None:
    assert not Household.members.answered(stored)
    assert Household.members.load(stored) == ()


def test_the_words_of_the_group_are_those_of_its_questions_too() -> None:
    texts = list(Rental.members.texts())
    assert Member.income.prompt in texts
    assert Option("加一位").label not in texts
