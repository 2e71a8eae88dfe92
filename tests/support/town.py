"""A small town on a temporary folder: the whole bot, its platform, its clock and its citizens.

Everything is real but the clock, chance and what lies outside (SMS, identity and family registers,
whose stand-ins know the demo's world). A citizen is brought to any state through the services,
never by writing rows.
"""

import base64
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Select, func, make_url, select

from adapters import demo
from adapters.cipher import Cipher
from adapters.simulated import DEMO_WORLD, SentSms, World
from adapters.sql import schema
from adapters.sql.base import SqlSession
from adapters.sql.schema import METADATA
from adapters.sql.work import engine_for
from bot.main import create_app
from bot.settings import Database, Redis, Security, Server, Settings
from bot.wiring import Resources, SqlWork
from dialogs.desk import Desk
from domain.accounts.model import Proof, Purpose
from domain.content.questions import synonym
from domain.escalation.handovers import DeskKind
from domain.plans.model import Plan, Project
from domain.posters.model import Poster, Target, TargetKind
from domain.posters.service import PosterService
from domain.registrations.model import Registration
from domain.shared.clock import china_time
from domain.shared.records import OpenId
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.platform import FakePlatform, Post, ReplySeen
from tests.support.postgres import fresh_records
from tests.support.redis_server import empty_redis

__all__ = [
    "KEY",
    "PUBLIC_URL",
    "Resident",
    "Town",
    "found_shared_town",
    "found_town",
    "lay_out",
    "residents",
]

KEY = bytes(range(32))
PUBLIC_URL = "http://anju.test"
_DRAFT = "town"
_COUNTS = select(
    *(
        select(func.count()).select_from(table).scalar_subquery().label(table.name)
        for table in METADATA.sorted_tables
    )
)


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody to talk as: what they would type when asked. ``filing`` is ``""`` for no family."""

    name: str
    openid: OpenId
    phone: str
    id_number: str
    filing: str


def residents() -> dict[str, Resident]:
    """Return everybody of the demo's world by name, always with the same phones."""
    world = World.load(DEMO_WORLD)
    filed: dict[str, str] = {}
    for family in world.families.values():
        for member in family.members:
            filed.setdefault(member.name, family.number)
    return {
        person.name: Resident(
            name=person.name,
            openid=OpenId(f"oTown{number:023}"),
            phone=f"1990000{number:04}",
            id_number=person.id_number,
            filing=filed.get(person.name, ""),
        )
        for number, person in enumerate(world.people.values(), start=1)
    }


async def lay_out(folder: Path) -> None:
    """Make the records that every town begins with: migrated, with the demo's plans and texts."""
    url = _url(folder)
    await schema.upgrade(url)
    await _load(url)


async def _load(url: str) -> None:
    engine = engine_for(url)
    session = SqlSession(engine, Cipher(KEY))
    await demo.load_demo(session, FakeClock().now())
    await session.commit()
    await engine.dispose()


