"""Officers write, look at, publish and return to texts; citizens read what is published.

Source: S0-17, S2-14, S3-68, S4-77.
"""

import re
from datetime import timedelta

import httpx
import pytest

from bot.wiring import Resources
from domain.officers.model import Role
from tests.support.console import signed_in_officer
from tests.support.town import Town

RENT = "/console/content/text/faq-rent"
NEW = {
    "title": "租金怎么算？",
    "text": "月租金 = 面积 × 单价，<b>以合同为准</b>。",
    "aliases": "房租多少",
    "seen": "0",
}


@pytest.fixture
async def operator(console: httpx.AsyncClient) -> httpx.AsyncClient:
    await signed_in_officer(console, Role.OPERATOR)
    return console


async def post(client: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    seen = await client.post(path, data=form)
    if seen.status_code == 303:
        return await client.get(seen.headers["location"])
    return seen


async def rent_of(house: Resources) -> tuple[str, int]:
    await house.look()
    async with house.open_work() as work:
        rent = next(one for one in await work.documents.faqs() if one.id == "rent")
    return rent.answer, rent.version


async def acts_about(house: Resources, kind: str) -> list[tuple[str, str]]:
    async with house.open_work() as work:
        return [(act.tag, act.note) for act in await work.acts.about(kind)]


def shown(page: str) -> str:
    """Return a page's words, without its markup."""
    return re.sub(r"<[^>]+>", "", page)


async def test_a_text_is_written_previewed_published_and_returned_to(
    operator: httpx.AsyncClient, town: Town
) -> None:
    before = await rent_of(town.house)
    written = await post(operator, f"{RENT}/write", **NEW)
    # What an officer writes is words, never markup, in the preview and in the chat.
    assert "＜b＞以合同为准＜/b＞" in shown(written.text)
    assert "1. 有帮助" in shown(written.text)
    assert await rent_of(town.house) == before
    await post(operator, f"{RENT}/publish", seen="1")
    assert await rent_of(town.house) == (NEW["text"], 2)
    difference = await operator.get(f"{RENT}/difference?before=1&after=2")
    assert "<ins>" in difference.text
    await post(operator, f"{RENT}/restore", version="1")
    assert await rent_of(town.house) == (before[0], 3)
    assert await acts_about(town.house, "faq-rent") == [
        ("content:manuscript:write", ""),
        ("content:edition:publish", "v2"),
        ("content:edition:restore", "v3 = v1"),
    ]


async def test_the_preview_is_what_the_chat_shows(operator: httpx.AsyncClient, town: Town) -> None:
    """Source: S4-77."""
    page = shown((await operator.get(RENT)).text)
    async with town.house.open_work() as work:
        rent = next(one for one in await work.documents.faqs() if one.id == "rent")
    assert f"{rent.question}\n\n{rent.answer}\n（2026年11月20日更新）" in page


async def test_a_long_text_is_previewed_in_the_pages_that_are_sent(
    operator: httpx.AsyncClient,
) -> None:
    page = (await operator.get("/console/content/text/agreement-user")).text
    assert page.count('class="bubble"') >= 3
    assert "下一页" in page
    assert "下架" not in page


async def test_of_two_officers_the_second_is_told_and_loses_no_words(
    operator: httpx.AsyncClient,
) -> None:
    await post(operator, f"{RENT}/write", **NEW)
    other = await post(operator, f"{RENT}/write", **{**NEW, "text": "别人写的另一段话。"})
    assert other.status_code == 422
    assert "别人改过" in other.text
    assert "别人写的另一段话。" in other.text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"title": ""}, "请写标题"),
        ({"text": ""}, "请写正文"),
        ({"text": "字" * 501}, "正文太长"),
        ({"aliases": "问" * 61}, "其他问法"),
        ({"seen": "x"}, "别人改过"),
    ],
)
async def test_what_no_citizen_could_read_is_refused_with_a_reason(
    operator: httpx.AsyncClient, changed: dict[str, str], says: str
) -> None:
    seen = await post(operator, f"{RENT}/write", **{**NEW, **changed})
    assert seen.status_code == 422
    assert says in seen.text


async def test_a_text_is_published_at_its_time_by_the_job(
    operator: httpx.AsyncClient, town: Town
) -> None:
    await post(operator, f"{RENT}/write", **NEW)
    past = await post(operator, f"{RENT}/schedule", seen="1", at="2020-01-01T09:00")
    assert "要晚于现在" in past.text
    at = town.clock.now() + timedelta(hours=9)  # eight to China, and one more
    planned = await post(operator, f"{RENT}/schedule", seen="1", at=f"{at:%Y-%m-%dT%H:%M}")
    assert "自动发布" in planned.text
    assert await town.house.publish_due() == 0
    town.clock.forward(3700)
    assert await town.house.publish_due() == 1
    assert (await rent_of(town.house))[1] == 2


