import asyncio
import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.demo import load_demo, scene_of
from adapters.sql.base import SqlSession
from adapters.sql.documents import ContentCache, DocumentRow, SqlDocuments
from adapters.sql.plans import PlanCache, SqlPlans
from domain.content.editions import Wording
from domain.content.model import AGREEMENTS, Category, Document, Faq, category_of, fingerprint
from domain.content.search import index_of
from domain.content.service_editing import EditingService
from domain.filings.model import UnitType
from domain.plans.model import PlanBook, PlanKind, PlanState
from domain.shared.clock import CHINA
from tests.support.allotment import NOW
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, open_work


def best_answer(text: str, faqs: tuple[Faq, ...]) -> Faq | None:
    return index_of(faqs).find(text).clear


MARK = "（演示）"
COLD = re.compile("抱歉|无效|非法|错误代码")
DAY = timedelta(days=1)


async def load(engine: AsyncEngine, now: datetime = NOW) -> bool:
    """Load the demo; return whether that wrote anything."""
    session = SqlSession(engine, CIPHER)
    await load_demo(session, now)
    changed = session.changed
    await session.commit()
    return changed


async def book_of(engine: AsyncEngine) -> PlanBook:
    session = SqlSession(engine, CIPHER)
    book = await SqlPlans(session, PlanCache()).book()
    await session.close()
    return book


async def texts_of(engine: AsyncEngine) -> tuple[dict[str, Document], tuple[Faq, ...]]:
    session = SqlSession(engine, CIPHER)
    store = SqlDocuments(session, ContentCache())
    documents, faqs = dict(await store.documents()), await store.faqs()
    await session.close()
    return documents, faqs


async def test_loading_again_on_the_same_day_writes_nothing(engine: AsyncEngine) -> None:
    assert await load(engine)
    assert not await load(engine)
    assert not await load(engine, NOW + timedelta(hours=11))


@pytest.mark.parametrize("later", [0, 1], ids=["new", "moved along"])
async def test_of_several_loadings_at_once_all_end_well(engine: AsyncEngine, later: int) -> None:
    if later:
        await load(engine)
    now = NOW + later * DAY
    await asyncio.gather(*(load(engine, now) for _ in range(4)))
    assert not await load(engine, now)
    async with engine.connect() as connection:
        kept = await connection.execute(select(DocumentRow.kind, DocumentRow.version))
        assert {version for _, version in kept} == {1}


@pytest.mark.parametrize("days", [0, 1, 9, 200])
async def test_on_any_day_there_is_a_plan_in_each_state(engine: AsyncEngine, days: int) -> None:
    """Source: S0-31."""
    await load(engine)
    now = NOW + days * DAY
    await load(engine, now)
    plans = (await book_of(engine)).plans()
    states = [plan.state_at(now) for plan in plans]
    assert states == [PlanState.COMING, PlanState.OPEN, PlanState.CLOSED]


@pytest.mark.parametrize("clock", ["00:00", "08:59", "17:00", "23:59"])
async def test_at_any_hour_the_open_plan_has_days_left(engine: AsyncEngine, clock: str) -> None:
    now = datetime.fromisoformat(f"2026-03-11T{clock}+08:00")
    await load(engine, now)
    plan = (await book_of(engine)).plan("quick-2026-4")
    assert plan.opens_at == datetime(2026, 3, 1, 9, tzinfo=CHINA)
    assert plan.closes_at == datetime(2026, 3, 15, 17, tzinfo=CHINA)
    assert plan.state_at(now) is PlanState.OPEN


async def test_windows_follow_one_another(engine: AsyncEngine) -> None:
    """Source: S0-33."""
    await load(engine)
    book = await book_of(engine)
    for plan in book.plans():
        assert plan.opens_at < plan.closes_at < plan.choosing_from < plan.choosing_to
        for project in book.projects(plan.id):
            assert plan.choosing_from <= project.choosing_from < project.choosing_to
            assert project.choosing_to <= plan.choosing_to


