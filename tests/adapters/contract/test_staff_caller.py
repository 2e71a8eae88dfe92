"""One suite for whoever calls officers to the desk; the real one meets a mail server of ours."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from email import message_from_string
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.apprise_staff import AppriseStaff
from adapters.simulated import LineState
from adapters.simulated_staff import SimulatedStaff
from adapters.sql.sandbox import Arrivals
from domain.escalation.desk_ports import StaffCaller
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, fresh_engine

WORDS = "有市民在等，请来接待。"


class Staff(NamedTuple):
    """A caller with two targets, what arrived, and a way to cut the line."""

    caller: StaffCaller
    heard: Callable[[], Awaitable[list[str]]]
    cut: Callable[[], None]


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[int, list[str], list[bool]]]:
    """Lend a mail server's port, the mails it has taken, and whether it is away."""
    mails: list[str] = []
    away: list[bool] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if away:
            writer.close()
            return
        writer.write(b"220 desk\r\n")
        while line := (await reader.readline()).decode().strip():
            if line.upper() == "DATA":
                writer.write(b"354 go on\r\n")
                mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 taken\r\n")
            elif line.upper().startswith("QUIT"):
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], mails, away


def words_of(mails: Sequence[str]) -> list[str]:
    """Return the plain words of some mails."""
    read = [message_from_string(one) for one in mails]
    return [
        "".join(
            part.get_payload(decode=True).decode()  # type: ignore[union-attr] # the kit's own types
            for part in mail.walk()
            if part.get_content_maintype() == "text"
        )
        for mail in read
    ]


@pytest.fixture(params=["simulated", "apprise"])
async def staff(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Staff]:
    if request.param == "simulated":
        async with fresh_engine(tmp_path) as engine:
            caller = SimulatedStaff(await Arrivals.open(engine, CIPHER), FakeClock(), 2)

            async def told() -> list[str]:
                return [str(one["words"]) for one in await caller.calls()]

            yield Staff(caller, told, lambda: setattr(caller.line, "state", LineState.DOWN))
        return
    async with mail_server() as (port, mails, away):
        address = (
            f"mailto://127.0.0.1:{port}?from=anju@example.com&to={{}}@example.com&mode=insecure"
        )

        async def arrived() -> list[str]:
            return words_of(mails)

        yield Staff(
            AppriseStaff([address.format("one"), address.format("two")]),
            arrived,
            lambda: away.append(True),
        )


async def test_each_target_is_called_with_the_words(staff: Staff) -> None:
    assert staff.caller.targets == 2
    assert await staff.caller.call(0, WORDS)
    assert await staff.caller.call(1, WORDS)
    heard = await staff.heard()
    assert len(heard) == 2
    assert all(WORDS in one for one in heard)


@pytest.mark.parametrize("target", [-1, 2])
async def test_nobody_is_called_who_is_not_there(staff: Staff, target: int) -> None:
    assert not await staff.caller.call(target, WORDS)


async def test_a_line_that_is_down_is_told(staff: Staff) -> None:
    staff.cut()
    assert not await staff.caller.call(0, WORDS)


def test_an_address_nobody_can_use_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="cannot be used") as refused:
        AppriseStaff(["mailto://"])
    assert "mailto" not in str(refused.value)
