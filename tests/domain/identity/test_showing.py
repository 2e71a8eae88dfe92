"""Source: S0-68."""

from datetime import timedelta

import pytest

from domain.accounts.service import ConsentMissingError
from domain.content.model import DocumentKind
from domain.identity.faces import FaceOutcome
from domain.identity.model import RECOVERY_LIFE, Recovery, RecoveryState
from domain.identity.recoveries import RecoveryEndedError, RecoveryMovedError
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from domain.shared.throttle import DAY, ThrottledError
from tests.support.recoveries import FACE, NAME, NUMBER, THREE, Office
from tests.support.works import ALICE, BOB

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.settle()
    return office


async def opened(office: Office, openid: OpenId = ALICE) -> Recovery:
    return await office.recovery.open(openid, NAME, NUMBER)


async def ended(office: Office, outcome: FaceOutcome, openid: OpenId = ALICE) -> Recovery:
    recovery = await opened(office, openid)
    await office.faces.begin(recovery, FACE)
    office.check.last(outcome)
    return await office.faces.seen(openid, recovery.id)


def tags(office: Office) -> list[str]:
    return [act.tag for act in office.work.acts.rows if ":face:" in act.tag]


async def test_a_session_is_for_the_person_on_record(office: Office) -> None:
    url = await office.faces.begin(await opened(office), FACE)
    assert url == "https://faces.test/receipt-1"
    assert office.check.begun == [(NAME, NUMBER)]
    assert tags(office) == ["identity:face:begin"]


async def test_without_consent_to_the_face_check_nobody_is_asked(office: Office) -> None:
    recovery = await opened(office)
    with pytest.raises(ConsentMissingError):
        await office.faces.begin(recovery, THREE)
    assert office.check.begun == []
    await office.faces.begin(recovery, FACE)
    kept = await office.work.consents.of(recovery.id)
    assert [consent.document for consent in kept] == [DocumentKind.FACE_CONSENT]
    assert await office.work.consents.of(ALICE) == []


async def test_a_session_that_runs_is_gone_on_with(office: Office) -> None:
    recovery = await opened(office)
    url = await office.faces.begin(recovery, FACE)
    seen = await office.faces.seen(ALICE, recovery.id)
    assert await office.faces.begin(seen, FACE) == url
    assert len(office.check.begun) == 1


async def test_of_two_that_begin_at_once_one_does(office: Office) -> None:
    recovery = await opened(office)
    await office.faces.begin(recovery, FACE)
    with pytest.raises(RecoveryMovedError):
        await office.faces.begin(recovery, FACE)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (FaceOutcome.PASSED, RecoveryState.PROVEN),
        (FaceOutcome.FAILED, RecoveryState.FAILED),
        (FaceOutcome.PENDING, RecoveryState.FACING),
        (FaceOutcome.EXPIRED, RecoveryState.OPEN),
    ],
)
async def test_an_outcome_moves_the_recovery(
    office: Office, outcome: FaceOutcome, state: RecoveryState
) -> None:
    recovery = await ended(office, outcome)
    assert recovery.state is state
    again = await office.faces.seen(ALICE, recovery.id)
    assert again == recovery


async def test_what_is_settled_is_not_asked_again(office: Office) -> None:
    recovery = await ended(office, FaceOutcome.FAILED)
    office.check.last(FaceOutcome.PASSED)
    assert (await office.faces.seen(ALICE, recovery.id)).state is RecoveryState.FAILED
    with pytest.raises(RecoveryEndedError):
        await office.faces.begin(recovery, FACE)
    assert tags(office) == ["identity:face:begin", "identity:face:fail"]


async def test_three_failures_lock_until_a_told_time(office: Office) -> None:
    began = office.clock.now()
    for _ in range(2):
        failed = await ended(office, FaceOutcome.FAILED)
        assert await office.faces.locked_until(failed) is None
        office.clock.moment += MINUTE
    failed = await ended(office, FaceOutcome.FAILED)
    assert await office.faces.locked_until(failed) == began + DAY
    # Not for another citizen either: it is the person's face.
    office.clock.moment += timedelta(hours=1)
    with pytest.raises(ThrottledError) as locked:
        await office.faces.begin(await opened(office, BOB), FACE)
    assert locked.value.until == began + DAY
    office.clock.moment = began + DAY
    assert await office.faces.begin(await opened(office, BOB), FACE)


