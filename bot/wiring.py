"""What lives as long as the process, and what is made for a turn. The only importer of adapters."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters import demo
from adapters.calendar import ChinaCalendar
from adapters.cipher import Cipher
from adapters.links import SealedLinks
from adapters.passwords import Argon2Passwords
from adapters.simulated import (
    DEMO_WORLD,
    SimulatedFamilyRegister,
    SimulatedIdentityCheck,
    SimulatedSms,
    World,
)
from adapters.sql import schema
from adapters.sql.base import SqlSession
from adapters.sql.conversations import EmbeddedConversations
from adapters.sql.plans import ContentCache, PlanCache
from adapters.sql.secrets import EmbeddedSecrets
from adapters.sql.work import SqlWork, engine_for
from adapters.system import SystemClock, SystemRandomness
from bot.settings import Settings, data_key
from dialogs.desk import Desk
from dialogs.desk import Office as OfficeWords
from domain.accounts.codes import CodeService
from domain.accounts.service import AccountService
from domain.content.service import ContentService
from domain.escalation.model import OfficeHours
from domain.escalation.service import EscalationService
from domain.filings.service import FilingService
from domain.identity.service import IdentityService
from domain.plans.service import PlanService
from domain.registrations.service import RegistrationService
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError
from domain.shared.pages import PageService
from domain.shared.records import OpenId

__all__ = ["Resources", "SqlWork", "StartRefusedError", "check", "load_demo", "migrate"]


_REPLIES_KEPT = timedelta(hours=24)
"""A delivery that is repeated within a day is told the same."""

_PAGES_KEPT = timedelta(hours=1)
"""After they expired; what they brought was taken over long before."""


class StartRefusedError(Exception):
    """Citizens must not be served like this; the words say why and what to do."""


_NO_VENDOR = (
    "生产模式需要真实的短信、实名核验和备案登记接口，这个版本还没有，不能启动。 "
    "Production mode needs real SMS, identity and register adapters; this release has none."
)
_SCHEMA_BEHIND = (
    "数据库结构不是这个版本的，请先运行 anju migrate。 "
    "The database's schema is not this release's: run `anju migrate` first."
)


async def check(settings: Settings) -> None:
    """Raise `StartRefusedError` where serving citizens would go wrong."""
    if not settings.sandboxed:
        raise StartRefusedError(_NO_VENDOR)
    engine = engine_for(settings.database.url)
    try:
        if not await schema.is_current(engine):
            raise StartRefusedError(_SCHEMA_BEHIND)
    finally:
        await engine.dispose()


@dataclass(frozen=True)
class Resources:
    """What lives as long as the process, in the order in which it is opened."""

    settings: Settings
    clock: Clock
    chance: Randomness
    cipher: Cipher
    engine: AsyncEngine
    conversations: EmbeddedConversations
    secrets: EmbeddedSecrets
    sms: SimulatedSms
    identity_check: SimulatedIdentityCheck
    family_register: SimulatedFamilyRegister
    world: World
    passwords: Argon2Passwords
    calendar: ChinaCalendar
    plans: PlanCache
    content: ContentCache
    code_key: bytes

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        clock: Clock | None = None,
        chance: Randomness | None = None,
    ) -> Self:
        """Open everything; `StartRefusedError` where citizens must not be served like this."""
        await check(settings)
        key = data_key(settings)
        cipher = Cipher(key)
        now = clock or SystemClock()
        engine = engine_for(settings.database.url)
        world = World.load(settings.sandbox.data or DEMO_WORLD)
        return cls(
            settings=settings,
            clock=now,
            chance=chance or SystemRandomness(),
            cipher=cipher,
            engine=engine,
            conversations=EmbeddedConversations(settings.beside_database("conversations.db"), now),
            secrets=await EmbeddedSecrets.open(settings.beside_database("secrets.db"), cipher),
            sms=SimulatedSms(now),
            identity_check=SimulatedIdentityCheck(world),
            family_register=SimulatedFamilyRegister(world),
            world=world,
            passwords=Argon2Passwords(),
            calendar=ChinaCalendar(),
            plans=PlanCache(),
            content=ContentCache(),
            code_key=hmac.digest(key, b"anju codes", hashlib.sha256),
        )

    async def aclose(self) -> None:
        """Close everything, last opened first."""
        await self.secrets.aclose()
        await self.conversations.close()
        await self.engine.dispose()

    async def ready(self) -> bool:
        """Tell whether the records answer and their schema is this release's."""
        try:
            return await schema.is_current(self.engine)
        except UnavailableError:
            return False

    async def sweep(self) -> None:
        """Drop what has outlived its use: kept replies, sent-off pages, old counters."""
        now = self.clock.now()
        await self.conversations.forget(before=now - _REPLIES_KEPT)
        await self.secrets.sweep(now=now)
        async with self.open_work() as work:
            await work.deliveries.forget(before=now - _REPLIES_KEPT)
            await work.pages.forget(before=now - _PAGES_KEPT)
            await work.commit()

    def open_work(self) -> SqlWork:
        """Return a work; its connection is opened by the first statement."""
        return SqlWork(SqlSession(self.engine, self.cipher), self.plans, self.content)

    def desk(self, work: SqlWork, openid: OpenId, front: str = "chat") -> Desk:
        """Return the services a flow or a page may use, on an open work."""
        office = self.settings.office
        hours = OfficeHours(office.opens, office.closes)
        public_url = self.settings.server.base_url
        return Desk(
            openid=openid,
            clock=self.clock,
            office=OfficeWords(office.operator, office.hotline, public_url),
            effects=work.effects,
            accounts=AccountService(work, self.clock, self.passwords, front=front),
            codes=CodeService(self.secrets, self.sms, self.clock, self.chance, self.code_key),
            identity=IdentityService(
                work, self.identity_check, self.secrets, self.clock, front=front
            ),
            filings=FilingService(
                work,
                self.family_register,
                self.secrets,
                self.clock,
                pattern=self.settings.filings.number_pattern,
                front=front,
            ),
            plans=PlanService(work, self.clock),
            registrations=RegistrationService(work, self.clock, self.chance, front=front),
            content=ContentService(work),
            escalation=EscalationService(
                work, self.clock, self.calendar, office_hours=hours, front=front
            ),
            pages=PageService(work, self.clock, self.chance, public_url, SealedLinks(self.cipher)),
        )


async def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date."""
    await schema.upgrade(settings.database.url)


async def load_demo(settings: Settings) -> None:
    """Load the demo data; what is there already stays."""
    engine = engine_for(settings.database.url)
    session = SqlSession(engine, Cipher(data_key(settings)))
    try:
        await demo.load_demo(session, SystemClock().now())
        await session.commit()
    finally:
        await session.close()
        await engine.dispose()
