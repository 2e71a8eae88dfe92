"""The desk of a turn holds what flows are promised, and makes no more of it than is asked for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_type_hints

import pytest

from dialogs.desk import Desk
from tests.support.town import Town, found_town, lay_out

PROMISED = {
    name: promised
    for name, promised in get_type_hints(Desk).items()
    if isinstance(promised, type) and not getattr(promised, "_is_protocol", False)
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    asyncio.run(lay_out(folder))
    return folder


@pytest.fixture
async def town(template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with found_town(template, tmp_path) as town:
        yield town


async def test_a_desk_holds_what_it_promises(town: Town) -> None:
    who = next(iter(town.residents.values()))
    async with town.house.open_work() as work:
        desk = town.desk(work, who)
        held = {name: getattr(desk, name) for name in PROMISED}
        wrong = [name for name, one in held.items() if not isinstance(one, PROMISED[name])]
        assert PROMISED
        assert wrong == []
        assert all(getattr(desk, name) is one for name, one in held.items())


async def test_a_desk_has_nothing_that_nobody_promised(town: Town) -> None:
    who = next(iter(town.residents.values()))
    async with town.house.open_work() as work:
        assert not hasattr(town.desk(work, who), "treasury")


async def test_the_effects_of_a_desk_are_those_of_its_work(town: Town) -> None:
    who = next(iter(town.residents.values()))
    async with town.house.open_work() as work:
        assert town.desk(work, who).effects is work.effects
