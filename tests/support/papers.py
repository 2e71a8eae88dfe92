"""A registration's paper, and everything that one is made from, in memory."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from types import SimpleNamespace

import httpx
from fastapi import FastAPI

from adapters.cipher import Cipher
from adapters.links import SealedLinks
from adapters.pdf import TypstPrinter, font_file
from bot.ground import sheets
from bot.h5 import checks, prints
from bot.h5.look import STATIC_FOLDER, STATIC_PATH
from bot.h5.sheets import sheet_of
from dialogs.desk import Citizen
from domain.accounts.model import Account
from domain.filings.model import Family
from domain.identity.model import Person
from domain.registrations.model import Paper, Registration
from domain.registrations.service_papers import PaperService
from domain.shared.errors import UnavailableError
from domain.shared.pages import PageService
from domain.shared.papers import Sheet
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
from tests.support.works import MemoryAccounts, MemoryFamilies, MemoryPeople, MemorySecrets

__all__ = [
    "CODE",
    "NUMBER",
    "OPERATOR",
    "PERSON",
    "PUBLIC_URL",
    "SECRETS",
    "PapersHouse",
    "PapersMemory",
    "Words",
    "a_paper",
    "a_sheet",
    "rows_of",
]

PUBLIC_URL = "https://anju.example"
OPERATOR = "北京保障房中心有限公司"
NUMBER = "DJ202603110000017"
CODE = "01234567890123456789"
PERSON = Person("person", "欧阳演示", "11010019860412001X", NOW, "stand-in")
SECRETS = ("欧阳演示", "11010019860412001X", "19900001001", "1101052019000123", "曹演示")
"""What stands behind the paper and must never be read on it."""


def a_paper(registration: Registration | None = None) -> Paper:
    """Return a paper of made-up plans."""
    return Paper(
        registration=registration or a_registration(NUMBER, check_code=CODE),
        plan=a_plan(),
        project=a_project(),
        unit=a_unit(),
        family=a_family(),
        person=PERSON,
    )


def a_sheet(paper: Paper | None = None) -> Sheet:
    """Return a paper in its words."""
    return sheet_of(paper or a_paper(), operator=OPERATOR, public_url=PUBLIC_URL, now=NOW)


class PapersMemory(AllotmentWork):
    """A work in memory that knows a family, its account, its person and some registrations."""

    def __init__(
        self,
        *registrations: Registration,
        account: Account | None = None,
        family: Family | None = None,
    ) -> None:
        super().__init__()
        account, family = account or an_account(), family or a_family()
        self.registrations.rows = {one.number: one for one in registrations}
        self.accounts = MemoryAccounts()
        self.accounts.rows[account.id] = account
        self.people = MemoryPeople()
        self.people.rows[PERSON.id] = PERSON
        self.families = MemoryFamilies()
        self.families.rows[family.id] = family


class PapersHouse:
    """An application's wiring for papers, over a work in memory.

    ``asked`` are the citizens for whom services were built; ``down`` makes the records silent.
    """

    def __init__(
        self,
        *registrations: Registration,
        citizen: Citizen | None = None,
        public_url: str = PUBLIC_URL,
    ) -> None:
        self.clock = FakeClock(NOW)
        self.work = PapersMemory(*registrations)
        self.citizen = citizen or Citizen(an_account(), PERSON, a_family())
        self.secrets = MemorySecrets()
        self.printer = TypstPrinter(font_file())
        self.public_url = public_url
        self.asked: list[str] = []
        self.down = False
        self.app = FastAPI()
        self.app.include_router(checks.router)
        self.app.include_router(prints.router)
        self.app.mount(STATIC_PATH, sheets(STATIC_FOLDER))
        self.app.state.house = self
        self.asks_everybody = False

    @asynccontextmanager
    async def open_work(self) -> AsyncIterator[PapersMemory]:
        """Lend the work."""
        if self.down:
            raise UnavailableError
        yield self.work

    def desk(self, work: PapersMemory, openid: OpenId, front: str) -> SimpleNamespace:
        """Return what the pages use of the services of a citizen."""
        self.asked.append(openid)

        async def citizen() -> Citizen:
            return self.citizen if openid == OPENID else Citizen()

        return SimpleNamespace(
            citizen=citizen,
            clock=self.clock,
            office=SimpleNamespace(operator=OPERATOR, public_url=self.public_url),
            pages=self._pages(work),
            papers=PaperService(work, self.secrets, self.clock),
        )

    def link(self, openid: OpenId = OPENID) -> str:
        """Return the path of the link that a citizen was given."""
        return self._pages(self.work).print_link(openid, NUMBER).removeprefix(self.public_url)

    def _pages(self, work: PapersMemory) -> PageService:
        signer = SealedLinks(Cipher(bytes(32)))
        return PageService(work, self.clock, SeededRandomness(), self.public_url, signer)  # type: ignore[arg-type] # print links need no store

    async def get(self, path: str, *, from_: str = "192.0.2.1") -> httpx.Response:
        """Open an address, as a browser at a network address."""
        async with self._client(from_) as client:
            return await client.get(path)

    async def post(self, path: str, **typed: str) -> httpx.Response:
        """Send a form off."""
        async with self._client("192.0.2.1") as client:
            return await client.post(path, data=typed)

    def _client(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url=self.public_url)


class Words(HTMLParser):
    """Gathers what a page says, and the attributes of its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        """Keep some words."""
        self.said.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))

    @property
    def text(self) -> str:
        """Everything that is said, a line each."""
        return "\n".join(words for words in self.said if words)


def rows_of(page: str) -> dict[str, str]:
    """Return what stands on a page as names and what they are."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return {html.unescape(name): html.unescape(words) for name, words in found}
