"""Notices leave, once if the line is up, and are tried again if it is not. Source: S0-71, S0-72."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.simulated import LineState, SimulatedSms
from bot.jobs import send_notices
from domain.shared.notices import NOTICE_LIFE, NoticeKind
from tests.support.town import Town, lay_out

PHONE = "+8619900000001"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    await lay_out(tmp_path)
    town = Town(tmp_path)
    await town.open()
    yield town
    await town.close()


def sms(town: Town) -> SimulatedSms:
    assert isinstance(town.house.sms, SimulatedSms)
    return town.house.sms


async def write(town: Town, count: int = 1) -> None:
    async with town.house.open_work() as work:
        for _ in range(count):
            await work.notices.add(
                phone=PHONE,
                kind=NoticeKind.PHONE_CHANGED,
                values=["139****5678"],
                at=town.clock.now(),
            )
        await work.commit()


async def test_all_that_are_due_leave_once(town: Town) -> None:
    await write(town, 3)
    assert await send_notices(town.house) == 3
    assert await send_notices(town.house) == 0
    assert len(sms(town).inbox(PHONE)) == 3
    assert (await town.counts())["notices"] == 0


async def test_what_was_not_committed_is_never_told(town: Town) -> None:
    async with town.house.open_work() as work:
        await work.notices.add(
            phone=PHONE, kind=NoticeKind.PHONE_CHANGED, values=["x"], at=town.clock.now()
        )
    assert await send_notices(town.house) == 0


async def test_a_silent_line_is_tried_again_later(town: Town) -> None:
    await write(town, 2)
    sms(town).line.state = LineState.DOWN
    assert await send_notices(town.house) == 0
    sms(town).line.state = LineState.UP
    assert await send_notices(town.house) == 0
    town.clock.moment += timedelta(minutes=1)
    assert await send_notices(town.house) == 2


async def test_a_notice_outlasts_a_restart(town: Town) -> None:
    await write(town)
    await town.restart()
    assert await send_notices(town.house) == 1


async def test_after_three_days_a_notice_is_given_up(town: Town) -> None:
    await write(town)
    town.clock.moment += NOTICE_LIFE
    await town.house.sweep()
    assert (await town.counts())["notices"] == 1
    town.clock.moment += timedelta(seconds=1)
    await town.house.sweep()
    assert (await town.counts())["notices"] == 0


def stored_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("anju.db*"))


async def test_what_a_phone_is_told_lies_sealed(town: Town, tmp_path: Path) -> None:
    await write(town)
    stored = stored_in(tmp_path)
    assert b"phone-changed" in stored
    assert b"139****5678" not in stored
    assert PHONE.removeprefix("+86").encode() not in stored
