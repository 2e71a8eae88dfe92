"""The room of the posters, over HTTP. Source: S0-61."""

import csv
import io
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import httpx
import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image

from bot.console.posters import PATH
from domain.officers.model import Role
from domain.posters.model import Poster, TargetKind
from tests.support.console import signed_in_officer
from tests.support.town import Town


class _Table(HTMLParser):
    """Reads the table of the days off a page."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._inside = dict(attrs).get("id") == "days"
        elif self._inside and tag == "tr":
            self.rows.append([])
        elif self._inside and tag in {"th", "td"}:
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in {"th", "td"}

    def handle_data(self, data: str) -> None:
        if self._inside and self._cell:
            self.rows[-1][-1] += data.strip()


@pytest.fixture
async def console(console: httpx.AsyncClient) -> httpx.AsyncClient:
    await signed_in_officer(console, Role.OPERATOR)
    return console


async def posters(town: Town) -> tuple[Poster, ...]:
    async with town.house.open_work() as work:
        return (await work.posters.read()).posters()


async def made(town: Town, console: httpx.AsyncClient, **boxes: str) -> Poster:
    form = {"target": "person:", "title": "找人工", "caption": ""} | boxes
    answer = await console.post(f"{PATH}/new", data=form)
    assert answer.status_code == 303, answer.text
    poster_id = answer.headers["location"].removeprefix(f"{PATH}/")
    [poster] = [one for one in await posters(town) if one.id == poster_id]
    return poster


def seen(picture: Image.Image) -> str:
    [found] = zxingcpp.read_barcodes(picture.convert("L"))
    return found.text


async def project_id(town: Town) -> str:
    found = await town.project("青禾家园")
    assert found
    return found[0].id


async def test_a_poster_is_made_listed_and_downloaded_in_every_size(
    town: Town, console: httpx.AsyncClient
) -> None:
    target = f"project:{await project_id(town)}"
    poster = await made(town, console, target=target, title="家门口的青禾家园")
    assert poster.target.kind is TargetKind.PROJECT
    assert "家门口的青禾家园" in (await console.get(PATH)).text
    page = (await console.get(f"{PATH}/{poster.id}")).text
    links = re.findall(r'href="([^"]+/file/[^"]+)"', page)
    assert len(links) == 6
    for link in links:
        file = await console.get(link)
        assert file.status_code == 200
        assert "attachment" in file.headers["content-disposition"]
        if link.endswith("pdf"):
            assert file.headers["content-type"] == "application/pdf"
            paper = pdfium.PdfDocument(file.content)[0]
            picture = paper.render(scale=1200 / paper.get_width()).to_pil()
        else:
            assert file.headers["content-type"] == "image/png"
            picture = Image.open(io.BytesIO(file.content))
        assert seen(picture) == poster.code.url


async def test_a_form_that_is_sent_twice_makes_one_poster(
    town: Town, console: httpx.AsyncClient
) -> None:
    page = (await console.get(f"{PATH}/new")).text
    [own] = re.findall(r'name="id" value="([^"]+)"', page)
    first = await made(town, console, id=own)
    assert await made(town, console, id=own) == first


@pytest.mark.parametrize(
    "boxes",
    [
        {"title": ""},
        {"title": "题" * 31},
        {"caption": "说" * 41},
        {"target": "project:unknown"},
        {"target": "service:unknown"},
        {"target": "person:somebody"},
        {"target": "nothing"},
    ],
    ids=str,
)
async def test_what_cannot_be_made_is_said_beside_the_form_and_makes_nothing(
    town: Town, console: httpx.AsyncClient, boxes: dict[str, str]
) -> None:
    before = await posters(town)
    form = {"target": "person:", "title": "找人工"} | boxes
    answer = await console.post(f"{PATH}/new", data=form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert await posters(town) == before


async def test_the_preview_follows_the_form_and_leads_nowhere(
    town: Town, console: httpx.AsyncClient
) -> None:
    before = await posters(town)
    part = await console.get(
        f"{PATH}/new/preview", params={"target": "person:", "title": "找人工", "caption": "扫"}
    )
    [address] = re.findall(r'src="([^"]+)"', part.text)
    picture = await console.get(address.replace("&amp;", "&"))
    assert picture.headers["content-type"] == "image/png"
    assert "scan=" not in seen(Image.open(io.BytesIO(picture.content)))
    unfit = await console.get(f"{PATH}/new/preview", params={"target": "person:", "title": ""})
    assert "<img" not in unfit.text
    assert (await console.get(f"{PATH}/new/preview.png")).status_code == 404
    assert await posters(town) == before


async def test_all_projects_of_a_plan_are_one_archive(
    town: Town, console: httpx.AsyncClient
) -> None:
    plan = await town.plan("第四批")
    wish = {"plan": plan.id, "size": "a4", "format": "pdf"}
    file = await console.post(f"{PATH}/batch", data=wish)
    assert file.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) > 2
    unknown = await console.post(f"{PATH}/batch", data=wish | {"plan": "unknown"})
    assert unknown.status_code == 422


async def test_a_retired_poster_leads_nowhere_and_is_retired_once(
    town: Town, console: httpx.AsyncClient
) -> None:
    poster = await made(town, console)
    for _ in range(2):
        assert (await console.post(f"{PATH}/{poster.id}/retire")).status_code == 303
    page = (await console.get(f"{PATH}/{poster.id}")).text
    assert "已停用" in page
    assert "/retire" not in page
    async with town.house.open_work() as work:
        tags = [act.tag for act in await work.acts.about(poster.id)]
    assert tags == ["posters:poster:make", "posters:poster:retire"]
    await town.house.look()
    who = town.residents["陈晨"]
    reply = await town.deliver(town.platform.scan(who.openid, poster.scene))
    assert reply
    assert "下线" in reply.text


async def test_figures_are_the_same_on_the_page_in_the_chart_and_in_the_file(
    town: Town, console: httpx.AsyncClient
) -> None:
    poster = await made(town, console)
    await town.house.look()
    for number, name in enumerate(("陈晨", "周安然", "沈玉兰")):
        openid = town.residents[name].openid
        post = town.platform.follow if number else town.platform.scan
        delivery = post(openid, poster.scene)
        for _ in range(2):
            await town.deliver(delivery)
    town.clock.forward(86_400)
    await town.deliver(town.platform.scan(town.residents["陈晨"].openid, poster.scene))
    await signed_in_officer(console, Role.OPERATOR)
    page = await console.get(f"{PATH}/{poster.id}")
    shown = _Table()
    shown.feed(page.text)
    assert shown.rows[0] == ["日期", "扫码", "新关注", "注册", "登记"]
    assert [row[1:] for row in shown.rows[1:]] == [
        ["1", "0", "0", "0"],
        ["3", "2", "0", "0"],
        ["4", "2", "0", "0"],
    ]
    assert re.findall(r"<dd>(\d+)</dd>", page.text) == shown.rows[-1][1:]
    listed = await console.get(PATH)
    _, _, row = listed.text.partition(f'{PATH}/{poster.id}"')
    assert re.findall(r'<td class="number">(\d+)</td>', row)[:4] == shown.rows[-1][1:]
    file = await console.get(f"{PATH}/{poster.id}/figures.csv")
    assert list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")))) == shown.rows
    chart = await console.get(f"{PATH}/{poster.id}/chart.svg")
    assert chart.headers["content-type"] == "image/svg+xml"
    drawn = ET.fromstring(chart.content)  # noqa: S314 (made by us a moment ago)
    values = [one.text for one in drawn.iter() if one.get("class") == "value"]
    assert sorted(value or "" for value in values) == sorted([*"31", *"20", *"00", *"00"])
    assert "<script" not in chart.text


async def test_a_chart_of_a_year_is_drawn_too(town: Town, console: httpx.AsyncClient) -> None:
    poster = await made(town, console)
    town.clock.forward(200 * 86_400)
    await signed_in_officer(console, Role.OPERATOR)
    chart = await console.get(f"{PATH}/{poster.id}/chart.svg")
    assert chart.status_code == 200
    ET.fromstring(chart.content)  # noqa: S314 (made by us a moment ago)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", ""),
        ("GET", "/chart.svg"),
        ("GET", "/figures.csv"),
        ("GET", "/preview.png"),
        ("GET", "/file/a4.pdf"),
        ("POST", "/retire"),
    ],
)
async def test_an_unknown_poster_is_not_found(
    console: httpx.AsyncClient, verb: str, path: str
) -> None:
    assert (await console.request(verb, f"{PATH}/unknown{path}")).status_code == 404


async def test_without_permanent_codes_the_page_says_until_when_it_works(
    town: Town, console: httpx.AsyncClient
) -> None:
    assert town.house.stand_ins
    town.house.stand_ins.platform.rules.account.most_permanent = 0
    poster = await made(town, console)
    assert poster.expires_at is not None
    page = (await console.get(f"{PATH}/{poster.id}")).text
    assert "临时二维码" in page