async def test_a_citizen_is_locked_too_whoever_the_faces_were_of(office: Office) -> None:
    others = [("林若溪", "110100198809230028"), ("沈玉兰", "110100195801150046")]
    for index, (name, number) in enumerate(others):
        await office.settle(f"+861990000001{index}", name=name, number=number)
        recovery = await office.recovery.open(ALICE, name, number)
        await office.faces.begin(recovery, FACE)
        office.check.last(FaceOutcome.FAILED)
        await office.faces.seen(ALICE, recovery.id)
    await ended(office, FaceOutcome.FAILED)
    office.clock.moment += timedelta(hours=2)
    with pytest.raises(ThrottledError):
        await office.faces.begin(await opened(office), FACE)


async def test_sessions_that_wait_count_so_that_none_can_be_hoarded(office: Office) -> None:
    for number in range(3):
        openid = OpenId(f"oTest{number:023d}")
        await office.faces.begin(await opened(office, openid), FACE)
    with pytest.raises(ThrottledError):
        await office.faces.begin(await opened(office), FACE)
    assert len(office.check.begun) == 3


async def test_a_passed_face_forgives_the_failures_of_its_person(office: Office) -> None:
    for _ in range(2):
        await ended(office, FaceOutcome.FAILED)
    await ended(office, FaceOutcome.PASSED)
    office.clock.moment += timedelta(hours=2)
    assert await office.faces.locked_until(await opened(office, BOB)) is None


async def test_a_silent_vendor_costs_nothing(office: Office) -> None:
    recovery = await opened(office)
    office.check.silent = True
    for _ in range(5):
        with pytest.raises(UnavailableError):
            await office.faces.begin(recovery, FACE)
    office.check.silent = False
    assert await office.faces.begin(recovery, FACE)
    office.check.silent = True
    with pytest.raises(UnavailableError):
        await office.faces.seen(ALICE, recovery.id)
    assert (await office.recovery.find(ALICE, recovery.id)).state is RecoveryState.FACING


async def test_an_unfinished_session_makes_room_after_a_quarter_of_an_hour(
    office: Office,
) -> None:
    recovery = await opened(office)
    first = await office.faces.begin(recovery, FACE)
    for _ in range(2):
        office.clock.moment += 15 * MINUTE
        assert (await office.faces.seen(ALICE, recovery.id)).state is RecoveryState.FACING
        office.clock.moment += timedelta(seconds=1)
        again = await office.faces.seen(ALICE, recovery.id)
        assert again.state is RecoveryState.OPEN
        assert await office.faces.begin(again, FACE) != first
    # What was done on the page given up counts for nothing.
    office.check.outcomes["receipt-1"] = FaceOutcome.PASSED
    assert (await office.faces.seen(ALICE, recovery.id)).state is RecoveryState.FACING


async def test_a_call_settles_its_session_and_no_other(office: Office) -> None:
    recovery = await opened(office)
    await office.faces.begin(recovery, FACE)
    office.check.last(FaceOutcome.PASSED)
    await office.faces.called("another")
    assert (await office.recovery.find(ALICE, recovery.id)).state is RecoveryState.FACING
    await office.faces.called("receipt-1")
    assert (await office.recovery.find(ALICE, recovery.id)).state is RecoveryState.PROVEN


async def test_a_call_after_the_recovery_ended_settles_nothing(office: Office) -> None:
    recovery = await opened(office)
    await office.faces.begin(recovery, FACE)
    office.check.last(FaceOutcome.PASSED)
    office.clock.moment += RECOVERY_LIFE + MINUTE
    await office.faces.called("receipt-1")
    assert (await office.faces.seen(ALICE, recovery.id)).state is RecoveryState.FACING
