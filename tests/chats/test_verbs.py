"""The words that work everywhere work in every flow, and change nothing that was not asked for."""

import pytest

from dialogs.catalog import FLOWS
from dialogs.engine.flow import Flow
from tests.support.chat import Player
from tests.support.platform import ReplySeen
from tests.support.town import Town

HOME = "请选择要办的事"
ASIDES = ("为什么", "帮助", "结果", "怎么用", "再说一遍")
VERBS = (*ASIDES, "返回", "继续", "改", "改1", "重新开始", "下一页", "退出", "继续", "人工", "返回")

STANDING = {
    "bind_family": "signed-up verified",
    "real_name": "signed-up",
    "sign_in": "",
    "sign_up": "",
}
"""What a citizen has done before a flow has something to ask; all of it where not named."""

BEGINNINGS = {
    "cancel_registrations": ["given registration 青禾家园 二居室"],
    "my_sessions": ["given guest 沈玉兰"],
    "my_registrations": ["given registration 青禾家园 二居室"],
    "rate_answer": ["> 登记收费吗？"],
    "register": ["! scan 青禾家园", "> 3", "> 去登记"],
}
"""How a flow is begun, where it is not by its first word alone."""


def by_id(flow: type[Flow]) -> str:
    return flow.id


async def begun(flow: type[Flow], town: Town) -> Player:
    player = Player(town)
    standing = STANDING.get(flow.id, "signed-up verified bound")
    said = [f"> {flow.words[0]}"] if flow.words else []
    for line in (f"given citizen 周安然 {standing}", *BEGINNINGS.get(flow.id, []), *said):
        await player.perform(0, line)
    return player


async def answer(player: Player, words: str) -> ReplySeen:
    await player.perform(0, f"> {words}")
    return player.last


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
async def test_an_aside_is_answered_and_the_open_question_is_put_again(
    flow: type[Flow], town: Town
) -> None:
    player = await begun(flow, town)
    question = await answer(player, "再说一遍")
    for aside in ASIDES:
        reply = await answer(player, aside)
        assert reply.text.endswith(question.text), aside
        assert [tap.text for tap in reply.taps] == [tap.text for tap in question.taps]


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
async def test_no_word_that_works_everywhere_has_an_effect_of_its_own(
    flow: type[Flow], town: Town
) -> None:
    player = await begun(flow, town)
    records = ("accounts", "people", "families", "registrations", "effects", "acts", "tickets")
    before = await town.counts()
    for verb in VERBS:
        await answer(player, verb)
    after = await town.counts()
    assert {name: after[name] for name in records} == {name: before[name] for name in records}


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
async def test_the_menu_is_one_word_away_and_what_was_begun_two(
    flow: type[Flow], town: Town
) -> None:
    player = await begun(flow, town)
    question = await answer(player, "再说一遍")
    for verb in VERBS:
        await answer(player, verb)
        assert HOME in (await answer(player, "菜单")).text, verb
    again = await begun_again(flow, player)
    assert again.text.splitlines()[-1] == question.text.splitlines()[-1]


async def begun_again(flow: type[Flow], player: Player) -> ReplySeen:
    said = [f"> {flow.words[0]}"] if flow.words else BEGINNINGS[flow.id]
    for line in said:
        await player.perform(0, line)
    return player.last