async def test_the_demo_offers_what_the_facts_say(engine: AsyncEngine) -> None:
    """Source: S0-35."""
    await load(engine)
    book = await book_of(engine)
    names = [project.name for project in book.projects("quick-2026-4")]
    assert names == ["青禾家园（演示）", "槐安家园（演示）", "潞城里（演示）"]
    units = {
        unit.unit_type: (unit.area_from, unit.area_to, unit.rent_rate, unit.count)
        for unit in book.units("quick-2026-4-qinghe")
    }
    assert units == {
        UnitType.STUDIO: (Decimal(31), Decimal(34), Decimal(48), 60),
        UnitType.ONE: (Decimal(39), Decimal(43), Decimal(48), 120),
        UnitType.TWO: (Decimal(55), Decimal(59), Decimal(47), 80),
    }
    assert len(book.projects("quick-2026-5")) == 2
    assert {plan.kind for plan in book.plans()} == {PlanKind.QUICK}


async def test_everything_a_citizen_reads_is_marked_as_a_demo(engine: AsyncEngine) -> None:
    """Source: S0-02."""
    await load(engine)
    book, (documents, faqs) = await book_of(engine), await texts_of(engine)
    projects = [project for plan in book.plans() for project in book.projects(plan.id)]
    words = [
        *(plan.name for plan in book.plans()),
        *(text for one in projects for text in (one.name, one.address, one.summary)),
        *(text for one in documents.values() for text in (one.title, one.text)),
        *(faq.answer for faq in faqs),
    ]
    assert all(plan.demo for plan in book.plans())
    assert [text for text in words if not text.endswith(MARK)] == []
    assert [text for text in words if COLD.search(text)] == []


async def test_the_notice_fits_one_message_and_the_agreements_are_whole(
    engine: AsyncEngine,
) -> None:
    """Source: S0-16, S0-41."""
    await load(engine)
    documents, _ = await texts_of(engine)
    lasting = {kind for kind in documents if category_of(kind).lasting}
    assert lasting == {*AGREEMENTS, "notice-quick", "consent-face"}
    for category in (Category.ANNOUNCEMENT, Category.GUIDE):
        assert [kind for kind in documents if category_of(kind) is category]
    assert {plan.notice for plan in (await book_of(engine)).plans()} == {"notice-quick"}
    assert len(documents["notice-quick"].text.encode()) <= 1700
    # A text that is shown whole beside a question must fit one message.
    assert len(documents["consent-face"].text.encode()) <= 1900
    for kind in AGREEMENTS:
        assert 1200 <= len(documents[kind].text) <= 1800
    for document in documents.values():
        assert (document.version, document.published_at) == (1, NOW)
        assert document.text_hash == fingerprint(document.text)


async def test_a_text_that_changed_is_published_as_a_further_version(
    engine: AsyncEngine,
) -> None:
    """Source: S0-41."""
    await load(engine)
    session = SqlSession(engine, CIPHER)
    older = update(DocumentRow).where(DocumentRow.kind == "notice-quick")
    await session.write(older.values(text="从前的告知书", text_hash=fingerprint("从前的告知书")))
    await session.commit()
    assert await load(engine, NOW + DAY)
    notice = (await texts_of(engine))[0]["notice-quick"]
    assert (notice.version, notice.published_at) == (2, NOW + DAY)
    session = SqlSession(engine, CIPHER)
    store = SqlDocuments(session, ContentCache())
    assert await store.is_on_record("notice-quick", 1, fingerprint("从前的告知书"))
    await session.close()


async def test_what_an_officer_published_is_not_written_over(engine: AsyncEngine) -> None:
    """Source: S3-68."""
    await load(engine)
    async with open_work(engine) as work:
        editing = EditingService(work, FakeClock(), "wang")
        await editing.write("faq-rent", Wording("租金怎么算？", "请看合同。"), seen=0)
        await editing.publish("faq-rent", seen=1)
        await work.commit()
    assert not await load(engine)
    rent = next(one for one in (await texts_of(engine))[1] if one.id == "rent")
    assert (rent.answer, rent.version) == ("请看合同。", 2)


