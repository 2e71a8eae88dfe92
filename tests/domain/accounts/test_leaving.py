"""Leaving: what is taken back, what is closed, what must stay. Source: S0-16, S0-20."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts.leaving import LeavingService
from domain.accounts.model import Account, AccountState, CodeRequest, HeldError, Proof, Purpose
from domain.accounts.profiles import Profile
from domain.accounts.service import CodeNotProvenError
from domain.content.model import AGREEMENTS
from domain.shared.records import Consent
from tests.support.clock import FakeClock
from tests.support.profiles import PersonalWork
from tests.support.works import ALICE, BOB, PHONE, a_request, proven


@pytest.fixture
def work() -> PersonalWork:
    return PersonalWork()


@pytest.fixture
def leaving(work: PersonalWork, clock: FakeClock) -> LeavingService:
    return LeavingService(work, clock)


@pytest.fixture
async def account(work: PersonalWork, clock: FakeClock) -> Account:
    added = await work.accounts.add(phone=PHONE, at=clock.now())
    assert added is not None
    for openid in (ALICE, BOB):
        await work.accounts.link(openid, added.id, clock.now())
    await work.accounts.set_password(added.id, "kept")
    await work.accounts.set_person(added.id, "person")
    await work.accounts.set_family(added.id, "family")
    await work.profiles.save(added.id, Profile("+8613912345678"), at=clock.now())
    for kind in (*AGREEMENTS, "notice-quick"):
        await work.consents.add(Consent(added.id, kind, 1, "a" * 64, clock.now()))
    return work.accounts.rows[added.id]


@pytest.fixture
def proof(clock: FakeClock) -> Proof:
    return proven(a_request(purpose=Purpose.CLOSE_ACCOUNT), clock.now())


async def test_withdrawing_marks_the_agreements_and_signs_everybody_out(
    leaving: LeavingService, work: PersonalWork, account: Account, clock: FakeClock
) -> None:
    agreed = proven(a_request(purpose=Purpose.WITHDRAW), clock.now())
    assert set(await leaving.withdraw(ALICE, account, agreed)) == {ALICE, BOB}
    assert work.traces.recognition_withdrawn == [(account.id, clock.now())]
    consents = await leaving.consents(account)
    assert [one.document for one in consents if one.withdrawn_at == clock.now()] == [*AGREEMENTS]
    assert [one.document for one in consents if not one.withdrawn_at] == ["notice-quick"]
    assert not work.accounts.links
    assert not work.profiles.rows
    assert set(work.traces.pages_wiped) == {(ALICE, account.id), (BOB, account.id)}
    assert await work.accounts.find(account.id) is not None
    assert [act.tag for act in await leaving.acts(account)] == ["accounts:consent:withdraw"]


async def test_closing_keeps_whose_it_was_only_beside_registrations(
    leaving: LeavingService, work: PersonalWork, account: Account, proof: Proof
) -> None:
    work.traces.registered.add(account.id)
    assert set(await leaving.close(ALICE, account, proof)) == {ALICE, BOB}
    closed = work.accounts.rows[account.id]
    assert (closed.state, closed.phone, closed.person_id) == (AccountState.CLOSED, "", "person")
    assert not work.traces.people_wiped
    assert not work.traces.families_wiped
    assert work.traces.recoveries_wiped == [account.id]
    assert not work.accounts.links
    assert not work.profiles.rows
    assert [act.tag for act in await leaving.acts(account)] == ["accounts:account:close"]


async def test_closing_without_registrations_wipes_the_person_and_the_family(
    leaving: LeavingService, work: PersonalWork, account: Account, proof: Proof
) -> None:
    await leaving.close(ALICE, account, proof)
    assert work.accounts.rows[account.id].person_id is None
    assert work.traces.people_wiped == ["person"]
    assert work.traces.families_wiped == ["family"]
    assert not any(one.withdrawn_at for one in await leaving.consents(account))


@pytest.mark.parametrize("why", [one for one in Purpose if one is not Purpose.CLOSE_ACCOUNT])
async def test_a_code_for_anything_else_closes_nothing(
    leaving: LeavingService, work: PersonalWork, account: Account, proof: Proof, why: Purpose
) -> None:
    with pytest.raises(CodeNotProvenError):
        await leaving.close(ALICE, account, replace(proof, purpose=why))
    assert work.accounts.rows[account.id] == account


@pytest.mark.parametrize("why", [one for one in Purpose if one is not Purpose.WITHDRAW])
async def test_a_code_for_anything_else_withdraws_nothing(
    leaving: LeavingService, work: PersonalWork, account: Account, proof: Proof, why: Purpose
) -> None:
    with pytest.raises(CodeNotProvenError):
        await leaving.withdraw(ALICE, account, replace(proof, purpose=why))
    assert set(work.accounts.links) == {ALICE, BOB}
    assert not any(one.withdrawn_at for one in await leaving.consents(account))


@pytest.mark.parametrize(
    "request_of_proof",
    [
        a_request(openid=BOB, purpose=Purpose.CLOSE_ACCOUNT),
        a_request(phone="+8619900000002", purpose=Purpose.CLOSE_ACCOUNT),
    ],
)
async def test_a_proof_of_another_phone_or_citizen_closes_nothing(
    leaving: LeavingService,
    work: PersonalWork,
    account: Account,
    clock: FakeClock,
    request_of_proof: CodeRequest,
) -> None:
    with pytest.raises(CodeNotProvenError):
        await leaving.close(ALICE, account, proven(request_of_proof, clock.now()))
    assert work.accounts.rows[account.id] == account


async def test_an_account_just_recovered_is_neither_closed_nor_withdrawn_from(
    leaving: LeavingService, work: PersonalWork, account: Account, proof: Proof, clock: FakeClock
) -> None:
    held = replace(account, held_until=clock.now() + timedelta(minutes=1))
    with pytest.raises(HeldError):
        await leaving.close(ALICE, held, proof)
    with pytest.raises(HeldError):
        await leaving.withdraw(ALICE, held, replace(proof, purpose=Purpose.WITHDRAW))
    assert set(work.accounts.links) == {ALICE, BOB}
    assert not work.acts.rows


async def test_unfollowing_signs_out_that_citizen_alone_and_once(
    leaving: LeavingService, work: PersonalWork, account: Account
) -> None:
    assert await leaving.unfollow(ALICE)
    assert not await leaving.unfollow(ALICE)
    assert set(work.accounts.links) == {BOB}
    assert work.profiles.rows
    assert work.traces.pages_wiped == [(ALICE, None)]
    assert [(act.tag, act.note) for act in await leaving.acts(account)] == [
        ("accounts:session:end", "unsubscribe")
    ]


async def test_what_was_handed_over_leaves_an_act(
    leaving: LeavingService, account: Account
) -> None:
    await leaving.note_export(ALICE, account)
    assert [act.tag for act in await leaving.acts(account)] == ["accounts:account:export"]
