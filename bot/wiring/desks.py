"""The desk that is made for a turn or a page: every service, on one open work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from adapters.calendar import ChinaCalendar
from adapters.cipher import Cipher
from adapters.links import SealedLinks
from adapters.one_time_codes import TotpCodes
from adapters.passwords import Argon2Passwords, GuessingMeter
from adapters.pictures import PressedPictures
from adapters.simulated import SimulatedSms
from adapters.sql.work import SqlWork
from adapters.stand_ins import AGREE_PATH, StandIns
from adapters.tencent_sms import TencentSms
from adapters.vendors import Vendors
from bot.settings import Settings
from bot.wiring.notices import cards_of, told_by_sms
from bot.wiring.start import VERSION
from bot.wiring.stores import Secrets
from dialogs.desk import Desk
from dialogs.desk import Office as OfficeWords
from domain.accounts.codes import CodeService
from domain.accounts.leaving import LeavingService
from domain.accounts.passwords import PasswordService
from domain.accounts.profiles import ProfileService
from domain.accounts.service import AccountService
from domain.accounts.sessions import SessionService
from domain.accounts.trail import AccountTrail
from domain.content.service import ContentService
from domain.escalation.desk import HandoverService
from domain.escalation.model import OfficeHours
from domain.escalation.service import EscalationService
from domain.filings.service import FamilyRegister, FilingService
from domain.identity.faces import FaceCheck
from domain.identity.id_cards import IdCardService
from domain.identity.recovery import RecoveryService
from domain.identity.service import IdentityCheck, IdentityService
from domain.identity.showing import FACE_RETURN_PATH, FaceService
from domain.notices.model import CardTemplate, Topic
from domain.notices.service import CardSender, NoticeService
from domain.officers.service import OfficerService
from domain.officers.sign_in import OfficerProofs, OfficerSignIn
from domain.plans.service import PlanService
from domain.plans.service_offers import OfferService
from domain.posters.service import ScanService
from domain.registrations.service import RegistrationService
from domain.registrations.service_exports import ExportService
from domain.registrations.service_papers import PaperService
from domain.registrations.service_search import CaseService
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.openers import OPENED_PATH, OpenerService
from domain.shared.pages import PageService
from domain.shared.pushes import PushKind
from domain.shared.records import OpenId
from domain.shared.windows import PushSender

__all__ = ["Equipment"]


@dataclass(frozen=True)
class Equipment:
    """What the services of a desk need beside the records; lives as long as the process."""

    settings: Settings
    clock: Clock
    chance: Randomness
    cipher: Cipher
    secrets: Secrets
    outside: StandIns | Vendors
    picture_cleaner: PressedPictures
    passwords: Argon2Passwords
    calendar: ChinaCalendar
    code_key: bytes

    @property
    def sms(self) -> SimulatedSms | TencentSms:
        """Who sends codes and notices."""
        return self.outside.sms

    @property
    def push_sender(self) -> PushSender:
        """Who writes to citizens by WeChat."""
        return self.outside.pushes

    @property
    def card_sender(self) -> CardSender:
        """Who sends citizens cards by WeChat."""
        return self.outside.pushes

    @cached_property
    def cards(self) -> Mapping[Topic, CardTemplate]:
        """The cards that the account was granted."""
        return cards_of(self.settings)

    @cached_property
    def told_by_sms(self) -> frozenset[PushKind]:
        """What may be told by SMS."""
        return told_by_sms(self.settings)

    @cached_property
    def openers(self) -> OpenerService:
        """Who tells which citizen a browser belongs to."""
        return OpenerService(
            self.outside.openers,
            SealedLinks(self.cipher),
            self.clock,
            self.chance,
            came_back_at=f"{self.settings.server.base_url}{OPENED_PATH}",
        )

    @property
    def asks_everybody(self) -> bool:
        """Whether every browser is asked who it is; in sandbox, the simulator's own alone."""
        return not self.settings.sandboxed

    @property
    def public_url(self) -> str:
        """What links sent to citizens begin with."""
        return self.settings.server.base_url

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

    @cached_property
    def office(self) -> OfficeWords:
        """Who runs this service, in the citizen's words."""
        office, public_url = self.settings.office, self.settings.server.base_url
        agree_url = self.settings.notices.agree_url
        if self.settings.sandboxed and not agree_url:
            agree_url = f"{public_url}{AGREE_PATH}"
        return OfficeWords(office.operator, office.hotline, public_url, VERSION, agree_url)

    @cached_property
    def officer_proofs(self) -> OfficerProofs:
        """What judges how officers sign in; whoever floods them leaves citizens alone."""
        hasher = Argon2Passwords(at_once=1)
        return OfficerProofs(hasher, GuessingMeter(), TotpCodes(), self.secrets)

    def officer_sign_in(self, work: SqlWork) -> OfficerSignIn:
        """Return how officers come into the console, on an open work."""
        return OfficerSignIn(
            work,
            self.clock,
            self.chance,
            self.officer_proofs,
            admits_demo=self.settings.sandboxed,
        )

    def officers(self, work: SqlWork, by: str) -> OfficerService:
        """Return how officers are added and changed, on an open work."""
        return OfficerService(work, self.clock, self.chance, by=by)

    def offers(self, work: SqlWork, by: str) -> OfferService:
        """Return how what is on offer is changed, on an open work."""
        return OfferService(work, self.clock, self.chance, officer=by)

    def exports(self, work: SqlWork, by: str) -> ExportService:
        """Return how files are asked for and fetched, on an open work."""
        return ExportService(work, self.clock, self.chance, officer=by)

    def cases(self, work: SqlWork, by: str) -> CaseService:
        """Return how people and cases are found, on an open work."""
        pattern = self.settings.filings.number_pattern
        return CaseService(work, self.clock, officer=by, pattern=pattern)

    def desk(self, work: SqlWork, openid: OpenId, front: str = "chat") -> Desk:
        """Return the services a flow or a page may use, on an open work."""
        return _TurnDesk(self, work, openid, front)


