"""The short way gives what the talk gives: the same words, the same talk to go on with."""

import asyncio
import copy
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.routing import choose
from bot.stencils import Stencil
from bot.wechat.render import Bubble, render
from dialogs.catalog import catalog
from dialogs.engine.messages import Said, SaidKind
from dialogs.engine.pages import Sight
from dialogs.engine.talk import Talk
from dialogs.engine.ways import Way
from domain.shared.conversations import Conversation
from tests.support.chance import SeededRandomness
from tests.support.town import Resident, Town, found_town, lay_out

FLOWS = catalog()
WORDS = ["菜单", "快速配租", "更早的计划", "返回", "只看我能登记的", "注册", "帮助", "随便说说"]
WALKS = 60
STEPS = 12


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    asyncio.run(lay_out(folder))
    return folder


@pytest.fixture
async def town(template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with found_town(template, tmp_path) as town:
        yield town


@pytest.fixture
def who(town: Town) -> Resident:
    return town.residents["周安然"]


async def by_talk(town: Town, who: Resident, way: Way, talk: Conversation, seed: int) -> Bubble:
    """Go the long way, as `bot.turns` does."""
    async with town.house.open_work() as work:
        desk = town.desk(work, who)
        chance = SeededRandomness(seed)
        reply = await Talk(FLOWS, talk, desk, chance=chance, undo=work.undo).take(way)
    rendered = render(reply, tap_links=True)
    if not reply.silent:
        talk.pages = list(rendered.pages)
        talk.shown = list(rendered.shown)
    return rendered.bubble


def by_short_way(town: Town, way: Way, talk: Conversation, seed: int) -> Bubble | None:
    """Go the short way, if it is one."""
    sight = Sight(town.house.plans, town.clock, SeededRandomness(seed))
    assert FLOWS.short_way
    page = FLOWS.short_way.take(way, talk, sight)
    return Stencil.of(page, tap_links=True).show(talk) if page else None


def next_said(rng: random.Random, talk: Conversation) -> Said:
    """Say a number, an option by name or by tap, or a word that means something anywhere."""
    number = rng.randint(1, max(1, len(talk.offered)))
    offered = talk.offered[number - 1 : number]
    label = str(offered[0].get("say") or offered[0]["label"]) if offered else "1"
    return rng.choice(
        [
            Said(SaidKind.TEXT, str(number)),
            Said(SaidKind.TEXT, label),
            Said(SaidKind.TEXT, label, tap=f"{talk.mark}.{number}"),
            Said(SaidKind.TEXT, label, tap="oldDraft.plan.1"),
            Said(SaidKind.TEXT, rng.choice(WORDS)),
        ]
    )


async def test_both_ways_lead_to_the_same_page_and_leave_the_same_talk(
    town: Town, who: Resident
) -> None:
    shown: Counter[str] = Counter()
    for walk in range(WALKS):
        rng, talk = random.Random(walk), Conversation(who.openid)  # noqa: S311 (a test repeats)
        for step in range(STEPS):
            town.clock.forward(rng.choice((1, 1, 70, 4000)))
            await town.house.look()
            async with town.house.open_work() as work:
                await work.plans.counts(town.clock.now())
            way = choose(next_said(rng, talk), talk, FLOWS)
            other, before = copy.deepcopy(talk), copy.deepcopy(talk)
            quick = by_short_way(town, way, other, step)
            slow = await by_talk(town, who, way, talk, step)
            if quick is None:
                assert other == before
            else:
                assert (quick, other) == (slow, talk)
                shown[talk.mark.rpartition(".")[2]] += 1
    assert {*shown} == {"0", "plan", "project", "unit"}
    assert min(shown.values()) > 10


async def test_a_page_for_everybody_is_made_once_and_marked_for_each(
    town: Town, who: Resident
) -> None:
    talks = [Conversation(who.openid), Conversation(town.residents["林若溪"].openid)]
    bubbles = []
    for seed, talk in enumerate(talks):
        way = choose(Said(SaidKind.TEXT, "快速配租"), talk, FLOWS)
        bubbles.append(by_short_way(town, way, talk, seed))
    one, other = bubbles
    assert one
    assert other
    assert talks[0].offered is talks[1].offered
    assert talks[0].mark != talks[1].mark
    assert one.text.replace(talks[0].mark, "") == other.text.replace(talks[1].mark, "")
    assert one.text.count(f"msgmenuid={talks[0].mark}.") == len(talks[0].offered)


async def test_whoever_has_begun_something_goes_the_long_way(town: Town, who: Resident) -> None:
    talk = Conversation(who.openid)
    begin = choose(Said(SaidKind.TEXT, "注册"), talk, FLOWS)
    await by_talk(town, who, begin, talk, 1)
    for words in ("菜单", "快速配租"):
        way = choose(Said(SaidKind.TEXT, words), talk, FLOWS)
        assert by_short_way(town, way, talk, 2) is None


async def test_counts_that_are_old_are_counted_anew_on_the_long_way(
    town: Town, who: Resident
) -> None:
    talk = Conversation(who.openid)
    for words in ("快速配租", "1"):
        way = choose(Said(SaidKind.TEXT, words), talk, FLOWS)
        assert by_short_way(town, way, talk, 1)
    town.clock.forward(timedelta(minutes=1).seconds)
    way = choose(Said(SaidKind.TEXT, "1"), talk, FLOWS)
    assert by_short_way(town, way, talk, 1) is None
    await by_talk(town, who, way, copy.deepcopy(talk), 1)
    assert by_short_way(town, way, talk, 1)
