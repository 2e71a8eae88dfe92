"""The outbox in SQL: what is to be told. Words and phones lie sealed, and no longer than needed.

Work is claimed by one statement: PostgreSQL passes over rows that another has locked, SQLite lets
one writer in at a time, so that of many workers each gets another row on either.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from adapters.sql.base import UtcDateTime
from adapters.sql.push_replies import PushesForReplies
from adapters.sql.push_rows import OPEN, PushRow, adding, free, push_of
from domain.shared.pushes import (
    ALLOWED,
    LEASE,
    MANNERS,
    PUSH_LIFE,
    REPORTED_WITHIN,
    Channel,
    Push,
    PushClaim,
    PushKind,
    PushState,
    Receipt,
    SetAside,
)
from domain.shared.records import OpenId

__all__ = ["PushRow", "SqlPushes"]

_FOR_PEOPLE: Final = (PushState.PARKED, PushState.UNSURE)
_SHOWN_AT_MOST: Final = 200
_REASON: Final = 64
_WORTH_AN_SMS: Final = [kind.value for kind, manner in MANNERS.items() if manner.by_sms]


class SqlPushes(PushesForReplies):
    """The `PushStore` on one transaction.

    ``added`` tells whether something was written down since it was last set back: whoever ends
    the transaction rings the bell then.
    """

    async def add(self, push: Push, *, at: datetime, until: datetime | None = None) -> None:
        """Write a push down, due at once; not if there is one of this kind and topic."""
        row = self._row(push, at, until)
        if push.topic is None:
            await self._session.append(PushRow, **row)
        else:
            await self._session.later(adding(tuple(row), self._session.dialect), **row)
        self.added = True

    async def add_all(
        self, pushes: Sequence[Push], *, at: datetime, until: datetime | None = None
    ) -> int:
        """Write many down as `add` does; return how many were written."""
        if not pushes:
            return 0
        rows = [self._row(push, at, until) for push in pushes]
        insert = self._session.insert(PushRow).values(rows).on_conflict_do_nothing()
        added = (await self._session.write(insert)).rowcount
        self.added = self.added or added > 0
        return added

    def _row(self, push: Push, at: datetime, until: datetime | None) -> dict[str, object]:
        seal = self._session.cipher.seal_text
        ends = at + MANNERS[push.kind].lives
        return {
            "kind": push.kind.value,
            "openid": push.openid,
            "topic": push.topic,
            "account_id": push.account,
            "phone": seal(push.phone) if push.phone else None,
            "told": seal(json.dumps(push.values, ensure_ascii=False)),
            "state": PushState.WAITING.value,
            "reason": "",
            "at": at,
            "due_at": at,
            "expires_at": min(ends, until) if until else ends,
            "attempts": 0,
            "strikes": 0,
        }

    async def claim(self, *, now: datetime, most: int = 1) -> list[PushClaim]:
        """Begin attempts at the pushes that are due longest, so many at most."""
        longest = (
            select(PushRow.serial)
            .where(
                OPEN,
                PushRow.state == PushState.WAITING,
                PushRow.due_at <= now,
                free(now),
                _IN_TURN,
            )
            .order_by(PushRow.due_at, PushRow.serial)
            .limit(most)
            .with_for_update(skip_locked=True)
            .cte("longest")
        )
        # One statement: what is counted here is counted before anything can go wrong.
        begun = await self._session.write(
            update(PushRow)
            .where(PushRow.serial.in_(select(longest.c.serial)))
            .values(
                attempts=PushRow.attempts + 1,
                strikes=PushRow.strikes + 1,
                lease_until=now + LEASE,
            )
            .returning(*PushRow.__table__.c)
        )
        rows = sorted(begun.mappings(), key=lambda row: (row["due_at"], row["serial"]))
        return [
            PushClaim(
                row["serial"],
                row["attempts"],
                row["strikes"],
                left=row["left_by"] is not None,
                push=partial(push_of, row, self._session.cipher),
            )
            for row in rows
        ]

    async def leave(self, claim: PushClaim, channel: Channel, *, now: datetime) -> bool:
        """Note that it is about to be handed over; ``False`` if the attempt is no longer ours."""
        ours = [_attempt(claim), PushRow.lease_until > now, PushRow.left_by.is_(None)]
        return await self._set(*ours, left_by=channel.value)

    async def stay(self, claim: PushClaim) -> None:
        """Take back `leave`."""
        await self._set(_attempt(claim), left_by=None)

    async def put_off(
        self, claim: PushClaim, *, until: datetime, reason: str, foreseen: bool = True
    ) -> None:
        """End an attempt without a result; the push is due again then, or at its end."""
        ends, due_at = PushRow.expires_at, literal(until, UtcDateTime)
        # An attempt that ended as foreseen shows that the push itself is sound.
        strikes = {"strikes": 0} if foreseen else {}
        await self._set(
            _attempt(claim),
            due_at=case((ends < due_at, ends), else_=due_at),
            reason=reason,
            lease_until=None,
            left_by=None,
            **strikes,
        )

    async def settle(
        self,
        claim: PushClaim,
        state: PushState,
        *,
        now: datetime,
        reason: str = "",
        receipt: str = "",
    ) -> bool:
        """End an attempt; ``False`` if that is not allowed or another attempt has begun since."""
        before = [one.value for one in PushState if state in ALLOWED[one]]
        late = PushRow.state == PushState.UNSURE
        kept = _words_kept(state, receipt, now)
        return await self._set(
            PushRow.serial == claim.id,
            or_(PushRow.attempts == claim.attempts, late),
            PushRow.state.in_(before),
            state=state.value,
            reason=reason,
            ended_at=now,
            lease_until=None,
            receipt=receipt or None,
            **kept,
        )

    async def reported(self, receipt: Receipt) -> Push | None:
        """Return what a receipt is about, while its words are kept; ``None`` if they are not."""
        for key in receipt.keys:
            row = (await self._session.read(_first_sent(key, PushRow.__table__))).mappings().first()
            if row is not None:
                return push_of(row, self._session.cipher) if row["told"] else None
        return None

    async def confirm(self, receipt: Receipt, *, now: datetime) -> bool:
        """Say whether a push that has left arrived; ``False`` if none is known by this receipt."""
        state = PushState.DELIVERED if receipt.arrived else PushState.FAILED
        for key in receipt.keys:
            first = _first_sent(key, PushRow.serial).scalar_subquery()
            reason = {} if receipt.arrived else {"reason": receipt.reason[:_REASON]}
            if await self._set(
                PushRow.serial == first,
                PushRow.state == PushState.SENT,
                state=state.value,
                ended_at=now,
                told=None,
                phone=None,
                **reason,
            ):
                return True
        return False

    async def expire(self, *, now: datetime) -> int:
        """End what is worth nothing any more, and forget its words; return how many."""
        waiting = PushRow.state == PushState.WAITING
        ends_as = case(
            (and_(waiting, PushRow.left_by.is_not(None)), PushState.UNSURE.value),
            (or_(waiting, PushRow.state == PushState.PARKED), PushState.EXPIRED.value),
            else_=PushRow.state,
        )
        over = (OPEN, PushRow.expires_at <= now, free(now))
        # Mostly there is none: a look makes nobody wait, as a write would.
        found = await self._session.read(select(PushRow.serial).where(*over).limit(1))
        if found.first() is None:
            return 0
        ended = await self._session.write(
            update(PushRow)
            .where(*over)
            .values(
                state=ends_as,
                told=None,
                phone=None,
                ended_at=func.coalesce(PushRow.ended_at, literal(now, UtcDateTime)),
            )
        )
        return ended.rowcount

    async def states(self, openid: OpenId, kind: PushKind) -> Mapping[str, tuple[PushState, str]]:
        """Return what became of a kind's pushes for a citizen, and why, by topic."""
        chosen = select(PushRow.topic, PushRow.state, PushRow.reason).where(
            PushRow.openid == openid, PushRow.kind == kind.value
        )
        return {
            row.topic: (PushState(row.state), row.reason)
            for row in await self._session.read(chosen)
        }

    async def set_aside(self) -> list[SetAside]:
        """Return what waits for a person, oldest first, 200 at most."""
        aside = (
            select(PushRow.__table__)
            .where(OPEN, PushRow.state.in_(_FOR_PEOPLE))
            .order_by(PushRow.serial)
            .limit(_SHOWN_AT_MOST)
        )
        return [
            SetAside(
                id=row["serial"],
                kind=row["kind"],
                state=PushState(row["state"]),
                reason=row["reason"],
                created_at=row["at"],
                attempts=row["attempts"],
            )
            for row in (await self._session.read(aside)).mappings()
        ]

    async def retry(self, push_id: int, *, now: datetime) -> bool:
        """Let a push that was set aside wait again, with a full life; ``False`` if it was not."""
        retried = await self._set(
            PushRow.serial == push_id,
            PushRow.state.in_(_FOR_PEOPLE),
            OPEN,
            state=PushState.WAITING.value,
            reason="",
            due_at=now,
            expires_at=now + PUSH_LIFE,
            ended_at=None,
            lease_until=None,
            left_by=None,
            strikes=0,
        )
        self.added = self.added or retried
        return retried

    async def tally(self) -> Mapping[PushState, int]:
        """Return how many waiting and parked pushes there are."""
        counted = (PushState.WAITING, PushState.PARKED)
        rows = await self._session.read(
            select(PushRow.state, func.count().label("many"))
            .where(OPEN, PushRow.state.in_(counted))
            .group_by(PushRow.state)
        )
        return dict.fromkeys(counted, 0) | {PushState(row.state): row.many for row in rows}

    async def ways(self) -> Mapping[tuple[Channel, PushState], int]:
        """Return how many have left by each way, and what is known of them."""
        rows = await self._session.read(
            select(PushRow.left_by, PushRow.state, func.count().label("many"))
            .where(PushRow.left_by.is_not(None), PushRow.state != PushState.WAITING)
            .group_by(PushRow.left_by, PushRow.state)
            .order_by(PushRow.left_by, PushRow.state)
        )
        return {(Channel(row.left_by), PushState(row.state)): row.many for row in rows}

    async def forget(self, *, before: datetime) -> int:
        """Drop pushes that ended before a moment; return how many."""
        gone = await self._session.write(delete(PushRow).where(PushRow.ended_at < before))
        return gone.rowcount


