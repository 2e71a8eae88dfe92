"""One draft, at most one effect."""

import copy

import pytest

from domain.shared.conversations import Conversation
from tests.support.desks import Bench
from tests.support.rental import Rental, at_review


@pytest.fixture
async def bench() -> Bench:
    bench = Bench.of(Rental)
    await at_review(bench)
    return bench


def back_to(bench: Bench, kept: Conversation) -> None:
    """Let the conversation's store go back in time."""
    bench.conversation = copy.deepcopy(kept)


async def test_an_older_conversation_confirmed_again_gets_the_same_receipt(bench: Bench) -> None:
    older = copy.deepcopy(bench.conversation)
    await bench.say("提交")
    first = bench.last
    back_to(bench, older)
    await bench.say("提交")
    assert bench.last == first
    assert len(bench.desk.lodged) == 1
    assert bench.at == "home"


async def test_an_older_conversation_with_other_answers_is_told_and_has_no_second_effect(
    bench: Bench,
) -> None:
    older = copy.deepcopy(bench.conversation)
    await bench.say("提交")
    back_to(bench, older)
    await bench.say("改收入", "7万", "提交")
    assert len(bench.desk.lodged) == 1
    assert "编号 1" in bench.last.text
    assert "之前" in bench.last.text
    assert bench.at == "home"


async def test_another_draft_of_the_same_flow_is_another_effect(bench: Bench) -> None:
    await bench.say("提交")
    await at_review(bench)
    await bench.say("提交")
    assert len(bench.desk.lodged) == 2
    assert "编号 2" in bench.last.text


async def test_an_answer_that_is_hidden_makes_no_difference_to_what_was_submitted(
    bench: Bench,
) -> None:
    await bench.say("改住房", "没有")
    older = copy.deepcopy(bench.conversation)
    await bench.say("提交")
    first = bench.last
    back_to(bench, older)
    bench.draft.answers["home_m2"] = "77.00"
    await bench.say("提交")
    assert bench.last == first


async def test_an_effect_that_was_refused_leaves_no_trace(bench: Bench) -> None:
    bench.desk.refusals.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await bench.say("提交")
    assert bench.desk.effects.rows == {}


async def test_what_is_kept_of_an_effect_holds_no_answer(bench: Bench) -> None:
    await bench.say("提交")
    [effect] = bench.desk.effects.rows.values()
    kept = f"{effect.fingerprint} {effect.receipt}"
    assert "林若溪" not in kept
    assert "110100198809230028" not in kept
