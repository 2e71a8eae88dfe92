"""A recovered account is held for a day, and can be taken back so long. Source: S0-71, S0-72."""

from datetime import timedelta

import pytest

from domain.accounts.model import Account, HeldError, Purpose
from domain.accounts.service import (
    PhoneLostError,
    PhoneTakenError,
)
from domain.identity.model import HOLD
from domain.identity.recoveries import (
    FaceNotProvenError,
    NothingToUndoError,
)
from domain.shared.errors import UnavailableError
from domain.shared.records import AccountId, OpenId
from domain.shared.throttle import ThrottledError
from tests.support.recoveries import (
    FACE,
    MALLORY,
    NAME,
    NEW_PHONE,
    NUMBER,
    THREE,
    Office,
    refusal,
)
from tests.support.works import ALICE, BOB, PHONE


@pytest.fixture
def office() -> Office:
    return Office()


async def test_nothing_weighty_is_done_with_the_account_for_a_day(office: Office) -> None:
    [account_id] = await office.settle()
    renewed = await office.finish(await office.proven(), account_id)

    async def change() -> Account:
        return await office.accounts.change_phone(
            openid=ALICE,
            account=renewed,
            proof=office.code(phone="+8613900000010", why=Purpose.CHANGE_PHONE),
            word="01234567",
        )

    with pytest.raises(HeldError) as held:
        await change()
    assert held.value.until == office.clock.now() + HOLD
    office.clock.moment += HOLD - timedelta(seconds=1)
    assert await refusal(change) is HeldError
    office.clock.moment += timedelta(seconds=1)
    assert (await change()).phone == "+8613900000010"


async def test_the_old_phone_takes_the_account_back_with_its_word(office: Office) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(MALLORY), account_id)
    word = office.word
    found = await office.recovery.undoable(BOB, PHONE, f" {word[:4]} {word[4:]} ")
    await office.recovery.undo(BOB, found.id)
    back = await office.accounts.by_phone(PHONE)
    assert back is not None
    assert back.id == account_id
    assert await office.accounts.by_phone(NEW_PHONE) is None
    assert await office.accounts.of(MALLORY) is None
    assert back.held_until == office.clock.now() + HOLD
    told = [notice.phone for notice in office.work.outbox.to_phones()]
    assert told == [PHONE, NEW_PHONE]
    assert await refusal(lambda: office.recovery.undo(BOB, found.id)) is NothingToUndoError
    undoable = refusal(lambda: office.recovery.undoable(BOB, PHONE, word))
    assert await undoable is NothingToUndoError


async def test_a_wrong_word_another_phone_or_a_day_later_are_the_same(office: Office) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(), account_id)
    word = office.word
    wrong = f"{(int(word) + 1) % 10**8:08d}"
    for phone, said in ((PHONE, wrong), (NEW_PHONE, word), (PHONE, ""), (PHONE, "-")):
        wish = refusal(lambda p=phone, s=said: office.recovery.undoable(BOB, p, s))
        assert await wish is NothingToUndoError
    office.clock.moment += HOLD + timedelta(seconds=1)
    assert await refusal(lambda: office.recovery.undoable(ALICE, PHONE, word)) is (
        NothingToUndoError
    )


async def test_a_wrong_word_leaves_an_act_and_talk_leaves_none(office: Office) -> None:
    [account_id] = await office.settle()
    recovery = await office.proven(MALLORY)
    await office.finish(recovery, account_id)
    for said in ("00000000", "什么撤销码"):
        assert await refusal(lambda w=said: office.recovery.undoable(BOB, PHONE, w)) is (
            NothingToUndoError
        )
    refused = [act for act in office.work.acts.rows if "refused" in act.tag]
    assert [(act.tag, act.actor, act.object_id) for act in refused] == [
        ("identity:account:unrecover-refused", BOB, recovery.id)
    ]


async def test_wrong_words_are_counted_by_citizen_and_phone(office: Office) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(), account_id)
    for _ in range(5):
        wish = refusal(lambda: office.recovery.undoable(BOB, PHONE, "00000000"))
        assert await wish is NothingToUndoError
    assert await refusal(lambda: office.recovery.undoable(BOB, PHONE, office.word)) is (
        ThrottledError
    )
    for guess in range(5):
        phone = f"+861390000001{guess}"
        wish = refusal(lambda p=phone: office.recovery.undoable(BOB, p, "00000000"))
        assert await wish is NothingToUndoError
    assert await refusal(lambda: office.recovery.undoable(BOB, NEW_PHONE, "0")) is ThrottledError


