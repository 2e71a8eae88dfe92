"""Tickets in SQL; what a citizen wrote is sealed."""

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.escalation.model import Ticket, TicketCategory, TicketState
from domain.shared.records import OpenId

__all__ = ["SqlTickets", "TicketRow"]


class TicketRow(Base):
    """A ticket; its id counts up and never comes again."""

    __tablename__ = "tickets"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    openid: Mapped[str] = mapped_column(String(64), index=True)
    phone: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[bytes] = mapped_column(LargeBinary)
    category: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SqlTickets:
    """The `TicketStore` in SQL."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(
        self, *, openid: OpenId, phone: str, text: str, category: TicketCategory, at: datetime
    ) -> Ticket:
        """Keep a new open ticket and return it with its number."""
        seal = self._session.cipher.seal_text
        statement = (
            insert(TicketRow)
            .values(
                openid=openid,
                phone=seal(phone),
                text=seal(text),
                category=category.value,
                state=TicketState.OPEN.value,
                created_at=at,
            )
            .returning(TicketRow.id)
        )
        number: int = (await self._session.write(statement)).scalar_one()
        return Ticket(number, openid, phone, text, category, TicketState.OPEN, at)

    async def of(self, openid: OpenId) -> list[Ticket]:
        """Return a citizen's tickets, newest first."""
        chosen = (
            select(TicketRow.__table__)
            .where(TicketRow.openid == openid)
            .order_by(TicketRow.id.desc())
        )
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
            )
            for row in await self._session.read(chosen)
        ]
