"""Making, taking again and retiring posters; counting what came of them. Source: S0-61."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.plans.model import PlanBook, PlanNotFoundError, ProjectNotFoundError
from domain.posters.model import (
    LONGEST_LIFE,
    Counted,
    Figures,
    Poster,
    PosterId,
    PosterMootError,
    PosterNotFoundError,
    PosterWordsError,
    SceneCode,
    Target,
    TargetKind,
)
from domain.posters.service import PosterService, ScanService, ScenesUsedUpError
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from tests.support.allotment import NOW, OPENID, a_plan, a_project
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.posters import FewCodes, PosterWork

DAY = timedelta(days=1)
PERSON = Target(TargetKind.PERSON)
PROJECT = Target(TargetKind.PROJECT, "project")
BOB = OpenId("oTest0000000000000000000002")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def codes() -> FewCodes:
    return FewCodes(3)


@pytest.fixture
def work() -> PosterWork:
    far = replace(a_plan("far"), closes_at=NOW + 90 * DAY)
    over = replace(a_plan("over"), closes_at=NOW)
    projects = [a_project(), *(a_project(f"far-{number}", far) for number in range(3))]
    return PosterWork(PlanBook.of([a_plan(), far, over], projects, []))


@pytest.fixture
def posters(work: PosterWork, codes: FewCodes, clock: FakeClock) -> PosterService:
    return PosterService(work, codes, clock, SeededRandomness())


async def made(posters: PosterService, target: Target = PERSON, title: str = "客服") -> Poster:
    return await posters.make(target, title=title, caption="微信扫一扫", by="officer-1")


async def test_a_poster_has_a_scene_that_tells_nothing(posters: PosterService) -> None:
    first, second = await made(posters, PROJECT), await made(posters, PROJECT)
    assert first.scene != second.scene
    for one in (first, second):
        assert 16 <= len(one.scene) <= 64
        assert "project" not in one.scene
        assert one.scene in one.code.url


async def test_what_is_about_a_plan_that_closes_soon_is_temporary(
    posters: PosterService, codes: FewCodes
) -> None:
    soon = await made(posters, PROJECT)
    assert soon.expires_at == a_plan().closes_at
    assert not codes.permanent
    assert (await made(posters, Target(TargetKind.PLAN, "far"))).expires_at is None
    assert (await made(posters)).expires_at is None
    assert len(codes.permanent) == 2


async def test_without_permanent_codes_one_for_a_month_is_made_and_tells_so(
    posters: PosterService, work: PosterWork
) -> None:
    for _ in range(3):
        assert (await made(posters)).expires_at is None
    instead = await made(posters)
    assert instead.expires_at == NOW + LONGEST_LIFE
    assert len(work.posters.rows) == 4


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (Target(TargetKind.PLAN, "unknown"), PlanNotFoundError),
        (Target(TargetKind.PROJECT, "unknown"), ProjectNotFoundError),
        (Target(TargetKind.PLAN, "over"), PosterMootError),
    ],
)
async def test_a_poster_that_would_lead_nowhere_is_not_made(
    posters: PosterService, work: PosterWork, target: Target, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await made(posters, target)
    assert not work.posters.rows
    assert not work.acts.rows


@pytest.mark.parametrize(
    ("title", "caption"), [("", "x"), ("  ", "x"), ("题" * 31, "x"), ("题", ""), ("题", "说" * 41)]
)
async def test_words_that_nobody_could_read_are_refused_before_a_code_is_made(
    posters: PosterService, codes: FewCodes, title: str, caption: str
) -> None:
    with pytest.raises(PosterWordsError):
        await posters.make(PERSON, title=title, caption=caption, by="officer-1")
    assert not codes.permanent


async def test_a_silent_platform_leaves_nothing_behind(
    posters: PosterService, work: PosterWork, codes: FewCodes
) -> None:
    codes.silent = True
    with pytest.raises(UnavailableError):
        await made(posters)
    assert not work.posters.rows


async def test_a_form_that_is_sent_twice_makes_one_poster(
    posters: PosterService, codes: FewCodes
) -> None:
    ours = posters.new_id()
    both = [
        await posters.make(PERSON, title=title, caption="扫", by="officer-1", poster_id=ours)
        for title in ("一", "二")
    ]
    assert both[0] == both[1]
    assert len(codes.permanent) == 1


async def test_the_same_words_take_the_poster_that_hangs(
    posters: PosterService, codes: FewCodes
) -> None:
    first = await posters.take(PERSON, title="客服", caption="扫", by="officer-1")
    assert await posters.take(PERSON, title=" 客服 ", caption="扫", by="officer-2") == first
    assert await posters.take(PERSON, title="人工", caption="扫", by="officer-1") != first
    assert len(codes.permanent) == 2


async def test_each_project_of_a_plan_gets_one_and_only_the_missing_are_made(
    posters: PosterService, codes: FewCodes
) -> None:
    hanging = await made(posters, Target(TargetKind.PROJECT, "far-1"))
    found = await posters.for_projects_of("far", caption="扫", by="officer-1")
    assert [one.target.id for one in found] == ["far-0", "far-1", "far-2"]
    assert found[1] == hanging
    assert await posters.for_projects_of("far", caption="扫", by="officer-1") == found
    assert len(codes.permanent) == 3
    with pytest.raises(PlanNotFoundError):
        await posters.for_projects_of("unknown", caption="扫", by="officer-1")


async def test_making_and_retiring_leave_an_act_each(
    posters: PosterService, work: PosterWork
) -> None:
    one = await made(posters)
    for _ in range(2):
        await posters.retire(one.id, by="officer-2")
    assert [(act.tag, act.actor, act.object_id) for act in work.acts.rows] == [
        ("posters:poster:make", "officer-1", one.id),
        ("posters:poster:retire", "officer-2", one.id),
    ]
    assert (await posters.book()).poster(one.id).retired_at == NOW
    with pytest.raises(PosterNotFoundError):
        await posters.retire(PosterId("unknown"), by="officer-1")


async def test_a_scan_of_an_unknown_scene_is_not_counted(
    work: PosterWork, clock: FakeClock
) -> None:
    scans = ScanService(work, clock)
    assert not await scans.count(OPENID, "unknown", delivery="one", followed=True)
    assert not work.scans.scans


async def test_figures_are_of_one_poster_day_by_day(
    posters: PosterService, work: PosterWork, clock: FakeClock
) -> None:
    scans = ScanService(work, clock)
    one, other = await made(posters), await made(posters)

    async def scan(who: OpenId, poster: Poster, delivery: str, *, followed: bool = False) -> None:
        assert await scans.count(who, poster.scene, delivery=delivery, followed=followed)

    await scan(OPENID, one, "1", followed=True)
    await scan(OPENID, one, "1", followed=True)
    await scan(BOB, other, "2")
    clock.forward(DAY.total_seconds())
    await scan(BOB, one, "3")
    for who in (OPENID, BOB):
        await scans.credit(who, Counted.SIGN_UP)
    clock.forward(31 * DAY.total_seconds())
    await scans.credit(BOB, Counted.REGISTRATION)
    days = await scans.by_day(one)
    assert len(days) == 33
    assert [day.figures for day in days[:3]] == [
        Figures(1, 1, 0, 0),
        Figures(1, 0, 2, 0),
        Figures(),
    ]
    assert sum(day.figures.scans for day in await scans.by_day(other)) == 1


async def test_a_chart_goes_back_a_year_at_most(
    posters: PosterService, work: PosterWork, clock: FakeClock
) -> None:
    one = await made(posters)
    clock.forward(500 * DAY.total_seconds())
    days = await ScanService(work, clock).by_day(one)
    assert len(days) == 366
    assert days[-1].day == (clock.now() + timedelta(hours=8)).date()


async def test_no_code_at_all_is_told_as_it_is(work: PosterWork, clock: FakeClock) -> None:
    class UsedUp:
        async def make(self, scene: str, *, life: timedelta | None) -> SceneCode:
            raise ScenesUsedUpError(f"{scene} {life}")

    posters = PosterService(work, UsedUp(), clock, SeededRandomness())
    with pytest.raises(ScenesUsedUpError):
        await made(posters)
    assert not work.posters.rows
