"""One suite for whoever compares bank cards with their holders."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from adapters.simulated import Inhabitant, LineState, World
from adapters.simulated_cards import SimulatedBankCardCheck
from adapters.tencent_identity import TencentBankCardCheck
from domain.identity.bank_cards import BankCardCheck, CardVerdict
from domain.shared.errors import UnavailableError
from tests.support.clock import FakeClock
from tests.support.outside_server import Fault
from tests.support.tencent_server import tencent
from tests.support.vendors import cloud_at

NUMBER = "11010519491231002X"
CARD = "6222020200001234567"


@dataclass
class Bank:
    """Somebody who compares, and a way to cut the line."""

    check: BankCardCheck
    cut: Callable[[], None]


@pytest.fixture(params=["simulated", "tencent"])
async def bank(request: pytest.FixtureRequest) -> AsyncIterator[Bank]:
    if request.param == "simulated":
        holder = Inhabitant("曹雪芹", NUMBER, bank_cards=(CARD,))
        check = SimulatedBankCardCheck(World({NUMBER: holder}))
        yield Bank(check, lambda: setattr(check.line, "state", LineState.DOWN))
        return
    with tencent() as server:
        server.people, server.cards = {NUMBER: "曹雪芹"}, {CARD: NUMBER}
        async with cloud_at(server) as cloud:
            yield Bank(
                TencentBankCardCheck(cloud, FakeClock()),
                lambda: server.http.faults.extend([Fault.DROPPED] * 2),
            )


@pytest.mark.parametrize(
    ("name", "id_number", "card", "verdict"),
    [
        ("曹雪芹", NUMBER, CARD, CardVerdict.MATCH),
        ("曹雪", NUMBER, CARD, CardVerdict.MISMATCH),
        ("曹雪芹", "110100198809230028", CARD, CardVerdict.MISMATCH),
        ("曹雪芹", NUMBER, "6222020200007654321", CardVerdict.MISMATCH),
    ],
)
async def test_name_number_and_card_must_belong_together(
    bank: Bank, name: str, id_number: str, card: str, verdict: CardVerdict
) -> None:
    assert await bank.check.compare(name, id_number, card) is verdict


async def test_a_silent_line_is_unavailable_and_no_mismatch(bank: Bank) -> None:
    bank.cut()
    with pytest.raises(UnavailableError):
        await bank.check.compare("曹雪芹", NUMBER, CARD)
