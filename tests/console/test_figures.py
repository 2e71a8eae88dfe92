"""The funnel: page, chart and file tell the same."""

import csv
import io
from collections import Counter
from html.parser import HTMLParser

import httpx

from domain.figures.model import Event, Passage
from domain.figures.service import FigureService
from domain.officers.model import Role
from tests.support.console import signed_in_officer
from tests.support.town import Town

COUNTS = {
    Passage("sign_up", "phone", Event.ARRIVED): 10,
    Passage("sign_up", "phone", Event.ANSWERED): 7,
    Passage("sign_up", "phone", Event.LEFT): 1,
    Passage("sign_up", "phone", Event.MISSED): 3,
}


class Cells(HTMLParser):
    """Gathers the rows of all tables."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


async def keep(town: Town, words: str = "没有手机") -> None:
    async with town.house.open_work() as work:
        service = FigureService(work, town.house.clock)
        await service.keep(Counter(COUNTS), Counter({("sign_up", "phone", words): 3}))
        await work.commit()


async def rows_of(console: httpx.AsyncClient, address: str) -> list[list[str]]:
    page = await console.get(address)
    assert page.status_code == 200
    cells = Cells()
    cells.feed(page.text)
    return cells.rows


async def test_page_and_file_show_the_same_figures(town: Town, console: httpx.AsyncClient) -> None:
    await keep(town)
    await signed_in_officer(console, Role.AUDITOR)
    rows = await rows_of(console, "/console/figures?flow=sign_up&days=7")
    saved = await console.get("/console/figures.csv?flow=sign_up&days=7")
    lines = [*csv.reader(io.StringIO(saved.content.decode("utf-8-sig")))]
    phone = next(line for line in lines if line[1] == "phone")
    assert phone[2:] in rows
    assert phone[3:] == ["10", "7", "0", "1", "0", "3", "0", "2", "70%"]


async def test_the_chart_is_a_picture_that_runs_nothing(
    town: Town, console: httpx.AsyncClient
) -> None:
    await keep(town)
    await signed_in_officer(console, Role.OPERATOR)
    chart = await console.get("/console/figures.svg?flow=sign_up")
    assert chart.headers["content-type"].startswith("image/svg+xml")
    policy = chart.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert b"<script" not in chart.content


async def test_nonsense_in_the_address_shows_the_usual(console: httpx.AsyncClient) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    page = await console.get("/console/figures?flow=<script>&days=-1")
    assert page.status_code == 200
    assert "<script>&" not in page.text


async def test_words_that_were_seen_to_go_and_leave_an_act(
    town: Town, console: httpx.AsyncClient
) -> None:
    await keep(town, "<b>没有手机</b>")
    officer = await signed_in_officer(console, Role.OPERATOR)
    page = await console.get("/console/figures?flow=sign_up")
    assert "&lt;b&gt;没有手机" in page.text
    said = {"flow": "sign_up", "step": "phone", "words": "<b>没有手机</b>"}
    gone = await console.post("/console/figures/misheard", data=said)
    assert gone.status_code == 303
    assert "没有手机" not in (await console.get("/console/figures?flow=sign_up")).text
    async with town.house.open_work() as work:
        acts = await work.acts.about("sign_up.phone")
    assert [(act.tag, act.actor) for act in acts] == [("figures:misheard:drop", officer.id)]
    await signed_in_officer(console, Role.AUDITOR)
    assert (await console.post("/console/figures/misheard", data=said)).status_code == 403