async def test_a_planned_text_can_wait_again_and_be_thrown_away(
    operator: httpx.AsyncClient, town: Town
) -> None:
    await post(operator, f"{RENT}/write", **NEW)
    await post(operator, f"{RENT}/schedule", seen="1", at="2026-12-01T09:00")
    waiting = await post(operator, f"{RENT}/unschedule", seen="2")
    assert "自动发布" not in waiting.text
    gone = await post(operator, f"{RENT}/drop", seen="3")
    assert "草稿在聊天里的样子" not in gone.text
    assert (await rent_of(town.house))[1] == 1


async def test_a_new_question_is_made_found_and_taken_down(
    operator: httpx.AsyncClient, town: Town
) -> None:
    pets = {
        "category": "faq",
        "name": "pets",
        "title": "可以养宠物吗？",
        "text": "可以养小型宠物。",
    }
    refused = await post(operator, "/console/content/new", **{**pets, "name": "PETS"})
    assert (refused.status_code, "可以养小型宠物" in refused.text) == (422, True)
    await post(operator, "/console/content/new", **pets)
    await post(operator, "/console/content/text/faq-pets/publish", seen="1")
    await town.house.look()
    async with town.house.open_work() as work:
        found = (await work.documents.index()).find("请问可以养宠物么").clear
        assert found
        assert found.id == "pets"
    await post(operator, "/console/content/text/faq-pets/withdraw")
    await town.house.look()
    async with town.house.open_work() as work:
        assert (await work.documents.index()).find("请问可以养宠物么").clear is None
    assert "已下架" in (await operator.get("/console/content?category=faq")).text


async def test_a_text_that_is_thrown_away_before_it_was_published_is_gone(
    operator: httpx.AsyncClient,
) -> None:
    form = {"category": "guide", "name": "move", "title": "怎么入住", "text": "第一步"}
    await post(operator, "/console/content/new", **form)
    await post(operator, "/console/content/text/guide-move/drop", seen="1")
    assert (await operator.get("/console/content/text/guide-move")).status_code == 404


async def test_what_a_citizen_agreed_to_is_shown_with_its_fingerprint(
    operator: httpx.AsyncClient, town: Town
) -> None:
    """Source: S0-16, S0-43."""
    agreement = "/console/content/text/agreement-user"
    async with town.house.open_work() as work:
        first = (await work.documents.documents())["agreement-user"]
    await post(operator, f"{agreement}/write", title="新协议", text="新的一版。", seen="0")
    await post(operator, f"{agreement}/publish", seen="1")
    page = await operator.get(f"{agreement}/version/1")
    assert first.text_hash in page.text
    assert first.text.splitlines()[0] in shown(page.text)


@pytest.mark.parametrize(
    "path",
    [
        "/console/content/text/faq-none",
        f"{RENT}/version/9",
        f"{RENT}/version/x",
        f"{RENT}/version/²",
        f"{RENT}/difference?before=1&after=draft",
        f"{RENT}/difference",
    ],
)
async def test_what_is_not_there_is_not_found(operator: httpx.AsyncClient, path: str) -> None:
    assert (await operator.get(path)).status_code == 404


async def test_who_may_only_look_sees_no_button(console: httpx.AsyncClient) -> None:
    await signed_in_officer(console, Role.AUDITOR)
    for path in ("/console/content", RENT, "/console/questions"):
        page = (await console.get(path)).text
        main = page[page.index("<main") :]
        assert "<button" not in main
        assert 'method="post"' not in main


async def test_an_unanswered_question_becomes_a_synonym_or_an_entry(
    operator: httpx.AsyncClient, town: Town
) -> None:
    """Source: S2-14."""
    async with town.house.open_work() as work:
        await work.questions.miss("上车要准备什么", town.clock.now())
        await work.questions.miss("<i>能养鱼吗</i>", town.clock.now())
        await work.commit()
        asked = {one.words: one.id for one in await work.questions.unanswered(9)}
    page = await operator.get("/console/questions")
    assert "上车要准备什么" in page.text
    assert "<i>能养鱼吗" not in page.text
    entry = await operator.get("/console/content/new?category=faq&title=能养鱼吗")
    assert 'value="能养鱼吗"' in entry.text
    about = asked["上车要准备什么"]
    wrong = await post(
        operator, "/console/questions/synonyms", word="上", means="登记", about=about
    )
    assert wrong.status_code == 422
    added = await post(
        operator, "/console/questions/synonyms", word="上车", means="登记", about=about
    )
    assert "上车要准备什么" not in added.text
    await town.house.look()
    async with town.house.open_work() as work:
        found = (await work.documents.index()).find("怎么取消上车").clear
        assert found
        assert found.id == "cancel"
    await post(operator, "/console/questions/synonyms/drop", word="上车")
    last = await post(operator, "/console/questions/settle", id=asked["<i>能养鱼吗</i>"])
    assert "没有答不上的问题" in last.text
    assert "还没有同义词" in last.text
