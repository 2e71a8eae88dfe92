"""What lives as long as the process, and what is made for a turn. The only importer of adapters."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Final, Self

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters import demo
from adapters.calendar import ChinaCalendar
from adapters.cipher import Cipher, SealBrokenError
from adapters.filing_register import RegisterAccess
from adapters.links import SealedLinks
from adapters.passwords import Argon2Passwords, GuessingMeter
from adapters.pdf import TypstPrinter, font_file
from adapters.pictures import PressedPictures
from adapters.simulated import SimulatedSms
from adapters.sql import schema
from adapters.sql.base import SqlSession
from adapters.sql.conversations import EmbeddedConversations
from adapters.sql.plans import ContentCache, PlanCache
from adapters.sql.secrets import EmbeddedSecrets
from adapters.sql.work import SqlWork, engine_for
from adapters.stand_ins import StandIns
from adapters.system import SystemClock, SystemRandomness
from adapters.tencent import TencentAccess
from adapters.tencent_sms import SmsTemplates, TencentSms
from adapters.vendors import Vendors
from bot.settings import Settings, data_key
from dialogs.desk import Desk
from dialogs.desk import Office as OfficeWords
from domain.accounts.codes import CodeService
from domain.accounts.leaving import LeavingService
from domain.accounts.passwords import PasswordService
from domain.accounts.profiles import ProfileService
from domain.accounts.service import AccountService
from domain.accounts.sessions import SessionService
from domain.content.service import ContentService
from domain.escalation.model import OfficeHours
from domain.escalation.service import EscalationService
from domain.filings.service import FamilyRegister, FilingService
from domain.identity.faces import FaceCheck
from domain.identity.id_cards import IdCardService
from domain.identity.model import RECOVERIES_KEPT
from domain.identity.recovery import RecoveryService
from domain.identity.service import IdentityCheck, IdentityService
from domain.identity.showing import FACE_RETURN_PATH, FaceService
from domain.plans.service import PlanService
from domain.registrations.service import RegistrationService
from domain.registrations.service_papers import PaperService
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError
from domain.shared.notices import NOTICE_LIFE, NoticeKind
from domain.shared.pages import PageService
from domain.shared.records import OpenId

__all__ = [
    "VERSION",
    "Resources",
    "SealBrokenError",
    "SqlWork",
    "StandIns",
    "StartRefusedError",
    "check",
    "load_demo",
    "migrate",
]

VERSION: Final = version("anju")
"""Which release this is. Source: S0-65."""


_REPLIES_KEPT = timedelta(hours=24)
"""A delivery that is repeated within a day is told the same."""

_PAGES_KEPT = timedelta(hours=1)
"""After they expired; a page that was sent off is kept a month longer."""


class StartRefusedError(Exception):
    """Citizens must not be served like this; the words say why and what to do."""


_NO_FONT = (
    "缺少登记表所需的中文字体，请先安装 requirements-fonts.lock（见运营手册）。 "
    "The font of printed papers is missing: install requirements-fonts.lock first."
)
_SCHEMA_BEHIND = (
    "数据库结构不是这个版本的，请先运行 anju migrate。 "
    "The database's schema is not this release's: run `anju migrate` first."
)


async def check(settings: Settings) -> None:
    """Raise `StartRefusedError` where serving citizens would go wrong."""
    if not settings.sandboxed and font_file() is None:
        raise StartRefusedError(_NO_FONT)
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
    outside: StandIns | Vendors
    picture_cleaner: PressedPictures
    passwords: Argon2Passwords
    calendar: ChinaCalendar
    printer: TypstPrinter
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
        rng = chance or SystemRandomness()
        secrets = await EmbeddedSecrets.open(settings.beside_database("secrets.db"), cipher)
        return cls(
            settings=settings,
            clock=now,
            chance=rng,
            cipher=cipher,
            engine=engine,
            conversations=EmbeddedConversations(settings.beside_database("conversations.db"), now),
            secrets=secrets,
            outside=_outside(settings, secrets, now, rng),
            picture_cleaner=PressedPictures(),
            passwords=Argon2Passwords(),
            calendar=ChinaCalendar(),
            printer=TypstPrinter(font_file()),
            plans=PlanCache(),
            content=ContentCache(),
            code_key=hmac.digest(key, b"anju codes", hashlib.sha256),
        )

    @property
    def stand_ins(self) -> StandIns | None:
        """The stand-ins, which testers may look into; ``None`` in production."""
        return self.outside if isinstance(self.outside, StandIns) else None

    @property
    def sms(self) -> SimulatedSms | TencentSms:
        """Who sends codes and notices."""
        return self.outside.sms

    @property
    def identity_check(self) -> IdentityCheck:
        """Who compares names with ID numbers."""
        return self.outside.identity_check

    @property
    def face_check(self) -> FaceCheck:
        """Who compares faces."""
        return self.outside.face_check

    @property
    def family_register(self) -> FamilyRegister:
        """Who knows the filed families."""
        return self.outside.family_register

    async def aclose(self) -> None:
        """Close everything, last opened first."""
        await self.outside.aclose()
        await self.secrets.aclose()
        await self.conversations.close()
        await self.engine.dispose()

    async def ready(self) -> bool:
        """Tell whether the records answer and their schema is this release's."""
        try:
            await self.conversations.peek(OpenId("nobody"))
            await self.secrets.count("nothing", since=self.clock.now())
            return await schema.is_current(self.engine)
        except UnavailableError:
            return False

    async def sweep(self) -> None:
        """Drop what has outlived its use: kept replies, sent-off pages, old counters."""
        now = self.clock.now()
        await self.conversations.forget(before=now - _REPLIES_KEPT)
        await self.secrets.sweep(now=now)
        self.plans.invalidate()
        self.content.invalidate()
        async with self.open_work() as work:
            await work.deliveries.forget(before=now - _REPLIES_KEPT)
            await work.pages.forget(before=now - _PAGES_KEPT)
            await work.notices.forget(before=now - NOTICE_LIFE)
            await work.recoveries.forget(before=now - RECOVERIES_KEPT)
            await work.commit()

    def open_work(self) -> SqlWork:
        """Return a work; its connection is opened by the first statement."""
        return SqlWork(SqlSession(self.engine, self.cipher), self.plans, self.content)

    def desk(self, work: SqlWork, openid: OpenId, front: str = "chat") -> Desk:
        """Return the services a flow or a page may use, on an open work."""
        office = self.settings.office
        hours = OfficeHours(office.opens, office.closes)
        public_url = self.settings.server.base_url
        accounts = AccountService(work, self.clock, front=front)
        return Desk(
            openid=openid,
            clock=self.clock,
            office=OfficeWords(office.operator, office.hotline, public_url, VERSION),
            effects=work.effects,
            let_go=work.pause,
            fingerprint=partial(self.cipher.index, "effect"),
            accounts=accounts,
            passwords=PasswordService(
                work, self.clock, self.passwords, GuessingMeter(), self.secrets, front=front
            ),
            sessions=SessionService(work, self.clock, front=front),
            profiles=ProfileService(work, self.clock, front=front),
            leaving=LeavingService(work, self.clock, front=front),
            codes=CodeService(self.secrets, self.sms, self.clock, self.chance, self.code_key),
            identity=IdentityService(
                work, self.identity_check, self.secrets, self.clock, front=front
            ),
            id_cards=IdCardService(
                self.outside.pictures,
                self.picture_cleaner,
                self.outside.id_cards,
                self.secrets,
                self.clock,
            ),
            recovery=RecoveryService(
                work, accounts, self.secrets, self.clock, self.chance, front=front
            ),
            faces=FaceService(
                work,
                self.face_check,
                self.secrets,
                self.clock,
                back=f"{public_url}{FACE_RETURN_PATH}",
                front=front,
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
            papers=PaperService(work, self.secrets, self.clock),
            content=ContentService(work, self.clock),
            escalation=EscalationService(
                work, self.clock, self.calendar, office_hours=hours, front=front
            ),
            pages=PageService(work, self.clock, self.chance, public_url, SealedLinks(self.cipher)),
        )


def _outside(
    settings: Settings, secrets: EmbeddedSecrets, clock: Clock, chance: Randomness
) -> StandIns | Vendors:
    """Return whoever is outside: stand-ins in sandbox mode, and never in production."""
    if settings.sandboxed:
        return StandIns.open(
            settings.sandbox.data,
            secrets,
            public_url=settings.server.base_url,
            face_key=hmac.digest(data_key(settings), b"anju face calls", hashlib.sha256),
            clock=clock,
            chance=chance,
        )
    tencent, filings = settings.tencent, settings.filings
    return Vendors.open(
        TencentAccess(
            tencent.secret_id.get_secret_value(),
            tencent.secret_key.get_secret_value(),
            tencent.region,
            tencent.timeout_seconds,
            tencent.api_base,
        ),
        SmsTemplates(
            app_id=tencent.sms_app_id,
            sign=tencent.sms_sign,
            code=tencent.sms_code_template,
            notices={
                NoticeKind.PHONE_CHANGED: tencent.sms_phone_changed_template,
                NoticeKind.RECOVERED: tencent.sms_recovered_template,
            },
        ),
        tencent.face_rule_id,
        RegisterAccess(
            filings.register_url,
            filings.register_key_id,
            filings.register_secret.get_secret_value(),
            filings.register_timeout_seconds,
        ),
        clock=clock,
        chance=chance,
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
