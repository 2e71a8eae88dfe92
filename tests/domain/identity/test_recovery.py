"""Opening a recovery, and whose it is. Source: S0-66, S0-67."""

from datetime import timedelta

import pytest

from domain.identity.model import ALLOWED, RECOVERY_LIFE, RecoveryState
from domain.identity.recoveries import (
    RecoveryEndedError,
    RecoveryNotFoundError,
)
from domain.shared.idents import InvalidIdNumberError, InvalidNameError
from domain.shared.records import OpenId
from domain.shared.throttle import ThrottledError
from tests.support.recoveries import (
    MALLORY,
    NAME,
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


async def test_a_name_and_its_number_open_a_recovery_that_names_nobody(office: Office) -> None:
    await office.settle()
    recovery = await office.recovery.open(ALICE, f" {NAME} ", NUMBER.lower())
    assert recovery.state is RecoveryState.OPEN
    assert await office.recovery.find(ALICE, recovery.id) == recovery
    assert [act.tag for act in office.work.acts.rows] == ["identity:recovery:open"]
    assert all(told not in repr(recovery) for told in (NAME, NUMBER, PHONE))


async def test_whatever_is_wrong_the_answer_is_the_same(office: Office) -> None:
    await office.settle()
    [closed] = await office.settle("+8619900000008", name="林若溪", number=OTHER_NUMBER)
    del office.work.accounts.rows[closed]
    wrong = [("林黛玉", NUMBER), (NAME, OTHER_NUMBER), ("林若溪", OTHER_NUMBER)]
    wrong.append((NAME, "110100195801150046"))
    seen = set()
    for guess, (name, number) in enumerate(wrong):
        openid = OpenId(f"oTest{guess:023d}")
        with pytest.raises(RecoveryNotFoundError) as refused:
            await office.recovery.open(openid, name, number)
        seen.add((str(refused.value), refused.value.detail))
    assert len(seen) == 1
    assert office.work.recoveries.rows == {}
    # What is kept of it is the same as well, but for whom it is about, which nobody is told.
    assert {act.tag for act in office.work.acts.rows} == {"identity:recovery:refused"}
    assert len(office.work.acts.rows) == len(wrong)
    people = {act.object_id for act in office.work.acts.rows}
    assert people == {*office.work.people.rows, "nobody"}


async def test_what_cannot_be_right_is_not_counted(office: Office) -> None:
    await office.settle()
    for _ in range(9):
        with pytest.raises(InvalidIdNumberError):
            await office.recovery.open(ALICE, NAME, NUMBER[:-1] + "0")
        with pytest.raises(InvalidNameError):
            await office.recovery.open(ALICE, "7", NUMBER)
    assert await office.recovery.open(ALICE, NAME, NUMBER)


async def test_a_citizen_gets_three_answers_an_hour_and_five_a_day(office: Office) -> None:
    for number in ("110100195801150046", OTHER_NUMBER, "11010019860412001X"):
        assert await refusal(lambda n=number: office.recovery.open(ALICE, NAME, n)) is (
            RecoveryNotFoundError
        )
    began = office.clock.now()
    with pytest.raises(ThrottledError) as hourly:
        await office.recovery.open(ALICE, NAME, NUMBER)
    assert hourly.value.until == began + timedelta(hours=1)
    office.clock.moment += timedelta(hours=2)
    for number in ("110100201506010030", "110100195801150046"):
        assert await refusal(lambda n=number: office.recovery.open(ALICE, NAME, n)) is (
            RecoveryNotFoundError
        )
    office.clock.moment += timedelta(hours=2)
    await office.settle()
    with pytest.raises(ThrottledError) as daily:
        await office.recovery.open(ALICE, NAME, NUMBER)
    assert daily.value.until == began + timedelta(days=1)


async def test_about_one_number_five_answers_a_day_are_given_whoever_asks(office: Office) -> None:
    await office.settle()
    for guess in range(5):
        openid = OpenId(f"oTest{guess:023d}")
        assert await refusal(lambda o=openid: office.recovery.open(o, "林黛玉", NUMBER)) is (
            RecoveryNotFoundError
        )
    with pytest.raises(ThrottledError):
        await office.recovery.open(ALICE, NAME, NUMBER)


async def test_a_stranger_who_knows_a_number_does_not_shut_its_owner_out(office: Office) -> None:
    """Source: S0-67; whoever was at home in an account before is not counted with strangers."""
    [account_id] = await office.settle()
    account = await office.work.accounts.find(account_id)
    assert account is not None
    await office.accounts.admit(openid=ALICE, account=account, agreed=THREE, note="password")
    await office.accounts.leave(ALICE)
    for guess in range(9):
        openid = OpenId(f"oTest{guess:023d}")
        await refusal(lambda o=openid: office.recovery.open(o, "林黛玉", NUMBER))
    assert await refusal(lambda: office.recovery.open(BOB, NAME, NUMBER)) is ThrottledError
    assert (await office.recovery.open(ALICE, NAME, NUMBER)).state is RecoveryState.OPEN


async def test_at_home_in_another_account_is_a_stranger_to_this_one(office: Office) -> None:
    await office.settle()
    [elsewhere] = await office.settle("+8619900000003", name="林若溪", number=OTHER_NUMBER)
    account = await office.work.accounts.find(elsewhere)
    assert account is not None
    for guess in range(9):
        openid = OpenId(f"oTest{guess:023d}")
        await office.accounts.admit(openid=openid, account=account, agreed=THREE, note="password")
        await refusal(lambda o=openid: office.recovery.open(o, "林黛玉", NUMBER))
    assert await refusal(lambda: office.recovery.open(ALICE, NAME, NUMBER)) is ThrottledError


# Whose it is, and how long


@pytest.mark.parametrize("later", [timedelta(0), RECOVERY_LIFE])
async def test_only_the_citizen_who_opened_it_can_go_on_and_only_for_an_hour(
    office: Office, later: timedelta
) -> None:
    await office.settle()
    recovery = await office.proven()
    office.clock.moment += later
    assert await office.recovery.find(ALICE, recovery.id) == recovery
    for wish in (
        lambda: office.recovery.find(MALLORY, recovery.id),
        lambda: office.faces.seen(MALLORY, recovery.id),
        lambda: office.recovery.accounts(MALLORY, recovery.id),
        lambda: office.recovery.find(ALICE, "another"),
    ):
        assert await refusal(wish) is RecoveryEndedError
    office.clock.moment += timedelta(seconds=1) + RECOVERY_LIFE
    assert await refusal(lambda: office.recovery.find(ALICE, recovery.id)) is RecoveryEndedError


@pytest.mark.parametrize("old", RecoveryState)
@pytest.mark.parametrize("new", RecoveryState)
def test_a_recovery_only_goes_forward(old: RecoveryState, new: RecoveryState) -> None:
    order = list(RecoveryState)
    ended = old in {RecoveryState.FAILED, RecoveryState.UNDONE}
    allowed = new in ALLOWED[old]
    assert not (ended and allowed)
    if allowed and (old, new) != (RecoveryState.FACING, RecoveryState.OPEN):
        assert order.index(new) > order.index(old)
