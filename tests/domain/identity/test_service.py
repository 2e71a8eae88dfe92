"""Source: S0-21, S0-22, S0-23, S0-24."""

from datetime import timedelta

import pytest

from adapters.simulated import Inhabitant, LineState, SimulatedIdentityCheck, World
from domain.accounts.model import Account
from domain.identity.model import Verified
from domain.identity.service import AlreadyVerifiedError, IdentityService, MismatchError
from domain.shared.errors import UnavailableError
from domain.shared.idents import IdFault, InvalidIdNumberError, InvalidNameError
from domain.shared.records import OpenId
from domain.shared.throttle import ThrottledError
from tests.support.clock import FakeClock
from tests.support.works import ALICE, PHONE, MemorySecrets, PeopleWork

NUMBER = "11010519491231002X"
WORLD = World(
    {
        NUMBER: Inhabitant("曹雪芹", NUMBER),
        "110100198809230028": Inhabitant("林若溪", "110100198809230028"),
    }
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def work() -> PeopleWork:
    return PeopleWork()


@pytest.fixture
def check() -> SimulatedIdentityCheck:
    return SimulatedIdentityCheck(WORLD)


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def identity(
    work: PeopleWork, check: SimulatedIdentityCheck, secrets: MemorySecrets, clock: FakeClock
) -> IdentityService:
    return IdentityService(work, check, secrets, clock)


async def an_account(work: PeopleWork, clock: FakeClock) -> Account:
    account = await work.accounts.add(phone=PHONE, at=clock.now())
    assert account is not None
    return account


def citizen(number: int) -> OpenId:
    return OpenId(f"oTest{number:023d}")


async def test_a_name_and_number_that_belong_together_are_verified_as_typed_by_anybody(
    identity: IdentityService, work: PeopleWork, clock: FakeClock
) -> None:
    verified = await identity.compare(ALICE, " 曹 雪芹", "１１０１０５ 19491231 002x")
    assert verified == Verified("曹雪芹", NUMBER, clock.now(), "simulated")
    assert not work.people.rows
    assert not work.acts.rows


@pytest.mark.parametrize("name", ["曹雪", "林若溪"])
async def test_what_does_not_belong_together_is_refused(
    identity: IdentityService, name: str
) -> None:
    with pytest.raises(MismatchError):
        await identity.compare(ALICE, name, NUMBER)


async def test_a_slip_of_the_pen_asks_nobody_and_counts_for_nothing(
    identity: IdentityService, secrets: MemorySecrets
) -> None:
    with pytest.raises(InvalidIdNumberError) as caught:
        await identity.compare(ALICE, "曹雪芹", "110105194912310021")
    assert caught.value.fault is IdFault.CHECK
    with pytest.raises(InvalidNameError):
        await identity.compare(ALICE, "曹", NUMBER)
    assert not secrets.hits


async def test_whether_somebody_is_born_yet_is_judged_by_the_day_in_china(
    identity: IdentityService, clock: FakeClock
) -> None:
    born_on_the_eleventh = "110100202603110011"
    clock.moment = clock.moment.replace(day=10, hour=15, minute=59)
    with pytest.raises(InvalidIdNumberError):
        await identity.compare(ALICE, "林小小", born_on_the_eleventh)
    clock.forward(60)
    with pytest.raises(MismatchError):
        await identity.compare(ALICE, "林小小", born_on_the_eleventh)


async def test_a_citizen_has_three_answers_a_day_right_or_wrong(
    identity: IdentityService, clock: FakeClock
) -> None:
    began = clock.now()
    await identity.compare(ALICE, "曹雪芹", NUMBER)
    for name in ("曹雪", "曹芹"):
        clock.forward(60)
        with pytest.raises(MismatchError):
            await identity.compare(ALICE, name, NUMBER)
    with pytest.raises(ThrottledError) as caught:
        await identity.compare(ALICE, "曹雪芹", NUMBER)
    assert caught.value.until == began + timedelta(days=1)
    clock.forward(86400)
    await identity.compare(ALICE, "曹雪芹", NUMBER)


async def test_a_number_has_five_answers_a_day_whoever_asks(identity: IdentityService) -> None:
    for number in range(5):
        with pytest.raises(MismatchError):
            await identity.compare(citizen(number), "曹某", NUMBER)
    with pytest.raises(ThrottledError):
        await identity.compare(citizen(5), "曹雪芹", NUMBER)
    assert (await identity.compare(citizen(5), "林若溪", "110100198809230028")).name == "林若溪"


async def test_a_silent_register_is_no_mismatch_and_counts_for_nothing(
    identity: IdentityService, check: SimulatedIdentityCheck
) -> None:
    check.line.state = LineState.DOWN
    for _ in range(10):
        with pytest.raises(UnavailableError):
            await identity.compare(ALICE, "曹雪芹", NUMBER)
    check.line.state = LineState.UP
    assert (await identity.compare(ALICE, "曹雪芹", NUMBER)).id_number == NUMBER


async def test_a_throttle_that_is_silent_asks_nobody(
    identity: IdentityService, secrets: MemorySecrets
) -> None:
    secrets.silent = True
    with pytest.raises(UnavailableError):
        await identity.compare(ALICE, "曹雪芹", NUMBER)


async def test_what_was_verified_becomes_the_accounts_person(
    identity: IdentityService, work: PeopleWork, clock: FakeClock
) -> None:
    account = await an_account(work, clock)
    assert await identity.person_of(account) is None
    verified = await identity.compare(ALICE, "曹雪芹", NUMBER)
    person = await identity.confirm(account.id, Verified.from_json(verified.to_json()))
    assert (person.name, person.id_number, person.source) == ("曹雪芹", NUMBER, "simulated")
    assert person.verified_at == clock.now()
    assert await identity.person_of(work.accounts.rows[account.id]) == person
    act = work.acts.rows[-1]
    assert (act.tag, act.actor, act.object_id) == ("identity:person:verify", account.id, person.id)
    assert not [word for word in ("曹", NUMBER) if word in repr(act)]


async def test_an_account_keeps_its_person(
    identity: IdentityService, work: PeopleWork, clock: FakeClock
) -> None:
    account = await an_account(work, clock)
    mine = await identity.confirm(account.id, Verified("曹雪芹", NUMBER, clock.now(), "test"))
    again = await identity.confirm(account.id, Verified("曹雪芹", NUMBER, clock.now(), "test"))
    assert mine.id == again.id
    other = Verified("林若溪", "110100198809230028", clock.now(), "test")
    with pytest.raises(AlreadyVerifiedError):
        await identity.confirm(account.id, other)
    assert work.accounts.rows[account.id].person_id == mine.id
    assert len(work.acts.rows) == 2


def test_names_and_numbers_do_not_show_in_what_is_logged(clock: FakeClock) -> None:
    shown = repr(Verified("曹雪芹", NUMBER, clock.now(), "test"))
    assert "曹" not in shown
    assert NUMBER not in shown
