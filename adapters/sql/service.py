"""Tickets in SQL; what a citizen wrote is sealed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    LargeBinary,
    String,
    and_,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.escalation.model import Ticket, TicketCategory, TicketRoute, TicketState
from domain.shared.records import AccountId, OpenId

__all__ = ["SqlTickets", "TicketRow"]


class TicketRow(Base):
    """A ticket; its id counts up and never comes again."""

    __tablename__ = "tickets"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    openid: Mapped[str] = mapped_column(String(64), index=True)
    account_id: Mapped[str | None] = mapped_column(String(32), index=True)
    phone: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[bytes] = mapped_column(LargeBinary)
    category: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    route: Mapped[str | None] = mapped_column(String(16))
    officer: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_ROUTE: Final = func.coalesce(TicketRow.route, TicketRoute.FRONT.value)


class SqlTickets:
    """The `TicketStore` in SQL."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(  # noqa: PLR0913 (one for each thing a ticket holds; all are named)
        self,
        *,
        openid: OpenId,
        phone: str,
        text: str,
        category: TicketCategory,
        at: datetime,
        account_id: AccountId | None = None,
    ) -> Ticket:
        """Keep a new open ticket and return it with its number."""
        seal = self._session.cipher.seal_text
        statement = (
            insert(TicketRow)
            .values(
                openid=openid,
                account_id=account_id,
                phone=seal(phone),
                text=seal(text),
                category=category.value,
                state=TicketState.OPEN.value,
                created_at=at,
            )
            .returning(TicketRow.id)
        )
        number: int = (await self._session.write(statement)).scalar_one()
        return Ticket(number, openid, phone, text, category, TicketState.OPEN, at, account_id)

    async def of(self, openid: OpenId) -> list[Ticket]:
        """Return a citizen's tickets, newest first."""
        return await self._found(TicketRow.openid == openid)

    async def of_account(self, account_id: AccountId, openids: Sequence[OpenId]) -> list[Ticket]:
        """Return an account's tickets, and those that some left while signed out; newest first."""
        signed_out = TicketRow.account_id.is_(None) & TicketRow.openid.in_(openids)
        return await self._found((TicketRow.account_id == account_id) | signed_out)

    async def find(self, ticket_id: int) -> Ticket | None:
        """Return a ticket."""
        found = await self._found(TicketRow.id == ticket_id)
        return found[0] if found else None

    async def listed(
        self,
        *,
        states: Collection[TicketState] = (),
        category: TicketCategory | None = None,
        route: TicketRoute | None = None,
        most: int = 200,
    ) -> list[Ticket]:
        """Return tickets, oldest first; without a filter all of them."""
        chosen: list[ColumnElement[bool]] = []
        if states:
            chosen.append(TicketRow.state.in_([one.value for one in states]))
        if category:
            chosen.append(TicketRow.category == category.value)
        if route:
            chosen.append(literal(route.value) == _ROUTE)
        return await self._found(and_(true(), *chosen), newest_first=False, most=most)

    async def move(self, before: Ticket, after: Ticket) -> bool:
        """Keep a ticket's new state, officer, route and answer; ``False`` if it has moved since."""
        as_it_was = update(TicketRow).where(
            TicketRow.id == before.id,
            TicketRow.state == before.state.value,
            func.coalesce(TicketRow.officer, "") == before.officer,
        )
        moved = await self._session.write(
            as_it_was.values(
                state=after.state.value,
                route=after.route.value,
                officer=after.officer,
                answer=self._session.cipher.seal_text(after.answer) if after.answer else None,
                answered_at=after.answered_at,
                closed_at=after.closed_at,
            )
        )
        return moved.rowcount == 1

    async def _found(
        self,
        condition: ColumnElement[bool],
        *,
        newest_first: bool = True,
        most: int | None = None,
    ) -> list[Ticket]:
        order = TicketRow.id.desc() if newest_first else TicketRow.id
        chosen = select(TicketRow.__table__).where(condition).order_by(order).limit(most)
        unseal = self._session.cipher.open_text
        return [
            Ticket(
                id=row.id,
                openid=OpenId(row.openid),
                phone=unseal(row.phone),
                text=unseal(row.text),
                category=TicketCategory(row.category),
                state=TicketState(row.state),
                created_at=row.created_at,
                account_id=None if row.account_id is None else AccountId(row.account_id),
                route=TicketRoute(row.route or TicketRoute.FRONT),
                officer=row.officer or "",
                answer="" if row.answer is None else unseal(row.answer),
                answered_at=row.answered_at,
                closed_at=row.closed_at,
            )
            for row in await self._session.read(chosen)
        ]
