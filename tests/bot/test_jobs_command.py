"""``anju jobs``: what was set aside is shown, and sent again on a person's word."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.system import SystemClock
from bot import cli
from bot.jobs import deliver
from domain.shared.occurrences import RUN_LEASE, Occurrence
from domain.shared.pushes import LEASE, Push, PushKind, PushState
from tests.support.town import Town

PHONE = "+8619900000001"


def jobs(*arguments: str, town: Town) -> Result:
    settings = {"ANJU_DATABASE__URL": town.settings.database.url}
    settings["ANJU_SECURITY__DATA_KEY"] = town.settings.security.data_key.get_secret_value()
    return CliRunner().invoke(cli.app, ["jobs", *arguments], env=settings)


@pytest.fixture
async def parked(town: Town) -> Town:
    """Leave a push that somebody should look at, and stop everything else."""
    async with town.house.open_work() as work:
        told = Push(PushKind.RECOVERED, ("139****5678", "01234567"), phone=PHONE)
        await work.outbox.add(told, at=town.clock.now())
        [claim] = await work.pushes.claim(now=town.clock.now())
        await work.pushes.settle(claim, PushState.PARKED, now=town.clock.now(), reason="KeyError")
        await work.commit()
    return town


def test_what_is_parked_is_listed_with_its_reason_and_says_nothing_personal(parked: Town) -> None:
    shown = jobs(town=parked)
    assert shown.exit_code == 0
    assert "parked 1" in shown.stdout
    assert "1  recovered  parked  KeyError" in shown.stdout
    assert "01234567" not in shown.stdout
    assert PHONE.removeprefix("+86") not in shown.stdout


async def test_on_a_persons_word_it_is_sent_and_an_act_remains(parked: Town) -> None:
    done = await asyncio.to_thread(jobs, "retry", "1", town=parked)
    assert done.exit_code == 0, done.stderr
    parked.clock.moment = SystemClock().now()  # which is what the command goes by
    assert await deliver(parked.house) == 1
    async with parked.house.open_work() as work:
        assert await work.pushes.set_aside() == []
        [act] = await work.acts.about("push-1")
    assert (act.tag, act.front) == ("shared:push:retry", "command")


def test_what_was_not_set_aside_cannot_be_sent_again(parked: Town) -> None:
    refused = jobs("retry", "2", town=parked)
    assert refused.exit_code == 1
    assert "2" in refused.stderr
    assert jobs("retry", "1", town=parked).exit_code == 0
    assert jobs("retry", "1", town=parked).exit_code == 1


async def test_an_occurrence_that_brought_down_its_runners_is_listed(town: Town) -> None:
    due_at = town.clock.now() - timedelta(days=3650)
    async with town.house.open_work() as work:
        for number in range(3):
            now = due_at + number * (RUN_LEASE + LEASE)
            assert await work.occurrences.begin(Occurrence("sweep", due_at), now=now)
        await work.commit()
    shown = await asyncio.to_thread(jobs, town=town)
    assert f"{Occurrence('sweep', due_at).name}  3 次" in shown.stdout


def test_without_a_database_the_command_refuses(tmp_path: Path) -> None:
    nowhere = {"ANJU_DATABASE__URL": f"sqlite:///{tmp_path}/anju.db"}
    refused = CliRunner().invoke(cli.app, ["jobs"], env=nowhere)
    assert refused.exit_code == 1
    assert "anju migrate" in refused.stderr


async def test_by_which_ways_pushes_have_left_is_shown(town: Town) -> None:
    assert "近 7 天已发：没有" in (await asyncio.to_thread(jobs, town=town)).stdout
    async with town.house.open_work() as work:
        told = Push(PushKind.RECOVERED, ("139****5678", "01234567"), phone=PHONE)
        await work.outbox.add(told, at=town.clock.now())
        await work.commit()
    assert await deliver(town.house) == 1
    assert "短信 sent 1" in (await asyncio.to_thread(jobs, town=town)).stdout
