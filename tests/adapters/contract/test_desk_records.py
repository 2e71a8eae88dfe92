"""One suite for whoever tells what was said at the platform's own desk."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from adapters.platform.agents import Record
from adapters.wechat_agents import WechatAgents
from domain.escalation.desk_ports import DeskLine, DeskRecords
from domain.shared.clock import utc_from_timestamp
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.wechat.access import api_at
from tests.support.wechat.server import wechat

ALICE = OpenId("oTestAlice000000000000000001")
AGENT = "an@gh_anju"
START = utc_from_timestamp(1_000_000)
SECOND = timedelta(seconds=1)
SAID = [
    DeskLine(ALICE, AGENT, "我想问", START, by_agent=False),
    DeskLine(ALICE, AGENT, "您好", START + SECOND, by_agent=True),
    DeskLine(ALICE, AGENT, "后来", START + SECOND * 90_000, by_agent=True),
]


class Kept(NamedTuple):
    """Records, and a way to put something on them."""

    records: DeskRecords
    keep: Callable[[DeskLine], None]


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    clock = FakeClock()
    with wechat(clock) as server:

        def keep(line: DeskLine) -> None:
            code = 2002 if line.by_agent else 2003
            at = int(line.at.timestamp())
            server.agents.records.append(Record(line.openid, line.account, line.text, at, code))

        async with api_at(server) as api:
            yield Kept(WechatAgents(api), keep)


async def test_what_was_said_is_told_in_its_order_with_who_said_it(kept: Kept) -> None:
    for line in SAID:
        kept.keep(line)
    told = [one async for one in kept.records.said(START, START + SECOND * 100_000)]
    assert told == SAID


async def test_only_what_was_said_between_is_told(kept: Kept) -> None:
    for line in SAID:
        kept.keep(line)
    told = [one async for one in kept.records.said(START, START + SECOND * 60)]
    assert told == SAID[:2]
