"""Citizens by number: as many as a run needs, each with a family that nobody else has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.cipher import Cipher
from adapters.sql.people import AccountRow, FamilyRow, OpenIdLinkRow, PersonRow

__all__ = ["TYPES", "Person", "settle", "world"]

TYPES: Final = ("一居室", "二居室")
"""What every family has filed for."""

_SERIALS: Final = 999
_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Person:
    """The citizen of a number; all of it is invented and 演示."""

    number: int

    @property
    def openid(self) -> str:
        """28 characters, as the platform gives them."""
        return f"oChaos{self.number:022}"

    @property
    def name(self) -> str:
        """A name with the number in it."""
        return "演" + "".join("零一二三四五六七八九"[int(digit)] for digit in str(self.number))

    @property
    def phone(self) -> str:
        """11 digits, of many number ranges."""
        return f"1990{self.number % 1000:03}{self.number // 1000:04}"

    @property
    def filing(self) -> str:
        """The family's number at the register."""
        return f"9901003{self.number:09}"

    @cached_property
    def id_number(self) -> str:
        """A right number of a region that is not issued to persons."""
        days, serial = divmod(self.number, _SERIALS)
        born = date(1950, 1, 1) + timedelta(days=days)
        body = f"110100{born:%Y%m%d}{serial + 1:03}"
        weighted = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))
        return body + "10X98765432"[weighted % 11]


def world(people: Iterable[Person]) -> str:
    """Return the world's file in which the registers know some people."""
    return "\n".join(map(_entry, people))


def _entry(one: Person) -> str:
    member = f'{{ name = "{one.name}", id_number = "{one.id_number}", relation = "申请人" }}'
    types = ", ".join(f'"{one}"' for one in TYPES)
    return (
        f'[[person]]\nname = "{one.name}"\nid_number = "{one.id_number}"\n'
        f'[[family]]\nfiling_number = "{one.filing}"\ndistrict = "演示区"\n'
        f'unit_types = [{types}]\ngroup = "演示"\nstatus = "valid"\nfiled_at = 2020-01-01\n'
        f"members = [{member}]\n"
    )


async def settle(engine: AsyncEngine, cipher: Cipher, people: Sequence[Person]) -> None:
    """Write people into the records as if they had come the whole way: to a bound family."""
    async with engine.begin() as connection:
        for start in range(0, len(people), _AT_ONCE):
            some = people[start : start + _AT_ONCE]
            for row, values in (
                (PersonRow, _person),
                (FamilyRow, _family),
                (AccountRow, _account),
                (OpenIdLinkRow, _link),
            ):
                await connection.execute(insert(row), [values(one, cipher) for one in some])


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (a program of its own)


def _person(one: Person, cipher: Cipher) -> dict[str, object]:
    return {
        "id": f"person{one.number}",
        "number_index": cipher.index("id-number", one.id_number),
        "number": cipher.seal_text(one.id_number),
        "name": cipher.seal_text(one.name),
        "verified_at": _now(),
        "source": "simulated",
    }


def _family(one: Person, cipher: Cipher) -> dict[str, object]:
    member = f'[{{"name": "{one.name}", "id_number": "{one.id_number}", "relation": "申请人"}}]'
    return {
        "id": cipher.index("filing-number", one.filing),
        "number": cipher.seal_text(one.filing),
        "district": "演示区",
        "unit_types": ",".join(TYPES),
        "order_group": "演示",
        "state": "valid",
        "members": cipher.seal_text(member),
        "filed_at": date(2020, 1, 1),
    }


def _account(one: Person, cipher: Cipher) -> dict[str, object]:
    phone = f"+86{one.phone}"
    return {
        "id": f"account{one.number}",
        "phone_index": cipher.index("phone", phone),
        "phone": cipher.seal_text(phone),
        "state": "active",
        "created_at": _now(),
        "used_at": _now(),
        "person_id": f"person{one.number}",
        "family_id": cipher.index("filing-number", one.filing),
    }


def _link(one: Person, _: Cipher) -> dict[str, object]:
    return {
        "openid": one.openid,
        "account_id": f"account{one.number}",
        "linked_at": _now(),
        "used_at": _now(),
    }
