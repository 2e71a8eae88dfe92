"""The accounts that a known face shows, and the new phone of one. Source: S0-69 to S0-71, S0-75."""

from datetime import timedelta

import pytest

from domain.accounts.model import Proof, Purpose
from domain.accounts.service import (
    AccountMovedError,
    CodeNotProvenError,
    ConsentMissingError,
    PhoneTakenError,
)
from domain.identity.faces import FaceOutcome
from domain.identity.model import HOLD, Recovery, RecoveryState
from domain.identity.recoveries import (
    FaceNotProvenError,
    RecoveryEndedError,
    RecoveryMovedError,
)
from domain.shared.errors import DomainError
from domain.shared.pushes import PushKind
from tests.support.recoveries import (
    FACE,
    MALLORY,
    NAME,
    NEW_PHONE,
    NUMBER,
    OTHER_NUMBER,
    THREE,
    Office,
    refusal,
)
from tests.support.works import ALICE, BOB, PHONE


@pytest.fixture
def office() -> Office:
    return Office()


async def test_without_a_known_face_no_account_is_shown_or_changed(office: Office) -> None:
    [account_id] = await office.settle()
    recovery = await office.recovery.open(ALICE, NAME, NUMBER)
    await office.faces.begin(recovery, FACE)
    for state in (FaceOutcome.PENDING, FaceOutcome.FAILED):
        office.check.last(state)
        await office.faces.seen(ALICE, recovery.id)
        wish = refusal(lambda: office.recovery.accounts(ALICE, recovery.id))
        assert await wish in {FaceNotProvenError, RecoveryEndedError}
        wish = refusal(lambda: office.finish(recovery, account_id))
        assert await wish in {FaceNotProvenError, RecoveryEndedError}
    assert await office.accounts.by_phone(PHONE) is not None


async def test_all_accounts_of_the_person_are_listed_used_or_not(office: Office) -> None:
    mine = await office.settle(PHONE, "+8619900000002")
    await office.settle("+8619900000003", name="林若溪", number=OTHER_NUMBER)
    office.clock.moment += timedelta(days=3)
    await office.work.accounts.link(BOB, mine[1], office.clock.now())
    recovery = await office.proven()
    seen = await office.recovery.accounts(ALICE, recovery.id)
    assert [(one.account.id, one.in_use) for one in seen] == [(mine[1], True), (mine[0], False)]
    assert seen[0].used_at - seen[1].used_at == timedelta(days=3)


async def test_a_strangers_account_cannot_be_chosen(office: Office) -> None:
    await office.settle()
    [stranger] = await office.settle("+8619900000003", name="林若溪", number=OTHER_NUMBER)
    recovery = await office.proven()
    assert await refusal(lambda: office.finish(recovery, stranger)) is AccountMovedError
    assert await refusal(lambda: office.finish(recovery, "nobody")) is AccountMovedError


# The new phone


async def test_an_account_in_use_is_taken_over_with_everybody_else_signed_out(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await office.work.accounts.link(BOB, account_id, office.clock.now())
    await office.work.accounts.set_password(account_id, "kept")
    renewed = await office.finish(await office.proven(), account_id)
    assert await office.accounts.of(ALICE) == renewed
    assert await office.accounts.of(BOB) is None
    assert (renewed.id, renewed.phone, renewed.has_password) == (account_id, NEW_PHONE, False)
    assert await office.accounts.by_phone(PHONE) is None
    assert await office.work.accounts.password_of(account_id) is None
    assert renewed.held_until == office.clock.now() + HOLD
    tags = [act.tag for act in office.work.acts.rows]
    assert tags[-2:] == ["accounts:phone:change", "identity:account:recover"]
    consents = await office.work.consents.of(account_id)
    agreed = [one.kind for one in (*THREE, *FACE)]
    assert [consent.document for consent in consents] == agreed


async def test_the_old_phone_is_told_where_the_account_went_masked_and_how_to_object(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(), account_id)
    [notice] = office.work.outbox.to_phones()
    assert (notice.phone, notice.kind) == (PHONE, PushKind.RECOVERED)
    assert NEW_PHONE[3:] not in "".join(notice.values)
    assert len(notice.values[1]) == 8


async def test_the_new_phone_must_be_proven_for_this_and_just_now(office: Office) -> None:
    [account_id] = await office.settle()
    recovery = await office.proven()

    async def by(proof: Proof) -> type[DomainError] | None:
        return await refusal(
            lambda: office.recovery.finish(
                openid=ALICE,
                recovery_id=recovery.id,
                account_id=account_id,
                proof=proof,
                agreed=THREE,
            )
        )

    assert await by(office.code(MALLORY)) is CodeNotProvenError
    for why in set(Purpose) - {Purpose.RECOVER}:
        assert await by(office.code(why=why)) is CodeNotProvenError
    stale = office.code()
    office.clock.moment += timedelta(minutes=31)
    assert await by(stale) is CodeNotProvenError
    assert await by(office.code()) is None


async def test_a_phone_of_another_account_is_refused_and_nothing_is_changed(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await office.settle("+8619900000003", name="林若溪", number=OTHER_NUMBER)
    recovery = await office.proven()
    wish = refusal(lambda: office.finish(recovery, account_id, phone="+8619900000003"))
    assert await wish is PhoneTakenError
    kept = await office.accounts.by_phone(PHONE)
    assert kept is not None
    assert kept.held_until is None
    assert office.work.outbox.pushes == []
    assert await office.finish(recovery, account_id)


async def test_without_the_agreements_nobody_signs_in(office: Office) -> None:
    [account_id] = await office.settle()
    recovery = await office.proven()
    with pytest.raises(ConsentMissingError):
        await office.recovery.finish(
            openid=ALICE,
            recovery_id=recovery.id,
            account_id=account_id,
            proof=office.code(),
            agreed=THREE[:2],
        )
    assert await office.accounts.of(ALICE) is None


async def test_a_recovery_recovers_one_account_once(office: Office) -> None:
    one, other = await office.settle(PHONE, "+8619900000002")
    recovery = await office.proven()
    await office.finish(recovery, one)
    wish = refusal(lambda: office.finish(recovery, other, phone="+8613900000010"))
    assert await wish is RecoveryEndedError
    # Even for a turn that looked before the other was done.
    office.work.recoveries.rows[recovery.id] = recovery

    async def moved(_: Recovery, **_was: RecoveryState) -> bool:
        return False

    office.work.recoveries.save = moved  # type: ignore[method-assign] # another turn was faster
    wish = refusal(lambda: office.finish(recovery, other, phone="+8613900000010"))
    assert await wish is RecoveryMovedError
