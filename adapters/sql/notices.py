"""Being told, in SQL: choices, cards agreed to, what a day holds, drafts begun, who is to hear."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import (
    Date,
    Index,
    Integer,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.people import AccountRow, FamilyRow
from adapters.sql.prepared import Prepared
from adapters.sql.registrations import RegistrationRow
from domain.accounts.model import AccountState
from domain.filings.model import FamilyState, unit_types_of
from domain.notices.model import Choice, Topic
from domain.notices.service import Household, WatchedDraft
from domain.plans.model import PlanId
from domain.registrations.model import RegistrationState
from domain.shared.records import AccountId, OpenId

__all__ = [
    "AgreedCardRow",
    "ChoiceRow",
    "DailyLimitRow",
    "SqlAgreedCards",
    "SqlAudience",
    "SqlChoices",
    "SqlDailyLimits",
    "SqlWatchedDrafts",
    "WatchedDraftRow",
]


class ChoiceRow(Base):
    """By which ways an account is told of a topic."""

    __tablename__ = "notice_choices"

    account_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    topic: Mapped[str] = mapped_column(String(16), primary_key=True)
    wechat: Mapped[bool]
    sms: Mapped[bool]


class AgreedCardRow(Base):
    """How many cards of a template a citizen has agreed to and was not sent yet."""

    __tablename__ = "agreed_cards"

    openid: Mapped[str] = mapped_column(String(64), primary_key=True)
    template: Mapped[str] = mapped_column(String(64), primary_key=True)
    remaining: Mapped[int]


class DailyLimitRow(Base):
    """How much of something was used on a day in China."""

    __tablename__ = "daily_limits"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    used: Mapped[int] = mapped_column(Integer)


class WatchedDraftRow(Base):
    """A registration that an account has begun, for a plan."""

    __tablename__ = "watched_drafts"
    __table_args__ = (Index("ix_watched_drafts_closes_at", "closes_at"),)

    account_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    openid: Mapped[str] = mapped_column(String(64))
    draft_id: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SqlChoices:
    """The `ChoiceStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def of(self, account_id: AccountId) -> Mapping[Topic, Choice]:
        """Return what was chosen; a topic that nothing was chosen for is left out."""
        chosen = select(ChoiceRow.__table__).where(ChoiceRow.account_id == account_id)
        rows = await self._session.read(chosen)
        return {Topic(row.topic): Choice(row.wechat, row.sms) for row in rows}

    async def put(self, account_id: AccountId, topic: Topic, choice: Choice) -> None:
        """Keep a choice in place of an earlier one."""
        kept = {"wechat": choice.wechat, "sms": choice.sms}
        insert = self._session.insert(ChoiceRow).values(
            account_id=account_id, topic=topic.value, **kept
        )
        key = [ChoiceRow.account_id, ChoiceRow.topic]
        await self._session.write(insert.on_conflict_do_update(index_elements=key, set_=kept))


class SqlAgreedCards:
    """The `AgreedCards` on one transaction; each verb is one statement."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def agree(self, openid: OpenId, template: str) -> None:
        """Add one."""
        insert = self._session.insert(AgreedCardRow).values(
            openid=openid, template=template, remaining=1
        )
        await self._session.write(
            insert.on_conflict_do_update(
                index_elements=[AgreedCardRow.openid, AgreedCardRow.template],
                set_={"remaining": AgreedCardRow.remaining + 1},
            )
        )

    async def refuse(self, openid: OpenId, template: str) -> None:
        """Take all back."""
        await self._session.write(
            delete(AgreedCardRow).where(
                AgreedCardRow.openid == openid, AgreedCardRow.template == template
            )
        )

    async def spend(self, openid: OpenId, template: str, *, lasting: bool) -> bool:
        """Use one; ``False`` if none is left. What is lasting is not used up."""
        spent = await self._session.write(
            update(AgreedCardRow)
            .where(
                AgreedCardRow.openid == openid,
                AgreedCardRow.template == template,
                AgreedCardRow.remaining > 0,
            )
            .values(remaining=AgreedCardRow.remaining - (0 if lasting else 1))
        )
        return spent.rowcount == 1

    async def of_many(self, openids: Sequence[OpenId]) -> Sequence[tuple[OpenId, str, int]]:
        """Return what some citizens agreed to, and how many of each are left."""
        agreed = select(AgreedCardRow.__table__).where(AgreedCardRow.openid.in_(openids))
        rows = await self._session.read(agreed.order_by(AgreedCardRow.openid))
        return [(OpenId(row.openid), row.template, row.remaining) for row in rows]


class SqlDailyLimits:
    """The `DailyLimits` on one transaction; each verb is one statement."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def take(self, name: str, day: date, most: int) -> bool:
        """Use one of so many of a day; ``False`` if none is left."""
        if most < 1:
            return False
        insert = self._session.insert(DailyLimitRow).values(name=name, day=day, used=1)
        taken = await self._session.write(
            insert.on_conflict_do_update(
                index_elements=[DailyLimitRow.name, DailyLimitRow.day],
                set_={"used": DailyLimitRow.used + 1},
                where=DailyLimitRow.used < most,
            )
        )
        return taken.rowcount == 1

    async def forget(self, *, before: date) -> int:
        """Drop the counts of earlier days; return how many."""
        gone = await self._session.write(delete(DailyLimitRow).where(DailyLimitRow.day < before))
        return gone.rowcount


@lru_cache
def _watching(dialect: str) -> Prepared:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    names = WatchedDraftRow.__table__.columns.keys()
    row = insert(WatchedDraftRow).inline().values({name: bindparam(name) for name in names})
    anew = {name: row.excluded[name] for name in names if name not in ("account_id", "plan_id")}
    key = [WatchedDraftRow.account_id, WatchedDraftRow.plan_id]
    return Prepared(row.on_conflict_do_update(index_elements=key, set_=anew))


class SqlWatchedDrafts:
    """The `WatchedDrafts` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def watch(self, draft: WatchedDraft) -> None:
        """Keep one, by the commit at the latest, in place of the account's for the plan."""
        await self._session.later(
            _watching(self._session.dialect),
            account_id=draft.account_id,
            plan_id=draft.plan_id,
            openid=draft.openid,
            draft_id=draft.draft_id,
            begun_at=draft.begun_at,
            closes_at=draft.closes_at,
        )

    async def left(
        self, *, begun_by: datetime, closing: tuple[datetime, datetime], most: int
    ) -> Sequence[WatchedDraft]:
        """Return some begun by a moment, of plans that close within a span, soonest first."""
        after, by = closing
        found = (
            select(WatchedDraftRow.__table__)
            .where(
                WatchedDraftRow.closes_at > after,
                WatchedDraftRow.closes_at <= by,
                WatchedDraftRow.begun_at <= begun_by,
            )
            .order_by(WatchedDraftRow.closes_at, WatchedDraftRow.account_id)
            .limit(most)
        )
        return [
            WatchedDraft(
                AccountId(row.account_id),
                PlanId(row.plan_id),
                OpenId(row.openid),
                row.draft_id,
                row.begun_at,
                row.closes_at,
            )
            for row in await self._session.read(found)
        ]

    async def drop(self, drafts: Sequence[WatchedDraft]) -> None:
        """Watch some no more; one that was begun anew meanwhile stays."""
        if drafts:
            these = [
                and_(
                    WatchedDraftRow.account_id == one.account_id,
                    WatchedDraftRow.plan_id == one.plan_id,
                    WatchedDraftRow.begun_at == one.begun_at,
                )
                for one in drafts
            ]
            await self._session.write(delete(WatchedDraftRow).where(or_(*these)))

    async def forget(self, *, before: datetime) -> int:
        """Drop those of plans that closed before a moment; return how many."""
        gone = await self._session.write(
            delete(WatchedDraftRow).where(WatchedDraftRow.closes_at < before)
        )
        return gone.rowcount


_REGISTERED: Final = exists().where(
    RegistrationRow.family_id == FamilyRow.id,
    RegistrationRow.plan_id == bindparam("plan_id"),
    RegistrationRow.state == RegistrationState.REGISTERED.value,
)
_HOUSEHOLDS: Final = (
    select(
        AccountRow.id,
        FamilyRow.unit_types,
        case((_REGISTERED, 1), else_=0).label("registered"),
    )
    .join(FamilyRow, FamilyRow.id == AccountRow.family_id)
    .where(
        AccountRow.id > bindparam("after"),
        AccountRow.state == AccountState.ACTIVE.value,
        FamilyRow.state == FamilyState.VALID.value,
    )
    .order_by(AccountRow.id)
    .limit(bindparam("most", type_=Integer))
)


class SqlAudience:
    """The `Audience` on one transaction: by the key, so that no page costs more than the first."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def page(self, plan_id: str, *, after: str, most: int) -> Sequence[Household]:
        """Return the next households after an account's id, in the order of those ids."""
        asked = _HOUSEHOLDS.params(plan_id=plan_id, after=after, most=most)
        return [
            Household(
                AccountId(row.id),
                unit_types_of([word for word in row.unit_types.split(",") if word]),
                registered=bool(row.registered),
            )
            for row in await self._session.read(asked)
        ]
