"""Ways to go about a flow, options that lead elsewhere, pages that know, answers that spoil.

Source: S0-13.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from dialogs.desk import Desk, Need
from dialogs.engine.dsl import Answers, Ask, Code, Field, Flow, Option, Receipt, Secure
from dialogs.engine.excuses import excuse
from dialogs.engine.kinds import phone, secret, text
from dialogs.engine.walk import edges
from domain.accounts.model import Purpose
from domain.accounts.passwords import PasswordNotProvenError
from domain.accounts.service import CodeNotProvenError
from domain.shared.conversations import Json
from domain.shared.errors import UnavailableError
from tests.support.desks import Bench, BenchDesk

PHONE, OTHER = "13800000001", "13800000002"


async def _typed(answers: Answers, _desk: Desk) -> str:
    return answers[Enter.phone]


async def _about(answers: Answers, _desk: Desk) -> Mapping[str, str]:
    return {"phone": answers[Enter.phone], "secret": "what the page knows wins"}


async def _together(values: Mapping[str, str], _desk: Desk) -> Json:
    return dict(values)


def _switch(answers: Answers) -> Sequence[Option]:
    other = "快" if answers.way == "slow" else "慢"
    return (Option(f"改{other}的", say=f"{other}办"),)


class Enter(Flow, id="enter", version=1, title="进门"):
    """A phone, then one of two ways, then a word."""

    review = False
    settings = MappingProxyType({"way": ("fast", "slow")})
    words = ("进门",)
    shortcuts = MappingProxyType({"快办": {"way": "fast"}, "慢办": {"way": "slow"}})

    phone = Ask(phone, "手机号？", title="手机号", resets=("code", "secret"), also=_switch)
    code = Code(
        Purpose.SIGN_IN,
        _typed,
        change="手机号",
        when=lambda answers: answers.way != "slow",
        also=_switch,
    )
    secret = Secure(
        "密码？",
        title="密码",
        fields=(Field("said", "密码", secret, hidden=True),),
        accept=_together,
        carries=_about,
        warning="密码不要发在这里。",
        spoilt=(PasswordNotProvenError,),
        when=lambda answers: answers.way == "slow",
        also=_switch,
    )
    word = Ask(text(20), "口令？", title="口令")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Enter."""
        assert isinstance(desk, BenchDesk)
        kept = answers.get(self.secret)
        desk.lodge({"secret": kept, "by_code": answers.get(self.code) is not None})
        return Receipt("进来了。")


def bench() -> Bench:
    return Bench.of(Enter)


def test_of_two_ways_that_exclude_each_other_no_edge_leads_from_one_to_the_other() -> None:
    assert edges(Enter) == {
        ("start", "phone"),
        ("phone", "code"),
        ("phone", "secret"),
        ("code", "word"),
        ("secret", "word"),
        ("word", "done"),
    }


async def test_another_way_keeps_what_was_answered() -> None:
    talk = bench()
    await talk.say("进门", PHONE)
    assert (talk.at, talk.labels[-1]) == ("code", "改慢的")
    await talk.tap("改慢的")
    assert (talk.at, talk.labels[-1]) == ("secret", "改快的")
    await talk.say("快办")
    assert talk.at == "code"
    assert len(talk.conversation.drafts) == 1
    assert len(talk.desk.sms.codes) == 1


async def test_beginning_it_once_more_without_a_way_keeps_the_way() -> None:
    talk = bench()
    await talk.say("慢办", PHONE, "进门")
    assert talk.at == "secret"


async def test_answers_of_the_way_not_gone_are_not_submitted() -> None:
    talk = bench()
    await talk.say("慢办", PHONE)
    await talk.fill(said="说过的")
    await talk.say("继续")
    assert talk.at == "word"
    await talk.say("快办")
    await talk.say(talk.desk.sms.codes[-1][1], "芝麻")
    assert talk.desk.lodged == [{"secret": None, "by_code": True}]


async def test_a_page_brings_what_it_knows_beside_what_was_typed() -> None:
    talk = bench()
    await talk.say("慢办", PHONE)
    await talk.fill(said=" Ａb 1 ")
    await talk.say("继续", "芝麻")
    assert talk.desk.lodged == [
        {
            "secret": {
                "said": " Ab 1 ",
                "phone": f"+86{PHONE}",
                "secret": "what the page knows wins",
            },
            "by_code": False,
        }
    ]


async def test_a_page_that_knew_something_else_is_not_handed_out_again() -> None:
    talk = bench()
    await talk.say("慢办", PHONE)
    first = talk.last.links
    await talk.say("再说一遍")
    assert talk.last.links == first
    await talk.say("改手机号", OTHER)
    assert talk.at == "secret"
    assert talk.last.links != first


async def test_words_that_belong_on_the_page_are_warned_of() -> None:
    talk = bench()
    await talk.say("慢办", PHONE, "qinghe-yuecai-72")
    assert "密码不要发在这里。" in talk.last.text
    assert "qinghe" not in str(talk.conversation.to_json())


@pytest.mark.parametrize(
    ("way", "error", "at"),
    [("慢办", PasswordNotProvenError(), "secret"), ("快办", CodeNotProvenError(), "code")],
)
async def test_an_answer_that_an_error_has_spoilt_is_asked_once_more(
    way: str, error: PasswordNotProvenError | CodeNotProvenError, at: str
) -> None:
    talk = bench()
    talk.desk.refusals = [error]
    await talk.say(way, PHONE)
    await answer_proof(talk)
    await talk.say("芝麻")
    assert talk.at == at
    assert talk.last.text.startswith(excuse(error, talk.clock.now()))
    await answer_proof(talk)
    assert len(talk.desk.lodged) == 1


async def test_an_error_that_spoils_nothing_leaves_every_answer() -> None:
    talk = bench()
    talk.desk.refusals = [UnavailableError()]
    await talk.say("慢办", PHONE)
    await talk.fill(said="说过的")
    await talk.say("继续", "芝麻")
    assert {"phone", "secret", "word"} <= talk.draft.answers.keys()
    assert not talk.desk.lodged


class Wander(Flow, id="wander", version=1, title="闲逛"):
    """Something else that ends."""

    review = False
    words = ("闲逛",)

    where = Ask(text(20), "去哪儿？", title="去哪儿")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Wander off."""
        return Receipt("走完了。")


class Knock(Wander, id="knock", version=1, title="敲门"):
    """Pointless once the citizen is signed in."""

    review = False
    until = Need.SIGNED_IN
    words = ("敲门",)

    door = Ask(text(20), "哪扇门？", title="门")


@pytest.mark.parametrize(("met", "left"), [(set(), ["knock"]), ({Need.SIGNED_IN}, [])])
async def test_what_has_become_pointless_is_not_come_back_to(
    met: set[Need], left: list[str]
) -> None:
    talk = Bench.of(Wander, Knock)
    await talk.say("敲门", "闲逛")
    talk.desk.met = met
    await talk.say("公园")
    assert [draft.flow for draft in talk.conversation.drafts] == left


async def answer_proof(talk: Bench) -> None:
    """Answer the open question of either way."""
    if talk.at == "secret":
        await talk.fill(said="说过的")
        await talk.say("继续")
    else:
        talk.clock.forward(61)
        await talk.say(talk.desk.sms.codes[-1][1])
