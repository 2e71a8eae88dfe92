"""Plans, families, registrations and texts made to measure, and stores that live in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.accounts.model import Account, AccountState, Proof, Purpose
from domain.content.model import Document, Faq, fingerprint
from domain.content.search import FaqIndex, index_of
from domain.escalation.model import Ticket, TicketCategory, TicketState
from domain.filings.model import Family, FamilyState, Member, UnitType
from domain.plans.model import Plan, PlanBook, PlanId, PlanKind, Project, ProjectId, Unit, UnitId
from domain.registrations.model import Registration, RegistrationState
from domain.shared.records import AccountId, Act, Consent, Effect, OpenId
from tests.support.pushes import MemoryOutbox
from tests.support.questions import MemoryQuestions

__all__ = [
    "NOW",
    "OPENID",
    "PHONE",
    "AllotmentWork",
    "FixedCalendar",
    "MemoryActs",
    "MemoryConsents",
    "MemoryDocuments",
    "MemoryEffects",
    "MemoryPlans",
    "MemoryRegistrations",
    "MemoryTickets",
    "a_book",
    "a_document",
    "a_family",
    "a_faq",
    "a_plan",
    "a_project",
    "a_proof",
    "a_registration",
    "a_unit",
    "an_account",
]

NOW = datetime(2026, 3, 11, 4, tzinfo=UTC)
"""Noon in China on a Wednesday; the plan of `a_plan` is open."""

OPENID = OpenId("oTest0000000000000000000001")
PHONE = "+8619900001001"


def a_plan(plan_id: str = "plan", *, limit: int | None = None, opens: float = -10) -> Plan:
    """Return a quick plan that opens so many days from `NOW` and stays open for 14."""
    opens_at = NOW + timedelta(days=opens)
    closes_at = opens_at + timedelta(days=14)
    return Plan(
        id=PlanId(plan_id),
        name="第四批公租房快速配租（演示）",
        kind=PlanKind.QUICK,
        opens_at=opens_at,
        closes_at=closes_at,
        choosing_from=closes_at + timedelta(days=20),
        choosing_to=closes_at + timedelta(days=26),
        notice="notice-quick",
        limit=limit,
        demo=True,
    )


def a_project(project_id: str = "project", plan: Plan | None = None) -> Project:
    """Return a project of a plan."""
    plan = plan or a_plan()
    return Project(
        id=ProjectId(project_id),
        plan_id=plan.id,
        name="青禾家园（演示）",
        district="朝阳",
        address="朝阳区青禾路 1 号院（演示）",
        choosing_from=plan.choosing_from,
        choosing_to=plan.choosing_to,
        summary="精装修（演示）",
        scene=f"scene-{project_id}",
    )


def a_unit(
    unit_id: str = "unit", project_id: str = "project", unit_type: UnitType = UnitType.TWO
) -> Unit:
    """Return the flats of one type in a project."""
    return Unit(
        id=UnitId(unit_id),
        project_id=ProjectId(project_id),
        unit_type=unit_type,
        area_from=Decimal("55.5"),
        area_to=Decimal(59),
        rent_rate=Decimal("47.25"),
        count=80,
    )


def a_book(
    plan: Plan | None = None, units: Iterable[Unit] | None = None, *others: Plan
) -> PlanBook:
    """Return a book with one project, and further plans without any."""
    plan = plan or a_plan()
    return PlanBook.of([plan, *others], [a_project(plan=plan)], units or [a_unit()])


def a_family(
    family_id: str = "family",
    *,
    unit_types: tuple[UnitType, ...] = (UnitType.TWO,),
    state: FamilyState = FamilyState.VALID,
) -> Family:
    """Return a filed family of one member."""
    return Family(
        id=family_id,
        number="1101052019000123",
        district="朝阳",
        unit_types=unit_types,
        group="2P",
        state=state,
        members=(Member("曹演示", "11010019860412001X", "申请人"),),
        filed_at=date(2019, 5, 6),
    )


def an_account(account_id: str = "account", *, family_id: str | None = "family") -> Account:
    """Return an account with a phone, a person and a family."""
    return Account(
        id=AccountId(account_id),
        phone=PHONE,
        state=AccountState.ACTIVE,
        created_at=NOW,
        person_id="person",
        family_id=family_id,
    )


def a_proof(*, phone: str = PHONE, purpose: Purpose = Purpose.CANCEL, at: datetime = NOW) -> Proof:
    """Return a proof that the citizen just held the phone."""
    return Proof(OPENID, phone, purpose, "draft", at)


def a_registration(  # noqa: PLR0913 (a builder: each has a usual value)
    number: str = "DJ202603110000017",
    *,
    unit: Unit | None = None,
    plan_id: str = "plan",
    family_id: str = "family",
    state: RegistrationState = RegistrationState.REGISTERED,
    check_code: str = "",
) -> Registration:
    """Return a registration made at `NOW`."""
    unit = unit or a_unit()
    return Registration(
        number=number,
        family_id=family_id,
        account_id=AccountId("account"),
        plan_id=PlanId(plan_id),
        project_id=unit.project_id,
        unit_id=unit.id,
        unit_type=unit.unit_type,
        state=state,
        notice_version=1,
        notice_hash=fingerprint("告知书"),
        phone=PHONE,
        created_at=NOW,
        cancelled_at=NOW if state is RegistrationState.CANCELLED else None,
        check_code=check_code,
    )


def a_document(kind: str = "notice-quick", version: int = 1, text: str = "告知书") -> Document:
    """Return a published text."""
    return Document(kind, version, f"{kind}（演示）", text, fingerprint(text), NOW)


def a_faq(faq_id: str, question: str, *aliases: str) -> Faq:
    """Return a question whose answer names it."""
    return Faq(faq_id, question, aliases, f"{faq_id} 的答案", NOW)


class FixedCalendar:
    """A `WorkCalendar` without holidays, but for the days it is given."""

    def __init__(self, *, off: Iterable[date] = (), on: Iterable[date] = ()) -> None:
        self._off, self._on = frozenset(off), frozenset(on)

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work on a day."""
        return day in self._on or (day.weekday() < 5 and day not in self._off)


