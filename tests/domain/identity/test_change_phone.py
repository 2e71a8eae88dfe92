"""The phone of an account that can be signed in to. Source: S0-71 to S0-75."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.accounts.model import Account, HeldError, Proof, Purpose
from domain.identity.model import HOLD, KnownNumber
from domain.identity.recoveries import NumberNotProvenError
from domain.identity.service import IdentityService, WrongNumberError
from domain.shared.errors import DomainError
from domain.shared.idents import InvalidIdNumberError
from domain.shared.records import AccountId, OpenId
from domain.shared.throttle import ThrottledError
from tests.support.recoveries import NUMBER, Office
from tests.support.works import ALICE, BOB, PHONE

OTHER_NUMBER = "110100198809230028"
NEW_PHONE = "+8613900000009"
Wish = Callable[[], Awaitable[object]]


class NobodyOutside:
    """An `IdentityCheck` that must not be asked."""

    source = "nobody"

    async def compare(self, name: str, id_number: str) -> None:
        """Fail the test."""
        pytest.fail("asked outside")


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def identity(office: Office) -> IdentityService:
    check = NobodyOutside()
    return IdentityService(
        office.work,
        check,  # type: ignore[arg-type] # never answers
        office.secrets,
        office.clock,
    )


@pytest.fixture
async def account(office: Office) -> Account:
    [account_id] = await office.settle()
    await office.work.accounts.set_password(account_id, "kept")
    for openid in (ALICE, BOB):
        await office.work.accounts.link(openid, account_id, office.clock.now())
    signed_in = await office.accounts.of(ALICE)
    assert signed_in is not None
    return signed_in


async def refusal(wish: Wish) -> type[DomainError] | None:
    try:
        await wish()
    except DomainError as error:
        return type(error)
    return None


def code(office: Office, phone: str = NEW_PHONE) -> Proof:
    return Proof(ALICE, phone, Purpose.CHANGE_PHONE, "draft", office.clock.now())


async def change(office: Office, account: Account, known: KnownNumber) -> Account:
    return await office.recovery.change_phone(
        openid=ALICE, account=account, known=known, proof=code(office)
    )


async def test_the_number_on_record_is_known_again_and_nobody_outside_is_asked(
    office: Office, identity: IdentityService, account: Account
) -> None:
    known = await identity.recognize(ALICE, account, f" {NUMBER.lower()} ")
    assert known == KnownNumber.from_json(known.to_json())
    assert known.holds(openid=ALICE, account_id=account.id, now=office.clock.now())
    assert NUMBER not in str(known.to_json())


async def test_wrong_numbers_are_counted_for_the_citizen_and_for_the_account(
    identity: IdentityService, account: Account
) -> None:
    for openid in (ALICE, ALICE, BOB, BOB, BOB):
        wish = refusal(lambda o=openid: identity.recognize(o, account, OTHER_NUMBER))
        assert await wish is WrongNumberError
    third = OpenId("oTestThird000000000000000003")
    for openid in (ALICE, third):
        wish = refusal(lambda o=openid: identity.recognize(o, account, NUMBER))
        assert await wish is ThrottledError


async def test_what_is_right_or_cannot_be_right_is_not_counted(
    identity: IdentityService, account: Account
) -> None:
    for _ in range(7):
        assert await identity.recognize(ALICE, account, NUMBER)
        wish = refusal(lambda: identity.recognize(ALICE, account, NUMBER[:-1] + "0"))
        assert await wish is InvalidIdNumberError


async def test_without_a_fresh_number_of_this_account_and_citizen_no_phone_is_changed(
    office: Office, identity: IdentityService, account: Account
) -> None:
    now = office.clock.now()
    for known in (
        KnownNumber(BOB, account.id, now),
        KnownNumber(ALICE, AccountId("another"), now),
        KnownNumber(ALICE, account.id, now - timedelta(minutes=31)),
    ):
        wish = refusal(lambda k=known: change(office, account, k))
        assert await wish is NumberNotProvenError
    assert await office.accounts.by_phone(PHONE) == account
    assert await change(office, account, await identity.recognize(ALICE, account, NUMBER))


async def test_the_new_phone_holds_at_once_and_the_account_is_held_for_a_day(
    office: Office, identity: IdentityService, account: Account
) -> None:
    known = await identity.recognize(ALICE, account, NUMBER)
    renewed = await change(office, account, known)
    assert await office.accounts.by_phone(NEW_PHONE) == await office.accounts.of(ALICE) == renewed
    assert await office.accounts.of(BOB) is None
    assert renewed.held_until == office.clock.now() + HOLD
    # It is not forgotten: the citizen could sign in all along.
    assert renewed.has_password
    assert await refusal(lambda: change(office, renewed, known)) is HeldError


async def test_the_old_phone_takes_a_changed_account_back_with_its_word(
    office: Office, identity: IdentityService, account: Account
) -> None:
    await change(office, account, await identity.recognize(ALICE, account, NUMBER))
    [notice] = office.work.outbox.to_phones()
    found = await office.recovery.undoable(BOB, PHONE, notice.values[1])
    back = await office.recovery.undo(BOB, found.id)
    assert back == await office.accounts.by_phone(PHONE)
    assert await office.accounts.of(ALICE) is None
    assert back.held_until == office.clock.now() + HOLD
    assert await office.work.accounts.password_of(account.id) is None
