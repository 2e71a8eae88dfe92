"""Families on the public rental register."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Self

from domain.shared.conversations import Json
from domain.shared.errors import InvalidError, NotFoundError, RefusedError
from domain.shared.idents import half_width, long_id

__all__ = [
    "NUMBER_PATTERN",
    "Family",
    "FamilyCancelledError",
    "FamilyNotFoundError",
    "FamilyState",
    "Filing",
    "InvalidFilingNumberError",
    "Member",
    "UnitType",
    "filing_number",
    "screen",
    "unit_types_of",
]

NUMBER_PATTERN: Final = r"^[0-9A-Z-]{8,24}$"
"""No public rule for filing numbers is known; a setting may narrow this one."""

_DASHES: Final = re.compile("[‐‑‒–—―－−]")


class InvalidFilingNumberError(InvalidError):
    """The text cannot be a filing number."""

    code = "filing-number"


class FamilyNotFoundError(NotFoundError):
    """No family of this person is filed under that number."""

    code = "family-not-found"


class FamilyCancelledError(RefusedError):
    """The family's filing was cancelled."""

    code = "family-cancelled"


class UnitType(StrEnum):
    """The kinds of unit a family may be filed for (备案套型), small to large."""

    STUDIO = "零居室"
    ONE = "一居室"
    TWO = "二居室"
    THREE = "三居室"


class FamilyState(StrEnum):
    """Whether a filing stands."""

    VALID = "valid"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Member:
    """A person filed with a family; ``relation`` is as the register words it."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What the register says about one family.

    ``unit_types`` are in the order of `UnitType`. ``group`` is the order group as the register
    words it. ``filed_at`` is a day in China; ``None`` if the register does not tell.

    Source: S0-29.
    """

    number: str
    district: str
    unit_types: tuple[UnitType, ...]
    group: str
    state: FamilyState
    members: tuple[Member, ...]
    filed_at: date | None = None

    def includes(self, id_number: str) -> bool:
        """Tell whether the person with this ID number is a member; old numbers count too.

        Source: S0-28.
        """
        return long_id(id_number) in {long_id(member.id_number) for member in self.members}

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back."""
        return {
            "number": self.number,
            "district": self.district,
            "unit_types": [unit_type.value for unit_type in self.unit_types],
            "group": self.group,
            "state": self.state.value,
            "members": [
                {"name": one.name, "id_number": one.id_number, "relation": one.relation}
                for one in self.members
            ],
            "filed_at": self.filed_at.isoformat() if self.filed_at else "",
        }

    @staticmethod
    def from_json(kept: dict[str, Json]) -> "Filing":
        """Rebuild a filing from `to_json`."""
        types, members, day = kept["unit_types"], kept["members"], str(kept["filed_at"])
        assert isinstance(types, list)  # noqa: S101 (written by to_json)
        assert isinstance(members, list)  # noqa: S101 (written by to_json)
        return Filing(
            number=str(kept["number"]),
            district=str(kept["district"]),
            unit_types=unit_types_of([str(word) for word in types]),
            group=str(kept["group"]),
            state=FamilyState(str(kept["state"])),
            members=tuple(_member(one) for one in members if isinstance(one, dict)),
            filed_at=date.fromisoformat(day) if day else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Filing):
    """A filed family as we know it. ``id`` is ours: opaque, and always the same for a number."""

    id: str

    @classmethod
    def of(cls, filing: Filing, family_id: str) -> Self:
        """Return what the register says, under an id of ours."""
        return cls(
            number=filing.number,
            district=filing.district,
            unit_types=filing.unit_types,
            group=filing.group,
            state=filing.state,
            members=filing.members,
            filed_at=filing.filed_at,
            id=family_id,
        )


def filing_number(text: str, pattern: str = NUMBER_PATTERN) -> str:
    """Read a filing number.

    Parameters
    ----------
    text
        As typed: full-width characters, spaces, small letters and any dash are understood.
    pattern
        What the operator's numbers look like.

    Returns
    -------
    str
        The number in capitals, without spaces.

    Raises
    ------
    InvalidFilingNumberError
        It cannot be one.

    Source
    ------
    S0-26.
    """
    number = _DASHES.sub("-", "".join(half_width(text).split())).upper()
    if not re.fullmatch(pattern, number):
        raise InvalidFilingNumberError
    return number


def screen(filing: Filing | None, id_number: str) -> Filing:
    """Return the filing if it is this person's and stands.

    Raises
    ------
    FamilyNotFoundError
        There is none, or the person is not a member: the answer is the same for both.
    FamilyCancelledError
        It is theirs, but was cancelled.

    Source
    ------
    S0-28.
    """
    if filing is None or not filing.includes(id_number):
        raise FamilyNotFoundError
    if filing.state is FamilyState.CANCELLED:
        raise FamilyCancelledError
    return filing


def unit_types_of(words: Sequence[str]) -> tuple[UnitType, ...]:
    """Return the unit types that stored words name, each once, small to large.

    Raises
    ------
    ValueError
        A word is none of them.

    Source
    ------
    S0-29.
    """
    named = {UnitType(word) for word in words}
    return tuple(one for one in UnitType if one in named)


def _member(kept: dict[str, Json]) -> Member:
    return Member(str(kept["name"]), str(kept["id_number"]), str(kept["relation"]))
