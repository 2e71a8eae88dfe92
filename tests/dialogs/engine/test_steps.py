"""Questions of the plainest sorts: typed answers, known words, pictures, choices."""

from collections.abc import Sequence

import pytest

from dialogs.engine.dsl import Answers, Ask, Choose, ChooseMany, Desk, Flow, Menu, Option, Receipt
from dialogs.engine.kinds import one_of, text, whole_number, yes_no
from dialogs.engine.messages import Start
from domain.shared.errors import NotFoundError
from tests.support.desks import Bench, BenchDesk
from tests.support.rental import BLURRED, Rental, at_review

ESTATES = {"qinghe": "青禾家园", "lucheng": "潞城里", "lucheng2": "潞城里二期"}


async def estates(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return [Option(name, value=key) for key, name in ESTATES.items()]


async def on_record(value: str, _answers: Answers, _desk: Desk) -> str:
    if value == "lucheng2":
        raise NotFoundError
    return value


class Wish(Flow, id="wish", title="心愿"):
    words = ("许愿",)
    estate = Choose(estates, "选哪个项目？", accept=on_record, title="项目", resets=("floors",))
    floors = ChooseMany(estates, "要哪几层？", title="楼层")
    count = Ask(whole_number(1, 9), "{estate}要几间？", title="间数", hint="1 到 9。")
    city = Ask(one_of("东城区", "西城区"), "哪个区？", title="区")
    sure = Ask(yes_no, "想好了吗？", title="确定")
    why = Ask(text(20), "为什么？", title="理由")

    async def submit(self, answers: Answers, desk: BenchDesk) -> Receipt:
        floors = list(answers[Wish.floors])
        desk.lodge({"estate": answers[Wish.estate], "floors": floors, "sure": answers[Wish.sure]})
        return Receipt("好")


class Look(Flow, id="look", title="看看"):
    words = ("看看",)
    reading = True
    review = False
    estate = Choose(estates, "看哪个？", title="项目", resets=("floor",))
    floor = Choose(estates, "看哪层？", title="楼层")

    async def _on(answers: Answers, _desk: Desk) -> Sequence[Option]:  # noqa: N805 (a function of the flow)
        return (Option("许愿", start=Start("wish")), Option("看别的", say="返回"))

    page = Menu(_on, "看完了。")


@pytest.fixture
def bench() -> Bench:
    return Bench.of(Wish, Look, Rental)


@pytest.mark.parametrize(
    "said",
    ["1", "１", "一", "第1个", "第一个", " 1 ", "青禾家园", "青禾", "青禾家院", "青禾家园。"],
)
async def test_a_choice_is_made_by_number_label_or_a_near_miss(bench: Bench, said: str) -> None:
    await bench.say("许愿", said)
    assert bench.draft.answers["estate"] == {"value": "qinghe", "label": "青禾家园"}


async def test_a_choice_is_made_by_a_tap_with_or_without_its_id(bench: Bench) -> None:
    await bench.say("许愿")
    await bench.tap("潞城里")
    assert bench.at == "floors"
    await bench.say("菜单", "重新开始", "潞城里")
    assert bench.at == "floors"


@pytest.mark.parametrize("said", ["4", "0", "潞", "别的", "城"])
async def test_what_fits_none_or_several_is_asked_again_with_the_options(
    bench: Bench, said: str
) -> None:
    await bench.say("许愿", said)
    assert bench.at == "estate"
    assert bench.labels[:3] == list(ESTATES.values())


async def test_what_is_on_offer_no_more_is_told_and_asked_again(bench: Bench) -> None:
    await bench.say("许愿", "潞城里二期")
    assert bench.at == "estate"
    assert "estate" not in bench.draft.answers


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ("1,3", ["qinghe", "lucheng2"]),
        ("3 和 1", ["qinghe", "lucheng2"]),
        ("全部", ["qinghe", "lucheng", "lucheng2"]),
        ("2", ["lucheng"]),
        ("青禾家园", ["qinghe"]),
    ],
)
async def test_several_are_chosen_at_once(bench: Bench, said: str, chosen: list[str]) -> None:
    await bench.say("许愿", "1", said)
    stored = bench.draft.answers["floors"]
    assert isinstance(stored, dict)
    assert stored["values"] == chosen


