from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sql.base import SqlSession
from adapters.sql.service import SqlTickets
from domain.escalation.model import TicketCategory, TicketState
from domain.escalation.service import TicketStore
from domain.shared.records import OpenId
from tests.support.allotment import NOW, OPENID, PHONE, MemoryTickets
from tests.support.sql import CIPHER, DATABASES, fresh_engine

STRANGER = OpenId("oTest0000000000000000000002")


@pytest.fixture(params=["memory", *DATABASES])
async def tickets(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TicketStore]:
    if request.param == "memory":
        yield MemoryTickets()
        return
    async with fresh_engine(tmp_path, request.param) as engine:
        session = SqlSession(engine, CIPHER)
        yield SqlTickets(session)
        await session.close()


async def test_a_ticket_comes_back_as_it_was_left(tickets: TicketStore) -> None:
    """Source: S4-78."""
    ticket = await tickets.add(
        openid=OPENID, phone=PHONE, text="请回电", category=TicketCategory.FAULT, at=NOW
    )
    assert (ticket.openid, ticket.phone, ticket.text) == (OPENID, PHONE, "请回电")
    assert (ticket.category, ticket.state) == (TicketCategory.FAULT, TicketState.OPEN)
    assert ticket.created_at == NOW
    assert await tickets.of(OPENID) == [ticket]


async def test_every_ticket_has_its_own_number_and_the_newest_comes_first(
    tickets: TicketStore,
) -> None:
    kept = [
        await tickets.add(
            openid=openid, phone="", text=text, category=TicketCategory.QUESTION, at=NOW
        )
        for openid, text in ((OPENID, "一"), (STRANGER, "别人的"), (OPENID, "二"))
    ]
    assert len({ticket.number for ticket in kept}) == 3
    assert await tickets.of(OPENID) == [kept[2], kept[0]]
