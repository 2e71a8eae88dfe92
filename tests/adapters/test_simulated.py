"""The stand-ins and the world they know. Source: S0-02."""

import tomllib
from datetime import date, datetime
from pathlib import Path

import pytest

from adapters.simulated import (
    DEMO_WORLD,
    Inhabitant,
    SimulatedIdentityCheck,
    SimulatedSms,
    World,
    WorldBrokenError,
)
from domain.accounts.model import Purpose
from domain.filings.model import FamilyState, UnitType, filing_number
from domain.identity.model import Verdict
from domain.shared.idents import person_name, resident_id
from tests.support.clock import FakeClock

SMALL = """
[[person]]
name = "张三"
id_number = "11010019860412001x"
face = "fail"
bank_cards = ["6222", 6223]
phone = "19900000001"

[[family]]
filing_number = " bj-2019-0001 "
district = "朝阳区"
unit_types = ["二居", "零居室", "两居室"]
group = 2
status = "cancelled"
members = [{ name = "张三", id_number = "11010019860412001X", relation = "本人" }]

[[lease]]
of = "a service to come"
"""


def a_world(folder: Path, text: str) -> Path:
    path = folder / "world.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_world_is_read_as_people_write_it(tmp_path: Path) -> None:
    world = World.load(a_world(tmp_path, SMALL))
    number = "11010019860412001X"
    assert world.people == {number: Inhabitant("张三", number, "fail", ("6222", "6223"))}
    family = world.families["BJ-2019-0001"]
    assert family.unit_types == (UnitType.STUDIO, UnitType.TWO)
    assert (family.group, family.state) == ("2", FamilyState.CANCELLED)
    assert family.filed_at is None
    assert family.includes(number)


def test_an_empty_world_is_a_world(tmp_path: Path) -> None:
    world = World.load(a_world(tmp_path, ""))
    assert not world.people
    assert not world.families


@pytest.mark.parametrize(
    "text",
    [
        "[[person]\n",
        "[[person]]\nname = '张三'\n",
        SMALL.replace('"二居"', '"九居室"'),
        SMALL.replace('"cancelled"', '"lost"'),
        SMALL.replace('relation = "本人"', 'role = "本人"'),
        "person = 3\n",
    ],
)
def test_a_broken_world_says_where(tmp_path: Path, text: str) -> None:
    path = a_world(tmp_path, text)
    with pytest.raises(WorldBrokenError, match=r"world\.toml"):
        World.load(path)


def test_a_missing_world_says_where(tmp_path: Path) -> None:
    with pytest.raises(WorldBrokenError, match=r"nowhere\.toml"):
        World.load(tmp_path / "nowhere.toml")


def test_everybody_in_the_demo_is_marked_and_could_not_be_real() -> None:
    entries = tomllib.loads(DEMO_WORLD.read_text("utf-8"))
    members = [member for family in entries["family"] for member in family["members"]]
    for person in [*entries["person"], *members]:
        assert person["name"].endswith("（演示）")
        assert person["id_number"].startswith("110100")
    for family in entries["family"]:
        assert family["group"].endswith("（演示）")
    phones = [person["phone"] for person in entries["person"] if "phone" in person]
    assert len(set(phones)) == len(phones) > 10
    assert all(len(phone) == 11 and phone.startswith("1990000") for phone in phones)


def test_everybody_in_the_demo_passes_our_own_rules() -> None:
    world = World.load()
    assert len(world.people) > 15
    for number, person in world.people.items():
        assert resident_id(person.id_number, date(2026, 3, 11)) == number
        assert person_name(person.name) == person.name
    for number, family in world.families.items():
        assert filing_number(number) == number
        assert family.unit_types
        for member in family.members:
            assert world.people[member.id_number].name == member.name


def test_the_demo_holds_every_family_of_the_story() -> None:
    families = list(World.load().families.values())
    valid = [family for family in families if family.state is FamilyState.VALID]
    assert len(families) - len(valid) == 1
    assert {len(family.members) for family in valid} == {1, 2, 3, 5}
    filed = {family.unit_types for family in valid}
    assert {
        (UnitType.TWO,),
        (UnitType.STUDIO, UnitType.ONE),
        (UnitType.ONE, UnitType.TWO),
        (UnitType.THREE,),
    } <= filed
    people = [member.id_number for family in valid for member in family.members]
    assert len(people) - len(set(people)) == 1


async def test_names_are_compared_whatever_their_capitals() -> None:
    number = "110100199206101109"
    check = SimulatedIdentityCheck(World({number: Inhabitant("Lina Wang", number)}))
    assert await check.compare("LINA WANG", number) is Verdict.MATCH
    assert await check.compare("LINA W", number) is Verdict.MISMATCH


async def test_messages_lie_newest_first_in_the_phone_they_were_sent_to() -> None:
    clock = FakeClock()
    sms = SimulatedSms(clock)
    await sms.send("+8619900000001", "111111", Purpose.SIGN_IN)
    clock.forward(60)
    await sms.send("+8619900000002", "222222", Purpose.CANCEL)
    await sms.send("+8619900000001", "333333", Purpose.BIND_FAMILY)
    for written in ("19900000001", "+86 199 0000 0001", "+8619900000001"):
        assert [message.code for message in sms.inbox(written)] == ["333333", "111111"]
    assert [message.code for message in sms.inbox()] == ["333333", "222222", "111111"]
    assert sms.inbox("199") == []
    newest = sms.inbox("19900000001")[0].to_json()
    assert set(newest) == {"phone", "code", "text", "sent_at"}
    assert newest["phone"] == "19900000001"
    assert datetime.fromisoformat(newest["sent_at"]) == clock.now()


async def test_only_the_last_two_hundred_messages_are_kept() -> None:
    sms = SimulatedSms(FakeClock())
    for number in range(250):
        await sms.send("+8619900000001", f"{number:06}", Purpose.SIGN_IN)
    codes = [message.code for message in sms.inbox()]
    assert (len(codes), codes[0], codes[-1]) == (200, "000249", "000050")
