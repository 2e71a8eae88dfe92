from datetime import timedelta

import pytest

from domain.content.editions import (
    EditedMeanwhileError,
    EditionNotFoundError,
    KindError,
    PublishTimeError,
    UnfitWordingError,
    Wording,
    WordingKeptError,
    WordingSameError,
)
from domain.content.model import Category, fingerprint
from domain.content.questions import SynonymTakenError
from domain.content.service_editing import EditingService
from tests.support.allotment import MemoryActs, MemoryConsents, MemoryEffects
from tests.support.clock import FakeClock
from tests.support.questions import MemoryEditions, MemoryQuestions

FIRST, SECOND = Wording("租金怎么算？", "面积乘单价。"), Wording("租金怎么算？", "以合同为准。")
RENT = "faq-rent"


class EditWork:
    def __init__(self) -> None:
        self.acts = MemoryActs()
        self.consents = MemoryConsents()
        self.effects = MemoryEffects()
        self.editions = MemoryEditions()
        self.questions = MemoryQuestions()

    def tags(self) -> list[tuple[str, str, str]]:
        return [(act.tag, act.actor, act.note) for act in self.acts.rows]


@pytest.fixture
def work() -> EditWork:
    return EditWork()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def editing(work: EditWork, clock: FakeClock) -> EditingService:
    return EditingService(work, clock, "wang")


async def published(editing: EditingService, *wordings: Wording) -> None:
    for number, wording in enumerate(wordings):
        if number:
            await editing.write(RENT, wording, seen=0)
        else:
            await editing.create(RENT, wording)
        await editing.publish(RENT, seen=1)


async def test_a_manuscript_is_published_as_the_next_edition(
    editing: EditingService, work: EditWork
) -> None:
    """Source: S3-68."""
    await published(editing, FIRST, SECOND)
    newest, first = await editing.editions(RENT)
    assert (newest.version, newest.wording, newest.published_by) == (2, SECOND, "wang")
    assert (first.version, first.wording) == (1, FIRST)
    assert (await editing.entry(RENT)).manuscript is None
    assert work.tags()[-1] == ("content:edition:publish", "wang", "v2")


async def test_what_is_published_stays_while_a_manuscript_is_written(
    editing: EditingService,
) -> None:
    await published(editing, FIRST)
    await editing.write(RENT, SECOND, seen=0)
    entry = await editing.entry(RENT)
    assert entry.edition
    assert entry.manuscript
    assert (entry.edition.wording, entry.manuscript.wording) == (FIRST, SECOND)


async def test_of_two_officers_the_later_is_told(
    editing: EditingService, work: EditWork, clock: FakeClock
) -> None:
    await published(editing, FIRST)
    other = EditingService(work, clock, "li")
    await editing.write(RENT, SECOND, seen=0)
    with pytest.raises(EditedMeanwhileError):
        await other.write(RENT, FIRST, seen=0)
    with pytest.raises(EditedMeanwhileError):
        await other.publish(RENT, seen=7)
    with pytest.raises(EditedMeanwhileError):
        await other.drop(RENT, seen=7)
    await other.drop(RENT, seen=1)
    with pytest.raises(EditedMeanwhileError):
        await editing.publish(RENT, seen=1)


async def test_an_earlier_version_comes_back_as_the_newest(
    editing: EditingService, work: EditWork
) -> None:
    """Source: S0-17, S3-68."""
    await published(editing, FIRST, SECOND)
    restored = await editing.restore(RENT, 1)
    assert (restored.version, restored.wording, restored.restored) == (3, FIRST, 1)
    assert [one.version for one in await editing.editions(RENT)] == [3, 2, 1]
    assert work.tags()[-1] == ("content:edition:restore", "wang", "v3 = v1")
    with pytest.raises(WordingSameError):
        await editing.restore(RENT, 1)
    with pytest.raises(EditionNotFoundError):
        await editing.restore(RENT, 9)


