"""Ten thousand guesses from a thousand citizens get nowhere, and whoever meets the limit honestly
is told until when. Source: S0-12, S0-15, S0-25, S0-67, S0-68; reliability 2.1, rows 11 to 17.

Each assault counts how often a guess was really held against the secret, so that what is shown
does not hang on luck.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.cipher import Cipher
from adapters.links import SealedLinks
from adapters.simulated import SimulatedFamilyRegister, SimulatedSms, World
from adapters.sql.base import SqlSession
from adapters.sql.records import SqlPages
from adapters.sql.secrets import EmbeddedSecrets
from domain.accounts.codes import (
    CaptchaNeededError,
    CodeExpiredError,
    CodeService,
    CodeSpentError,
    WrongCodeError,
)
from domain.accounts.model import CodeRequest, Purpose, code_length
from domain.accounts.passwords import PasswordService, WrongPasswordError
from domain.accounts.strength import Strength, Weakness
from domain.filings.model import FamilyNotFoundError, Filing
from domain.filings.service import FilingService
from domain.identity.faces import FaceOutcome
from domain.identity.model import Person
from domain.identity.recoveries import NothingToUndoError, RecoveryNotFoundError
from domain.identity.recovery import RecoveryService
from domain.shared.errors import DomainError
from domain.shared.pages import LinkBrokenError, LinkUsedError, PageService
from domain.shared.records import OpenId
from domain.shared.throttle import ThrottledError
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.codes import KEY, solve
from tests.support.recoveries import FACE, NAME, NUMBER, THREE, Office
from tests.support.sql import CIPHER, fresh_engine
from tests.support.works import (
    ALICE,
    PHONE,
    MemorySecrets,
    PeopleWork,
    PlainPasswords,
    proven,
)

GUESSES, ATTACKERS, AT_ONCE = 10_000, 1_000, 200
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW_PHONE = "+8613900000009"

Guess = Callable[[OpenId, int], Awaitable[object]]


def attacker(number: int) -> OpenId:
    return OpenId(f"oAttack{number % ATTACKERS:021d}")


async def outcome(wish: Awaitable[object]) -> type[DomainError] | None:
    try:
        await wish
    except DomainError as error:
        return type(error)
    return None


async def assault(guess: Guess) -> Counter[type[DomainError] | None]:
    """Guess ten thousand times, two hundred at once; return how often each outcome was seen."""
    seen: Counter[type[DomainError] | None] = Counter()
    for start in range(0, GUESSES, AT_ONCE):
        numbers = range(start, start + AT_ONCE)
        seen.update(
            await asyncio.gather(*(outcome(guess(attacker(number), number)) for number in numbers))
        )
    assert seen.total() == GUESSES
    return seen


async def told_until(wish: Awaitable[object]) -> timedelta:
    """Return how long somebody who is throttled is told to wait."""
    with pytest.raises(ThrottledError) as throttled:
        await wish
    return throttled.value.until - FakeClock().now()


# Codes


@pytest.mark.parametrize("purpose", [Purpose.SIGN_IN, Purpose.RECOVER, Purpose.CANCEL])
async def test_codes_to_one_phone_are_compared_forty_times_a_day(purpose: Purpose) -> None:
    clock, secrets = FakeClock(), MemorySecrets()
    sms = SimulatedSms(clock)
    codes = CodeService(secrets, sms, clock, SeededRandomness(), KEY)

    async def guess(openid: OpenId, number: int) -> object:
        request = CodeRequest(openid, PHONE, purpose, "draft")
        if number % AT_ONCE == 0:
            clock.moment += timedelta(minutes=2)
        await outcome(codes.send(request))
        return await codes.check(
            request, f"{number * 97:0{code_length(purpose)}d}"[-code_length(purpose) :]
        )

    seen = await assault(guess)
    assert None not in seen
    # Eight messages a day, of which each allows five comparisons.
    assert len(sms.inbox()) <= 8
    assert 0 < seen[WrongCodeError] + seen[CodeSpentError] <= 8 * 5
    assert seen[CodeExpiredError] + seen[ThrottledError] >= GUESSES - 40
    honest = CodeRequest(ALICE, PHONE, purpose, "mine")
    with pytest.raises(ThrottledError) as throttled:
        await codes.send(honest)
    assert clock.now() < throttled.value.until <= clock.now() + DAY


async def test_one_citizen_who_sprays_codes_over_the_country_is_stopped() -> None:
    clock, secrets = FakeClock(), MemorySecrets()
    sms = SimulatedSms(clock)
    codes = CodeService(secrets, sms, clock, SeededRandomness(), KEY)

    async def guess(_: OpenId, number: int) -> object:
        request = CodeRequest(ALICE, f"+86138{number:08d}", Purpose.SIGN_IN, "draft")
        try:
            await codes.send(request)
        except CaptchaNeededError as needed:
            # The sum is no wall for a machine; the limits are.
            await solve(codes, ALICE, needed.question)
            await outcome(codes.send(request))
        return await codes.check(request, "000000")

    seen = await assault(guess)
    assert None not in seen
    assert len(sms.inbox()) <= 3
    assert seen[WrongCodeError] <= 3


# Passwords


class CountedPasswords(PlainPasswords):
    """Counts how often a password is held against the kept one."""

    compared = 0

    async def matches(self, password: str, kept: str | None) -> bool:
        """Compare, and count it."""
        self.compared += 1
        return await super().matches(password, kept)


class AnyMeter:
    """Finds every password good."""

    async def weigh(self, password: str, known: object) -> Strength:
        """Find it good."""
        return Strength(4, Weakness.PLAIN)


async def test_passwords_of_one_account_are_compared_five_times_a_quarter() -> None:
    clock, work, hasher = FakeClock(), PeopleWork(), CountedPasswords()
    passwords = PasswordService(work, clock, hasher, AnyMeter(), MemorySecrets())
    account = await work.accounts.add(phone=PHONE, at=clock.now())
    assert account is not None
    right = "qinghe-yuecai-72"
    await work.accounts.set_password(account.id, await passwords.choose(right))

    async def guess(openid: OpenId, number: int) -> object:
        return await passwords.check(openid, PHONE, f"guess-{number}")

    seen = await assault(guess)
    assert seen == {WrongPasswordError: 5, ThrottledError: GUESSES - 5}
    assert hasher.compared == 5
    # The citizen is told until when, and then comes in.
    assert await told_until(passwords.check(ALICE, PHONE, right)) == HOUR / 4
    clock.moment += HOUR / 4
    assert await passwords.check(ALICE, PHONE, right)


async def test_passwords_guessed_slowly_are_compared_twenty_times_a_day() -> None:
    clock, work, hasher = FakeClock(), PeopleWork(), CountedPasswords()
    passwords = PasswordService(work, clock, hasher, AnyMeter(), MemorySecrets())
    account = await work.accounts.add(phone=PHONE, at=clock.now())
    assert account is not None
    await work.accounts.set_password(account.id, "kept:right")

    async def guess(openid: OpenId, number: int) -> object:
        clock.moment = FakeClock().now() + number * (DAY / GUESSES)
        return await passwords.check(openid, PHONE, f"guess-{number}")

    assert (await assault(guess))[None] == 0
    assert hasher.compared <= 20


# Recovery


class CountedPeople:
    """Counts how often a name is held against the one on record."""

    def __init__(self, office: Office) -> None:
        self.found = 0
        self._of_number = office.work.people.of_number
        office.work.people.of_number = self.of_number  # type: ignore[method-assign] # watched

    async def of_number(self, id_number: str) -> Person | None:
        """Look, and count it."""
        self.found += 1
        return await self._of_number(id_number)


async def test_names_for_one_id_number_are_compared_five_times_a_day() -> None:
    office = Office()
    await office.settle()
    people = CountedPeople(office)

    async def guess(openid: OpenId, number: int) -> object:
        name = f"曹{chr(0x4E00 + number)}{chr(0x4E00 + number // 7)}"
        return await office.recovery.open(openid, name, NUMBER)

    seen = await assault(guess)
    assert seen == {RecoveryNotFoundError: 5, ThrottledError: GUESSES - 5}
    assert people.found == 5
    assert await told_until(office.recovery.open(ALICE, NAME, NUMBER)) == DAY


async def test_two_hundred_at_once_are_counted_one_by_one_on_the_real_store(
    tmp_path: Path,
) -> None:
    office = Office()
    await office.settle()
    people = CountedPeople(office)
    store = await EmbeddedSecrets.open(tmp_path / "secrets.db", Cipher(KEY))
    recovery = RecoveryService(
        office.work, office.accounts, store, office.clock, SeededRandomness()
    )
    wishes = (recovery.open(attacker(number), "曹某", NUMBER) for number in range(AT_ONCE))
    seen = Counter(await asyncio.gather(*map(outcome, wishes)))
    await store.aclose()
    assert seen == {RecoveryNotFoundError: 5, ThrottledError: AT_ONCE - 5}
    assert people.found == 5


async def test_somebody_elses_face_is_shown_three_times_a_day() -> None:
    office = Office()
    await office.settle()
    sessions = 0

    async def guess(openid: OpenId, _: int) -> object:
        nonlocal sessions
        recovery = await office.recovery.open(openid, NAME, NUMBER)
        await office.faces.begin(recovery, FACE)
        sessions += 1
        office.check.last(FaceOutcome.FAILED)
        await office.faces.seen(openid, recovery.id)
        return await office.recovery.accounts(openid, recovery.id)

    assert (await assault(guess))[None] == 0
    assert len(office.check.begun) == sessions == 3


async def test_words_that_take_a_recovery_back_are_compared_five_times_a_day_by_each() -> None:
    office = Office()
    [account_id] = await office.settle()
    recovery = await office.recovery.open(ALICE, NAME, NUMBER)
    await office.faces.begin(recovery, FACE)
    office.check.last(FaceOutcome.PASSED)
    await office.faces.seen(ALICE, recovery.id)
    request = CodeRequest(ALICE, NEW_PHONE, Purpose.RECOVER, "draft")
    await office.recovery.finish(
        openid=ALICE,
        recovery_id=recovery.id,
        account_id=account_id,
        proof=proven(request, office.clock.now()),
        agreed=THREE,
    )

    async def guess(openid: OpenId, number: int) -> object:
        return await office.recovery.undoable(openid, PHONE, f"{number:08d}")

    compared = ATTACKERS * 5
    assert await assault(guess) == {
        NothingToUndoError: compared,
        ThrottledError: GUESSES - compared,
    }
    assert await told_until(office.recovery.undoable(attacker(1), PHONE, "0")) == DAY
    # Whoever has the word is not kept from saying it.
    [notice] = office.work.outbox.to_phones()
    assert await office.recovery.undoable(ALICE, PHONE, notice.values[1])


# Filing numbers


class CountedRegister:
    """Counts how often the register is asked about each number."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._register = SimulatedFamilyRegister(World.load())

    async def find(self, number: str) -> Filing | None:
        """Ask, and count it."""
        self.asked[number] += 1
        return await self._register.find(number)