@asynccontextmanager
async def found_town(template: Path, folder: Path) -> AsyncIterator["Town"]:
    """Lend a town whose records are a copy of a template's."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    async with _opened(Town(folder)) as town:
        yield town


@asynccontextmanager
async def found_shared_town(folder: Path, *, port: int | None = None) -> AsyncIterator["Town"]:
    """Lend a town on PostgreSQL and Redis, as many processes share it.

    Parameters
    ----------
    port
        Where it reaches PostgreSQL, if not directly.
    """
    records = await fresh_records()
    await _load(records)
    url = make_url(records)
    reached = url.set(port=port or url.port).render_as_string(hide_password=False)
    async with _opened(Town(folder, records=reached, redis=await empty_redis())) as town:
        yield town


@asynccontextmanager
async def _opened(town: "Town") -> AsyncIterator["Town"]:
    await town.open()
    try:
        yield town
    finally:
        await town.close()


def _url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'anju.db'}"


class Town:
    """The bot on one folder, or on servers, which may be closed and opened again."""

    def __init__(self, folder: Path, *, records: str = "", redis: str = "") -> None:
        self.clock = FakeClock()
        self.chance = SeededRandomness()
        self.residents = residents()
        self.settings = Settings(
            database=Database(url=records or _url(folder)),
            redis=Redis(url=redis),
            security=Security(data_key=SecretStr(base64.b64encode(KEY).decode())),
            server=Server(public_url=PUBLIC_URL),
        )
        wechat = self.settings.wechat
        self.platform = FakePlatform(
            token=wechat.token.get_secret_value(),
            aes_key=wechat.encoding_aes_key.get_secret_value(),
            app_id=wechat.app_id,
            account_id="gh_anjutown0001",
            now=lambda: self.clock.now().timestamp(),
        )
        self._received: list[SentSms] = []
        self._posters: dict[str, Poster] = {}

    # The process

    async def open(self) -> None:
        """Start the application on the folder."""
        self.app: FastAPI = create_app(self.settings, clock=self.clock, chance=self.chance)
        self._life = self.app.router.lifespan_context(self.app)
        await self._life.__aenter__()
        self.house: Resources = self.app.state.house
        # What is to be told waits for who asks, so that a test finds it where it was left.
        self.house.bell.ring = lambda: None
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=PUBLIC_URL
        )

    async def close(self) -> None:
        """Stop it. What arrived on a citizen's phone stays there."""
        self._received = [*self.house.sms.inbox(), *self._received]
        await self.client.aclose()
        await self._life.__aexit__(None, None, None)

    async def restart(self) -> None:
        """Stop it and start it again on the same files."""
        await self.close()
        await self.open()

    async def move_desk(self, kind: DeskKind) -> None:
        """Have people answer elsewhere from now on."""
        escalation = self.settings.escalation.model_copy(update={"desk": kind})
        self.settings = self.settings.model_copy(update={"escalation": escalation})
        await self.restart()

    async def deliver(self, post: Post) -> ReplySeen | None:
        """Let the platform post a message; return what the citizen sees, ``None`` for silence."""
        answer = await self.client.post("/wechat", params=post.query, content=post.body)
        assert answer.status_code == httpx.codes.OK, f"the webhook answered {answer.status_code}"
        return self.platform.open_reply(answer.content)

    # What is on record

    def inbox(self, phone: str) -> list[SentSms]:
        """Return the messages on a phone, newest first."""
        kept = [one for one in self._received if one.phone == phone]
        return [*self.house.sms.inbox(phone), *kept]

    async def count(self, chosen: Select[int]) -> int:
        """Return the number that a statement selects."""
        async with self.house.engine.connect() as connection:
            return (await connection.execute(chosen)).scalar_one()

    async def counts(self) -> dict[str, int]:
        """Return how many rows each table has."""
        async with self.house.engine.connect() as connection:
            return {**(await connection.execute(_COUNTS)).mappings().one()}

    async def flows_done(self) -> set[str]:
        """Return the flows that had an effect."""
        effects = METADATA.tables["effects"]
        async with self.house.engine.connect() as connection:
            return set((await connection.execute(select(effects.c.flow))).scalars())

    def desk(self, work: SqlWork, who: Resident) -> Desk:
        """Return the services as this resident's."""
        return self.house.desk(work, who.openid)

    async def registrations(self, who: Resident) -> list[Registration]:
        """Return the registrations of a resident's bound family, newest first."""
        async with self.house.open_work() as work:
            desk = self.desk(work, who)
            family = (await desk.citizen()).family
            return list(await desk.registrations.of_family(family.id)) if family else []

    async def project(self, name: str) -> tuple[Project, Plan] | None:
        """Return the first project whose name begins so, with its plan."""
        async with self.house.open_work() as work:
            book = await work.plans.book()
        for plan in book.plans():
            for project in book.projects(plan.id):
                if project.name.startswith(name):
                    return project, plan
        return None

    async def scene(self, about: str) -> str:
        """Return what a poster carries that hangs, or a project's; other words as they are."""
        if about in self._posters:
            return self._posters[about].scene
        found = await self.project(about) if about else None
        return found[0].scene if found else about

    async def hang(self, name: str, kind: str, about: str = "") -> None:
        """Make a poster, or retire the one of that name."""
        async with self.house.open_work() as work:
            posters = PosterService(work, self.house.outside.scene_codes, self.clock, self.chance)
            if kind == "retired":
                await posters.retire(self._posters[name].id, by="officer-1")
            else:
                target = Target(TargetKind(kind), await self._target(kind, about))
                self._posters[name] = await posters.make(
                    target, title=name, caption="微信扫一扫", by="officer-1"
                )
            await work.commit()
        await self.house.look()

    async def add_synonym(self, word: str, means: str) -> None:
        """Let an officer say what citizens mean by a word."""
        async with self.house.open_work() as work:
            added = synonym(word, means, by="officer-1", at=self.clock.now())
            assert await work.questions.add_synonym(added)
            await work.commit()
        await self.house.look()

    async def _target(self, kind: str, about: str) -> str:
        if kind == "plan":
            return (await self.plan(about)).id
        found = await self.project(about) if kind == "project" else None
        return found[0].id if found else about

    async def plan(self, words: str) -> Plan:
        """Return the plan whose name holds these words."""
        async with self.house.open_work() as work:
            book = await work.plans.book()
        [found] = [plan for plan in book.plans() if words in plan.name]
        return found

    # Time

    def wait(self, count: int, unit: str) -> None:
        """Let so many seconds, minutes, hours or days pass."""
        spans = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
        self.clock.forward(count * spans[unit.removesuffix("s")])

    def wait_for_clock(self, time: str) -> None:
        """Wait until it is that time in China, such as 20:30."""
        now = china_time(self.clock.now())
        hour, minute = map(int, time.split(":"))
        then = now.replace(hour=hour, minute=minute, second=0)
        self.clock.moment = then if then > now else then + timedelta(days=1)

    async def wait_for_plan(self, words: str, state: str) -> None:
        """Move to a minute before or after a plan opens or closes."""
        plan = await self.plan(words)
        minute = timedelta(minutes=1)
        self.clock.moment = {
            "coming": plan.opens_at - minute,
            "open": plan.opens_at + minute,
            "closing": plan.closes_at - minute,
            "closed": plan.closes_at + minute,
        }[state]

    # Bringing citizens to a state

    def proof(self, who: Resident, purpose: Purpose) -> Proof:
        """Return the proof that a right code would have given just now."""
        now = self.clock.now()
        return Proof(who.openid, f"+86{who.phone}", purpose, _DRAFT, now)

    async def sign_up(self, who: Resident) -> None:
        """Give a resident an account, or sign in to the one of their phone."""
        async with self.house.open_work() as work:
            desk = self.desk(work, who)
            agreed = await desk.content.agreements()
            proof = self.proof(who, Purpose.SIGN_IN)
            await desk.accounts.enter(openid=who.openid, proof=proof, agreed=agreed)
            await work.commit()

    async def sign_in_as(self, guest: Resident, who: Resident) -> None:
        """Sign somebody in to a resident's account."""
        async with self.house.open_work() as work:
            desk = self.desk(work, guest)
            agreed = await desk.content.agreements()
            proof = replace(self.proof(who, Purpose.SIGN_IN), openid=guest.openid)
            await desk.accounts.enter(openid=guest.openid, proof=proof, agreed=agreed)
            await work.commit()

    async def sign_out(self, who: Resident) -> None:
        """Sign a resident out; the account stays."""
        async with self.house.open_work() as work:
            await self.desk(work, who).accounts.leave(who.openid)
            await work.commit()

    async def set_password(self, who: Resident, password: str) -> None:
        """Give the account of a resident's phone a password, and sign others out of it."""
        async with self.house.open_work() as work:
            passwords = self.desk(work, who).passwords
            kept = await passwords.choose(password)
            proof = self.proof(who, Purpose.RESET_PASSWORD)
            await passwords.reset(openid=who.openid, proof=proof, kept=kept)
            await work.commit()

    async def verify(self, who: Resident) -> None:
        """Confirm a resident's name."""
        async with self.house.open_work() as work:
            desk = self.desk(work, who)
            account = (await desk.citizen()).signed_in()
            verified = await desk.identity.compare(who.openid, who.name, who.id_number)
            await desk.identity.confirm(account.id, verified)
            await work.commit()

    async def bind(self, who: Resident) -> None:
        """Bind a resident's family."""
        async with self.house.open_work() as work:
            desk = self.desk(work, who)
            citizen = await desk.citizen()
            account, person = citizen.signed_in(), citizen.verified()
            await desk.filings.look_up(
                openid=who.openid, account=account, person=person, number=who.filing
            )
            await desk.filings.bind(
                openid=who.openid,
                account=account,
                person=person,
                number=who.filing,
                proof=self.proof(who, Purpose.BIND_FAMILY),
            )
            await work.commit()

    async def register(self, who: Resident, project: str, unit_type: str) -> str:
        """Register a resident's family for a unit; return the registration's number."""
        found = await self.project(project)
        assert found, f"no project {project}"
        async with self.house.open_work() as work:
            desk = self.desk(work, who)
            citizen, book = await desk.citizen(), await desk.plans.book()
            units = book.units(found[0].id)
            [unit] = [one for one in units if one.unit_type == unit_type]
            notice = await desk.content.document(found[1].notice)
            made = await desk.registrations.register(
                account=citizen.signed_in(),
                family=citizen.filed(),
                unit_id=unit.id,
                notice_version=notice.version,
                notice_hash=notice.text_hash,
                phone=citizen.signed_in().phone,
            )
            await work.commit()
        return made.number

    async def bring(self, who: Resident, states: Sequence[str]) -> None:
        """Bring a resident through some states in their order."""
        steps = {
            "signed-up": self.sign_up,
            "signed-out": self.sign_out,
            "verified": self.verify,
            "bound": self.bind,
        }
        for state in states:
            await steps[state](who)
