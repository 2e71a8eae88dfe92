"""The services that a flow may be handed, for one turn."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.accounts.codes import CodeService
from domain.accounts.leaving import LeavingService
from domain.accounts.model import Account
from domain.accounts.passwords import PasswordService
from domain.accounts.profiles import ProfileService
from domain.accounts.service import AccountService
from domain.accounts.sessions import SessionService
from domain.content.service import ContentService
from domain.escalation.desk import HandoverService
from domain.escalation.service import EscalationService
from domain.filings.model import Family
from domain.filings.service import FilingService
from domain.identity.id_cards import IdCardService
from domain.identity.model import Person
from domain.identity.recovery import RecoveryService
from domain.identity.service import IdentityService
from domain.identity.showing import FaceService
from domain.notices.service import NoticeService
from domain.plans.service import PlanService
from domain.posters.service import ScanService
from domain.registrations.service import RegistrationService
from domain.registrations.service_papers import PaperService
from domain.shared.clock import Clock
from domain.shared.errors import NeedsError
from domain.shared.pages import PageService
from domain.shared.records import EffectStore, OpenId

__all__ = ["Citizen", "Desk", "Need", "Office"]


class Need(StrEnum):
    """What a flow may require of a citizen before it begins. Source: S0-06, S0-27."""

    SIGNED_IN = "signed_in"
    REAL_NAME = "real_name"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class Office:
    """Who runs this service, in the citizen's words.

    ``agree_url`` is where citizens agree to be sent cards, if the platform asks for that.
    """

    operator: str
    hotline: str
    public_url: str
    version: str = ""
    agree_url: str = ""


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who is talking, as far as we know."""

    account: Account | None = None
    person: Person | None = None
    family: Family | None = None

    def has(self, need: Need) -> bool:
        """Tell whether a need is met."""
        match need:
            case Need.SIGNED_IN:
                return self.account is not None
            case Need.REAL_NAME:
                return self.person is not None
            case Need.FAMILY:
                return self.family is not None

    def signed_in(self) -> Account:
        """Return the account; `NeedsError` without one."""
        if self.account is None:
            raise NeedsError(Need.SIGNED_IN)
        return self.account

    def verified(self) -> Person:
        """Return the verified person; `NeedsError` without one."""
        if self.person is None:
            raise NeedsError(Need.REAL_NAME)
        return self.person

    def filed(self) -> Family:
        """Return the bound family; `NeedsError` without one."""
        if self.family is None:
            raise NeedsError(Need.FAMILY)
        return self.family


class Desk:
    """Services on the turn's open work. Reads only what a step asks for.

    ``let_go`` returns the turn's connection, where nothing was written yet: to be called after
    the last read and before waiting on the outside world, so that a slow vendor holds up nobody
    else. ``fingerprint`` makes answers into words that only we can make. ``left_behind`` collects
    whose conversations must be forgotten once this turn is committed. ``asks_person`` tells that
    the citizen is to wait for a person from this turn on.

    What is named here without a value is for a subclass to fill, or to make at first need.
    """

    openid: OpenId
    clock: Clock
    office: Office
    effects: EffectStore
    accounts: AccountService
    passwords: PasswordService
    sessions: SessionService
    profiles: ProfileService
    leaving: LeavingService
    codes: CodeService
    identity: IdentityService
    id_cards: IdCardService
    recovery: RecoveryService
    faces: FaceService
    filings: FilingService
    plans: PlanService
    registrations: RegistrationService
    papers: PaperService
    notices: NoticeService
    content: ContentService
    scans: ScanService
    escalation: EscalationService
    handovers: HandoverService
    pages: PageService
    let_go: Callable[[], Awaitable[None]]
    fingerprint: Callable[[str], str]

    def __init__(self, openid: OpenId, clock: Clock, office: Office) -> None:
        self.openid = openid
        self.clock = clock
        self.office = office
        self.left_behind: set[OpenId] = set()
        self.asks_person = False
        self._citizen: Citizen | None = None

    async def citizen(self) -> Citizen:
        """Return who is talking; read once a turn, and only if somebody asks."""
        if self._citizen is None:
            account = await self.accounts.of(self.openid)
            if account is None:
                self._citizen = Citizen()
            else:
                self._citizen = Citizen(
                    account,
                    await self.identity.person_of(account),
                    await self.filings.family_of(account),
                )
        return self._citizen

    async def require(self, needs: Sequence[Need]) -> None:
        """Raise `NeedsError` for the first need that is not met."""
        for need in needs:
            if not (await self.citizen()).has(need):
                raise NeedsError(need)

    async def note_use(self) -> None:
        """Keep that the citizen was here, if this turn asked who they are."""
        account = self._citizen.account if self._citizen else None
        if account is not None:
            await self.sessions.note_use(self.openid, account)

    def look_again(self) -> None:
        """Forget who is talking, after an effect that may have changed it."""
        self._citizen = None
