from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Response

from adapters.cipher import Cipher
from adapters.links import SealedLinks
from bot.h5.look import STATIC_FOLDER, STATIC_PATH, say, show
from bot.h5.prints import Paper, paper_of, router
from dialogs.desk import Citizen
from domain.identity.model import Person
from domain.plans.model import Unit
from domain.plans.service import PlanService
from domain.registrations.model import Registration, RegistrationState
from domain.registrations.service import RegistrationService
from domain.shared.pages import PageService
from domain.shared.records import OpenId
from tests.support.allotment import (
    NOW,
    OPENID,
    AllotmentWork,
    a_family,
    a_plan,
    a_project,
    a_registration,
    a_unit,
    an_account,
)
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock

PUBLIC_URL = "http://anju.example"
NUMBER = "DJ202603110000017"
PERSON = Person("person", "欧阳演示", "11010019860412001X", NOW, "stand-in")
SECRETS = ("欧阳演示", "11010019860412001X", "19900001001", "1101052019000123", "曹演示")


class Words(HTMLParser):
    """Gathers what a page says, and the attributes of its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.said.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @property
    def text(self) -> str:
        return "\n".join(words for words in self.said if words)


class House:
    """An application's wiring, over works in memory."""

    def __init__(self, *registrations: Registration, citizen: Citizen | None = None) -> None:
        self.clock = FakeClock(NOW)
        self.work = AllotmentWork()
        self.work.registrations.rows = {one.number: one for one in registrations}
        self.citizen = citizen or Citizen(an_account(), PERSON, a_family())
        self.asked: list[str] = []
        signer = SealedLinks(Cipher(bytes(32)))
        luck = SeededRandomness()
        self.pages = PageService(self.work, self.clock, luck, PUBLIC_URL, signer)  # type: ignore[arg-type] # print links need no store

    @asynccontextmanager
    async def open_work(self) -> AsyncIterator[AllotmentWork]:
        yield self.work

    def desk(self, work: AllotmentWork, openid: OpenId, front: str) -> SimpleNamespace:
        self.asked.append(openid)

        async def citizen() -> Citizen:
            return self.citizen if openid == OPENID else Citizen()

        return SimpleNamespace(
            citizen=citizen,
            clock=self.clock,
            office=SimpleNamespace(operator="北京保障房中心有限公司"),
            pages=self.pages,
            plans=PlanService(work, self.clock),
            registrations=RegistrationService(work, self.clock, SeededRandomness(), front=front),
        )

    async def get(self, path: str) -> httpx.Response:
        app = FastAPI()
        app.include_router(router)
        app.state.house = self
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            return await client.get(path)

    async def open_link(self, openid: OpenId = OPENID, number: str = NUMBER) -> httpx.Response:
        return await self.get(self.pages.print_link(openid, number).removeprefix(PUBLIC_URL))


def a_paper(registration: Registration | None = None, unit: Unit | None = None) -> Paper:
    return paper_of(
        registration=registration or a_registration(NUMBER),
        plan=a_plan(),
        project=a_project(),
        unit=unit or a_unit(),
        family=a_family(),
        person=PERSON,
        operator="北京保障房中心有限公司",
        now=NOW,
    )


def test_a_paper_says_what_was_registered_and_masks_who() -> None:
    """Source: S0-60."""
    paper = a_paper()
    assert (paper.number, paper.check_digit) == (NUMBER, "7")
    assert (paper.applicant, paper.phone) == ("欧阳某某", "199****1001")
    assert paper.family == "110105*****123"
    assert (paper.unit_type, paper.area, paper.rent) == ("二居室", "55.5–59", "2,622–2,788")
    assert paper.states == (("已登记", NOW),)
    assert (paper.live, paper.demo) == (True, True)


def test_a_span_of_one_is_one_number() -> None:
    unit = replace(a_unit(), area_from=a_unit().area_to)
    assert (a_paper(unit=unit).area, a_paper(unit=unit).rent) == ("59", "2,788")


def test_a_paper_keeps_the_history_of_a_cancelled_registration() -> None:
    """Source: S0-58, S0-60."""
    later = NOW + timedelta(hours=1)
    cancelled = replace(
        a_registration(NUMBER), state=RegistrationState.CANCELLED, cancelled_at=later
    )
    paper = a_paper(cancelled)
    assert paper.states == (("已登记", NOW), ("已取消", later))
    assert not paper.live


def test_a_rendered_paper_shows_every_field_and_no_secret() -> None:
    """Source: S0-48, S0-60."""
    paper = a_paper()
    page = bytes(show("print.html", paper=paper).body).decode()
    for field in ("operator", "number", "applicant", "phone", "family", "plan", "project"):
        assert getattr(paper, field) in page
    for field in ("address", "unit_type", "area", "rent", "notice"):
        assert getattr(paper, field) in page
    assert "2026年3月11日 12:00" in page
    assert not [secret for secret in SECRETS if secret in page]


def test_words_of_an_officer_cannot_become_markup() -> None:
    hostile = replace(a_paper(), project="<script>alert(1)</script>")
    page = bytes(show("print.html", paper=hostile).body).decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_page_tells_a_reader_its_language_title_and_one_heading() -> None:
    words = Words(bytes(show("print.html", paper=a_paper()).body).decode())
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
    assert len(local) == 2
    for address in local:
        name = address.removeprefix(f"{STATIC_PATH}/").partition("?")[0]
        assert (STATIC_FOLDER / name).is_file()


@pytest.mark.parametrize(
    "page", [say("标题", "内容", status=410), show("print.html", paper=a_paper())]
)
def test_no_page_is_stored_framed_by_strangers_or_tells_where_it_was(page: Response) -> None:
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


async def test_a_citizens_link_opens_the_paper() -> None:
    """Source: S0-48, S0-49."""
    house = House(a_registration(NUMBER))
    answer = await house.open_link()
    assert answer.status_code == 200
    assert NUMBER in answer.text
    assert house.asked == ["", OPENID]
    assert house.work.acts.rows == []


async def test_a_link_stops_working_after_a_day() -> None:
    house = House(a_registration(NUMBER))
    link = house.pages.print_link(OPENID, NUMBER).removeprefix(PUBLIC_URL)
    house.clock.forward(24 * 3600)
    answer = await house.get(link)
    assert answer.status_code == 410
    assert NUMBER not in answer.text


@pytest.mark.parametrize("token", ["x", "AAAA", "../../etc/passwd", "9" * 5000, "登记"])
async def test_a_link_that_we_never_gave_out_opens_nothing(token: str) -> None:
    answer = await House(a_registration(NUMBER)).get(f"/h5/print/{token}")
    assert answer.status_code in {403, 404}
    assert NUMBER not in answer.text


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
    openid: OpenId, citizen: Citizen | None
) -> None:
    house = House(a_registration(NUMBER), citizen=citizen)
    answer = await house.open_link(openid)
    assert answer.status_code == 403
    assert NUMBER not in answer.text
    assert "青禾家园" not in answer.text


async def test_a_number_that_is_not_on_record_looks_like_somebody_elses() -> None:
    unknown = await House().open_link()
    foreign = await House(a_registration(NUMBER, family_id="stranger")).open_link()
    assert (unknown.status_code, unknown.text) == (foreign.status_code, foreign.text)
