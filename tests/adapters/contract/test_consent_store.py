"""What every store of agreements must do.

Source: S0-16, S0-43.
"""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.records import SqlConsents
from domain.shared.records import Consent, ConsentStore
from tests.support.clock import FakeClock
from tests.support.sql import open_work

FIRST = Consent("account-1", "agreement-user", 1, "a" * 64, FakeClock().now())
SECOND = replace(FIRST, version=2, text_hash="b" * 64)


async def test_consents_come_back_whole_oldest_first(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        consents: ConsentStore = work.consents
        assert isinstance(consents, SqlConsents)
        for consent in (FIRST, SECOND, replace(FIRST, actor="account-2")):
            await consents.add(consent)
        await work.commit()
    async with open_work(engine) as work:
        assert await work.consents.of("account-1") == [FIRST, SECOND]
        assert await work.consents.of("account-2") == [replace(FIRST, actor="account-2")]
        assert await work.consents.of("account-3") == []


async def test_a_newer_agreement_does_not_replace_an_older_one(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        for _ in range(2):
            await work.consents.add(FIRST)
        assert await work.consents.of("account-1") == [FIRST, FIRST]


async def test_only_the_standing_consents_to_some_documents_are_withdrawn(
    engine: AsyncEngine,
) -> None:
    at = FakeClock().now() + timedelta(days=1)
    other = replace(FIRST, document="notice-quick")
    async with open_work(engine) as work:
        for consent in (FIRST, other, replace(FIRST, actor="account-2")):
            await work.consents.add(consent)
        assert await work.consents.withdraw("account-1", [FIRST.document], at=at) == 1
        assert await work.consents.of("account-1") == [replace(FIRST, withdrawn_at=at), other]
        assert await work.consents.of("account-2") == [replace(FIRST, actor="account-2")]
        later = at + timedelta(days=1)
        assert await work.consents.withdraw("account-1", [FIRST.document], at=later) == 0
