"""Source: S0-25, S0-26, S0-27, S0-28, S0-29."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.simulated import LineState, SimulatedFamilyRegister, World
from domain.accounts.model import Account, CodeRequest, Purpose
from domain.accounts.service import CodeNotProvenError
from domain.filings.model import (
    FamilyCancelledError,
    FamilyNotFoundError,
    FamilyState,
    Filing,
    InvalidFilingNumberError,
    Member,
    UnitType,
)
from domain.filings.service import AlreadyBoundError, FamilyLongFoundError, FilingService
from domain.identity.model import Person
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from domain.shared.throttle import ThrottledError
from tests.support.clock import FakeClock
from tests.support.works import ALICE, BOB, PHONE, MemorySecrets, PeopleWork, a_request, proven

CAO, LIN = "11010519491231002X", "110100198809230028"
OURS, OURS_TOO, THEIRS, GONE, NONE = (
    "1101052019000123",
    "1101052019000124",
    "1101052019000125",
    "1101052019000126",
    "1101052019000999",
)
FOUND_LIFE = timedelta(hours=2)


def a_filing(number: str, id_number: str, state: FamilyState = FamilyState.VALID) -> Filing:
    return Filing(
        number=number,
        district="朝阳区",
        unit_types=(UnitType.TWO,),
        group="第2组",
        state=state,
        members=(Member("曹雪芹", id_number, "申请人"),),
    )


WORLD = World(
    families={
        OURS: a_filing(OURS, CAO),
        OURS_TOO: a_filing(OURS_TOO, CAO),
        THEIRS: a_filing(THEIRS, LIN),
        GONE: a_filing(GONE, CAO, FamilyState.CANCELLED),
    }
)


class House:
    """One citizen with an account and a real name before the filing service."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.work = PeopleWork()
        self.secrets = MemorySecrets()
        self.register = SimulatedFamilyRegister(WORLD)
        self.service = FilingService(self.work, self.register, self.secrets, self.clock)
        self.person = Person("person-1", "曹雪芹", CAO, self.clock.now(), "test")
        self.first: Account

    @property
    def account(self) -> Account:
        return self.work.accounts.rows[self.first.id]

    async def look_up(self, number: str, openid: OpenId = ALICE) -> Filing:
        return await self.service.look_up(
            openid=openid, account=self.account, person=self.person, number=number
        )

    async def bind(self, number: str) -> Filing:
        """Bind a family as it was found."""
        proof = proven(a_request(purpose=Purpose.BIND_FAMILY), self.clock.now())
        return await self.service.bind(
            openid=ALICE, account=self.account, person=self.person, number=number, proof=proof
        )

    async def find_and_bind(self, number: str) -> Filing:
        await self.look_up(number)
        return await self.bind(number)


@pytest.fixture
async def house() -> House:
    house = House()
    opened = await house.work.accounts.add(phone=PHONE, at=house.clock.now())
    assert opened is not None
    house.first = opened
    return house


async def test_the_persons_family_is_found_as_its_number_is_typed(house: House) -> None:
    family = await house.look_up(" １１０１０５ 2019 000123")
    assert family.number == OURS
    assert family.unit_types == (UnitType.TWO,)
    assert not house.work.families.rows
    assert not house.work.acts.rows


@pytest.mark.parametrize("number", [THEIRS, NONE])
async def test_unknown_and_somebody_elses_look_the_same_and_leave_the_same_act(
    house: House, number: str
) -> None:
    with pytest.raises(FamilyNotFoundError) as caught:
        await house.look_up(number)
    assert vars(caught.value) == vars(FamilyNotFoundError())
    act = house.work.acts.rows[-1]
    assert (act.tag, act.actor) == ("filings:family:refused", house.account.id)
    assert act.object_id == house.work.families.id_of(number)
    assert act.note == ""
    assert {key for key, hits in house.secrets.hits.items() if hits} == {
        f"filings:citizen:{ALICE}",
        f"filings:family:{number}",
    }


async def test_a_cancelled_family_is_told_so_to_its_own(house: House) -> None:
    with pytest.raises(FamilyCancelledError):
        await house.look_up(GONE)


async def test_what_cannot_be_a_number_asks_nobody_and_counts_for_nothing(house: House) -> None:
    with pytest.raises(InvalidFilingNumberError):
        await house.look_up("123")
    assert not house.secrets.hits


async def test_a_citizen_may_miss_five_times_a_day(house: House) -> None:
    began = house.clock.now()
    for number in range(5):
        with pytest.raises(FamilyNotFoundError):
            await house.look_up(f"11010520190009{number:02}")
        house.clock.forward(60)
    with pytest.raises(ThrottledError) as caught:
        await house.look_up(OURS)
    assert caught.value.until == began + timedelta(days=1)
    house.clock.forward(86400)
    assert (await house.look_up(OURS)).number == OURS