@pytest.fixture
def register() -> CountedRegister:
    return CountedRegister()


@pytest.fixture
async def looking(register: CountedRegister) -> Callable[[OpenId, str], Awaitable[object]]:
    clock, work = FakeClock(), PeopleWork()
    filings = FilingService(work, register, MemorySecrets(), clock)
    account = await work.accounts.add(phone=PHONE, at=clock.now())
    assert account is not None
    person = Person("person-1", "曹雪芹", NUMBER, clock.now(), "test")

    async def look(openid: OpenId, number: str) -> object:
        return await filings.look_up(openid=openid, account=account, person=person, number=number)

    return look


async def test_filing_numbers_are_asked_for_five_times_a_day_by_each_citizen(
    register: CountedRegister, looking: Callable[[OpenId, str], Awaitable[object]]
) -> None:
    seen = await assault(lambda openid, number: looking(openid, f"110105{2019 * 10**6 + number}"))
    assert seen == {FamilyNotFoundError: 5 * ATTACKERS, ThrottledError: GUESSES - 5 * ATTACKERS}
    assert register.asked.total() == 5 * ATTACKERS
    assert await told_until(looking(attacker(0), "1101052019999999")) == DAY


async def test_one_family_is_asked_for_ten_times_a_day_by_all_citizens(
    register: CountedRegister, looking: Callable[[OpenId, str], Awaitable[object]]
) -> None:
    theirs = next(iter(World.load().families))
    seen = await assault(lambda openid, _: looking(openid, theirs))
    assert seen == {FamilyNotFoundError: 10, ThrottledError: GUESSES - 10}
    assert register.asked == {theirs: 10}
    assert await told_until(looking(ALICE, theirs)) == DAY


