"""Passwords are chosen, checked and replaced. Source: S0-08, S0-12, S0-18; Q-31."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.model import Account, KnownPassword, Purpose
from domain.accounts.passwords import (
    NoAccountError,
    PasswordNotProvenError,
    PasswordService,
    WeakPasswordError,
    WrongPasswordError,
)
from domain.accounts.service import CodeNotProvenError
from domain.accounts.strength import Strength, Weakness, too_weak
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from domain.shared.throttle import ThrottledError
from tests.support.clock import FakeClock
from tests.support.works import (
    ALICE,
    BOB,
    PHONE,
    MemorySecrets,
    PeopleWork,
    PlainPasswords,
    a_request,
    proven,
)

OTHER_PHONE = "+8619900000002"
RIGHT, WRONG, NEWER = "qinghe-yuecai-72", "qinghe-yuecai-73", "yuecai-qinghe-27"


class LengthMeter:
    """A `PasswordMeter` that counts characters, and remembers what it was told."""

    def __init__(self) -> None:
        self.known: list[str] = []

    async def weigh(self, password: str, known: Sequence[str]) -> Strength:
        """Give a point for every four characters."""
        self.known = [*known]
        return Strength(min(len(password) // 4, 4), Weakness.PLAIN)


class CountingPasswords(PlainPasswords):
    """Counts how often the work of comparing is done."""

    def __init__(self) -> None:
        self.compared = 0

    async def matches(self, password: str, kept: str | None) -> bool:
        """Compare, and count it."""
        self.compared += 1
        await asyncio.sleep(0)
        return await super().matches(password, kept)


@pytest.fixture
def hasher() -> CountingPasswords:
    return CountingPasswords()


@pytest.fixture
def meter() -> LengthMeter:
    return LengthMeter()


@pytest.fixture
def passwords(
    work: PeopleWork,
    clock: FakeClock,
    hasher: CountingPasswords,
    meter: LengthMeter,
    secrets: MemorySecrets,
) -> PasswordService:
    return PasswordService(work, clock, hasher, meter, secrets)


@pytest.fixture
async def account(work: PeopleWork, clock: FakeClock) -> Account:
    added = await work.accounts.add(phone=PHONE, at=clock.now())
    assert added is not None
    await work.accounts.link(ALICE, added.id, clock.now())
    await work.accounts.set_password(added.id, f"kept:{RIGHT}")
    return replace(added, has_password=True)


def citizen(number: int) -> OpenId:
    return OpenId(f"oGuess{number:022d}")


# Choosing


async def test_a_chosen_password_comes_back_unreadable(
    passwords: PasswordService, work: PeopleWork
) -> None:
    assert await passwords.choose(RIGHT) == f"kept:{RIGHT}"
    assert not work.acts.rows


async def test_what_others_know_of_the_citizen_is_told_to_the_meter(
    passwords: PasswordService, meter: LengthMeter
) -> None:
    await passwords.choose(RIGHT, known=["19900000001"])
    assert {"19900000001", "安居", "anju"} <= {*meter.known}


async def test_a_weak_password_is_refused_with_what_weakens_it(
    passwords: PasswordService, monkeypatch: pytest.MonkeyPatch, meter: LengthMeter
) -> None:
    async def weigh(_password: str, _known: Sequence[str]) -> Strength:
        return Strength(1, Weakness.DATE)

    monkeypatch.setattr(meter, "weigh", weigh)
    with pytest.raises(WeakPasswordError) as caught:
        await passwords.choose("19880401")
    assert (caught.value.weakness, caught.value.score) == (Weakness.DATE, 1)


@given(st.text(min_size=1, max_size=64), st.integers(0, 4), st.sampled_from(Weakness))
def test_a_password_is_strong_enough_with_eight_characters_and_two_points(
    password: str, score: int, weakness: Weakness
) -> None:
    why = too_weak(password, Strength(score, weakness))
    if len(password) < 8:
        assert why is Weakness.SHORT
    else:
        assert why == (None if score >= 2 else weakness)


# Checking


async def test_the_right_password_is_known_until_half_an_hour_later(
    passwords: PasswordService, clock: FakeClock, account: Account
) -> None:
    known = await passwords.check(BOB, PHONE, RIGHT)
    assert KnownPassword.from_json(known.to_json()) == known
    assert RIGHT not in str(known.to_json())
    clock.forward(30 * 60)
    assert await passwords.account_of(BOB, known) == account
    clock.forward(1)
    with pytest.raises(PasswordNotProvenError):
        await passwords.account_of(BOB, known)


async def test_what_one_citizen_knew_is_no_good_for_another(
    passwords: PasswordService, account: Account
) -> None:
    known = await passwords.check(BOB, PHONE, RIGHT)
    assert known.account_id == account.id
    with pytest.raises(PasswordNotProvenError):
        await passwords.account_of(ALICE, known)


async def test_a_password_from_the_future_is_not_known(
    passwords: PasswordService, clock: FakeClock, account: Account
) -> None:
    known = await passwords.check(BOB, PHONE, RIGHT)
    assert known.account_id == account.id
    early = replace(known, at=clock.now() + timedelta(minutes=1))
    with pytest.raises(PasswordNotProvenError):
        await passwords.account_of(BOB, early)


async def test_a_changed_password_takes_what_was_known_of_the_old_one_with_it(
    passwords: PasswordService, work: PeopleWork, account: Account
) -> None:
    known = await passwords.check(BOB, PHONE, RIGHT)
    await work.accounts.set_password(account.id, f"kept:{NEWER}")
    with pytest.raises(PasswordNotProvenError):
        await passwords.account_of(BOB, known)


async def test_unknown_phone_no_password_and_wrong_password_are_one_answer_for_the_same_work(
    passwords: PasswordService, work: PeopleWork, clock: FakeClock, hasher: CountingPasswords
) -> None:
    await work.accounts.add(phone=OTHER_PHONE, at=clock.now())
    answers = []
    for phone in (PHONE, OTHER_PHONE, "+8619900000003"):
        with pytest.raises(WrongPasswordError) as caught:
            await passwords.check(BOB, phone, WRONG)
        answers.append(str(caught.value))
    assert len({*answers}) == 1
    assert hasher.compared == 3


async def test_an_empty_password_opens_no_account_without_one(
    passwords: PasswordService, work: PeopleWork, clock: FakeClock
) -> None:
    await work.accounts.add(phone=OTHER_PHONE, at=clock.now())
    for said in ("", "None", "kept:"):
        with pytest.raises(WrongPasswordError):
            await passwords.check(BOB, OTHER_PHONE, said)


async def test_after_five_wrong_ones_for_a_phone_not_even_the_right_one_is_looked_at_for_a_while(
    passwords: PasswordService, clock: FakeClock, account: Account, hasher: CountingPasswords
) -> None:
    begun = clock.now()
    for number in range(5):
        with pytest.raises(WrongPasswordError):
            await passwords.check(citizen(number), PHONE, WRONG)
    with pytest.raises(ThrottledError) as caught:
        await passwords.check(BOB, PHONE, RIGHT)
    assert hasher.compared == 5
    assert begun < caught.value.until <= begun + timedelta(minutes=15)
    clock.moment = caught.value.until
    assert (await passwords.check(BOB, PHONE, RIGHT)).account_id == account.id


async def test_a_citizen_has_ten_wrong_ones_an_hour_over_all_phones(
    passwords: PasswordService, clock: FakeClock
) -> None:
    for number in range(10):
        with pytest.raises(WrongPasswordError):
            await passwords.check(BOB, f"+861990000{number:04d}", WRONG)
    with pytest.raises(ThrottledError) as caught:
        await passwords.check(BOB, PHONE, RIGHT)
    assert caught.value.until == clock.now() + timedelta(hours=1)


async def test_right_passwords_count_nothing_and_forgive_the_wrong_ones(
    passwords: PasswordService, account: Account
) -> None:
    for number in range(30):
        with pytest.raises(WrongPasswordError):
            await passwords.check(citizen(number), PHONE, WRONG)
        assert (await passwords.check(BOB, PHONE, RIGHT)).account_id == account.id


async def test_limits_hold_when_the_counters_are_silent(
    passwords: PasswordService,
    secrets: MemorySecrets,
    account: Account,
    hasher: CountingPasswords,
) -> None:
    secrets.silent = True
    with pytest.raises(UnavailableError):
        await passwords.check(BOB, account.phone, RIGHT)
    assert not hasher.compared


async def test_ten_thousand_guesses_from_a_thousand_citizens_get_five_comparisons(
    passwords: PasswordService, account: Account, hasher: CountingPasswords
) -> None:
    async def guess(number: int) -> str:
        try:
            await passwords.check(citizen(number % 1000), account.phone, f"guess-{number:06d}")
        except (WrongPasswordError, ThrottledError) as error:
            return type(error).__name__
        return "in"

    seen = await asyncio.gather(*(guess(number) for number in range(10_000)))
    assert seen.count("WrongPasswordError") == hasher.compared == 5
    assert "in" not in seen


async def test_a_month_of_patient_guessing_gets_a_hundred_comparisons(
    passwords: PasswordService, clock: FakeClock, account: Account, hasher: CountingPasswords
) -> None:
    for number in range(29 * 24 * 4):
        clock.forward(15 * 60)
        for turn in range(6):
            with pytest.raises((WrongPasswordError, ThrottledError)):
                await passwords.check(citizen(6 * number + turn), account.phone, WRONG)
    assert hasher.compared == 100


# Replacing


async def test_a_reset_replaces_the_password_and_signs_out_everybody_else(
    passwords: PasswordService, work: PeopleWork, clock: FakeClock, account: Account
) -> None:
    await work.accounts.link(BOB, account.id, clock.now())
    proof = proven(a_request(openid=BOB, purpose=Purpose.RESET_PASSWORD), clock.now())
    assert await passwords.reset(openid=BOB, proof=proof, kept=f"kept:{NEWER}") == account
    assert await work.accounts.of_openid(ALICE) is None
    assert await work.accounts.of_openid(BOB) == account
    assert [(act.tag, act.actor, act.object_id) for act in work.acts.rows] == [
        ("accounts:password:reset", BOB, account.id)
    ]
    with pytest.raises(WrongPasswordError):
        await passwords.check(BOB, PHONE, RIGHT)
    await passwords.check(BOB, PHONE, NEWER)


async def test_a_reset_lets_the_citizen_sign_in_at_once_although_somebody_guessed(
    passwords: PasswordService, clock: FakeClock, account: Account
) -> None:
    for number in range(6):
        with pytest.raises((WrongPasswordError, ThrottledError)):
            await passwords.check(citizen(number), PHONE, WRONG)
    proof = proven(a_request(openid=BOB, purpose=Purpose.RESET_PASSWORD), clock.now())
    await passwords.reset(openid=BOB, proof=proof, kept=f"kept:{NEWER}")
    assert (await passwords.check(BOB, PHONE, NEWER)).account_id == account.id


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.RESET_PASSWORD])
async def test_no_other_proof_replaces_a_password(
    passwords: PasswordService,
    work: PeopleWork,
    clock: FakeClock,
    account: Account,
    purpose: Purpose,
) -> None:
    proof = proven(a_request(purpose=purpose), clock.now())
    with pytest.raises(CodeNotProvenError):
        await passwords.reset(openid=ALICE, proof=proof, kept="kept:x")
    assert work.accounts.passwords == {account.id: f"kept:{RIGHT}"}


async def test_a_proof_of_another_citizen_or_of_long_ago_replaces_nothing(
    passwords: PasswordService, work: PeopleWork, clock: FakeClock, account: Account
) -> None:
    wish = a_request(purpose=Purpose.RESET_PASSWORD)
    late = proven(wish, clock.now() - timedelta(minutes=31))
    for openid, proof in ((BOB, proven(wish, clock.now())), (ALICE, late)):
        with pytest.raises(CodeNotProvenError):
            await passwords.reset(openid=openid, proof=proof, kept="kept:x")
    assert work.accounts.passwords == {account.id: f"kept:{RIGHT}"}
    assert not work.acts.rows


async def test_a_phone_without_an_account_has_no_password_to_replace(
    passwords: PasswordService, clock: FakeClock
) -> None:
    proof = proven(a_request(purpose=Purpose.RESET_PASSWORD), clock.now())
    with pytest.raises(NoAccountError):
        await passwords.reset(openid=ALICE, proof=proof, kept="kept:x")
    with pytest.raises(NoAccountError):
        await passwords.must_have_account(PHONE)


async def test_a_phone_with_an_account_passes(passwords: PasswordService, account: Account) -> None:
    await passwords.must_have_account(account.phone)
