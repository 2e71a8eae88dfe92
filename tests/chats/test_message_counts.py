"""A registration takes few messages, counted as a citizen would count them."""

from pathlib import Path

import pytest

from tests.support.chat import Manner, Player, play
from tests.support.town import Town

JOURNEYS = Path(__file__).parent / "journeys"
REGISTERED = "登记成功"


async def played(name: str, town: Town) -> Player:
    return await play(JOURNEYS / f"{name}.chat", town, Manner.ONCE, set())


@pytest.mark.parametrize(("journey", "most"), [("first_time", 14), ("bound", 5)])
async def test_from_the_poster_to_the_registration_takes_few_messages(
    journey: str, most: int, town: Town
) -> None:
    player = await played(journey, town)
    assert REGISTERED in player.last.text
    assert len(await town.registrations(player.speaker)) == 1
    assert player.phone.messages <= most


@pytest.mark.parametrize("journey", ["first_time", "bound"])
async def test_a_counted_journey_begins_at_the_poster_and_uses_no_short_cut(
    journey: str, town: Town
) -> None:
    lines = (JOURNEYS / f"{journey}.chat").read_text("utf-8").splitlines()
    acts = [line for line in lines if line.startswith((">", "!"))]
    assert acts[0].startswith(("! follow ", "! scan "))
    assert not [line for line in lines if line.startswith("given registration")]
    player = await played(journey, town)
    assert player.phone.messages == len(acts)


async def test_nobody_who_comes_for_the_first_time_is_known_beforehand() -> None:
    first = (JOURNEYS / "first_time.chat").read_text("utf-8")
    assert [line for line in first.splitlines() if line.startswith("given")] == [
        "given citizen 周安然"
    ]
