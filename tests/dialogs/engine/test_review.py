"""The check-answers page: made from the flow, and every line of it can be changed."""

import re

import pytest

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Receipt
from dialogs.engine.kinds import text
from dialogs.engine.review import confirms
from tests.support.desks import Bench
from tests.support.rental import Rental, at_review


@pytest.fixture
async def bench() -> Bench:
    bench = Bench.of(Rental)
    await at_review(bench)
    return bench


async def test_every_answer_has_a_numbered_line_under_its_section(bench: Bench) -> None:
    shown = bench.last.text
    assert re.findall(r"（(\d+)）", shown) == [str(number) for number in range(1, 11)]
    headings = re.findall(r"【(.+?)】", shown)
    assert headings == [section.title for section in Rental.sections]
    assert "60,000 元" in shown
    assert "2015年7月1日" in shown
    assert "林若溪（配偶）" in shown


async def test_secrets_are_not_on_the_page(bench: Bench) -> None:
    assert not re.search(r"\d{8}", bench.last.text)


async def test_answers_that_are_not_asked_have_no_line_and_no_warning(bench: Bench) -> None:
    await bench.say("改住房面积", "90")
    assert "住房面积偏大" in bench.last.text
    await bench.say("改住房", "没有")
    assert bench.at == "review"
    assert "90" not in bench.last.text
    assert "住房面积偏大" not in bench.last.text


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("改1", "district"),
        ("改第4个", "income"),
        ("修改 4", "income"),
        ("改区", "district"),
        ("改申请区", "district"),
        ("改一下同住人数", "people"),
        ("更改工作起始", "since"),
        ("改户口本", "hukou"),
        ("改家人", "members"),
        ("改四", "income"),
    ],
)
async def test_a_line_is_changed_by_number_or_name(bench: Bench, said: str, step: str) -> None:
    await bench.say(said)
    assert bench.at == step


async def test_the_old_answer_is_shown_and_kept_until_a_new_one_fits(bench: Bench) -> None:
    reply = await bench.say("改收入")
    assert "60,000 元" in reply.text
    await bench.say("好多钱")
    assert bench.draft.answers["income"] == "60000.00"
    await bench.say("7万")
    assert bench.at == "review"
    assert "70,000 元" in bench.last.text


async def test_going_on_keeps_the_old_answer(bench: Bench) -> None:
    before = dict(bench.draft.answers)
    await bench.say("改收入", "继续")
    assert bench.at == "review"
    assert bench.draft.answers == before


async def test_a_change_asks_what_is_newly_needed_and_returns(bench: Bench) -> None:
    await bench.say("改纸质通知", "要")
    assert bench.at == "address"
    await bench.say("青禾路 1 号")
    assert bench.at == "review"
    assert "青禾路 1 号" in bench.last.text


async def test_a_change_that_hides_answers_never_submits_them(bench: Bench) -> None:
    await bench.say("改申请方式", "单身", "改住房", "没有", "提交")
    [lodged] = bench.desk.lodged
    assert "members" not in lodged
    assert "home_m2" not in lodged
    assert lodged["kind"] == "单身"


async def test_a_change_of_mind_brings_hidden_answers_back(bench: Bench) -> None:
    await bench.say("改住房", "没有", "改住房", "有")
    assert bench.at == "review"
    assert "58.50 平方米" in bench.last.text


async def test_a_warning_says_what_to_change_and_forbids_nothing(bench: Bench) -> None:
    await bench.say("改收入", "30万")
    assert "人均收入高出标准 50000 元" in bench.last.text
    assert "改收入" in bench.last.text
    await bench.say("提交")
    assert len(bench.desk.lodged) == 1


@pytest.mark.parametrize("said", ["改", "修改", "改一下"])
async def test_a_bare_change_lists_what_can_be_changed(bench: Bench, said: str) -> None:
    await bench.say(said)
    assert "改收入" in bench.labels
    await bench.tap("改收入")
    assert bench.at == "income"


@pytest.mark.parametrize("said", ["改99", "改天再说", "随便", "看看", "2"])
async def test_other_words_change_and_submit_nothing(bench: Bench, said: str) -> None:
    before = dict(bench.draft.answers)
    await bench.say(said)
    assert bench.desk.lodged == []
    assert bench.conversation.drafts[-1].answers == before


@pytest.mark.parametrize("said", ["提交", " 提 交。", "确定", "好的", "1", "ok", "１"])
async def test_the_page_is_confirmed_by_number_word_or_yes(bench: Bench, said: str) -> None:
    await bench.say(said)
    assert len(bench.desk.lodged) == 1
    assert bench.at == "home"


@pytest.mark.parametrize("said", ["", "不", "不提交", "提交吗", "不确定"])
def test_doubts_do_not_confirm(said: str) -> None:
    assert not confirms(Rental, said)


async def test_sections_tell_how_far_one_is_when_going_on(bench: Bench) -> None:
    await bench.say("菜单", "公租房申请", "改收入", "菜单")
    reply = await bench.say("继续")
    assert reply.text.count("已完成") == len(Rental.sections)
    other = Bench.of(Rental)
    await other.say("公租房申请", "朝阳区", "单身", "菜单")
    reply = await other.say("继续")
    assert "✓ 申请信息：已完成" in reply.text
    assert "● 收入和住房：进行中" in reply.text
    assert "○ 材料：未开始" in reply.text
    assert "家庭成员" not in reply.text


async def test_a_flow_has_its_own_words_above_its_answers() -> None:
    class Wish(Flow, id="wish", title="心愿"):
        words = ("许愿",)
        confirm = "许下"
        what = Ask(text(), "想要什么？", title="心愿")

        async def summary(self, answers: Answers, desk: Desk) -> str:
            return f"您想要的是{answers[Wish.what]}"

        async def submit(self, answers: Answers, desk: Desk) -> Receipt:
            return Receipt("好")

    bench = Bench.of(Wish)
    reply = await bench.say("许愿", "一间房")
    assert "您想要的是一间房" in reply.text
    assert bench.labels[0] == "许下"