@pytest.mark.parametrize(
    ("text", "faq_id"),
    [
        ("房源核验返回解析错误是怎么回事", "property-check-fails"),
        ("提交了合同备案怎么不能审核", "lease-filing-not-reviewed"),
        ("分公司的管理员能做机构备案吗", "agency-filing-branch"),
        ("工作人员忘记密码了怎么办", "staff-password"),
    ],
)
async def test_the_questions_of_the_manuals_have_answers(
    engine: AsyncEngine, text: str, faq_id: str
) -> None:
    """Source: S4-73 to S4-76."""
    await load(engine)
    found = best_answer(text, (await texts_of(engine))[1])
    assert found is not None
    assert found.id == faq_id


async def test_posters_stay_good_from_one_loading_to_the_next(engine: AsyncEngine) -> None:
    """Source: S0-61."""
    await load(engine)
    before = await book_of(engine)
    await load(engine, NOW + 30 * DAY)
    after = await book_of(engine)
    scenes = []
    for plan in before.plans():
        for project in before.projects(plan.id):
            assert after.project_by_scene(project.scene).id == project.id
            scenes.append(project.scene)
    assert len(set(scenes)) == len(scenes)
    assert all(re.fullmatch(r"p[A-Za-z0-9_-]{12}", scene) for scene in scenes)
    assert scene_of("quick-2026-4-qinghe") == "p8CYNq92wRBWX"


async def test_every_question_finds_its_own_answer_in_all_its_wordings(
    engine: AsyncEngine,
) -> None:
    await load(engine)
    _, faqs = await texts_of(engine)
    assert len(faqs) >= 25
    astray = [
        (faq.id, words, found and found.id)
        for faq in faqs
        for words in (faq.question, *faq.aliases)
        if (found := best_answer(words, faqs)) is None or found.id != faq.id
    ]
    assert astray == []


@pytest.mark.parametrize(
    ("text", "faq_id"),
    [
        ("我没收到验证码啊", "no-code"),
        ("请问一下备案编号在哪儿找", "find-number"),
        ("我忘记密码了怎么办", "password"),
        ("一个家庭最多能登记几个项目呢", "how-many"),
        ("取消了以后还能不能再登记", "register-again"),
        ("租金是怎么算的", "rent"),
        ("我妈不会用手机怎么办呀", "old-people"),
        ("登记要花钱吗", "fee"),
        ("什么时候能入住呀", "move-in"),
        ("备案号在哪里看", "find-number"),
        ("手机号码换了", "new-phone"),
        ("外地户口可以登记吗", "hukou"),
        ("选房那天我去不了", "cannot-come"),
    ],
)
async def test_a_citizens_own_words_find_the_answer(
    engine: AsyncEngine, text: str, faq_id: str
) -> None:
    await load(engine)
    found = best_answer(text, (await texts_of(engine))[1])
    assert found is not None
    assert found.id == faq_id


@pytest.mark.parametrize(
    "text",
    [
        *("曹演示", "欧阳娜娜", "11010019860412001X", "19900001001", "1101052019000123"),
        *(
            "我要登记",
            "我想登记",
            "我的登记",
            "看看房源",
            "我是户主",
            "换一个",
            "我丈夫",
            "姓名曹演示",
        ),
        *("482913", "第2个", "青禾家园", "二居室", "同意", "确定", "以上内容我已阅读", "上一步"),
        *("今天天气真好", "哈哈哈哈哈", "你好", "谢谢", "朝阳区青禾路1号院", "我要住大房子"),
    ],
)
async def test_an_answer_to_a_question_of_ours_is_not_taken_for_one_of_theirs(
    engine: AsyncEngine, text: str
) -> None:
    await load(engine)
    assert best_answer(text, (await texts_of(engine))[1]) is None
