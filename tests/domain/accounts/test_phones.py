"""The account's phone becomes another. Source: S0-71, S0-72, S0-73, S0-75."""

from datetime import timedelta

import pytest

from domain.accounts.model import Account, Proof, Purpose
from domain.accounts.service import (
    AccountService,
    CodeNotProvenError,
    PhoneLostError,
    PhoneTakenError,
)
from domain.shared.pushes import PushKind
from domain.shared.records import AccountId
from tests.support.clock import FakeClock
from tests.support.works import ALICE, BOB, PHONE, PeopleWork

NEW_PHONE = "+8613900000009"
OTHER_PHONE = "+8619900000002"
WORD = "01234567"


@pytest.fixture
def accounts(work: PeopleWork, clock: FakeClock) -> AccountService:
    return AccountService(work, clock)


@pytest.fixture
async def account(work: PeopleWork, clock: FakeClock) -> Account:
    opened = await work.accounts.add(phone=PHONE, at=clock.now())
    assert opened is not None
    for openid in (ALICE, BOB):
        await work.accounts.link(openid, opened.id, clock.now())
    return opened


def proof(clock: FakeClock, phone: str = NEW_PHONE, why: Purpose = Purpose.CHANGE_PHONE) -> Proof:
    return Proof(ALICE, phone, why, "draft", clock.now())


async def test_the_new_phone_holds_at_once_and_the_old_one_no_longer(
    accounts: AccountService, account: Account, work: PeopleWork, clock: FakeClock
) -> None:
    renewed = await accounts.change_phone(
        openid=ALICE, account=account, proof=proof(clock), word=WORD
    )
    assert renewed.phone == NEW_PHONE
    assert await accounts.by_phone(PHONE) is None
    assert await accounts.by_phone(NEW_PHONE) == await accounts.of(ALICE) == renewed
    assert await accounts.of(BOB) is None
    assert [act.tag for act in work.acts.rows] == ["accounts:phone:change"]


async def test_the_old_phone_is_told_with_a_word_and_the_new_number_is_masked(
    accounts: AccountService, account: Account, work: PeopleWork, clock: FakeClock
) -> None:
    await accounts.change_phone(openid=ALICE, account=account, proof=proof(clock), word=WORD)
    [notice] = work.outbox.to_phones()
    assert (notice.phone, notice.kind) == (PHONE, PushKind.RECOVERED)
    assert notice.values == ("139****0009", WORD)


async def test_a_phone_that_stays_the_same_is_told_nothing(
    accounts: AccountService, account: Account, work: PeopleWork, clock: FakeClock
) -> None:
    await accounts.change_phone(openid=ALICE, account=account, proof=proof(clock, PHONE), word=WORD)
    assert work.outbox.pushes == []


async def test_a_used_phone_is_refused_and_nobody_is_signed_out(
    accounts: AccountService, account: Account, work: PeopleWork, clock: FakeClock
) -> None:
    await work.accounts.add(phone=OTHER_PHONE, at=clock.now())
    with pytest.raises(PhoneTakenError):
        await accounts.change_phone(
            openid=ALICE, account=account, proof=proof(clock, OTHER_PHONE), word=WORD
        )
    assert await accounts.of(BOB) == await accounts.of(ALICE) == account
    assert work.acts.rows == []


async def test_the_proof_must_be_this_citizens_for_this_and_fresh(
    accounts: AccountService, account: Account, clock: FakeClock
) -> None:
    stale = proof(clock)
    with pytest.raises(CodeNotProvenError):
        await accounts.change_phone(openid=BOB, account=account, proof=proof(clock), word=WORD)
    for why in set(Purpose) - {Purpose.CHANGE_PHONE}:
        with pytest.raises(CodeNotProvenError):
            await accounts.change_phone(
                openid=ALICE, account=account, proof=proof(clock, why=why), word=WORD
            )
    clock.moment += timedelta(minutes=31)
    with pytest.raises(CodeNotProvenError):
        await accounts.change_phone(openid=ALICE, account=account, proof=stale, word=WORD)


async def test_a_phone_given_back_signs_everybody_out_and_tells_the_one_it_was_taken_from(
    accounts: AccountService, account: Account, work: PeopleWork, clock: FakeClock
) -> None:
    renewed = await accounts.change_phone(
        openid=ALICE, account=account, proof=proof(clock), word=WORD
    )
    await accounts.give_phone_back(BOB, renewed, PHONE)
    assert await accounts.of(ALICE) is None
    back = await accounts.by_phone(PHONE)
    assert back is not None
    assert back.id == account.id
    assert [notice.phone for notice in work.outbox.to_phones()] == [PHONE, NEW_PHONE]
    assert work.acts.rows[-1].tag == "accounts:phone:restore"


async def test_a_phone_that_was_taken_meanwhile_is_not_given_back(
    accounts: AccountService, account: Account, work: PeopleWork, clock: FakeClock
) -> None:
    renewed = await accounts.change_phone(
        openid=ALICE, account=account, proof=proof(clock), word=WORD
    )
    await work.accounts.add(phone=PHONE, at=clock.now())
    with pytest.raises(PhoneTakenError):
        await accounts.give_phone_back(BOB, renewed, PHONE)
    assert await accounts.of(ALICE) == renewed


async def test_a_phone_that_may_take_an_account_back_gets_no_other_but_its_own(
    accounts: AccountService, account: Account, work: PeopleWork, clock: FakeClock
) -> None:
    work.recoveries.rows[NEW_PHONE] = AccountId("another")
    with pytest.raises(PhoneLostError):
        await accounts.change_phone(openid=ALICE, account=account, proof=proof(clock), word=WORD)
    assert await accounts.of(BOB) == account
    work.recoveries.rows[NEW_PHONE] = account.id
    renewed = await accounts.change_phone(
        openid=ALICE, account=account, proof=proof(clock), word=WORD
    )
    assert renewed.phone == NEW_PHONE
