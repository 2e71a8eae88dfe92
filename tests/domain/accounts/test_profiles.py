"""What a citizen tells about themselves is theirs to set and to change. Source: S0-78 to S0-81."""

from decimal import Decimal

import pytest

from domain.accounts.model import Account
from domain.accounts.profiles import (
    CollectedFacts,
    CoResident,
    EmergencyContact,
    Housing,
    Marriage,
    Profile,
    ProfileService,
    Relation,
    SameResidentError,
)
from tests.support.clock import FakeClock
from tests.support.profiles import PersonalWork
from tests.support.works import ALICE, PHONE

CHILD = CoResident("沈小树", "110101201501010011", Relation.CHILD)
FATHER = CoResident("周大海", "110101195503080015", Relation.PARENT)
CALLED = EmergencyContact("周大海", Relation.PARENT, "+8613812345678")
FACTS = CollectedFacts(Marriage.SINGLE, 1, "无工作", Decimal(0), Housing.PUBLIC)
OWN = "110101198806060023"


@pytest.fixture
def work() -> PersonalWork:
    return PersonalWork()


@pytest.fixture
def profiles(work: PersonalWork, clock: FakeClock) -> ProfileService:
    return ProfileService(work, clock)


@pytest.fixture
async def account(work: PersonalWork, clock: FakeClock) -> Account:
    added = await work.accounts.add(phone=PHONE, at=clock.now())
    assert added is not None
    return added


async def test_each_part_is_kept_beside_the_others_and_leaves_an_act(
    profiles: ProfileService, work: PersonalWork, account: Account
) -> None:
    await profiles.set_contact_phone(ALICE, account, "+8613912345678")
    await profiles.set_emergency(ALICE, account, CALLED)
    await profiles.set_collected(ALICE, account, FACTS)
    await profiles.set_co_residents(openid=ALICE, account=account, residents=[CHILD, FATHER])
    assert await profiles.of(account) == Profile("+8613912345678", CALLED, (CHILD, FATHER), FACTS)
    assert [(act.tag, act.actor, act.object_id) for act in work.acts.rows] == [
        (f"accounts:{part}:set", ALICE, account.id)
        for part in ("contact", "emergency", "collected", "co_residents")
    ]


async def test_no_act_tells_what_was_told(
    profiles: ProfileService, work: PersonalWork, account: Account
) -> None:
    await profiles.set_emergency(ALICE, account, CALLED)
    assert not any(act.note for act in work.acts.rows)


async def test_the_list_of_co_residents_is_replaced_as_a_whole_even_by_nobody(
    profiles: ProfileService, account: Account
) -> None:
    await profiles.set_co_residents(openid=ALICE, account=account, residents=[CHILD, FATHER])
    await profiles.set_co_residents(openid=ALICE, account=account, residents=[FATHER])
    assert (await profiles.of(account)).co_residents == (FATHER,)
    await profiles.set_co_residents(openid=ALICE, account=account, residents=[])
    assert (await profiles.of(account)).co_residents == ()


@pytest.mark.parametrize(
    ("residents", "own"), [([CHILD, CHILD], ""), ([CoResident("我", OWN, Relation.OTHER)], OWN)]
)
async def test_nobody_lives_with_a_citizen_twice_or_is_the_citizen(
    profiles: ProfileService,
    work: PersonalWork,
    account: Account,
    residents: list[CoResident],
    own: str,
) -> None:
    with pytest.raises(SameResidentError):
        await profiles.set_co_residents(openid=ALICE, account=account, residents=residents, own=own)
    assert (await profiles.of(account)) == Profile()
    assert not work.acts.rows


def test_a_profile_survives_being_written_down() -> None:
    for profile in (Profile(), Profile("+8613912345678", CALLED, (CHILD, FATHER), FACTS)):
        assert Profile.from_json(profile.to_json()) == profile


def test_a_profile_shows_nobody_in_its_repr() -> None:
    shown = repr(Profile("+8613912345678", CALLED, (CHILD,), FACTS))
    for secret in ("13912345678", "周大海", "13812345678", "沈小树", CHILD.id_number, "无工作"):
        assert secret not in shown
