"""Source: S0-66, S0-67, S0-69, S0-70, S0-71, S0-72, S0-75."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.accounts.model import Account, HeldError, Proof, Purpose
from domain.accounts.service import (
    AccountMovedError,
    CodeNotProvenError,
    ConsentMissingError,
    PhoneLostError,
    PhoneTakenError,
)
from domain.identity.faces import FaceOutcome
from domain.identity.model import ALLOWED, HOLD, RECOVERY_LIFE, Recovery, RecoveryState
from domain.identity.recoveries import (
    FaceNotProvenError,
    NothingToUndoError,
    RecoveryEndedError,
    RecoveryMovedError,
    RecoveryNotFoundError,
)
from domain.shared.errors import DomainError, UnavailableError
from domain.shared.idents import InvalidIdNumberError, InvalidNameError
from domain.shared.notices import NoticeKind
from domain.shared.records import AccountId, OpenId
from domain.shared.throttle import ThrottledError
from tests.support.recoveries import FACE, NAME, NUMBER, THREE, Office
from tests.support.works import ALICE, BOB, PHONE

OTHER_NUMBER = "110100198809230028"
NEW_PHONE = "+8613900000009"
MALLORY = OpenId("oTestMallory00000000000004")


@pytest.fixture
def office() -> Office:
    return Office()


async def proven(office: Office, openid: OpenId = ALICE) -> Recovery:
    recovery = await office.recovery.open(openid, NAME, NUMBER)
    await office.faces.begin(recovery, FACE)
    office.check.last(FaceOutcome.PASSED)
    return await office.faces.seen(openid, recovery.id)


def code(
    office: Office, openid: OpenId = ALICE, phone: str = NEW_PHONE, why: Purpose = Purpose.RECOVER
) -> Proof:
    return Proof(openid, phone, why, "draft", office.clock.now())


async def finish(
    office: Office, recovery: Recovery, account_id: str, *, phone: str = NEW_PHONE
) -> Account:
    return await office.recovery.finish(
        openid=recovery.openid,
        recovery_id=recovery.id,
        account_id=account_id,
        proof=code(office, recovery.openid, phone),
        agreed=THREE,
    )


async def refusal(wish: Callable[[], Awaitable[object]]) -> type[DomainError] | None:
    try:
        await wish()
    except DomainError as error:
        return type(error)
    return None


def word_of(office: Office) -> str:
    [(notice, _)] = office.work.notices.rows.values()
    return notice.values[1]


# The name and the ID number


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
    assert office.work.acts.rows == []


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


# Whose it is, and how long


@pytest.mark.parametrize("later", [timedelta(0), RECOVERY_LIFE])
async def test_only_the_citizen_who_opened_it_can_go_on_and_only_for_an_hour(
    office: Office, later: timedelta
) -> None:
    await office.settle()
    recovery = await proven(office)
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


# The accounts


async def test_without_a_known_face_no_account_is_shown_or_changed(office: Office) -> None:
    [account_id] = await office.settle()
    recovery = await office.recovery.open(ALICE, NAME, NUMBER)
    await office.faces.begin(recovery, FACE)
    for state in (FaceOutcome.PENDING, FaceOutcome.FAILED):
        office.check.last(state)
        await office.faces.seen(ALICE, recovery.id)
        wish = refusal(lambda: office.recovery.accounts(ALICE, recovery.id))
        assert await wish in {FaceNotProvenError, RecoveryEndedError}
        wish = refusal(lambda: finish(office, recovery, account_id))
        assert await wish in {FaceNotProvenError, RecoveryEndedError}
    assert await office.accounts.by_phone(PHONE) is not None


async def test_all_accounts_of_the_person_are_listed_used_or_not(office: Office) -> None:
    mine = await office.settle(PHONE, "+8619900000002")
    await office.settle("+8619900000003", name="林若溪", number=OTHER_NUMBER)
    office.clock.moment += timedelta(days=3)
    await office.work.accounts.link(BOB, mine[1], office.clock.now())
    recovery = await proven(office)
    seen = await office.recovery.accounts(ALICE, recovery.id)
    assert [(one.account.id, one.in_use) for one in seen] == [(mine[1], True), (mine[0], False)]
    assert seen[0].used_at - seen[1].used_at == timedelta(days=3)


async def test_a_strangers_account_cannot_be_chosen(office: Office) -> None:
    await office.settle()
    [stranger] = await office.settle("+8619900000003", name="林若溪", number=OTHER_NUMBER)
    recovery = await proven(office)
    assert await refusal(lambda: finish(office, recovery, stranger)) is AccountMovedError
    assert await refusal(lambda: finish(office, recovery, "nobody")) is AccountMovedError


# The new phone


async def test_an_account_in_use_is_taken_over_with_everybody_else_signed_out(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await office.work.accounts.link(BOB, account_id, office.clock.now())
    await office.work.accounts.set_password(account_id, "kept")
    renewed = await finish(office, await proven(office), account_id)
    assert await office.accounts.of(ALICE) == renewed
    assert await office.accounts.of(BOB) is None
    assert (renewed.id, renewed.phone, renewed.has_password) == (account_id, NEW_PHONE, False)
    assert await office.accounts.by_phone(PHONE) is None
    assert await office.work.accounts.password_of(account_id) is None
    assert renewed.held_until == office.clock.now() + HOLD
    tags = [act.tag for act in office.work.acts.rows]
    assert tags[-2:] == ["accounts:phone:change", "identity:account:recover"]
    consents = await office.work.consents.of(account_id)
    assert [consent.document for consent in consents] == [one.kind for one in THREE]


async def test_the_old_phone_is_told_where_the_account_went_masked_and_how_to_object(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await finish(office, await proven(office), account_id)
    [(notice, _)] = office.work.notices.rows.values()
    assert (notice.phone, notice.kind) == (PHONE, NoticeKind.RECOVERED)
    assert NEW_PHONE[3:] not in "".join(notice.values)
    assert len(notice.values[1]) == 8


async def test_the_new_phone_must_be_proven_for_this_and_just_now(office: Office) -> None:
    [account_id] = await office.settle()
    recovery = await proven(office)

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

    assert await by(code(office, MALLORY)) is CodeNotProvenError
    for why in set(Purpose) - {Purpose.RECOVER}:
        assert await by(code(office, why=why)) is CodeNotProvenError
    stale = code(office)
    office.clock.moment += timedelta(minutes=31)
    assert await by(stale) is CodeNotProvenError
    assert await by(code(office)) is None


async def test_a_phone_of_another_account_is_refused_and_nothing_is_changed(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await office.settle("+8619900000003", name="林若溪", number=OTHER_NUMBER)
    recovery = await proven(office)
    wish = refusal(lambda: finish(office, recovery, account_id, phone="+8619900000003"))
    assert await wish is PhoneTakenError
    kept = await office.accounts.by_phone(PHONE)
    assert kept is not None
    assert kept.held_until is None
    assert office.work.notices.rows == {}
    assert await finish(office, recovery, account_id)


async def test_without_the_agreements_nobody_signs_in(office: Office) -> None:
    [account_id] = await office.settle()
    recovery = await proven(office)
    with pytest.raises(ConsentMissingError):
        await office.recovery.finish(
            openid=ALICE,
            recovery_id=recovery.id,
            account_id=account_id,
            proof=code(office),
            agreed=THREE[:2],
        )
    assert await office.accounts.of(ALICE) is None


async def test_a_recovery_recovers_one_account_once(office: Office) -> None:
    one, other = await office.settle(PHONE, "+8619900000002")
    recovery = await proven(office)
    await finish(office, recovery, one)
    wish = refusal(lambda: finish(office, recovery, other, phone="+8613900000010"))
    assert await wish is RecoveryEndedError
    # Even for a turn that looked before the other was done.
    office.work.recoveries.rows[recovery.id] = recovery

    async def moved(_: Recovery, **_was: RecoveryState) -> bool:
        return False

    office.work.recoveries.save = moved  # type: ignore[method-assign] # another turn was faster
    wish = refusal(lambda: finish(office, recovery, other, phone="+8613900000010"))
    assert await wish is RecoveryMovedError


# Holding and taking back


async def test_nothing_weighty_is_done_with_the_account_for_a_day(office: Office) -> None:
    [account_id] = await office.settle()
    renewed = await finish(office, await proven(office), account_id)

    async def change() -> Account:
        return await office.accounts.change_phone(
            openid=ALICE,
            account=renewed,
            proof=code(office, phone="+8613900000010", why=Purpose.CHANGE_PHONE),
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
    await finish(office, await proven(office, MALLORY), account_id)
    word = word_of(office)
    found = await office.recovery.undoable(BOB, PHONE, f" {word[:4]} {word[4:]} ")
    await office.recovery.undo(BOB, found.id)
    back = await office.accounts.by_phone(PHONE)
    assert back is not None
    assert back.id == account_id
    assert await office.accounts.by_phone(NEW_PHONE) is None
    assert await office.accounts.of(MALLORY) is None
    assert back.held_until == office.clock.now() + HOLD
    told = [notice.phone for notice, _ in office.work.notices.rows.values()]
    assert told == [PHONE, NEW_PHONE]
    assert await refusal(lambda: office.recovery.undo(BOB, found.id)) is NothingToUndoError
    undoable = refusal(lambda: office.recovery.undoable(BOB, PHONE, word))
    assert await undoable is NothingToUndoError


async def test_a_wrong_word_another_phone_or_a_day_later_are_the_same(office: Office) -> None:
    [account_id] = await office.settle()
    await finish(office, await proven(office), account_id)
    word = word_of(office)
    wrong = f"{(int(word) + 1) % 10**8:08d}"
    for phone, said in ((PHONE, wrong), (NEW_PHONE, word), (PHONE, ""), (PHONE, "-")):
        wish = refusal(lambda p=phone, s=said: office.recovery.undoable(BOB, p, s))
        assert await wish is NothingToUndoError
    office.clock.moment += HOLD + timedelta(seconds=1)
    assert await refusal(lambda: office.recovery.undoable(ALICE, PHONE, word)) is (
        NothingToUndoError
    )


async def test_wrong_words_are_counted_by_citizen_and_phone(office: Office) -> None:
    [account_id] = await office.settle()
    await finish(office, await proven(office), account_id)
    for _ in range(5):
        wish = refusal(lambda: office.recovery.undoable(BOB, PHONE, "00000000"))
        assert await wish is NothingToUndoError
    assert await refusal(lambda: office.recovery.undoable(BOB, PHONE, word_of(office))) is (
        ThrottledError
    )
    for guess in range(5):
        phone = f"+861390000001{guess}"
        wish = refusal(lambda p=phone: office.recovery.undoable(BOB, p, "00000000"))
        assert await wish is NothingToUndoError
    assert await refusal(lambda: office.recovery.undoable(BOB, NEW_PHONE, "0")) is ThrottledError


async def test_the_right_word_is_taken_however_often_others_guessed(office: Office) -> None:
    [account_id] = await office.settle()
    await finish(office, await proven(office, MALLORY), account_id)
    for guess in range(20):
        openid = OpenId(f"oTest{guess // 5:023d}")
        await refusal(lambda o=openid: office.recovery.undoable(o, PHONE, "00000000"))
    for _ in range(12):
        assert await office.recovery.undoable(BOB, PHONE, word_of(office))


async def test_a_second_recovery_is_undone_with_the_first_and_its_word_is_worth_nothing(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await finish(office, await proven(office, MALLORY), account_id)
    office.clock.moment += timedelta(minutes=5)
    third = "+8613900000010"
    await finish(office, await proven(office, MALLORY), account_id, phone=third)
    words = [notice.values[1] for notice, _ in office.work.notices.rows.values()]
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
    await finish(office, await proven(office, MALLORY), account_id)
    found = await office.recovery.undoable(BOB, PHONE, word_of(office))
    given = "+8613900000010"
    assert await office.work.accounts.set_phone(account_id, given)
    assert await refusal(lambda: office.recovery.undo(BOB, found.id)) is NothingToUndoError
    assert await office.accounts.by_phone(given) is not None


async def test_a_phone_that_lost_its_account_opens_no_other_for_a_day(office: Office) -> None:
    [account_id] = await office.settle()
    await finish(office, await proven(office, MALLORY), account_id)

    async def sign_up() -> object:
        proof = code(office, BOB, PHONE, Purpose.SIGN_IN)
        return await office.accounts.enter(openid=BOB, proof=proof, agreed=THREE)

    assert await refusal(sign_up) is PhoneLostError
    found = await office.recovery.undoable(BOB, PHONE, word_of(office))
    await office.recovery.undo(BOB, found.id)
    assert await refusal(sign_up) is None
    assert (await office.accounts.of(BOB)) == await office.accounts.by_phone(PHONE)


async def test_after_a_day_the_freed_phone_opens_an_account(office: Office) -> None:
    [account_id] = await office.settle()
    await finish(office, await proven(office), account_id)
    office.clock.moment += HOLD + timedelta(seconds=1)
    proof = code(office, BOB, PHONE, Purpose.SIGN_IN)
    entered = await office.accounts.enter(openid=BOB, proof=proof, agreed=THREE)
    assert entered.created


async def test_an_old_phone_that_has_an_account_by_now_cannot_take_another_back(
    office: Office,
) -> None:
    [account_id] = await office.settle()
    await finish(office, await proven(office), account_id)
    found = await office.recovery.undoable(BOB, PHONE, word_of(office))
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
