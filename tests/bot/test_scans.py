"""Scans are counted once, beside the turn, and never stand in its way. Source: S0-61."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot import scans as edge
from domain.posters.model import Figures, Poster, total
from domain.posters.service import ScanService
from domain.shared.errors import UnavailableError
from tests.support.town import Town

CHEN, ZHOU = "陈晨", "周安然"


async def of_project(town: Town, name: str) -> Poster:
    async with town.house.open_work() as work:
        found = (await work.posters.read()).by_scene(await town.scene(name))
    assert found
    return found


async def figures(town: Town, poster: Poster) -> Figures:
    async with town.house.open_work() as work:
        return total(await ScanService(work, town.clock).by_day(poster))


async def test_a_scan_redelivered_any_number_of_times_is_one(town: Town) -> None:
    poster = await of_project(town, "青禾家园")
    who = town.residents[CHEN]
    post = town.platform.scan(who.openid, poster.scene)
    replies = [await town.deliver(post) for _ in range(3)]
    assert len({reply.text for reply in replies if reply}) == 1
    assert await figures(town, poster) == Figures(scans=1)


async def test_one_scan_delivered_to_several_at_once_is_one(town: Town) -> None:
    poster = await of_project(town, "青禾家园")
    post = town.platform.follow(town.residents[CHEN].openid, poster.scene)
    await asyncio.gather(*(town.deliver(post) for _ in range(4)))
    assert await figures(town, poster) == Figures(scans=1, followers=1)


async def test_two_scans_by_one_citizen_are_two(town: Town) -> None:
    poster = await of_project(town, "青禾家园")
    for _ in range(2):
        town.clock.forward(60)
        await town.deliver(town.platform.scan(town.residents[CHEN].openid, poster.scene))
    assert await figures(town, poster) == Figures(scans=2)


async def test_a_scan_after_a_restart_in_mid_turn_is_counted_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster = await of_project(town, "青禾家园")
    post = town.platform.scan(town.residents[CHEN].openid, poster.scene)
    finish = type(town.house.conversations).finish

    async def dies(*_: object, **__: object) -> None:
        raise UnavailableError("it died")

    monkeypatch.setattr(type(town.house.conversations), "finish", dies)
    await town.deliver(post)
    assert await figures(town, poster) == Figures(scans=1)
    monkeypatch.setattr(type(town.house.conversations), "finish", finish)
    town.clock.forward(5)
    reply = await town.deliver(post)
    assert reply
    assert "青禾家园" in reply.text
    assert await figures(town, poster) == Figures(scans=1)


async def test_a_citizen_is_answered_while_scans_cannot_be_kept(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster = await of_project(town, "青禾家园")

    async def silent(*_: object) -> None:
        raise UnavailableError("the records are down")

    monkeypatch.setattr("adapters.sql.work.SqlWork.commit", silent)
    reply = await town.deliver(town.platform.scan(town.residents[CHEN].openid, poster.scene))
    assert reply
    assert "青禾家园" in reply.text
    monkeypatch.undo()
    assert await figures(town, poster) == Figures()


async def test_records_that_hang_hold_no_answer_up(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster = await of_project(town, "青禾家园")

    async def hangs(*_: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(edge, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("adapters.sql.work.SqlWork.commit", hangs)
    reply = await town.deliver(town.platform.scan(town.residents[CHEN].openid, poster.scene))
    assert reply
    assert "青禾家园" in reply.text


async def test_a_scan_costs_one_statement_that_writes(town: Town) -> None:
    poster = await of_project(town, "青禾家园")
    post = town.platform.scan(town.residents[CHEN].openid, poster.scene)
    said: list[str] = []

    @event.listens_for(town.house.engine.sync_engine, "before_cursor_execute")
    def note(*asked: object) -> None:
        said.append(str(asked[2]))

    await town.deliver(post)
    written = [one for one in said if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(written) == 1
    assert written[0].startswith("INSERT INTO scans")
    assert not [one for one in said if "FROM posters" in one or "FROM projects" in one]


async def test_who_scanned_is_forgotten_by_the_sweep_and_figures_stay(town: Town) -> None:
    poster = await of_project(town, "青禾家园")
    who = town.residents[ZHOU]
    await town.deliver(town.platform.scan(who.openid, poster.scene))
    town.clock.forward(timedelta(days=29).total_seconds())
    await town.house.sweep()
    async with town.house.open_work() as work:
        assert await work.scans.forget(before=town.clock.now()) == 1
        await work.undo()
    town.clock.forward(timedelta(days=2).total_seconds())
    await town.house.sweep()
    async with town.house.open_work() as work:
        assert await work.scans.forget(before=town.clock.now()) == 0
    assert await figures(town, poster) == Figures(scans=1)


async def test_a_new_poster_is_known_and_a_retired_one_is_not_after_a_look(town: Town) -> None:
    who = town.residents[CHEN]
    await town.hang("客服海报", "person")
    scene = await town.scene("客服海报")
    reply = await town.deliver(town.platform.scan(who.openid, scene))
    assert reply
    assert "下线" not in reply.text
    await town.hang("客服海报", "retired")
    town.clock.forward(60)
    reply = await town.deliver(town.platform.scan(who.openid, scene))
    assert reply
    assert "下线" in reply.text
