"""Source: S0-06, S0-08, S0-11, S0-16, S0-20."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapters.sql.people import AccountRow
from domain.accounts.model import CodeRequest, Entered, Purpose
from domain.accounts.service import (
    AccountMovedError,
    AccountService,
    CodeNotProvenError,
    ConsentMissingError,
    PhoneLostError,
)
from domain.shared.records import AccountId, OpenId
from tests.support.clock import FakeClock
from tests.support.sql import fresh_engine, open_work
from tests.support.works import (
    ALICE,
    BOB,
    PHONE,
    MemoryAccounts,
    PeopleWork,
    a_request,
    proven,
)


@dataclass(frozen=True)
class Read:
    kind: str
    version: int = 1
    text_hash: str = "0" * 64


THREE = [Read("agreement-user"), Read("agreement-privacy"), Read("agreement-registration")]

KEPT = "kept:青禾-42"


@pytest.fixture
def accounts(work: PeopleWork, clock: FakeClock) -> AccountService:
    return AccountService(work, clock)


async def enter(
    accounts: AccountService, clock: FakeClock, openid: OpenId = ALICE, phone: str = PHONE
) -> Entered:
    proof = proven(a_request(openid=openid, phone=phone), clock.now())
    return await accounts.enter(openid=openid, proof=proof, agreed=THREE)


async def test_the_first_to_prove_a_phone_opens_its_account(
    accounts: AccountService, work: PeopleWork, clock: FakeClock
) -> None:
    entered = await enter(accounts, clock)
    assert entered.created
    assert (entered.account.phone, entered.account.created_at) == (PHONE, clock.now())
    assert not entered.account.has_password
    assert await accounts.of(ALICE) == await accounts.by_phone(PHONE) == entered.account
    assert [(act.tag, act.object_id) for act in work.acts.rows] == [
        ("accounts:account:create", entered.account.id)
    ]


async def test_whoever_proves_the_same_phone_later_enters_the_same_account(
    accounts: AccountService, work: PeopleWork, clock: FakeClock
) -> None:
    first = await enter(accounts, clock)
    second = await enter(accounts, clock, BOB)
    assert not second.created
    assert second.account == first.account == await accounts.of(ALICE)
    assert [act.tag for act in work.acts.rows][1:] == ["accounts:session:begin"]


async def test_a_citizen_is_signed_in_to_one_account_at_a_time(
    accounts: AccountService, clock: FakeClock
) -> None:
    await enter(accounts, clock)
    other = await enter(accounts, clock, ALICE, "+8619900000002")
    assert await accounts.of(ALICE) == other.account


async def test_each_version_of_a_document_is_consented_to_once(
    accounts: AccountService, work: PeopleWork, clock: FakeClock
) -> None:
    account = (await enter(accounts, clock)).account
    await enter(accounts, clock)
    assert [row.document for row in work.consents.rows] == [document.kind for document in THREE]
    assert {row.actor for row in work.consents.rows} == {account.id}
    assert {row.at for row in work.consents.rows} == {clock.now()}
    newer = [*THREE[:2], Read("agreement-registration", 2, "1" * 64)]
    proof = proven(a_request(), clock.now())
    await accounts.enter(openid=ALICE, proof=proof, agreed=newer)
    assert [(row.document, row.version) for row in work.consents.rows][3:] == [
        ("agreement-registration", 2)
    ]


@pytest.mark.parametrize("left_out", range(3))
async def test_nobody_enters_without_all_three_agreements(
    accounts: AccountService, work: PeopleWork, clock: FakeClock, left_out: int
) -> None:
    agreed = [document for place, document in enumerate(THREE) if place != left_out]
    proof = proven(a_request(), clock.now())
    with pytest.raises(ConsentMissingError) as caught:
        await accounts.enter(openid=ALICE, proof=proof, agreed=agreed, kept=KEPT)
    assert caught.value.documents == (THREE[left_out].kind,)
    assert not work.accounts.rows
    assert not work.accounts.links
    assert not work.consents.rows
    assert not work.acts.rows


@pytest.mark.parametrize(
    "request_of_proof", [a_request(openid=BOB), a_request(purpose=Purpose.CANCEL)]
)
async def test_a_proof_of_something_else_opens_nothing(
    accounts: AccountService, work: PeopleWork, clock: FakeClock, request_of_proof: CodeRequest
) -> None:
    with pytest.raises(CodeNotProvenError):
        await accounts.enter(
            openid=ALICE, proof=proven(request_of_proof, clock.now()), agreed=THREE
        )
    assert not work.accounts.rows


async def test_an_old_proof_opens_nothing(
    accounts: AccountService, work: PeopleWork, clock: FakeClock
) -> None:
    proof = proven(a_request(), clock.now() - timedelta(minutes=31))
    with pytest.raises(CodeNotProvenError):
        await accounts.enter(openid=ALICE, proof=proof, agreed=THREE)
    assert not work.accounts.rows


async def test_a_password_is_kept_as_it_was_made(
    accounts: AccountService, work: PeopleWork, clock: FakeClock
) -> None:
    proof = proven(a_request(), clock.now())
    entered = await accounts.enter(openid=ALICE, proof=proof, agreed=THREE, kept=KEPT)
    assert entered.account.has_password
    assert await accounts.of(ALICE) == entered.account
    assert work.accounts.passwords == {entered.account.id: KEPT}


async def test_signing_up_never_replaces_the_password_of_an_account_there_was(
    accounts: AccountService, work: PeopleWork, clock: FakeClock
) -> None:
    earlier = (await enter(accounts, clock, BOB)).account
    await work.accounts.set_password(earlier.id, "kept:first")
    proof = proven(a_request(), clock.now())
    entered = await accounts.enter(openid=ALICE, proof=proof, agreed=THREE, kept=KEPT)
    assert not entered.created
    assert work.accounts.passwords == {earlier.id: "kept:first"}
    assert await accounts.of(BOB) is not None


async def test_a_phone_that_may_take_an_account_back_opens_none(
    accounts: AccountService, work: PeopleWork, clock: FakeClock
) -> None:
    work.recoveries.rows[PHONE] = AccountId("lost")
    with pytest.raises(PhoneLostError):
        await enter(accounts, clock)
    assert not work.accounts.rows
    assert not work.acts.rows


async def test_whoever_leaves_is_signed_out_and_may_come_back(
    accounts: AccountService, work: PeopleWork, clock: FakeClock
) -> None:
    account = (await enter(accounts, clock)).account
    await enter(accounts, clock, BOB)
    await accounts.leave(ALICE)
    assert await accounts.of(ALICE) is None
    assert await accounts.of(BOB) == account
    assert work.acts.rows[-1].tag == "accounts:session:end"
    assert (await enter(accounts, clock)).account == account


async def test_leaving_while_signed_out_leaves_no_trace(
    accounts: AccountService, work: PeopleWork
) -> None:
    await accounts.leave(ALICE)
    assert not work.acts.rows


async def test_a_strangers_phone_has_no_account(accounts: AccountService) -> None:
    assert await accounts.of(ALICE) is None
    assert await accounts.by_phone(PHONE) is None


async def test_an_account_that_comes_and_goes_between_two_looks_is_a_conflict(
    work: PeopleWork, clock: FakeClock
) -> None:
    class Flickering(MemoryAccounts):
        async def add(self, *, phone: str, at: object) -> None:
            """Refuse, as for a live account that is closed a moment later."""

    work.accounts = Flickering()
    with pytest.raises(AccountMovedError):
        await enter(AccountService(work, clock), clock)


async def test_acts_tell_through_which_front_they_came(work: PeopleWork, clock: FakeClock) -> None:
    await enter(AccountService(work, clock, front="h5"), clock)
    assert [act.front for act in work.acts.rows] == ["h5"]


async def test_many_sign_ups_at_once_for_one_phone_make_one_account(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with fresh_engine(tmp_path) as engine:

        async def sign_up(number: int) -> Entered:
            openid = OpenId(f"oTest{number:023d}")
            async with open_work(engine) as work:
                service = AccountService(work, clock)
                entered = await enter(service, clock, openid)
                await work.commit()
            return entered

        entered = await asyncio.gather(*(sign_up(number) for number in range(16)))
        async with open_work(engine) as work:
            service = AccountService(work, clock)
            linked = [await service.of(OpenId(f"oTest{number:023d}")) for number in range(16)]
        async with engine.connect() as connection:
            rows = await connection.scalar(select(func.count()).select_from(AccountRow))
    assert rows == 1
    assert sum(one.created for one in entered) == 1
    assert set(linked) == {entered[0].account}
