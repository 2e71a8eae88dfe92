"""Being told: what each citizen chose, whom a push goes to, and who is to be told of what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from domain.accounts.model import Account
from domain.accounts.service_ports import AccountsWork
from domain.filings.model import UnitType
from domain.notices.model import TOPICS, Card, Choice, Topic, may_take_from, standard
from domain.plans.model import Plan, PlanId
from domain.plans.service import PlansWork
from domain.shared.clock import Clock, minute
from domain.shared.pushes import MANNERS, Push, PushKind
from domain.shared.records import AccountId, Act, OpenId
from domain.shared.windows import Handover

__all__ = [
    "PAGE",
    "SOON",
    "AgreedCards",
    "Audience",
    "CardSender",
    "ChoiceStore",
    "DailyLimits",
    "Handed",
    "Household",
    "NoticeService",
    "NoticesWork",
    "WatchedDraft",
    "WatchedDrafts",
]

SOON: Final = timedelta(hours=24)
"""How long before its end a plan closes soon."""

PAGE: Final = 500
"""How many households are looked at in one transaction."""

_LEFT_FOR: Final = timedelta(hours=1)
"""After which a draft nobody went on with counts as left."""


@dataclass(frozen=True, slots=True)
class Household:
    """An account with a valid filed family, by what matters to who is told; nothing personal.

    ``registered`` tells that the family holds a live registration in the plan asked about.
    """

    account_id: AccountId
    unit_types: tuple[UnitType, ...]
    registered: bool


@dataclass(frozen=True, slots=True)
class WatchedDraft:
    """A registration that was begun: whose, in which talk, for which plan, until when."""

    account_id: AccountId
    plan_id: PlanId
    openid: OpenId
    draft_id: str
    begun_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Handed:
    """What the platform said to a card, and by what it will know it later."""

    verdict: Handover
    receipt: str = ""


class CardSender(Protocol):
    """Sends cards through the platform."""

    async def push_card(self, openid: OpenId, card: Card) -> Handed:
        """Hand a card over.

        Raises
        ------
        UnansweredError
            No answer came in time. The card may have left all the same.
        UnavailableError
            The platform was not reached, or was busy; the card did not leave.
        """


class ChoiceStore(Protocol):
    """What citizens chose to be told."""

    async def of(self, account_id: AccountId) -> Mapping[Topic, Choice]:
        """Return what was chosen; a topic that nothing was chosen for is left out."""

    async def put(self, account_id: AccountId, topic: Topic, choice: Choice) -> None:
        """Keep a choice in place of an earlier one."""


class AgreedCards(Protocol):
    """Which cards citizens agreed to be sent, and how many of each are left."""

    async def agree(self, openid: OpenId, template: str) -> None:
        """Add one."""

    async def refuse(self, openid: OpenId, template: str) -> None:
        """Take all back."""

    async def spend(self, openid: OpenId, template: str, *, lasting: bool) -> bool:
        """Use one; ``False`` if none is left. What is lasting is not used up. One atomic step."""

    async def of_many(self, openids: Sequence[OpenId]) -> Sequence[tuple[OpenId, str, int]]:
        """Return what some citizens agreed to, and how many of each are left."""


class DailyLimits(Protocol):
    """How much the platform takes a day."""

    async def take(self, name: str, day: date, most: int) -> bool:
        """Use one of so many of a day; ``False`` if none is left. One atomic step."""

    async def forget(self, *, before: date) -> int:
        """Drop the counts of earlier days; return how many."""


class WatchedDrafts(Protocol):
    """Registrations that were begun, so that who left one can be reminded."""

    async def watch(self, draft: WatchedDraft) -> None:
        """Keep one in place of the account's earlier for the plan."""

    async def left(
        self, *, begun_by: datetime, closing: tuple[datetime, datetime], most: int
    ) -> Sequence[WatchedDraft]:
        """Return some begun by a moment, of plans that close within a span, soonest first."""

    async def drop(self, drafts: Sequence[WatchedDraft]) -> None:
        """Watch some no more; one that was begun anew meanwhile stays."""

    async def forget(self, *, before: datetime) -> int:
        """Drop those of plans that closed before a moment; return how many."""


class Audience(Protocol):
    """Who may be told of a plan."""

    async def page(self, plan_id: str, *, after: str, most: int) -> Sequence[Household]:
        """Return the next households after an account's id, in the order of those ids."""


class NoticesWork(AccountsWork, PlansWork, Protocol):
    """What being told may touch."""

    @property
    def choices(self) -> ChoiceStore:
        """What citizens chose."""

    @property
    def audience(self) -> Audience:
        """Who may be told."""

    @property
    def drafts(self) -> WatchedDrafts:
        """Registrations that were begun."""


