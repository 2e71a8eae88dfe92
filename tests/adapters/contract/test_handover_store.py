"""One suite for whoever keeps handovers, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import SqlSession
from adapters.sql.escalation import SqlHandovers
from domain.escalation.desk_ports import HandoverStore
from domain.escalation.handovers import (
    Card,
    DeskKind,
    Ending,
    Handover,
    HandoverState,
    LineKind,
    Presence,
)
from domain.shared.records import AccountId, OpenId
from domain.shared.work import CollidedError
from tests.support.allotment import NOW, OPENID
from tests.support.sql import CIPHER, DATABASES, fresh_engine, open_work

STRANGER = OpenId("oTest0000000000000000000002")
THIRD = OpenId("oTest0000000000000000000003")
CARD = Card("menu", "register", "登记", "notice", "告知书", "登记", (("手机号", "199****0001"),))
SECOND = timedelta(seconds=1)


@pytest.fixture(params=DATABASES)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with fresh_engine(tmp_path, request.param) as engine:
        yield engine


@pytest.fixture
async def store(engine: AsyncEngine) -> AsyncIterator[HandoverStore]:
    session = SqlSession(engine, CIPHER)
    yield SqlHandovers(session)
    await session.close()


async def ask(store: HandoverStore, openid: OpenId = OPENID, seconds: int = 0) -> Handover:
    return await store.ask(
        openid, AccountId("account"), DeskKind.CONSOLE, CARD, at=NOW + SECOND * seconds
    )


async def test_a_wish_comes_back_as_it_was_told(store: HandoverStore) -> None:
    asked = await ask(store)
    assert (asked.openid, asked.account_id, asked.card) == (OPENID, "account", CARD)
    assert (asked.state, asked.asked_at, asked.agent) == (HandoverState.WAITING, NOW, "")
    assert await store.find(asked.id) == asked == await store.last_of(OPENID)
    assert await store.last_of(STRANGER) is None


async def test_who_asks_again_keeps_the_place(store: HandoverStore) -> None:
    asked = await ask(store)
    assert await ask(store, seconds=60) == asked


async def test_the_queue_is_oldest_first_and_each_has_a_place(store: HandoverStore) -> None:
    first, second, third = [
        await ask(store, openid, 10 - number)
        for number, openid in enumerate((THIRD, STRANGER, OPENID))
    ][::-1]
    assert [one.id for one in await store.live()] == [first.id, second.id, third.id]
    assert [await store.position(one) for one in (first, second, third)] == [1, 2, 3]
    assert await store.take(first.id, "an", at=NOW)
    assert [await store.position(one) for one in (second, third)] == [1, 2]


async def test_a_citizen_is_taken_once_and_passed_on_by_their_agent_alone(
    store: HandoverStore,
) -> None:
    asked = await ask(store)
    assert await store.take(asked.id, "an", at=NOW + SECOND)
    assert not await store.take(asked.id, "ju", at=NOW + SECOND)
    assert not await store.pass_on(asked.id, "ju", "an", at=NOW)
    assert await store.pass_on(asked.id, "an", "ju", at=NOW)
    assert not await store.put_back(asked.id, "an", at=NOW)
    assert await store.put_back(asked.id, "ju", at=NOW)
    back = await store.find(asked.id)
    assert back
    assert (back.state, back.agent, back.asked_at) == (HandoverState.WAITING, "", NOW)
    assert back.seen_at is None


async def test_it_ends_once_and_then_one_may_ask_anew(store: HandoverStore) -> None:
    asked = await ask(store)
    assert await store.end(asked.id, Ending.CITIZEN, at=NOW + SECOND)
    assert not await store.end(asked.id, Ending.AGENT, at=NOW + SECOND)
    assert not await store.take(asked.id, "an", at=NOW)
    ended = await store.find(asked.id)
    assert ended
    assert (ended.ending, ended.ended_at) == (Ending.CITIZEN, NOW + SECOND)
    assert (await ask(store, seconds=9)).id > asked.id
    assert [one.id for one in await store.of(OPENID, most=5)][-1] == asked.id


async def test_only_what_was_taken_and_ended_at_a_desk_lately_is_found(
    store: HandoverStore,
) -> None:
    asked = await ask(store)
    assert await store.take(asked.id, "an", at=NOW)
    assert await store.ended(DeskKind.CONSOLE, since=NOW) == []
    assert await store.end(asked.id, Ending.AGENT, at=NOW + SECOND)
    assert [one.id for one in await store.ended(DeskKind.CONSOLE, since=NOW)] == [asked.id]
    assert await store.ended(DeskKind.WECHAT, since=NOW) == []
    assert await store.ended(DeskKind.CONSOLE, since=NOW + SECOND * 2) == []


async def test_a_rating_is_kept_once(store: HandoverStore) -> None:
    asked = await ask(store)
    assert await store.rate(asked.id, 4)
    assert not await store.rate(asked.id, 1)
    kept = await store.find(asked.id)
    assert kept
    assert kept.rating == 4


async def test_each_call_for_an_unseen_citizen_is_counted_once(store: HandoverStore) -> None:
    asked = await ask(store)
    assert await store.notify(asked, at=NOW)
    assert not await store.notify(asked, at=NOW)
    called = await store.find(asked.id)
    assert called
    assert (called.notified, called.notified_at) == (1, NOW)
    await store.see(asked.id, at=NOW)
    assert not await store.notify(called, at=NOW)


async def test_a_transcript_comes_back_in_its_order_and_a_key_counts_once(
    store: HandoverStore,
) -> None:
    asked = await ask(store)
    first = await store.add_line(asked.id, LineKind.CITIZEN, "您好", at=NOW, media_id="m")
    second = await store.add_line(asked.id, LineKind.AGENT, "在", at=NOW, author="an", key="k")
    assert (
        await store.add_line(asked.id, LineKind.AGENT, "在", at=NOW, author="an", key="k") is None
    )
    assert first
    assert second
    assert await store.lines(asked.id) == [first, second]
    assert await store.lines(asked.id, after=first.id) == [second]
    assert (first.text, first.media_id, second.author) == ("您好", "m", "an")


async def test_words_keep_a_talk_awake_and_notes_do_not(store: HandoverStore) -> None:
    asked = await ask(store)
    later = NOW + SECOND * 100
    await store.add_line(asked.id, LineKind.NOTE, "记一下", at=later, author="an")
    noted = await store.find(asked.id)
    await store.add_line(asked.id, LineKind.CITIZEN, "在吗", at=later)
    spoken = await store.find(asked.id)
    assert noted
    assert spoken
    assert (noted.heard_at, spoken.heard_at) == (NOW, later)
    assert asked.stamp < noted.stamp < spoken.stamp


async def test_old_transcripts_are_forgotten_and_what_happened_is_not(
    store: HandoverStore,
) -> None:
    asked = await ask(store)
    await store.add_line(asked.id, LineKind.CITIZEN, "您好", at=NOW)
    assert await store.forget(before=NOW + SECOND) == 0
    await store.end(asked.id, Ending.AGENT, at=NOW)
    assert await store.forget(before=NOW + SECOND) == 1
    assert await store.lines(asked.id) == []
    assert await store.find(asked.id)


async def test_the_last_sign_of_life_counts(store: HandoverStore) -> None:
    await store.sign(Presence("an", "小安", NOW))
    await store.sign(Presence("ju", "小居", NOW, 7, NOW + SECOND))
    await store.sign(Presence("an", "小安", NOW + SECOND, 3))
    assert await store.here(since=NOW + SECOND) == [Presence("an", "小安", NOW + SECOND, 3)]
    await store.sign_off("an")
    assert [one.agent for one in await store.here(since=NOW)] == ["ju"]


async def test_of_two_agents_at_once_exactly_one_takes(engine: AsyncEngine) -> None:
    for number in range(5):
        async with open_work(engine) as work:
            asked = await work.handovers.ask(
                OpenId(f"o{number}"), None, DeskKind.CONSOLE, CARD, at=NOW
            )
            await work.commit()

        async def take(agent: str, handover_id: int = asked.id) -> bool:
            async with open_work(engine) as work:
                taken = await work.handovers.take(handover_id, agent, at=NOW)
                await work.commit()
            return taken

        taken = await asyncio.gather(take("an"), take("ju"), return_exceptions=True)
        assert [one for one in taken if one is True] == [True]
        assert all(isinstance(one, bool | CollidedError) for one in taken)


async def test_of_two_wishes_of_one_citizen_at_once_one_is_kept(engine: AsyncEngine) -> None:
    async def wish() -> int:
        async with open_work(engine) as work:
            asked = await work.handovers.ask(OPENID, None, DeskKind.CONSOLE, CARD, at=NOW)
            await work.commit()
        return asked.id

    ids = await asyncio.gather(*(wish() for _ in range(4)), return_exceptions=True)
    assert len({one for one in ids if isinstance(one, int)}) == 1
    assert all(isinstance(one, int | CollidedError) for one in ids)


async def test_nothing_a_citizen_said_can_be_read_without_the_key(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        asked = await work.handovers.ask(OPENID, None, DeskKind.CONSOLE, CARD, at=NOW)
        await work.handovers.add_line(asked.id, LineKind.CITIZEN, "私下的话", at=NOW)
        await work.commit()
    async with engine.connect() as connection:
        for table in ("handovers", "handover_lines"):
            rows = (await connection.execute(text(f"SELECT * FROM {table}"))).all()  # noqa: S608 (two names of ours)
            assert rows
            assert "私下的话" not in repr(rows)
            assert "199****0001" not in repr(rows)
            assert "私下的话".encode() not in b"".join(
                bytes(value) for row in rows for value in row if isinstance(value, bytes)
            )
