"""A bench for flows: one citizen's talk with some of them, without wire, database or world.

The engine, the routing and the catalog are the real ones; the conversation makes the trip through
JSON after every turn, as it does between two messages in production.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from bot.routing import choose
from dialogs.content.ask import AskQuestion
from dialogs.desk import Citizen, Desk, Need, Office
from dialogs.engine.catalog import Catalog, Welcome
from dialogs.engine.flow import Flow
from dialogs.engine.messages import Option, Reply, Said, SaidKind, Start
from dialogs.engine.outside import Secure
from dialogs.engine.talk import Talk
from dialogs.engine.walk import walk
from domain.accounts.codes import CodeService
from domain.content.model import Document, Faq
from domain.content.service import ContentService
from domain.identity.model import Person
from domain.shared.conversations import Conversation, Draft, Json
from domain.shared.pages import FORM_PATH, OneTimePage, PageService
from tests.support.allotment import (
    OPENID,
    AllotmentWork,
    MemoryEffects,
    a_document,
    a_family,
    a_faq,
    an_account,
)
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.works import MemorySecrets

__all__ = ["HOME_WORDS", "Bench", "BenchDesk", "KeptSms", "MemoryPages", "catalog_of"]

HOME_WORDS: Final = "首页到了"
PUBLIC_URL: Final = "http://anju.test"
_FAQ: Final = a_faq("轮候", "轮候要等多久", "要等多久")


class KeptSms:
    """An `SmsSender` that keeps what it sent, newest last."""

    def __init__(self) -> None:
        self.codes: list[tuple[str, str]] = []

    async def send(self, phone: str, code: str, purpose: object) -> None:
        """Keep a code with the phone it went to."""
        self.codes.append((phone, code))


class MemoryPages:
    """A `PageStore` in a dict; the newest page of a step is the one that counts."""

    def __init__(self) -> None:
        self.rows: dict[str, OneTimePage] = {}

    async def add(self, token_hash: str, page: OneTimePage) -> None:
        """Keep a new page; the earlier unused ones of the same step expire."""
        for key, one in self.rows.items():
            if (one.draft_id, one.step) == (page.draft_id, page.step) and one.used_at is None:
                self.rows[key] = replace(one, expires_at=page.issued_at)
        self.rows[token_hash] = page

    async def find(self, token_hash: str) -> OneTimePage | None:
        """Return a page."""
        return self.rows.get(token_hash)

    async def consume(self, token_hash: str, answer: Json, *, now: datetime) -> bool:
        """Use a page up."""
        page = self.rows.get(token_hash)
        if page is None or page.used_at is not None or page.expires_at <= now:
            return False
        self.rows[token_hash] = replace(page, used_at=now, answer=answer)
        return True

    async def answer_of(self, draft_id: str, step: str) -> Json:
        """Return what was sent on the newest page of a step."""
        kept = [one for one in self.rows.values() if (one.draft_id, one.step) == (draft_id, step)]
        return kept[-1].answer if kept else None

    async def forget(self, *, before: datetime) -> int:
        """Drop pages that expired before a moment."""
        old = [key for key, one in self.rows.items() if one.expires_at < before]
        for key in old:
            del self.rows[key]
        return len(old)


class _PagesWork(AllotmentWork):
    """The work of pages and texts."""

    def __init__(self, documents: Iterable[Document], faqs: Iterable[Faq]) -> None:
        super().__init__(documents=documents, faqs=faqs)
        self.pages = MemoryPages()


class _OpenLinks:
    """A `LinkSigner` that hides nothing."""

    def sign(self, words: str) -> str:
        """Return the words in hex."""
        return words.encode().hex()

    def read(self, token: str) -> str | None:
        """Return the words."""
        return bytes.fromhex(token).decode()


class BenchDesk(Desk):
    """A desk with only what the engine itself may touch; anything else is a mistake of a test.

    ``met`` are the needs that the citizen meets, ``lodged`` what flows of a test had as effects.
    """

    def __init__(self, clock: FakeClock, chance: SeededRandomness) -> None:
        documents = [a_document("notice-long", text="登记告知书的一行。\n" * 200), a_document()]
        documents += [a_document(kind, text=f"{kind} 的内容") for kind in ("user", "privacy")]
        work = _PagesWork(documents, [_FAQ])
        self.documents = work.documents
        self.met: set[Need] = set()
        self.lodged: list[dict[str, Json]] = []
        self.refusals: list[Exception] = []
        self.openid = OPENID
        self.clock = clock
        self.office = Office("安居（演示）", "010-00000000", PUBLIC_URL)
        self.effects = MemoryEffects()
        self.content = ContentService(work, clock)
        self.page_store = work.pages
        self.pages = PageService(work, clock, chance, PUBLIC_URL, _OpenLinks())
        self.sms = KeptSms()
        self.codes = CodeService(MemorySecrets(), self.sms, clock, chance, bytes(32))
        self.let_go = _nothing
        self.fingerprint = lambda text: hashlib.sha256(text.encode()).hexdigest()
        self.left_behind = set()
        self._citizen = None

    __repr__ = object.__repr__

    async def citizen(self) -> Citizen:
        """Return a citizen who meets what is met."""
        person = Person("person", "曹演示", "11010019860412001X", self.clock.now(), "bench")
        return Citizen(
            an_account() if Need.SIGNED_IN in self.met else None,
            person if Need.REAL_NAME in self.met else None,
            a_family() if Need.FAMILY in self.met else None,
        )

    def lodge(self, answers: dict[str, Json]) -> int:
        """Have an effect, unless a refusal waits; return how many there have been."""
        if self.refusals:
            raise self.refusals.pop(0)
        self.lodged.append(answers)
        return len(self.lodged)


async def _nothing() -> None:
    """Let go of nothing: there is no connection."""


class _Home:
    """The front of a bench."""

    async def home(self, desk: Desk, *, left: str) -> Reply:
        """Say that this is home, and what was left."""
        going_on = (Option(f"继续：{left}", say="继续"),) if left else ()
        return Reply(HOME_WORDS, (*going_on, Option("帮助")), mark="home.0")

    async def welcome(self, desk: Desk, *, scene: str, new: bool) -> Welcome:
        """Welcome; a scene is the id of a flow."""
        return Welcome("欢迎", Start(scene) if scene else None)

    async def find(self, desk: Desk, words: str) -> Start | None:
        """Find nothing."""
        return None

    def answering(self, faq: Faq) -> Start:
        """Open the answer to a frequent question, as the real front does."""
        return Start(AskQuestion.id, {"topic": faq.id})


@dataclass(slots=True)
class Bench:
    """One citizen who talks with some flows.

    ``catalog`` may be exchanged between two messages: that is a deploy.
    """

    catalog: Catalog
    conversation: Conversation = field(default_factory=lambda: Conversation(OPENID))
    clock: FakeClock = field(default_factory=FakeClock)
    chance: SeededRandomness = field(default_factory=SeededRandomness)
    replies: list[Reply] = field(default_factory=list)
    undone: int = 0
    desk: BenchDesk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = BenchDesk(self.clock, self.chance)

    @classmethod
    def of(cls, *flows: type[Flow]) -> "Bench":
        """Set up a bench with some flows."""
        return cls(catalog_of(*flows))

    # What the citizen does

    async def say(self, *texts: str) -> Reply:
        """Type some messages; return the last reply."""
        for text in texts:
            await self.do(Said(SaidKind.TEXT, text))
        return self.last

    async def tap(self, label: str, of: Reply | None = None) -> Reply:
        """Tap an option of the last reply, or of an earlier one."""
        shown = of or self.last
        number, option = next(
            (number, option)
            for number, option in enumerate(shown.options, start=1)
            if label in option.label
        )
        said = option.say or option.label
        return await self.do(Said(SaidKind.TEXT, said, tap=f"{shown.mark}.{number}"))

    async def photo(self, media_id: str) -> Reply:
        """Send a picture."""
        return await self.do(Said(SaidKind.IMAGE, media_id=media_id))

    async def fill(self, **boxes: str) -> None:
        """Fill in the page of the last link and send it off; says nothing in the chat."""
        url = next(link for reply in reversed(self.replies) for _, link in reply.links)
        token = url.removeprefix(f"{PUBLIC_URL}{FORM_PATH}/")
        page = await self.desk.pages.read(token)
        step = self.catalog.step(page.flow, page.step)
        assert isinstance(step, Secure)
        values = {**step.read(boxes), **page.about}
        await self.desk.pages.fill(token, await step.accept(values, self.desk))

    async def do(self, said: Said) -> Reply:
        """Let one thing be said, as one turn does; look at what must hold after every turn."""
        way = choose(said, self.conversation, self.catalog)
        talk = Talk(self.catalog, self.conversation, self.desk, chance=self.chance, undo=self._undo)
        reply = await talk.take(way)
        self.replies.append(reply)
        self._store()
        return reply

    async def _undo(self) -> None:
        self.undone += 1

    def _store(self) -> None:
        kept = json.dumps(self.conversation.to_json(), ensure_ascii=False)
        again = Conversation.from_json(json.loads(kept))
        assert again == self.conversation, "the conversation does not survive its store"
        self.conversation = again

    # Where the citizen is

    @property
    def last(self) -> Reply:
        """The last reply."""
        return self.replies[-1]

    @property
    def draft(self) -> Draft:
        """The draft on top."""
        return self.conversation.drafts[-1]

    @property
    def at(self) -> str:
        """The open question of the open draft; ``home`` where nothing is open."""
        if not (self.conversation.open and self.conversation.drafts):
            return "home"
        return walk(self.catalog.flows[self.draft.flow], self.draft).at

    @property
    def labels(self) -> list[str]:
        """The labels of the options last offered."""
        return [option.label for option in self.last.options]


def catalog_of(*flows: type[Flow]) -> Catalog:
    """Return a catalog of some flows and of answers; the first stands for the person too."""
    return Catalog([*dict.fromkeys((*flows, AskQuestion))], front=_Home(), person=flows[0].id)