class NoticeService:
    """What citizens are told unasked."""

    def __init__(self, work: NoticesWork, clock: Clock, *, front: str = "chat") -> None:
        self._work = work
        self._clock = clock
        self._front = front

    async def choices(self, account: Account) -> Mapping[Topic, Choice]:
        """Return what an account is told, topic by topic, all of them in their order."""
        chosen = await self._work.choices.of(account.id)
        return {topic: chosen.get(topic, standard(topic)) for topic in Topic}

    async def choose(self, openid: OpenId, account: Account, topic: Topic, choice: Choice) -> None:
        """Keep by which ways an account is told of a topic."""
        await self._work.choices.put(account.id, topic, choice)
        await self._work.acts.add(
            Act(
                tag="notices:choice:set",
                actor=openid,
                object_id=account.id,
                at=self._clock.now(),
                front=self._front,
                note=f"{topic.value} wechat={choice.wechat} sms={choice.sms}",
            )
        )

    async def addressed(self, push: Push) -> Push | None:
        """Return a push with whom it may go to now; ``None`` if the account is closed.

        It goes to the WeChat that used the account last, or to the account's phone, as far as
        its citizen wishes to be told of its topic that way.
        """
        if push.account is None:
            return push
        account = await self._work.accounts.find(push.account)
        if account is None:
            return None
        topic = TOPICS.get(push.kind)
        choice = (await self.choices(account))[topic] if topic else Choice()
        sessions = await self._work.accounts.sessions(account.id)
        last = max(sessions, key=lambda one: one.used_at, default=None)
        return replace(
            push,
            openid=last.openid if last and choice.wechat else None,
            phone=account.phone if choice.sms else None,
        )

    async def by_sms_instead(self, push: Push) -> None:
        """Write down that a push whose card did not arrive goes by SMS, if it matters so much.

        It goes to the phone alone: no card that is reported upon leaves a second time.

        Source: as where a card could not leave at all.
        """
        to = await self.addressed(push)
        if to is not None and to.phone is not None and MANNERS[to.kind].by_sms:
            alone = replace(to, openid=None, account=None, topic=None)
            await self._work.outbox.add(alone, at=self._clock.now())

    async def tell_of_plan(self, kind: PushKind, plan: Plan, *, after: str) -> str:
        """Write down for a page of households what they may take from a plan.

        Of whatever is asked twice, each account is told once.

        Parameters
        ----------
        kind
            That it opens, or closes soon.
        after
            The last account of the page before; empty for the first.

        Returns
        -------
        str
            The last account of this page; empty if there are no more.

        Source
        ------
        S0-40.
        """
        page = await self._work.audience.page(plan.id, after=after, most=PAGE)
        book = await self._work.plans.book()
        fits = {
            types: may_take_from(plan, book, types) for types in {one.unit_types for one in page}
        }
        at = plan.opens_at if kind is PushKind.PLAN_OPENS else plan.closes_at
        pushes = [
            Push(kind, (plan.name, minute(at)), account=one.account_id, topic=plan.id)
            for one in page
            if fits[one.unit_types] and not one.registered
        ]
        await self._work.outbox.add_all(pushes, at=self._clock.now(), until=plan.closes_at)
        return page[-1].account_id if len(page) == PAGE else ""

    async def watch(self, openid: OpenId, account: Account, plan: Plan, draft_id: str) -> None:
        """Keep that a registration was begun."""
        now = self._clock.now()
        await self._work.drafts.watch(
            WatchedDraft(account.id, plan.id, openid, draft_id, now, plan.closes_at)
        )

    async def left_drafts(self) -> Sequence[WatchedDraft]:
        """Return some registrations that were begun, then left, of plans that close soon."""
        now = self._clock.now()
        return await self._work.drafts.left(
            begun_by=now - _LEFT_FOR, closing=(now, now + SOON), most=PAGE
        )

    async def remind(
        self, drafts: Sequence[WatchedDraft], *, still_open: Sequence[WatchedDraft]
    ) -> None:
        """Write down that some of these wait to be finished, and watch none of them any more.

        Parameters
        ----------
        drafts
            All that were looked at.
        still_open
            Those of them that are still in their talk.
        """
        book, now = await self._work.plans.book(), self._clock.now()
        await self._work.drafts.drop(drafts)
        for one in still_open:
            plan = book.plan(one.plan_id)
            values = (plan.name, minute(plan.closes_at))
            push = Push(PushKind.DRAFT_LEFT, values, account=one.account_id, topic=plan.id)
            await self._work.outbox.add(push, at=now, until=plan.closes_at)