# One-time links


async def test_links_are_not_guessed_and_guessing_uses_none_up(tmp_path: Path) -> None:
    chance, clock = SeededRandomness(), FakeClock()
    async with fresh_engine(tmp_path) as engine:
        session = SqlSession(engine, CIPHER)
        work = PeopleWork()
        work.pages = SqlPages(session)  # type: ignore[attr-defined] # the real store of pages
        signer = SealedLinks(CIPHER)
        pages = PageService(work, clock, chance, "https://anju.test", signer)  # type: ignore[arg-type] # it has pages, as of the line above
        url = await pages.issue(openid=ALICE, draft_id="d", flow="recover", step="person")
        token = url.rpartition("/")[2]

        def near(number: int) -> str:
            place, other = number % len(token), chance.token()[0]
            changed = token[:place] + other + token[place + 1 :]
            return changed if number % 2 and changed != token else chance.token()

        async def guess(_: OpenId, number: int) -> object:
            return await pages.fill(near(number), {"recovery": "mine"})

        seen: Counter[type[DomainError] | None] = Counter()
        # One connection, so one after another.
        for number in range(GUESSES):
            seen[await outcome(guess(attacker(number), number))] += 1
        assert seen == {LinkBrokenError: GUESSES}
        assert len(token) >= 22
        await outcome(pages.read(token, openid=attacker(1)))
        assert (await pages.read(token, openid=ALICE)).used_at is None
        results = [await outcome(pages.fill(token, {"n": n}, openid=ALICE)) for n in range(50)]
        await session.close()
    assert Counter(results) == {None: 1, LinkUsedError: 49}