async def test_a_family_may_be_missed_ten_times_a_day_whoever_asks(house: House) -> None:
    for number in range(10):
        with pytest.raises(FamilyNotFoundError):
            await house.look_up(THEIRS, OpenId(f"oTest{number:023d}"))
    with pytest.raises(ThrottledError):
        await house.look_up(THEIRS, BOB)
    assert (await house.look_up(OURS, BOB)).number == OURS


async def test_finding_the_own_family_uses_nothing_up(house: House) -> None:
    for _ in range(20):
        assert (await house.look_up(OURS)).number == OURS
        house.clock.forward(FOUND_LIFE.total_seconds())


async def test_a_silent_register_counts_for_nothing(house: House) -> None:
    house.register.line.state = LineState.DOWN
    for _ in range(12):
        with pytest.raises(UnavailableError):
            await house.look_up(OURS)
    house.register.line.state = LineState.UP
    assert (await house.look_up(OURS)).number == OURS


async def test_a_throttle_that_is_silent_asks_nobody(house: House) -> None:
    house.secrets.silent = True
    with pytest.raises(UnavailableError):
        await house.look_up(OURS)


async def test_a_family_that_was_found_is_bound_without_asking_the_register_again(
    house: House,
) -> None:
    looked_up = await house.look_up(OURS)
    house.register.line.state = LineState.DOWN
    family = await house.bind(OURS)
    assert family == looked_up
    assert await house.service.family_of(house.account) == family
    act = house.work.acts.rows[-1]
    assert (act.tag, act.actor) == ("filings:family:bind", house.account.id)
    assert act.object_id == house.account.family_id


async def test_binding_asks_nobody_outside_and_after_a_while_the_family_must_be_found_anew(
    house: House,
) -> None:
    await house.look_up(OURS)
    house.clock.forward(FOUND_LIFE.total_seconds())
    with pytest.raises(FamilyLongFoundError):
        await house.bind(OURS)
    assert not house.work.families.rows
    assert (await house.find_and_bind(OURS)).number == OURS


async def test_what_was_found_for_one_person_is_not_given_to_another(house: House) -> None:
    await house.look_up(OURS)
    house.person = replace(house.person, id_number=LIN)
    with pytest.raises(FamilyNotFoundError):
        await house.look_up(OURS)
    with pytest.raises(FamilyLongFoundError):
        await house.bind(OURS)
    assert not house.work.families.rows


@pytest.mark.parametrize(
    ("number", "expected"), [(THEIRS, FamilyNotFoundError), (GONE, FamilyCancelledError)]
)
async def test_what_was_refused_cannot_be_bound(
    house: House, number: str, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        await house.look_up(number)
    with pytest.raises(FamilyLongFoundError):
        await house.bind(number)
    assert house.account.family_id is None
    assert not house.work.families.rows


async def test_binding_twice_changes_nothing(house: House) -> None:
    first = await house.find_and_bind(OURS)
    assert await house.bind(OURS) == first
    assert [act.tag for act in house.work.acts.rows] == ["filings:family:bind"]


async def test_an_account_has_one_family(house: House) -> None:
    first = await house.find_and_bind(OURS)
    with pytest.raises(AlreadyBoundError):
        await house.find_and_bind(OURS_TOO)
    assert await house.service.family_of(house.account) == first


async def test_a_family_bound_meanwhile_is_not_replaced(house: House) -> None:
    stale = house.account
    await house.find_and_bind(OURS)
    await house.look_up(OURS_TOO)
    proof = proven(a_request(purpose=Purpose.BIND_FAMILY), house.clock.now())
    with pytest.raises(AlreadyBoundError):
        await house.service.bind(
            openid=ALICE, account=stale, person=house.person, number=OURS_TOO, proof=proof
        )
    assert house.account.family_id == house.work.families.id_of(OURS)


@pytest.mark.parametrize(
    "wrong",
    [
        a_request(purpose=Purpose.SIGN_IN),
        a_request(openid=BOB, purpose=Purpose.BIND_FAMILY),
        a_request(phone="+8619900000002", purpose=Purpose.BIND_FAMILY),
    ],
)
async def test_binding_needs_a_proof_of_the_accounts_own_phone(
    house: House, wrong: CodeRequest
) -> None:
    with pytest.raises(CodeNotProvenError):
        await house.service.bind(
            openid=ALICE,
            account=house.account,
            person=house.person,
            number=OURS,
            proof=proven(wrong, house.clock.now()),
        )
    assert not house.work.families.rows


async def test_an_account_without_a_family_has_none(house: House) -> None:
    assert await house.service.family_of(house.account) is None
