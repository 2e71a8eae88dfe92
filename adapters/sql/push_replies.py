"""What waits to be told and goes along with a reply: nothing is told twice."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, TextClause, and_, or_, select, update

from adapters.sql.base import SqlSession
from adapters.sql.people import OpenIdLinkRow
from adapters.sql.push_rows import OPEN, PushRow, free, push_of
from domain.shared.pushes import MANNERS, Channel, Push, PushKind, PushState
from domain.shared.records import OpenId

__all__ = ["PushesForReplies"]

_AS_TEXT: Final = [kind.value for kind, manner in MANNERS.items() if manner.as_text]


class PushesForReplies:
    """The part of `SqlPushes` that replies take along; ``added``: see there."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session
        self.added = False

    async def take_for(self, openid: OpenId, *, now: datetime, most: int) -> list[Push]:
        """Take what waits for a citizen, or for the account they are signed in to: it is sent."""
        theirs = select(OpenIdLinkRow.account_id).where(OpenIdLinkRow.openid == openid)
        waits = and_(
            OPEN,
            PushRow.state == PushState.WAITING,
            PushRow.expires_at > now,
            # What nobody has tried may be on its way, or not be wished for.
            PushRow.attempts > 0,
            PushRow.left_by.is_(None),
            free(now),
        )
        waiting = (
            select(PushRow.__table__)
            .where(
                or_(PushRow.openid == openid, PushRow.account_id.in_(theirs)),
                PushRow.kind.in_(_AS_TEXT),
                waits,
            )
            .order_by(PushRow.serial)
            .limit(most)
        )
        found = (await self._session.read(waiting)).mappings().all()
        if not found:
            return []
        # Whoever was at work on one since has it: this statement looks again.
        taken = await self._session.write(
            update(PushRow)
            .where(PushRow.serial.in_([row["serial"] for row in found]), waits)
            .values(
                state=PushState.SENT.value,
                reason=Channel.REPLY.value,
                left_by=Channel.REPLY.value,
                ended_at=now,
                told=None,
                phone=None,
            )
            .returning(PushRow.serial)
        )
        ours = set(taken.scalars())
        return [push_of(row, self._session.cipher) for row in found if row["serial"] in ours]

    async def take_along(
        self, openid: OpenId, kind: PushKind, *, now: datetime, most_bytes: int
    ) -> list[Push]:
        """End what of a kind waits for a citizen as sent, as much as fits; see the port."""
        theirs = (
            PushRow.openid == openid,
            PushRow.kind == kind.value,
            PushRow.state == PushState.WAITING,
            PushRow.left_by.is_(None),
            free(now),
        )
        waiting = select(PushRow.__table__).where(OPEN, *theirs).order_by(PushRow.serial)
        rows = [*(await self._session.read(waiting)).mappings()]
        taken: list[Push] = []
        ended = {"state": PushState.SENT.value, "ended_at": now, "reason": "reply"}
        for row in rows:
            push = push_of(row, self._session.cipher)
            most_bytes -= sum(len(value.encode()) for value in push.values)
            if most_bytes < 0:
                # The message that was just written has opened a window for the rest.
                self.added = await self._set(*theirs, due_at=now) or self.added
                break
            own = PushRow.serial == row["serial"]
            if await self._set(own, *theirs, **ended, told=None, phone=None):
                taken.append(push)
        return taken

    async def _set(self, *conditions: ColumnElement[bool] | TextClause, **values: Any) -> bool:
        changed = await self._session.write(update(PushRow).where(*conditions).values(**values))
        return changed.rowcount == 1
