"""Handovers in SQL: one live handover a citizen, by an index; what was said lies sealed."""

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    UniqueConstraint,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.escalation.handovers import (
    Card,
    DeskKind,
    Ending,
    Handover,
    HandoverState,
    Line,
    LineKind,
    Presence,
)
from domain.shared.records import AccountId, OpenId

__all__ = ["HandoverRow", "LineRow", "PresenceRow", "SqlHandovers"]

_LIVE: Final = text(f"state <> '{HandoverState.ENDED.value}'")
_WHERE_LIVE: Final[Any] = {"sqlite_where": _LIVE, "postgresql_where": _LIVE}


class HandoverRow(Base):
    """A handover; ``card`` is sealed."""

    __tablename__ = "handovers"
    __table_args__ = (
        Index("uq_handovers_live", "openid", unique=True, **_WHERE_LIVE),
        Index("ix_handovers_queue", "asked_at", **_WHERE_LIVE),
        Index("ix_handovers_openid", "openid"),
        Index("ix_handovers_stamped_at", "stamped_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    openid: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(String(32), index=True)
    desk: Mapped[str] = mapped_column(String(12))
    card: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stamp: Mapped[int]
    stamped_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agent: Mapped[str] = mapped_column(String(64))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    notified: Mapped[int]
    notified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ending: Mapped[str | None] = mapped_column(String(12))
    rating: Mapped[int | None]


class LineRow(Base):
    """A line of a transcript. ``key`` is unique within a talk, where it is given."""

    __tablename__ = "handover_lines"
    __table_args__ = (UniqueConstraint("handover_id", "key"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    author: Mapped[str] = mapped_column(String(64))
    said: Mapped[bytes] = mapped_column(LargeBinary)
    media_id: Mapped[str] = mapped_column(String(160))
    key: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PresenceRow(Base):
    """An agent's last sign of life."""

    __tablename__ = "desk_presences"

    agent: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looking_at: Mapped[int | None]
    typing_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


_WAITING: Final = HandoverRow.state == HandoverState.WAITING.value
_TAKEN: Final = HandoverRow.state == HandoverState.TAKEN.value


class SqlHandovers:
    """The `HandoverStore` in SQL. A state moves by one conditional update: of two, one wins."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def ask(
        self,
        openid: OpenId,
        account_id: AccountId | None,
        desk: DeskKind,
        card: Card,
        *,
        at: datetime,
    ) -> Handover:
        """Let a citizen wait; return the handover that is live, new or not."""
        await self._session.insert_new(
            HandoverRow,
            openid=openid,
            account_id=account_id,
            desk=desk.value,
            card=self._session.cipher.seal_text(_card_words(card)),
            state=HandoverState.WAITING.value,
            asked_at=at,
            heard_at=at,
            stamp=1,
            stamped_at=at,
            agent="",
            notified=0,
        )
        live = select(HandoverRow.__table__).where(HandoverRow.openid == openid, _LIVE)
        return self._handover((await self._session.read(live)).mappings().one())

    async def find(self, handover_id: int) -> Handover | None:
        """Return a handover."""
        found = await self._found(HandoverRow.id == handover_id)
        return found[0] if found else None

    async def last_of(self, openid: OpenId) -> Handover | None:
        """Return a citizen's newest handover."""
        found = await self.of(openid, most=1)
        return found[0] if found else None

    async def of(self, openid: OpenId, *, most: int) -> list[Handover]:
        """Return a citizen's handovers, newest first."""
        mine = (
            select(HandoverRow.__table__)
            .where(HandoverRow.openid == openid)
            .order_by(HandoverRow.id.desc())
            .limit(most)
        )
        return [self._handover(row) for row in (await self._session.read(mine)).mappings()]

    async def of_account(self, account_id: AccountId) -> list[Handover]:
        """Return the handovers of an account, newest first."""
        return (await self._found(HandoverRow.account_id == account_id))[::-1]

    async def live(self) -> list[Handover]:
        """Return all that have not ended, longest waiting first."""
        return await self._found(_LIVE)

    async def stamps(self) -> list[tuple[int, int]]:
        """Return every live handover's id and stamp, in their order."""
        chosen = select(HandoverRow.id, HandoverRow.stamp).where(_LIVE).order_by(HandoverRow.id)
        return [(row.id, row.stamp) for row in await self._session.read(chosen)]

    async def ended(self, desk: DeskKind, *, since: datetime) -> list[Handover]:
        """Return what was taken at a desk and has ended since a moment."""
        return await self._found(
            and_(
                HandoverRow.stamped_at >= since,
                HandoverRow.ended_at >= since,
                HandoverRow.desk == desk.value,
                HandoverRow.taken_at.is_not(None),
            )
        )

    async def position(self, handover: Handover) -> int:
        """Return a waiting citizen's place in the queue, from 1."""
        asked_at = literal(handover.asked_at, UtcDateTime)
        before = or_(
            HandoverRow.asked_at < asked_at,
            and_(HandoverRow.asked_at == asked_at, HandoverRow.id < handover.id),
        )
        ahead = (
            select(func.count())
            .select_from(HandoverRow)
            .where(_LIVE, _WAITING, HandoverRow.desk == handover.desk.value, before)
        )
        before_them: int = (await self._session.read(ahead)).scalar_one()
        return 1 + before_them

    async def take(self, handover_id: int, agent: str, *, at: datetime) -> bool:
        """Give a waiting citizen to an agent; ``False`` if nobody waits there."""
        return await self._move(
            handover_id,
            _WAITING,
            at=at,
            state=HandoverState.TAKEN.value,
            agent=agent,
            taken_at=at,
            heard_at=at,
            seen_at=func.coalesce(HandoverRow.seen_at, literal(at, UtcDateTime)),
        )

    async def pass_on(self, handover_id: int, agent: str, to: str, *, at: datetime) -> bool:
        """Give an agent's citizen to another; ``False`` if it is not theirs."""
        mine = and_(_TAKEN, HandoverRow.agent == agent)
        return await self._move(handover_id, mine, at=at, agent=to, taken_at=at, heard_at=at)

    async def put_back(self, handover_id: int, agent: str, *, at: datetime) -> bool:
        """Let an agent's citizen wait again, in the place they had; ``False`` if not theirs."""
        return await self._move(
            handover_id,
            and_(_TAKEN, HandoverRow.agent == agent),
            at=at,
            state=HandoverState.WAITING.value,
            agent="",
            seen_at=None,
            notified_at=at,
        )

    async def end(self, handover_id: int, ending: Ending, *, at: datetime) -> bool:
        """End it; ``False`` if it had ended."""
        return await self._move(
            handover_id,
            HandoverRow.state != HandoverState.ENDED.value,
            at=at,
            state=HandoverState.ENDED.value,
            ended_at=at,
            ending=ending.value,
        )

    async def rate(self, handover_id: int, stars: int) -> bool:
        """Keep the one rating; ``False`` if there was one."""
        unrated = update(HandoverRow).where(
            HandoverRow.id == handover_id, HandoverRow.rating.is_(None)
        )
        return (await self._session.write(unrated.values(rating=stars))).rowcount == 1

    async def see(self, handover_id: int, *, at: datetime) -> None:
        """Keep that an agent has looked, the first time."""
        await self._move(handover_id, HandoverRow.seen_at.is_(None), at=at, seen_at=at)

    async def notify(self, handover: Handover, *, at: datetime) -> bool:
        """Count that one more person is told; ``False`` if another process does it."""
        still = and_(
            _WAITING,
            HandoverRow.seen_at.is_(None),
            HandoverRow.notified == handover.notified,
        )
        return await self._move(
            handover.id, still, at=at, notified=HandoverRow.notified + 1, notified_at=at
        )

    async def add_line(  # noqa: PLR0913 (as its port has it)
        self,
        handover_id: int,
        kind: LineKind,
        text: str,
        *,
        at: datetime,
        author: str = "",
        media_id: str = "",
        key: str | None = None,
    ) -> Line | None:
        """Append a line; ``None`` if there is one of this key."""
        values = {
            "handover_id": handover_id,
            "kind": kind.value,
            "author": author,
            "said": self._session.cipher.seal_text(text),
            "media_id": media_id,
            "key": key,
            "at": at,
        }
        added = await self._session.write(
            self._session.insert(LineRow)
            .values(**values)
            .on_conflict_do_nothing()
            .returning(LineRow.id)
        )
        line_id = added.scalar()
        if line_id is None:
            return None
        told = {"heard_at": at} if kind in (LineKind.CITIZEN, LineKind.AGENT) else {}
        await self._move(handover_id, HandoverRow.id == handover_id, at=at, **told)
        return Line(line_id, handover_id, kind, author, text, at, media_id)

    async def lines(self, handover_id: int, *, after: int = 0) -> list[Line]:
        """Return the transcript in its order, from beyond a line on."""
        chosen = (
            select(LineRow.__table__)
            .where(LineRow.handover_id == handover_id, LineRow.id > after)
            .order_by(LineRow.id)
        )
        unseal = self._session.cipher.open_text
        return [
            Line(
                row["id"],
                row["handover_id"],
                LineKind(row["kind"]),
                row["author"],
                unseal(row["said"]),
                row["at"],
                row["media_id"],
            )
            for row in (await self._session.read(chosen)).mappings()
        ]

    async def sign(self, presence: Presence) -> None:
        """Keep an agent's sign of life in the place of the one before."""
        given = {
            "name": presence.name,
            "seen_at": presence.seen_at,
            "looking_at": presence.looking_at,
            "typing_until": presence.typing_until,
        }
        await self._session.write(
            self._session.insert(PresenceRow)
            .values(agent=presence.agent, **given)
            .on_conflict_do_update(index_elements=[PresenceRow.agent], set_=given)
        )

    async def sign_off(self, agent: str) -> None:
        """Forget an agent who leaves."""
        await self._session.write(delete(PresenceRow).where(PresenceRow.agent == agent))

    async def here(self, *, since: datetime) -> list[Presence]:
        """Return who has given a sign of life since a moment, by name."""
        present = (
            select(PresenceRow.__table__)
            .where(PresenceRow.seen_at >= since)
            .order_by(PresenceRow.name, PresenceRow.agent)
        )
        return [
            Presence(
                row["agent"], row["name"], row["seen_at"], row["looking_at"], row["typing_until"]
            )
            for row in (await self._session.read(present)).mappings()
        ]

    async def forget(self, *, before: datetime) -> int:
        """Drop transcripts of what ended before a moment; return how many lines."""
        ended = select(HandoverRow.id).where(HandoverRow.ended_at < before)
        gone = await self._session.write(delete(LineRow).where(LineRow.handover_id.in_(ended)))
        return gone.rowcount

    async def _found(self, condition: Any) -> list[Handover]:
        chosen = (
            select(HandoverRow.__table__)
            .where(condition)
            .order_by(HandoverRow.asked_at, HandoverRow.id)
        )
        return [self._handover(row) for row in (await self._session.read(chosen)).mappings()]

    async def _move(self, handover_id: int, still: Any, *, at: datetime, **values: Any) -> bool:
        moved = await self._session.write(
            update(HandoverRow)
            .where(HandoverRow.id == handover_id, still)
            .values(stamp=HandoverRow.stamp + 1, stamped_at=at, **values)
        )
        return moved.rowcount == 1

    def _handover(self, row: RowMapping) -> Handover:
        card = json.loads(self._session.cipher.open_text(row["card"]))
        card["answers"] = tuple((name, shown) for name, shown in card["answers"])
        ending = row["ending"]
        return Handover(
            id=row["id"],
            openid=OpenId(row["openid"]),
            account_id=None if row["account_id"] is None else AccountId(row["account_id"]),
            desk=DeskKind(row["desk"]),
            card=Card(**card),
            state=HandoverState(row["state"]),
            asked_at=row["asked_at"],
            heard_at=row["heard_at"],
            stamp=row["stamp"],
            agent=row["agent"],
            taken_at=row["taken_at"],
            seen_at=row["seen_at"],
            notified=row["notified"],
            notified_at=row["notified_at"],
            ended_at=row["ended_at"],
            ending=None if ending is None else Ending(ending),
            rating=row["rating"],
        )


def _card_words(card: Card) -> str:
    return json.dumps({name: getattr(card, name) for name in card.__slots__}, ensure_ascii=False)
