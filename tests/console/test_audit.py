"""The acts in words, by what was asked for, page by page, and as a file that runs nothing."""

import csv
import io
import re
from datetime import timedelta

import httpx
import pytest

from bot.console.acts import SUBJECTS, TAGS, told
from bot.console.audit import PATH
from bot.console.cells import csv_lines, safe_cell
from domain.officers.model import Role
from domain.shared.records import Act
from tests.support.act_tags import matching, tags_in_code
from tests.support.console import signed_in_officer
from tests.support.town import Town

OPENID = "oTown00000000000000000000012"


async def keep(town: Town, *acts: Act) -> None:
    async with town.house.open_work() as work:
        for act in acts:
            await work.acts.add(act)
        await work.commit()


def an_act(town: Town, number: int = 0, **other: object) -> Act:
    fields: dict[str, object] = {
        "tag": "registrations:registration:create",
        "actor": "a" * 32,
        "object_id": f"DJ20260311{number:07}",
        "at": town.clock.now() + timedelta(minutes=number),
        "front": "chat",
    }
    return Act(**{**fields, **other})  # type: ignore[arg-type] # by name


def rows(page: httpx.Response) -> list[str]:
    return [
        re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr><td.*?</tr>", page.text, re.DOTALL)
    ]


def test_every_act_that_the_code_leaves_has_its_words() -> None:
    found = tags_in_code()
    assert len(found) > 30
    assert [tag for tag in found if not matching(tag, set(TAGS))] == []


def test_no_words_are_left_over_and_every_subject_has_its_name() -> None:
    found = tags_in_code()
    assert [tag for tag in TAGS if not any(matching(one, {tag}) for one in found)] == []
    assert {tag.partition(":")[0] for tag in TAGS} <= set(SUBJECTS)
    assert told("made:by:others") == "made:by:others"


async def test_acts_are_read_in_words_newest_first_and_page_by_page(
    town: Town, console: httpx.AsyncClient
) -> None:
    await keep(town, *(an_act(town, number) for number in range(120)))
    await signed_in_officer(console, Role.AUDITOR)
    seen, address = [], PATH
    while address:
        page = await console.get(address)
        seen += re.findall(r"DJ\d{15}", page.text)
        older = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = older[1].replace("&amp;", "&") if older else ""
    assert seen == [f"DJ20260311{number:07}" for number in reversed(range(120))]
    assert "登记了房源" in page.text


async def test_acts_are_found_by_who_what_which_and_when(
    town: Town, console: httpx.AsyncClient
) -> None:
    officer = await signed_in_officer(console, Role.AUDITOR)
    tomorrow = town.clock.now() + timedelta(days=1)
    await keep(
        town,
        an_act(town, 1),
        an_act(town, 2, tag="registrations:registration:cancel"),
        an_act(town, 3, actor=officer.id),
        an_act(town, 4, at=tomorrow),
    )
    for asked, number in (
        ({"tag": "registrations:registration:cancel"}, 2),
        ({"actor": officer.login}, 3),
        ({"actor": officer.id}, 3),
        ({"about": "DJ202603110000001"}, 1),
        ({"day": "2026-03-12"}, 4),
    ):
        found = rows(await console.get(PATH, params=asked))
        assert len(found) == 1, asked
        assert f"DJ20260311{number:07}" in found[0]
    assert len(rows(await console.get(PATH, params={"day": "2026-02-30"}))) == 4


async def test_nobodys_mark_or_number_is_shown_whole(
    town: Town, console: httpx.AsyncClient
) -> None:
    await keep(
        town,
        an_act(town, actor=OPENID, object_id="13800000000", note="13800000000 11010119900307001X"),
    )
    await signed_in_officer(console, Role.AUDITOR)
    page = (await console.get(PATH)).text
    file = (await console.post(f"{PATH}/acts.csv")).text
    for shown in (page, file):
        assert not [one for one in (OPENID, "13800000000", "11010119900307001X") if one in shown]
        assert "登记了房源" in shown


async def test_a_file_holds_every_act_asked_for_and_leaves_one(
    town: Town, console: httpx.AsyncClient
) -> None:
    await keep(town, *(an_act(town, number) for number in range(1201)))
    officer = await signed_in_officer(console, Role.AUDITOR)
    asked = {"tag": "registrations:registration:create"}
    answer = await console.post(f"{PATH}/acts.csv", params=asked)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    found = [*csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))]
    assert len(found) == 1202
    assert found[1][4] == "DJ202603110001200"
    async with town.house.open_work() as work:
        acts = await work.acts.about(officer.id)
    assert [act.tag for act in acts] == ["officers:audit:export"]


@pytest.mark.parametrize(
    "words", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "|calc", "%0A"]
)
def test_nothing_in_a_file_begins_like_a_formula(words: str) -> None:
    assert safe_cell(words) == f"'{words}"
    [[cell, plain]] = csv.reader(io.StringIO(csv_lines([[words, "青禾, 家园"]]), newline=""))
    assert cell.startswith("'")
    assert plain == "青禾, 家园"