class _TurnDesk(Desk):
    """A desk whose services are made when they are first asked for: a turn needs one or two."""

    def __init__(self, equipment: Equipment, work: SqlWork, openid: OpenId, front: str) -> None:
        super().__init__(openid, equipment.clock, equipment.office)
        self.equipment = equipment
        self.work = work
        self.front = front
        self.let_go = work.pause

    def fingerprint(self, words: str) -> str:
        return self.equipment.cipher.index("effect", words)

    def __getattr__(self, name: str) -> Any:
        make = _SERVICES.get(name)
        if make is None:
            raise AttributeError(name)
        made = self.__dict__[name] = make(self, self.equipment)
        return made


_SERVICES: Final[Mapping[str, Callable[[_TurnDesk, Equipment], object]]] = {
    "effects": lambda desk, _: desk.work.effects,
    "accounts": lambda desk, _: AccountService(desk.work, desk.clock, front=desk.front),
    "passwords": lambda desk, kept: PasswordService(
        desk.work, desk.clock, kept.passwords, GuessingMeter(), kept.secrets, front=desk.front
    ),
    "sessions": lambda desk, _: SessionService(desk.work, desk.clock, front=desk.front),
    "profiles": lambda desk, _: ProfileService(desk.work, desk.clock, front=desk.front),
    "leaving": lambda desk, _: LeavingService(desk.work, desk.clock, front=desk.front),
    "codes": lambda desk, kept: CodeService(
        kept.secrets,
        kept.sms,
        desk.clock,
        kept.chance,
        kept.code_key,
        trail=AccountTrail(desk.work, kept.secrets, desk.clock, front=desk.front),
    ),
    "identity": lambda desk, kept: IdentityService(
        desk.work, kept.identity_check, kept.secrets, desk.clock, front=desk.front
    ),
    "id_cards": lambda desk, kept: IdCardService(
        kept.outside.pictures,
        kept.picture_cleaner,
        kept.outside.id_cards,
        kept.secrets,
        desk.clock,
    ),
    "recovery": lambda desk, kept: RecoveryService(
        desk.work, desk.accounts, kept.secrets, desk.clock, kept.chance, front=desk.front
    ),
    "faces": lambda desk, kept: FaceService(
        desk.work,
        kept.face_check,
        kept.secrets,
        desk.clock,
        back=f"{desk.office.public_url}{FACE_RETURN_PATH}",
        front=desk.front,
    ),
    "filings": lambda desk, kept: FilingService(
        desk.work,
        kept.family_register,
        kept.secrets,
        desk.clock,
        pattern=kept.settings.filings.number_pattern,
        front=desk.front,
    ),
    "plans": lambda desk, _: PlanService(desk.work, desk.clock),
    "registrations": lambda desk, kept: RegistrationService(
        desk.work, desk.clock, kept.chance, front=desk.front
    ),
    "papers": lambda desk, kept: PaperService(desk.work, kept.secrets, desk.clock),
    "notices": lambda desk, _: NoticeService(desk.work, desk.clock, front=desk.front),
    "content": lambda desk, _: ContentService(desk.work, desk.clock),
    "scans": lambda desk, _: ScanService(desk.work, desk.clock),
    "escalation": lambda desk, kept: EscalationService(
        desk.work,
        desk.clock,
        kept.calendar,
        office_hours=OfficeHours(kept.settings.office.opens, kept.settings.office.closes),
        front=desk.front,
    ),
    "handovers": lambda desk, kept: HandoverService(
        desk.work,
        desk.clock,
        desk=kept.settings.escalation.desk,
        callers=kept.outside.staff.targets,
        front=desk.front,
    ),
    "pages": lambda desk, kept: PageService(
        desk.work, desk.clock, kept.chance, desk.office.public_url, SealedLinks(kept.cipher)
    ),
}
"""How each service is made; a test holds each to the type that `Desk` promises."""