_EARLIER: Final = aliased(PushRow)
_IN_TURN: Final = or_(
    PushRow.kind != PushKind.FROM_DESK.value,
    ~exists().where(
        _EARLIER.kind == PushRow.kind,
        _EARLIER.openid == PushRow.openid,
        _EARLIER.state == PushState.WAITING.value,
        _EARLIER.serial < PushRow.serial,
    ),
)
"""What a person at the desk says arrives in the order in which it was said."""


def _attempt(claim: PushClaim) -> ColumnElement[bool]:
    """Say that no other attempt at a push has begun since, and that it has not ended."""
    waiting = PushRow.state == PushState.WAITING
    return and_(PushRow.serial == claim.id, PushRow.attempts == claim.attempts, waiting)


def _first_sent(receipt: str, *columns: Any) -> Select[Any]:
    """Choose, of what has left and is known by a receipt, what left first."""
    sent = (PushRow.receipt == receipt, PushRow.state == PushState.SENT)
    return select(*columns).where(*sent).order_by(PushRow.serial).limit(1)


def _words_kept(state: PushState, receipt: str, now: datetime) -> dict[str, Any]:
    """Return what becomes of the words of a push that has ended.

    Those of a card that matters are kept for an hour, for it may be reported not to have arrived.
    Meanwhile it is due to nobody, and `expire` forgets it.
    """
    if state in _FOR_PEOPLE:
        return {}
    if state is not PushState.SENT or not receipt:
        return {"told": None, "phone": None}
    until = literal(now + REPORTED_WITHIN, UtcDateTime)
    matters = PushRow.kind.in_(_WORTH_AN_SMS)
    return {
        "told": case((matters, PushRow.told), else_=None),
        "phone": case((matters, PushRow.phone), else_=None),
        "due_at": until,
        "expires_at": until,
    }
