"""One-time pages and codes by SMS, as they are met in a talk."""

import pytest

from dialogs.engine.dsl import UnfitError
from domain.accounts.model import Proof, Purpose
from domain.accounts.service import CodeNotProvenError
from domain.shared.pages import FORM_LIFE, LinkExpiredError, LinkUsedError
from tests.support.allotment import OPENID
from tests.support.desks import Bench
from tests.support.forms import Proven, Typed, Untyped
from tests.support.rental import FIRST_ID, SECOND_ID


@pytest.fixture
def bench() -> Bench:
    return Bench.of(Typed, Untyped, Proven)


def link(bench: Bench) -> str:
    [(_, url)] = bench.last.links
    return url


# --- pages ------------------------------------------------------------------------------------


async def test_the_page_brings_the_answer_and_any_word_goes_on(bench: Bench) -> None:
    await bench.say("打字")
    await bench.fill(id_number=FIRST_ID)
    await bench.say("填好了")
    assert bench.at == "review"
    assert bench.draft.answers["identity"] == FIRST_ID
    assert FIRST_ID not in bench.last.text


async def test_the_same_page_is_handed_out_again_for_a_while_and_then_a_new_one(
    bench: Bench,
) -> None:
    await bench.say("打字")
    first = link(bench)
    for said in ("帮助", "为什么", "再说一遍", "继续"):
        await bench.say(said)
        assert link(bench) == first
    bench.clock.forward(8 * 60)
    await bench.say("再说一遍")
    assert link(bench) != first


async def test_the_page_that_is_handed_out_can_always_still_be_sent_off(bench: Bench) -> None:
    await bench.say("打字")
    for _ in range(20):
        bench.clock.forward(90)
        await bench.say("再说一遍")
        page = await bench.desk.pages.read(link(bench).rpartition("/")[2])
        assert page.expires_at > bench.clock.now()
        assert (page.expires_at - bench.clock.now()) >= FORM_LIFE / 4


async def test_a_page_that_a_lost_turn_replaced_is_not_handed_out_again(bench: Bench) -> None:
    await bench.say("打字")
    draft = bench.draft
    await bench.desk.pages.issue(
        openid=bench.desk.openid, draft_id=draft.id, flow=draft.flow, step="identity"
    )
    await bench.say("填好了")
    await bench.fill(id_number=FIRST_ID)
    await bench.say("填好了")
    assert bench.at == "review"


async def test_a_page_that_was_replaced_or_used_up_is_closed(bench: Bench) -> None:
    await bench.say("打字")
    old = link(bench).rpartition("/")[2]
    bench.clock.forward(8 * 60)
    await bench.say("再说一遍")
    with pytest.raises(LinkExpiredError):
        await bench.desk.pages.read(old)
    await bench.fill(id_number=FIRST_ID)
    with pytest.raises(LinkUsedError):
        await bench.fill(id_number=FIRST_ID)


async def test_nothing_arrives_before_the_page_is_sent_off(bench: Bench) -> None:
    await bench.say("打字", "继续", "继续")
    assert bench.at == "identity"


async def test_the_answer_may_be_typed_where_that_is_allowed(bench: Bench) -> None:
    await bench.say("打字", FIRST_ID)
    assert bench.at == "review"
    assert FIRST_ID not in bench.last.text


async def test_what_is_typed_wrongly_is_said_and_not_kept(bench: Bench) -> None:
    await bench.say("打字", "110100198809230029")
    assert bench.at == "identity"
    assert "identity" not in bench.draft.answers
    assert link(bench)
    await bench.say("还是不会")
    assert "也可以打字" in bench.last.text


async def test_what_is_refused_outside_leaves_the_question_open(bench: Bench) -> None:
    await bench.say("打字", SECOND_ID)
    assert bench.at == "identity"
    await bench.say(FIRST_ID)
    assert bench.at == "review"


async def test_a_secret_that_belongs_on_the_page_is_never_taken_from_the_chat(
    bench: Bench,
) -> None:
    await bench.say("网页", "芝麻开门", "芝麻开门")
    assert bench.at == "secret"
    assert "芝麻开门" not in str(bench.conversation.to_json())
    await bench.fill(word="芝麻开门", again="芝麻开门")
    await bench.say("继续")
    assert bench.at == "review"
    assert "芝麻开门" not in bench.last.text


def test_boxes_that_must_hold_the_same_are_compared() -> None:
    with pytest.raises(UnfitError):
        Untyped.secret.read({"word": "芝麻", "again": "绿豆"})
    assert Untyped.secret.read({"word": "芝麻", "again": "芝麻"})["word"] == "芝麻"


async def test_a_change_is_a_new_page_and_the_newest_answer_counts(bench: Bench) -> None:
    await bench.say("打字")
    first = link(bench)
    await bench.fill(id_number=FIRST_ID)
    await bench.say("继续", "改身份证号")
    assert link(bench) != first
    await bench.say("帮助", "继续")
    assert bench.at == "review"
    assert bench.draft.answers["identity"] == FIRST_ID
    await bench.say("改身份证号", "110100195801150046", "改身份证号", "继续")
    assert bench.draft.answers["identity"] == "110100195801150046"


async def test_a_page_sent_off_while_elsewhere_is_found_on_coming_back(bench: Bench) -> None:
    await bench.say("打字", "菜单")
    await bench.fill(id_number=FIRST_ID)
    await bench.say("打字")
    assert bench.at == "review"


