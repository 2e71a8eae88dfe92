"""The printable page of a registration, its PDF, and whom they are shown to."""

from dataclasses import replace
from urllib.parse import unquote

import httpx
import pytest
from fastapi import Response

from adapters.pdf import TypstPrinter
from bot.ground import sheets
from bot.h5.look import STATIC_FOLDER, STATIC_PATH, say, show
from dialogs.desk import Citizen
from domain.shared.papers import Sheet
from domain.shared.records import OpenId
from tests.support.allotment import OPENID, a_family, a_registration, an_account
from tests.support.papers import (
    CODE,
    NUMBER,
    PERSON,
    SECRETS,
    PapersHouse,
    Words,
    a_sheet,
    rows_of,
)


@pytest.fixture
def house() -> PapersHouse:
    return PapersHouse(a_registration(NUMBER, check_code=CODE))


def page_of(sheet: Sheet) -> str:
    return bytes(show("print.html", sheet=sheet, pdf="token.pdf").body).decode()


def test_the_page_shows_every_word_of_the_paper() -> None:
    """Source: S0-48, S0-60."""
    sheet = a_sheet()
    page = page_of(sheet)
    text = Words(page).text
    assert sheet.check is not None
    for words in (sheet.office, sheet.title, *sheet.number, sheet.number_note, *sheet.notes):
        assert words in text
    for words in (*sheet.check.code, sheet.check.words):
        assert words in text
    for section in sheet.sections:
        assert section.title in text
        assert dict(section.rows).items() <= rows_of(page).items()
    assert not [secret for secret in SECRETS if secret in page]


def test_the_template_words_nothing_of_the_paper_itself() -> None:
    """What only the template said would be missing from the PDF."""
    source = STATIC_FOLDER.parent / "templates" / "print.html"
    _, _, paper = source.read_text("utf-8").partition("<article")
    assert not [sign for sign in paper if sign > "\u2e80"]


def test_the_page_carries_the_picture_that_a_camera_reads() -> None:
    """Source: S0-48."""
    sheet = a_sheet()
    [picture] = [dict(attributes) for tag, attributes in Words(page_of(sheet)).tags if tag == "img"]
    kind, _, shown = (picture["src"] or "").partition(",")
    assert sheet.check is not None
    assert (kind, unquote(shown)) == ("data:image/svg+xml", sheet.check.picture)
    assert picture["alt"] == sheet.check.caption


def test_a_paper_without_a_check_code_shows_none() -> None:
    page = page_of(replace(a_sheet(), check=None))
    assert "img" not in [tag for tag, _ in Words(page).tags]
    assert "校验码" not in page


def test_words_of_an_officer_cannot_become_markup() -> None:
    page = page_of(replace(a_sheet(), title="<script>alert(1)</script>"))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_page_tells_a_reader_its_language_title_and_one_heading() -> None:
    words = Words(page_of(a_sheet()))
    names = [tag for tag, _ in words.tags]
    assert ("html", {"lang": "zh-CN"}) in words.tags
    assert (names.count("h1"), names.count("main"), names.count("title")) == (1, 1, 1)
    inline = {"onclick", "style"}
    assert not [tag for tag, attributes in words.tags if inline & attributes.keys()]


def test_pages_name_assets_that_exist() -> None:
    words = Words(bytes(say("标题", "内容", status=200).body).decode())
    assets = [
        attributes.get("href") or attributes.get("src") or ""
        for tag, attributes in words.tags
        if tag in {"link", "script"}
    ]
    local = [one for one in assets if one.startswith(STATIC_PATH)]
    assert len(local) == 3
    served = sheets(STATIC_FOLDER)
    for address in local:
        name = address.removeprefix(f"{STATIC_PATH}/").partition("?")[0]
        assert served.lookup_path(name)[1] is not None, name


@pytest.mark.parametrize(
    "page",
    [say("标题", "内容", status=410), show("print.html", sheet=a_sheet(), pdf="x.pdf")],
)
def test_no_page_is_stored_framed_by_strangers_or_tells_where_it_was(page: Response) -> None:
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


async def test_a_citizens_link_opens_the_paper(house: PapersHouse) -> None:
    """Source: S0-48, S0-49."""
    answer = await house.get(house.link())
    assert answer.status_code == 200
    assert NUMBER in answer.text
    assert house.asked == ["", OPENID]
    assert house.work.acts.rows == []


async def test_the_page_leads_to_the_pdf_of_the_same_paper(house: PapersHouse) -> None:
    """Source: S0-48."""
    link = house.link()
    page = await house.get(link)
    [href] = [
        attributes["href"] or ""
        for tag, attributes in Words(page.text).tags
        if tag == "a" and attributes.get("href")
    ]
    answer = await house.get(str(httpx.URL(link).join(href)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


async def test_the_pdf_is_saved_under_its_number_and_never_stored_by_others(
    house: PapersHouse,
) -> None:
    headers = (await house.get(f"{house.link()}.pdf")).headers
    assert unquote(headers["content-disposition"]).endswith(f"登记表 {NUMBER}.pdf")
    assert headers["content-disposition"].startswith("inline")
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "frame-ancestors 'self'"


async def test_where_no_pdf_can_be_made_the_page_still_opens(house: PapersHouse) -> None:
    house.printer = TypstPrinter(None)
    assert (await house.get(house.link())).status_code == 200
    answer = await house.get(f"{house.link()}.pdf")
    assert answer.status_code == 503
    assert "打印" in answer.text


@pytest.mark.parametrize("ending", ["", ".pdf"])
async def test_a_link_stops_working_after_a_day(house: PapersHouse, ending: str) -> None:
    link = house.link()
    house.clock.forward(24 * 3600)
    answer = await house.get(link + ending)
    assert answer.status_code == 410
    assert NUMBER not in answer.text


@pytest.mark.parametrize("ending", ["", ".pdf"])
@pytest.mark.parametrize("token", ["x", "AAAA", "../../etc/passwd", "9" * 5000, "登记"])
async def test_a_link_that_we_never_gave_out_opens_nothing(
    house: PapersHouse, token: str, ending: str
) -> None:
    answer = await house.get(f"/h5/print/{token}{ending}")
    assert answer.status_code in {403, 404}
    assert NUMBER not in answer.text


@pytest.mark.parametrize("ending", ["", ".pdf"])
@pytest.mark.parametrize(
    ("openid", "citizen"),
    [
        (OpenId("oTest0000000000000000000002"), None),
        (OPENID, Citizen()),
        (OPENID, Citizen(an_account(), PERSON, None)),
        (OPENID, Citizen(an_account(), PERSON, a_family("stranger"))),
    ],
    ids=["another citizen", "signed out", "no family", "another family"],
)
async def test_only_the_family_that_registered_sees_the_paper(
    openid: OpenId, citizen: Citizen | None, ending: str
) -> None:
    house = PapersHouse(a_registration(NUMBER, check_code=CODE), citizen=citizen)
    answer = await house.get(house.link(openid) + ending)
    assert answer.status_code == 403
    assert NUMBER not in answer.text
    assert "青禾家园" not in answer.text


async def test_a_number_that_is_not_on_record_looks_like_somebody_elses() -> None:
    link = PapersHouse().link()
    unknown = await PapersHouse().get(link)
    foreign = await PapersHouse(a_registration(NUMBER, family_id="stranger")).get(link)
    assert (unknown.status_code, unknown.text) == (foreign.status_code, foreign.text)
