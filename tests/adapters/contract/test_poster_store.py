"""One suite for where posters are kept. Source: S0-61."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.posters import SqlPosters
from adapters.sql.revisions import Kept, Revisions
from domain.posters.model import PosterId, PosterNotFoundError, Target, TargetKind
from domain.posters.service import PosterStore
from tests.support.allotment import NOW
from tests.support.posters import a_poster
from tests.support.sql import open_work


async def test_a_poster_comes_back_as_it_was_kept(engine: AsyncEngine) -> None:
    forever = a_poster("one")
    ends = replace(
        a_poster("two", Target(TargetKind.PERSON)), expires_at=NOW + timedelta(days=3), made_at=NOW
    )
    async with open_work(engine) as work:
        store: PosterStore = work.posters
        assert isinstance(store, SqlPosters)
        assert await store.add(forever)
        assert await store.add(ends)
        await work.commit()
    async with open_work(engine) as work:
        book = await work.posters.book()
        assert {one.id: one for one in book.posters()} == {"one": forever, "two": ends}
        assert book.by_scene(ends.scene) == ends
        assert book.by_scene("unknown") is None
        with pytest.raises(PosterNotFoundError):
            book.poster("unknown")


async def test_one_id_and_one_scene_are_kept_once(engine: AsyncEngine) -> None:
    kept = a_poster("one")
    async with open_work(engine) as work:
        assert await work.posters.add(kept)
        assert not await work.posters.add(replace(kept, scene="another", title="另一个"))
        assert not await work.posters.add(replace(kept, id=PosterId("two")))
        await work.commit()
    async with open_work(engine) as work:
        assert (await work.posters.read()).posters() == (kept,)


async def test_a_poster_is_retired_once(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        await work.posters.add(a_poster("one"))
        assert await work.posters.retire(PosterId("one"), NOW)
        assert not await work.posters.retire(PosterId("one"), NOW + timedelta(days=1))
        assert not await work.posters.retire(PosterId("unknown"), NOW)
        await work.commit()
    async with open_work(engine) as work:
        assert (await work.posters.read()).poster("one").retired_at == NOW


async def test_other_processes_notice_a_new_and_a_retired_poster(engine: AsyncEngine) -> None:
    others = Revisions(engine)
    await others.moved()
    async with open_work(engine) as work:
        await work.posters.add(a_poster("one"))
        await work.commit()
    assert await others.moved() == {Kept.POSTERS}
    async with open_work(engine) as work:
        await work.posters.retire(PosterId("one"), NOW)
        await work.commit()
    assert await others.moved() == {Kept.POSTERS}
    assert not await others.moved()


async def test_what_a_process_keeps_is_read_once(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        assert not (await work.posters.book()).posters()
        await work.posters.add(a_poster("one"))
        assert not (await work.posters.book()).posters()
        assert (await work.posters.read()).posters()