async def test_words_that_lead_elsewhere_lead_there_after_a_page_was_sent_off(
    bench: Bench,
) -> None:
    await bench.say("打字")
    await bench.fill(id_number=FIRST_ID)
    await bench.say("验证手机")
    assert bench.at == "phone"
    await bench.say("菜单", "打字")
    assert bench.at == "review"


# --- codes ------------------------------------------------------------------------------------


def code(bench: Bench) -> str:
    """Return the code that was sent last."""
    return bench.desk.sms.codes[-1][1]


def wrong(bench: Bench) -> str:
    """Return a code that is not the one sent last."""
    return f"{(int(code(bench)) + 1) % 10**6:06}"


async def test_asking_for_a_code_sends_one_and_asking_again_sends_none(bench: Bench) -> None:
    await bench.say("验证手机", "13812345678", "帮助", "为什么", "再说一遍", "继续")
    assert [sent[0] for sent in bench.desk.sms.codes] == ["+8613812345678"]
    assert "13812345678" not in bench.last.text
    assert code(bench) not in bench.last.text


@pytest.mark.parametrize("around", ["{}", " {} ", "{}\n"])
async def test_the_right_code_proves_the_phone_and_is_not_kept(bench: Bench, around: str) -> None:
    await bench.say("验证手机", "13812345678")
    await bench.say(around.format(code(bench)))
    assert bench.at == "review"
    assert code(bench) not in str(bench.conversation.to_json())


async def test_a_code_in_two_groups_or_full_width_is_read(bench: Bench) -> None:
    await bench.say("验证手机", "13812345678")
    digits = code(bench)
    await bench.say(f"{digits[:3]} {''.join(chr(ord(one) + 0xFEE0) for one in digits[3:])}")
    assert bench.at == "review"


async def test_a_wrong_code_leaves_the_question_open_with_the_ways_on(bench: Bench) -> None:
    await bench.say("验证手机", "13812345678")
    await bench.say(wrong(bench))
    assert bench.at == "code"
    assert [option.say for option in bench.last.options] == ["重新获取", "改手机号"]
    await bench.say(code(bench))
    assert bench.at == "review"


async def test_another_code_is_sent_after_a_minute_and_only_the_newest_counts(
    bench: Bench,
) -> None:
    await bench.say("验证手机", "13812345678")
    first = code(bench)
    await bench.say("重新获取")
    assert len(bench.desk.sms.codes) == 1
    bench.clock.forward(61)
    await bench.tap("重新获取", of=bench.replies[1])
    assert len(bench.desk.sms.codes) == 2
    if first != code(bench):
        await bench.say(first)
        assert bench.at == "code"
    await bench.say(code(bench))
    assert bench.at == "review"


async def test_another_phone_gets_a_code_of_its_own(bench: Bench) -> None:
    await bench.say("验证手机", "13812345678", "改手机号", "13912345678")
    assert bench.desk.sms.codes[-1][0] == "+8613912345678"
    await bench.say(code(bench), "提交")
    assert bench.desk.lodged == [{"phone": "+8613912345678"}]


async def test_the_same_phone_keeps_its_code(bench: Bench) -> None:
    await bench.say("验证手机", "13812345678", "返回", "13812345678")
    assert len(bench.desk.sms.codes) == 1
    assert bench.at == "code"


async def test_another_phone_after_the_proof_must_be_proven_too(bench: Bench) -> None:
    await bench.say("验证手机", "13812345678")
    await bench.say(code(bench), "改手机号", "13912345678")
    assert bench.at == "code"


async def test_going_back_over_a_proof_asks_the_phone(bench: Bench) -> None:
    await bench.say("验证手机", "13812345678")
    await bench.say(code(bench), "返回")
    assert bench.at == "phone"
    await bench.say("改验证码")
    assert bench.at != "code"


async def test_a_small_sum_is_asked_before_many_codes_and_its_answer_sends_one(
    bench: Bench,
) -> None:
    await bench.say("验证手机", "13812345678")
    for _ in range(3):
        bench.clock.forward(61)
        await bench.say("重新获取")
        if "等于几" in bench.last.text:
            break
    assert "等于几" in bench.last.text
    sent = len(bench.desk.sms.codes)
    await bench.say("不会算")
    assert len(bench.desk.sms.codes) == sent
    for answer in range(2, 19):
        await bench.say(str(answer))
        if len(bench.desk.sms.codes) > sent:
            break
    await bench.say(code(bench))
    assert bench.at == "review"


async def test_a_proof_that_no_longer_holds_is_asked_for_once_more(bench: Bench) -> None:
    await bench.say("验证手机", "13812345678")
    bench.desk.refusals.append(CodeNotProvenError())
    await bench.say(code(bench))
    bench.clock.forward(61)
    await bench.say("提交")
    assert bench.undone == 1
    assert bench.at == "code"
    await bench.say(code(bench), "提交")
    assert len(bench.desk.lodged) == 1


def test_what_is_stored_of_a_code_is_its_proof() -> None:
    now = Bench.of(Proven).clock.now()
    proof = Proof(OPENID, "+8613812345678", Purpose.SIGN_IN, "draft", now)
    assert Proven.code.load({"proof": proof.to_json()}) == proof
    for half in (None, {}, {"expires": 1.0}, {"captcha": "一加一"}):
        assert not Proven.code.answered(half)
