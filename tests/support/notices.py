"""A work in memory that carries what being told needs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.notices.model import Choice, Topic
from domain.notices.service import Household, WatchedDraft
from domain.plans.model import PlanBook, PlanId
from domain.shared.pushes import Push
from domain.shared.records import AccountId
from tests.support.allotment import MemoryPlans, MemoryRegistrations
from tests.support.pushes import MemoryOutbox
from tests.support.works import PeopleWork

__all__ = ["NoticesMemory"]


class _Choices:
    def __init__(self) -> None:
        self.rows: dict[tuple[AccountId, Topic], Choice] = {}

    async def of(self, account_id: AccountId) -> Mapping[Topic, Choice]:
        return {topic: kept for (mine, topic), kept in self.rows.items() if mine == account_id}

    async def put(self, account_id: AccountId, topic: Topic, choice: Choice) -> None:
        self.rows[account_id, topic] = choice


class _Drafts:
    def __init__(self) -> None:
        self.rows: dict[tuple[AccountId, PlanId], WatchedDraft] = {}

    async def watch(self, draft: WatchedDraft) -> None:
        self.rows[draft.account_id, draft.plan_id] = draft

    async def left(
        self, *, begun_by: datetime, closing: tuple[datetime, datetime], most: int
    ) -> Sequence[WatchedDraft]:
        return [
            one
            for one in self.rows.values()
            if one.begun_at <= begun_by and closing[0] < one.closes_at <= closing[1]
        ][:most]

    async def drop(self, drafts: Sequence[WatchedDraft]) -> None:
        for one in drafts:
            self.rows.pop((one.account_id, one.plan_id), None)

    async def forget(self, *, before: datetime) -> int:
        return 0


class _Audience:
    def __init__(self) -> None:
        self.rows: list[Household] = []

    async def page(self, plan_id: str, *, after: str, most: int) -> Sequence[Household]:
        return [one for one in self.rows if one.account_id > after][:most]


class _Outbox(MemoryOutbox):
    """One that remembers until when things are worth telling."""

    def __init__(self) -> None:
        super().__init__()
        self.until: list[datetime | None] = []

    async def add_all(
        self, pushes: Sequence[Push], *, at: datetime, until: datetime | None = None
    ) -> int:
        self.until.append(until)
        return await super().add_all(pushes, at=at, until=until)


class NoticesMemory(PeopleWork):
    """Accounts, plans, choices, drafts and who may be told."""

    def __init__(self, book: PlanBook) -> None:
        super().__init__()
        self.plans = MemoryPlans(book, MemoryRegistrations())
        self.choices = _Choices()
        self.drafts = _Drafts()
        self.audience = _Audience()
        self.outbox: _Outbox = _Outbox()