class MemoryActs:
    """An `ActStore` in a list."""

    def __init__(self) -> None:
        self.rows: list[Act] = []

    async def add(self, act: Act) -> None:
        """Append an act."""
        self.rows.append(act)

    async def about(self, object_id: str) -> list[Act]:
        """Return the acts on one record, oldest first."""
        return [act for act in self.rows if act.object_id == object_id]


class MemoryConsents:
    """A `ConsentStore` in a list."""

    def __init__(self) -> None:
        self.rows: list[Consent] = []

    async def add(self, consent: Consent) -> None:
        """Append a consent."""
        self.rows.append(consent)

    async def of(self, actor: str) -> list[Consent]:
        """Return what one actor agreed to, oldest first."""
        return [consent for consent in self.rows if consent.actor == actor]

    async def withdraw(self, actor: str, documents: Sequence[str], *, at: datetime) -> int:
        """Mark one actor's standing consents to some documents."""
        marked = 0
        for place, one in enumerate(self.rows):
            if (one.actor, one.withdrawn_at) == (actor, None) and one.document in documents:
                self.rows[place] = replace(one, withdrawn_at=at)
                marked += 1
        return marked


class MemoryEffects:
    """An `EffectStore` in a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, Effect] = {}

    async def find(self, draft_id: str) -> Effect | None:
        """Return the draft's effect."""
        return self.rows.get(draft_id)

    async def add(self, effect: Effect) -> None:
        """Keep a draft's effect."""
        self.rows[effect.draft_id] = effect


class MemoryPlans:
    """A `PlanStore` over one book; the counts come from the registrations beside it."""

    def __init__(self, book: PlanBook, registrations: "MemoryRegistrations") -> None:
        self.kept = book
        self._registrations = registrations

    async def book(self) -> PlanBook:
        """Return the present snapshot."""
        return self.kept

    async def counts(self, now: datetime) -> Mapping[str, int]:
        """Return live registrations by unit."""
        live = [str(one.unit_id) for one in self._registrations.rows.values() if one.live]
        return {unit_id: live.count(unit_id) for unit_id in live}