async def test_what_a_citizen_agreed_to_can_be_shown_for_ever(
    editing: EditingService, work: EditWork
) -> None:
    """Source: S0-16, S0-43."""
    await published(editing, FIRST, SECOND)
    agreed_to = fingerprint(FIRST.text)
    work.editions.consents[RENT, 1] = 3
    shown = await editing.edition(RENT, 1)
    assert shown.text_hash == agreed_to
    assert await editing.agreed(RENT) == {1: 3}


async def test_a_text_is_published_at_its_time_in_the_name_of_who_said_so(
    editing: EditingService, work: EditWork, clock: FakeClock
) -> None:
    """Source: S3-68."""
    await editing.create(RENT, FIRST)
    at = clock.now() + timedelta(hours=2)
    await editing.schedule(RENT, seen=1, at=at)
    job = EditingService(work, clock, "", front="command")
    assert await job.publish_due() == 0
    clock.forward(2 * 3600)
    assert await job.publish_due() == 1
    assert await job.publish_due() == 0
    edition = await editing.edition(RENT, 1)
    assert (edition.published_by, edition.published_at) == ("wang", clock.now())
    assert work.tags()[-1] == ("content:edition:publish", "wang", "v1 on time")


async def test_a_time_may_be_taken_back_and_new_words_need_a_new_one(
    editing: EditingService, work: EditWork, clock: FakeClock
) -> None:
    await editing.create(RENT, FIRST)
    later = clock.now() + timedelta(hours=1)
    await editing.schedule(RENT, seen=1, at=later)
    await editing.unschedule(RENT, seen=2)
    await editing.schedule(RENT, seen=3, at=later)
    await editing.write(RENT, SECOND, seen=4)
    clock.forward(3 * 3600)
    assert await EditingService(work, clock, "").publish_due() == 0
    with pytest.raises(PublishTimeError):
        await editing.schedule(RENT, seen=5, at=later)


async def test_what_says_the_same_is_not_published_again(
    editing: EditingService, work: EditWork, clock: FakeClock
) -> None:
    await published(editing, FIRST)
    await editing.write(RENT, FIRST, seen=0)
    with pytest.raises(WordingSameError):
        await editing.publish(RENT, seen=1)
    await editing.schedule(RENT, seen=1, at=clock.now() + timedelta(minutes=1))
    clock.forward(60)
    assert await EditingService(work, clock, "").publish_due() == 0
    assert (await editing.entry(RENT)).manuscript is None


async def test_a_text_that_nobody_agrees_to_may_be_taken_down_and_come_back(
    editing: EditingService,
) -> None:
    await published(editing, FIRST)
    gone = await editing.withdraw(RENT)
    assert (gone.version, gone.withdrawn) == (2, True)
    back = await editing.restore(RENT, 1)
    assert (back.version, back.withdrawn) == (3, False)
    with pytest.raises(WordingKeptError):
        await editing.withdraw("agreement-user")
    with pytest.raises(EditionNotFoundError):
        await editing.withdraw("faq-none")


async def test_a_new_text_needs_a_name_of_its_own(editing: EditingService) -> None:
    await published(editing, FIRST)
    for kind in (RENT, "agreement-other", "faq-A"):
        with pytest.raises(KindError):
            await editing.create(kind, FIRST)
    with pytest.raises(UnfitWordingError):
        await editing.create("faq-new", Wording("", ""))
    assert [one.kind for one in await editing.entries(Category.FAQ)] == [RENT]


async def test_a_synonym_is_added_once_and_dropped(editing: EditingService, work: EditWork) -> None:
    """Source: S2-14."""
    await editing.add_synonym("报名", "登记")
    with pytest.raises(SynonymTakenError):
        await editing.add_synonym("报名", "选房")
    await editing.drop_synonym("报名")
    await editing.drop_synonym("报名")
    assert [tag for tag, _, _ in work.tags()] == ["content:synonym:add", "content:synonym:drop"]


async def test_a_question_that_was_seen_to_leaves_the_list(
    editing: EditingService, work: EditWork, clock: FakeClock
) -> None:
    await work.questions.miss("宠物能带吗", clock.now())
    await editing.settle("宠物能带吗")
    assert await work.questions.unanswered(10) == []
