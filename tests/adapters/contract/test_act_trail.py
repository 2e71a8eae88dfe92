"""What whoever reads the acts out must do, on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.officers.audit import ActsWanted, ActTrail
from domain.shared.records import Act
from tests.support.clock import FakeClock
from tests.support.sql import open_work

NOON = FakeClock().now()
ACTS = [
    Act(
        "accounts:session:begin" if number % 2 else "accounts:session:end",
        f"actor-{number % 3}",
        f"object-{number % 5}",
        NOON + timedelta(hours=number),
        "chat",
        f"note {number}",
    )
    for number in range(30)
]


async def keep(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        for act in ACTS:
            await work.acts.add(act)
        await work.commit()


@pytest.mark.parametrize(
    "wanted",
    [
        ActsWanted(),
        ActsWanted(actor="actor-1"),
        ActsWanted(tag="accounts:session:end"),
        ActsWanted(object_id="object-4", tag="accounts:session:begin"),
        ActsWanted(since=NOON + timedelta(hours=3), until=NOON + timedelta(hours=9)),
        ActsWanted(actor="nobody"),
    ],
    ids=repr,
)
async def test_what_is_wanted_comes_newest_first_page_by_page_and_nothing_else(
    engine: AsyncEngine, wanted: ActsWanted
) -> None:
    await keep(engine)
    seen, before = [], None
    async with open_work(engine) as work:
        trail: ActTrail = work.trail
        while page := await trail.newest(wanted, before=before, limit=4):
            assert len(page) <= 4
            seen += [one.act for one in page]
            before = page[-1].number
    assert seen == [act for act in reversed(ACTS) if fits(act, wanted)]


def fits(act: Act, wanted: ActsWanted) -> bool:
    return (
        wanted.actor in {"", act.actor}
        and wanted.tag in {"", act.tag}
        and wanted.object_id in {"", act.object_id}
        and (wanted.since is None or act.at >= wanted.since)
        and (wanted.until is None or act.at < wanted.until)
    )
