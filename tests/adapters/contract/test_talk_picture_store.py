"""One suite for whoever keeps the pictures of talks, on both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.sql.base import SqlSession
from adapters.sql.escalation import SqlHandovers
from adapters.sql.talk_pictures import SqlTalkPictures, TalkPictureRow
from domain.escalation.handovers import Card, DeskKind, Ending, LineKind
from domain.escalation.pictures import TalkPictureStore, WantedPicture
from tests.support.allotment import NOW, OPENID
from tests.support.sql import CIPHER, DATABASES, fresh_engine

SECOND = timedelta(seconds=1)


@pytest.fixture(params=DATABASES)
async def session(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlSession]:
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        yield session
        await session.close()


async def test_a_picture_is_wanted_kept_sealed_and_goes_with_its_talk(session: SqlSession) -> None:
    handovers = SqlHandovers(session)
    pictures: TalkPictureStore = SqlTalkPictures(session)
    asked = await handovers.ask(OPENID, None, DeskKind.CONSOLE, Card(), at=NOW)
    await handovers.add_line(asked.id, LineKind.CITIZEN, "您好", at=NOW)
    lines = [
        await handovers.add_line(asked.id, LineKind.CITIZEN, "［图片］", at=NOW, media_id=name)
        for name in ("first", "second")
    ]
    first, second = [one.id for one in lines if one]
    wanted = [
        WantedPicture(first, asked.id, "first"),
        WantedPicture(second, asked.id, "second"),
    ]
    assert await pictures.wanted(since=NOW, most=9) == wanted
    assert await pictures.wanted(since=NOW, most=1) == wanted[:1]
    assert await pictures.wanted(since=NOW + SECOND, most=9) == []
    before = await handovers.find(asked.id)
    assert await pictures.keep(wanted[0], b"a picture", at=NOW)
    assert not await pictures.keep(wanted[0], None, at=NOW)
    assert await pictures.keep(wanted[1], None, at=NOW)
    after = await handovers.find(asked.id)
    assert before
    assert after
    assert after.stamp > before.stamp
    assert await pictures.wanted(since=NOW, most=9) == []
    assert await pictures.known(asked.id) == {first: True, second: False}
    assert await pictures.find(asked.id, first) == b"a picture"
    assert await pictures.find(asked.id, second) is None
    assert await pictures.find(asked.id + 1, first) is None
    stored = (await session.read(select(TalkPictureRow.picture))).scalars()
    assert not any(b"a picture" in one for one in stored if one)
    assert await pictures.forget(before=NOW + SECOND) == 0
    await handovers.end(asked.id, Ending.AGENT, at=NOW)
    assert await pictures.forget(before=NOW + SECOND) == 2
    assert await handovers.forget(before=NOW + SECOND) == 3