@pytest.mark.parametrize("said", ["1,9", "0,1", "哪个都行", "4"])
async def test_a_number_that_is_not_shown_chooses_nothing(bench: Bench, said: str) -> None:
    await bench.say("许愿", "1", said)
    assert bench.at == "floors"


async def test_a_number_is_the_answer_where_a_number_is_asked(bench: Bench) -> None:
    await bench.say("许愿", "1", "1", "很多", "非常多", "数不清")
    assert "人工" in bench.last.closing
    await bench.say("1")
    assert bench.draft.answers["count"] == 1


async def test_a_prompt_names_the_answers_before_it(bench: Bench) -> None:
    await bench.say("许愿", "1", "1")
    assert "青禾家园要几间" in bench.last.text


async def test_a_known_word_may_be_spelt_nearly(bench: Bench) -> None:
    await bench.say("许愿", "1", "1", "2", "东城")
    assert bench.draft.answers["city"] == "东城区"


async def test_a_changed_answer_takes_those_that_hang_on_it_along(bench: Bench) -> None:
    await bench.say("许愿", "1", "1", "2", "改项目", "潞城里")
    assert bench.at == "floors"
    assert "floors" not in bench.draft.answers
    assert bench.draft.answers["count"] == 2


async def test_the_same_answer_again_takes_nothing_along(bench: Bench) -> None:
    await bench.say("许愿", "1", "1", "2", "改项目", "青禾家园")
    assert bench.at == "city"
    assert "floors" in bench.draft.answers


async def test_who_only_reads_goes_on_from_what_is_chosen_again(bench: Bench) -> None:
    await bench.say("看看", "1", "2")
    assert bench.at == "page"
    await bench.say("返回", "返回")
    assert bench.at == "estate"
    await bench.say("1")
    assert bench.at == "floor"


async def test_a_menu_leads_elsewhere_and_is_never_answered(bench: Bench) -> None:
    await bench.say("看看", "1", "2", "随便说说")
    assert bench.at == "page"
    await bench.say("1")
    assert bench.draft.flow == "wish"


async def test_a_picture_is_no_answer_where_words_are_asked(bench: Bench) -> None:
    await bench.say("许愿")
    for at in ("estate", "floors", "count", "city", "sure", "why"):
        assert bench.at == at
        await bench.photo("media")
        assert bench.at == at
        assert bench.last.text
        await bench.say("1" if at != "why" else "想要")
    assert bench.at == "review"


async def test_a_picture_at_the_review_changes_nothing(bench: Bench) -> None:
    await at_review(bench)
    await bench.photo("another")
    assert bench.at == "review"
    assert bench.draft.answers["hukou"] == {"picture": "kept-hukou"}


async def test_a_photo_is_taken_where_one_is_asked(bench: Bench) -> None:
    await at_review(bench)
    await bench.say("改户口本")
    assert bench.at == "hukou"
    await bench.photo("second")
    assert bench.at == "review"
    assert bench.draft.answers["hukou"] == {"picture": "kept-second"}


async def test_words_where_a_photo_is_asked_and_a_bad_photo_are_told_how_to_do_it(
    bench: Bench,
) -> None:
    await at_review(bench)
    await bench.say("改户口本", "我没有照片")
    assert bench.at == "hukou"
    await bench.photo(BLURRED)
    assert "重新拍" in bench.last.text
    assert bench.draft.answers["hukou"] == {"picture": "kept-hukou"}


async def test_a_picture_outside_any_flow_is_answered(bench: Bench) -> None:
    await bench.photo("media")
    assert bench.last.text
    assert bench.at == "home"


async def test_a_choice_shown_for_another_question_is_not_an_answer(bench: Bench) -> None:
    await bench.say("许愿")

    class Later(Flow, id="wish", version=2, title="心愿"):
        first = Choose(estates, "先选学校？", title="学校")
        estate = Choose(estates, "选哪个项目？", title="项目")

    bench.catalog = Bench.of(Later).catalog
    await bench.say("1")
    assert "first" not in bench.draft.answers
    assert "先选学校" in bench.last.text
    await bench.say("1")
    assert bench.draft.answers["first"] == {"value": "qinghe", "label": "青禾家园"}