async def test_the_right_word_is_taken_however_often_others_guessed(office: Office) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(MALLORY), account_id)
    for guess in range(20):
        openid = OpenId(f"oTest{guess // 5:023d}")
        await refusal(lambda o=openid: office.recovery.undoable(o, PHONE, "00000000"))
    for _ in range(12):
        assert await office.recovery.undoable(BOB, PHONE, office.word)


async def test_a_second_recovery_is_undone_with_the_first_and_its_word_is_worth_nothing(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(MALLORY), account_id)
    office.clock.moment += timedelta(minutes=5)
    third = "+8613900000010"
    await office.finish(await office.proven(MALLORY), account_id, phone=third)
    words = [notice.values[1] for notice in office.work.outbox.to_phones()]
    found = await office.recovery.undoable(BOB, PHONE, words[0])
    later = await office.recovery.undoable(MALLORY, NEW_PHONE, words[1])
    assert (await office.recovery.undo(BOB, found.id)).phone == PHONE
    assert await refusal(lambda: office.recovery.undo(MALLORY, later.id)) is NothingToUndoError
    assert await refusal(lambda: office.recovery.undoable(MALLORY, NEW_PHONE, words[1])) is (
        NothingToUndoError
    )
    back = await office.accounts.by_phone(PHONE)
    assert back is not None
    assert back.id == account_id


async def test_a_phone_that_has_come_about_otherwise_is_not_taken_away(office: Office) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(MALLORY), account_id)
    found = await office.recovery.undoable(BOB, PHONE, office.word)
    given = "+8613900000010"
    assert await office.work.accounts.set_phone(account_id, given)
    assert await refusal(lambda: office.recovery.undo(BOB, found.id)) is NothingToUndoError
    assert await office.accounts.by_phone(given) is not None


async def test_a_phone_that_lost_its_account_opens_no_other_for_a_day(office: Office) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(MALLORY), account_id)

    async def sign_up() -> object:
        proof = office.code(BOB, PHONE, Purpose.SIGN_IN)
        return await office.accounts.enter(openid=BOB, proof=proof, agreed=THREE)

    assert await refusal(sign_up) is PhoneLostError
    found = await office.recovery.undoable(BOB, PHONE, office.word)
    await office.recovery.undo(BOB, found.id)
    assert await refusal(sign_up) is None
    assert (await office.accounts.of(BOB)) == await office.accounts.by_phone(PHONE)


async def test_after_a_day_the_freed_phone_opens_an_account(office: Office) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(), account_id)
    office.clock.moment += HOLD + timedelta(seconds=1)
    proof = office.code(BOB, PHONE, Purpose.SIGN_IN)
    entered = await office.accounts.enter(openid=BOB, proof=proof, agreed=THREE)
    assert entered.created


async def test_an_old_phone_that_has_an_account_by_now_cannot_take_another_back(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await office.finish(await office.proven(), account_id)
    found = await office.recovery.undoable(BOB, PHONE, office.word)
    assert await office.work.accounts.add(phone=PHONE, at=office.clock.now())
    assert await refusal(lambda: office.recovery.undo(BOB, found.id)) is PhoneTakenError
    still = await office.accounts.of(ALICE)
    assert still is not None
    assert still.id == AccountId(account_id)


async def test_the_old_phone_alone_recovers_nothing(office: Office) -> None:
    """Source: S0-66; a recycled number or a second SIM must not be enough."""
    await office.settle()
    recovery = await office.recovery.open(MALLORY, NAME, NUMBER)
    for _ in range(3):
        wish = refusal(lambda: office.recovery.accounts(MALLORY, recovery.id))
        assert await wish is FaceNotProvenError
    office.check.silent = True
    assert await refusal(lambda: office.faces.begin(recovery, FACE)) is UnavailableError
    wish = refusal(lambda: office.recovery.accounts(MALLORY, recovery.id))
    assert await wish is FaceNotProvenError
