"""Officers import, change, publish and close plans; nothing is half done, and everybody sees it."""

import asyncio
import re

import httpx
import pytest

from adapters.sheets import PressedTables
from domain.officers.model import Role
from domain.plans.offers import Offer
from domain.shared.records import Act
from tests.support.console import open_console, signed_in_officer
from tests.support.plan_tables import a_row, as_csv, as_xlsx
from tests.support.town import Town

PLANS = "/console/plans"


async def upload(console: httpx.AsyncClient, raw: bytes, plan: str = "") -> httpx.Response:
    return await console.post(
        f"{PLANS}/import", files={"file": ("plan.xlsx", raw)}, data={"plan": plan}
    )


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return found[1]


def address(page: httpx.Response) -> str:
    found = re.search(rf'action="({PLANS}/import/[^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def confirm(console: httpx.AsyncClient, page: httpx.Response, **more: str) -> httpx.Response:
    return await console.post(address(page), data={"seen": hidden(page, "seen"), **more})


async def offers(town: Town) -> dict[str, Offer]:
    async with town.house.open_work() as work:
        return {one.plan.name: one for one in await work.offers.all()}


async def acts(town: Town, plan_id: str) -> list[Act]:
    async with town.house.open_work() as work:
        return await work.acts.about(plan_id)


async def imported(console: httpx.AsyncClient, town: Town, *, publish: bool = False) -> Offer:
    now = town.clock.now()
    page = await upload(console, as_xlsx(a_row(now), a_row(now, type="二居室")))
    assert page.status_code == 200, page.text
    more = {"publish": "yes"} if publish else {}
    assert (await confirm(console, page, **more)).status_code == 303
    return (await offers(town))["第九批公租房快速配租"]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_the_template_can_be_filled_in_and_read(
    console: httpx.AsyncClient, form: str
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    template = await console.get(f"{PLANS}/template.{form}")
    assert template.status_code == 200
    page = await upload(console, template.content)
    assert page.status_code in {200, 422}
    assert "示例家园" in page.text  # read without a fault; its days may lie behind us
    assert "有 " not in page.text


async def test_an_import_is_seen_before_it_is_kept_and_leaves_an_act(
    console: httpx.AsyncClient, town: Town
) -> None:
    officer = await signed_in_officer(console, Role.OPERATOR)
    before = await offers(town)
    page = await upload(console, as_csv(a_row(town.clock.now()), encoding="gbk"))
    assert "梧桐里" in page.text
    assert await offers(town) == before
    assert (await confirm(console, page)).status_code == 303
    offer = (await offers(town))["第九批公租房快速配租"]
    assert offer.draft
    assert [(act.tag, act.actor, act.front) for act in await acts(town, offer.plan.id)] == [
        ("plans:plan:import", officer.id, "console")
    ]


async def test_a_table_with_faults_changes_nothing_and_comes_back_with_them(
    console: httpx.AsyncClient, town: Town
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    before = await offers(town)
    now = town.clock.now()
    wrong = a_row(now, type="大开间", rent="四十八")
    page = await upload(console, as_xlsx(a_row(now), wrong))
    assert page.status_code == 422
    for words in ("第 3 行 M 列", "第 3 行 P 列", "请写零居室"):
        assert words in page.text
    found = re.search(rf'href="({PLANS}/import/[^"]+problems.xlsx)"', page.text)
    assert found
    back = await PressedTables().read((await console.get(found[1])).content)
    assert back.rows[0][-1] == "问题"
    assert back.rows[1][-1] == ""
    assert "请写零居室" in back.rows[2][-1]
    assert await offers(town) == before


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "没有内容"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
        (b"x" * (10 * 1024 * 1024 + 1), "10 MB"),
        (b"x" * (11 * 1024 * 1024), "10 MB"),
    ],
)
async def test_a_file_that_is_not_taken_is_told_why(
    console: httpx.AsyncClient, raw: bytes, words: str
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    page = await upload(console, raw)
    assert page.status_code == 422
    assert words in page.text


async def test_citizens_see_a_plan_when_it_is_published(
    console: httpx.AsyncClient, town: Town
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    offer = await imported(console, town)
    await town.house.look()
    async with town.house.open_work() as work:
        assert offer.plan not in (await work.plans.book()).plans()
    page = await console.get(f"{PLANS}/{offer.plan.id}")
    answer = await console.post(
        f"{PLANS}/{offer.plan.id}/publish", data={"seen": hidden(page, "seen")}
    )
    assert answer.status_code == 303
    await town.house.look()
    async with town.house.open_work() as work:
        assert offer.plan in (await work.plans.book()).plans()


async def test_a_published_plan_loses_nothing_by_a_table(
    console: httpx.AsyncClient, town: Town
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    offer = await imported(console, town, publish=True)
    assert not offer.draft
    page = await upload(console, as_csv(a_row(town.clock.now())), offer.plan.id)
    assert page.status_code == 422
    assert "不能删除" in page.text
    assert f'action="{PLANS}/import/' not in page.text
    assert (await offers(town))[offer.plan.name] == offer


async def test_its_own_table_changes_nothing(console: httpx.AsyncClient, town: Town) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    offer = await imported(console, town, publish=True)
    table = await console.get(f"{PLANS}/{offer.plan.id}/table.xlsx")
    page = await upload(console, table.content, offer.plan.id)
    assert page.status_code == 200
    assert "没有变化" in page.text


async def test_of_two_officers_who_import_one_is_told_to_look_again(town: Town) -> None:
    async with open_console(town.app) as one, open_console(town.app) as other:
        await signed_in_officer(one, Role.OPERATOR)
        await signed_in_officer(other, Role.OPERATOR)
        offer = await imported(one, town)
        now = town.clock.now()
        rows = [a_row(now, rent="50"), a_row(now, type="二居室", rent="51")]
        first = await upload(one, as_csv(*rows), offer.plan.id)
        second = await upload(other, as_csv(rows[0], rows[1] | {}), offer.plan.id)
        answers = await asyncio.gather(confirm(one, first), confirm(other, second))
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        assert len(await acts(town, offer.plan.id)) == 2


async def test_a_second_plan_of_one_name_is_refused(console: httpx.AsyncClient, town: Town) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    await imported(console, town)
    page = await upload(console, as_csv(a_row(town.clock.now())))
    assert page.status_code == 422
    assert "同名" in page.text


async def test_nobody_else_gets_at_what_an_officer_has_handed_in(town: Town) -> None:
    async with open_console(town.app) as one, open_console(town.app) as other:
        await signed_in_officer(one, Role.OPERATOR)
        await signed_in_officer(other, Role.OPERATOR)
        page = await upload(one, as_csv(a_row(town.clock.now())))
        assert (await confirm(other, page)).status_code == 404


async def test_dates_are_changed_after_a_look_at_what_citizens_will_see(
    console: httpx.AsyncClient, town: Town
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    offer = await imported(console, town, publish=True)
    edit = f"{PLANS}/{offer.plan.id}/edit"
    form = await console.get(edit)
    typed = {
        name: hidden_or_typed(form, name)
        for name in ("seen", "name", "opens_at", "closes_at", "choosing_from", "choosing_to")
    }
    typed |= {"limit": "3", "name": "第九批（改）"}
    page = await console.post(edit, data=typed)
    assert page.status_code == 200
    assert "第九批（改）" in page.text
    assert offer.plan.name in await offers(town)
    assert (await console.post(edit, data={**typed, "keep": "yes"})).status_code == 303
    changed = (await offers(town))["第九批（改）"].plan
    assert (changed.limit, changed.opens_at) == (3, offer.plan.opens_at)
    late = await console.post(edit, data={**typed, "name": "再改", "keep": "yes"})
    assert late.status_code == 409
    past = await console.post(edit, data={**typed, "opens_at": "2020-01-01T09:00", "keep": "yes"})
    assert past.status_code == 422
    assert "已经过去" in past.text


def hidden_or_typed(page: httpx.Response, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page.text)
    assert found, name
    return found[1]


async def test_a_projects_words_are_changed(console: httpx.AsyncClient, town: Town) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    offer = await imported(console, town, publish=True)
    project = offer.projects[0]
    edit = f"{PLANS}/{offer.plan.id}/projects/{project.id}"
    form = await console.get(edit)
    names = ("seen", "name", "district", "address", "choosing_from", "choosing_to")
    typed = {name: hidden_or_typed(form, name) for name in names} | {"summary": "新的介绍"}
    assert (await console.post(edit, data={**typed, "keep": "yes"})).status_code == 303
    assert (await offers(town))[offer.plan.name].projects[0].summary == "新的介绍"
    wrong = await console.post(edit, data={**typed, "summary": ""})
    assert wrong.status_code == 422


async def test_an_open_plan_is_closed_now_and_stays_closed(
    console: httpx.AsyncClient, town: Town
) -> None:
    """Source: S0-39."""
    await signed_in_officer(console, Role.OPERATOR)
    plan = next(one for name, one in (await offers(town)).items() if "第四批" in name).plan
    page = await console.get(f"{PLANS}/{plan.id}")
    close = f"{PLANS}/{plan.id}/close"
    seen = hidden(page, "seen")
    await console.post(close, data={"seen": seen})
    assert (await offers(town))[plan.name].plan == plan
    assert (await console.post(close, data={"seen": seen, "sure": "yes"})).status_code == 303
    assert (await offers(town))[plan.name].plan.closes_at == town.clock.now()
    again = await console.post(close, data={"seen": seen, "sure": "yes"})
    assert again.status_code == 422


async def test_a_draft_is_removed_when_the_officer_is_sure(
    console: httpx.AsyncClient, town: Town
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    offer = await imported(console, town)
    page = await console.get(f"{PLANS}/{offer.plan.id}")
    gone = {"seen": hidden(page, "seen"), "sure": "yes"}
    assert (await console.post(f"{PLANS}/{offer.plan.id}/discard", data=gone)).status_code == 303
    assert offer.plan.name not in await offers(town)


async def test_who_may_only_look_finds_no_button(console: httpx.AsyncClient, town: Town) -> None:
    await signed_in_officer(console, Role.AUDITOR)
    plan_id = next(iter((await offers(town)).values())).plan.id
    page = await console.get(f"{PLANS}/{plan_id}")
    assert page.status_code == 200
    assert "发布给市民" not in page.text
    assert "<form" not in page.text.split("<main")[1]