class MemoryDocuments:
    """A `DocumentStore` over lists, versions in their order."""

    def __init__(self, documents: Iterable[Document] = (), faqs: Iterable[Faq] = ()) -> None:
        self.published = list(documents)
        self.questions = tuple(faqs)

    async def documents(self) -> Mapping[str, Document]:
        """Return the newest version of each kind."""
        return {document.kind: document for document in self.published}

    async def faqs(self) -> tuple[Faq, ...]:
        """Return every question in its order."""
        return self.questions

    async def index(self) -> FaqIndex:
        """Return what finds a question."""
        return index_of(self.questions)

    async def is_on_record(self, kind: str, version: int, text_hash: str) -> bool:
        """Tell whether such a text was ever published."""
        wanted = (kind, version, text_hash)
        return any((one.kind, one.version, one.text_hash) == wanted for one in self.published)


class MemoryRegistrations:
    """A `RegistrationStore` in a dict, with the same constraints as the one in SQL."""

    def __init__(self) -> None:
        self.rows: dict[str, Registration] = {}

    async def add(self, registration: Registration, *, limit: int | None) -> bool:
        """Add a live registration unless a constraint forbids it."""
        mine = [one for one in await self.of_family(registration.family_id) if one.live]
        in_plan = sum(one.plan_id == registration.plan_id for one in mine)
        if (
            registration.number in self.rows
            or await self.of_check_code(registration.check_code)
            or any(one.unit_id == registration.unit_id for one in mine)
            or (limit is not None and in_plan >= limit)
        ):
            return False
        self.rows[registration.number] = registration
        return True

    async def find(self, number: str) -> Registration | None:
        """Return one registration."""
        return self.rows.get(number)

    async def of_check_code(self, code: str) -> Registration | None:
        """Return the registration whose paper carries a check code."""
        return next((one for one in self.rows.values() if code and one.check_code == code), None)

    async def of_family(self, family_id: str) -> list[Registration]:
        """Return all registrations of a family, newest first."""
        return [one for one in reversed(self.rows.values()) if one.family_id == family_id]

    async def cancel(self, numbers: Sequence[str], at: datetime) -> bool:
        """Cancel live registrations, all of them or none."""
        found = [self.rows.get(number) for number in numbers]
        live = [one for one in found if one is not None and one.live]
        if len(live) != len(numbers):
            return False
        for one in live:
            self.rows[one.number] = replace(one, state=RegistrationState.CANCELLED, cancelled_at=at)
        return True


class MemoryTickets:
    """A `TicketStore` in a list."""

    def __init__(self) -> None:
        self.rows: list[Ticket] = []

    async def add(  # noqa: PLR0913 (as its port has it)
        self,
        *,
        openid: OpenId,
        phone: str,
        text: str,
        category: TicketCategory,
        at: datetime,
        account_id: AccountId | None = None,
    ) -> Ticket:
        """Keep a new open ticket."""
        number = len(self.rows) + 1
        ticket = Ticket(number, openid, phone, text, category, TicketState.OPEN, at, account_id)
        self.rows.append(ticket)
        return ticket

    async def of(self, openid: OpenId) -> list[Ticket]:
        """Return a citizen's tickets, newest first."""
        return [ticket for ticket in reversed(self.rows) if ticket.openid == openid]

    async def of_account(self, account_id: AccountId, openids: Sequence[OpenId]) -> list[Ticket]:
        """Return an account's tickets, and those that some left while signed out."""
        return [
            ticket
            for ticket in reversed(self.rows)
            if ticket.account_id == account_id
            or (ticket.account_id is None and ticket.openid in openids)
        ]


class AllotmentWork:
    """A work in memory that carries what plans, texts, registrations and tickets need."""

    def __init__(
        self,
        book: PlanBook | None = None,
        documents: Iterable[Document] | None = None,
        faqs: Iterable[Faq] = (),
    ) -> None:
        self.acts = MemoryActs()
        self.consents = MemoryConsents()
        self.effects = MemoryEffects()
        self.registrations = MemoryRegistrations()
        self.plans = MemoryPlans(book or a_book(), self.registrations)
        self.documents = MemoryDocuments([a_document()] if documents is None else documents, faqs)
        self.questions = MemoryQuestions()
        self.tickets = MemoryTickets()
        self.outbox = MemoryOutbox()
