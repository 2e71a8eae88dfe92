"""Persons whose name and ID number were compared."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from domain.shared.conversations import Json

__all__ = ["Person", "Verdict", "Verified"]


class Verdict(StrEnum):
    """What a comparison of name and ID number says; never which of the two is wrong."""

    MATCH = "match"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Verified:
    """A name and an ID number that belong together.

    ``source`` names who compared them.

    Source: S0-24.
    """

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    at: datetime
    source: str

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back."""
        return {
            "name": self.name,
            "id_number": self.id_number,
            "at": self.at.isoformat(),
            "source": self.source,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Json]) -> Self:
        """Rebuild it from `to_json`."""
        return cls(
            name=str(kept["name"]),
            id_number=str(kept["id_number"]),
            at=datetime.fromisoformat(str(kept["at"])),
            source=str(kept["source"]),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A person whose name is real; one record however many accounts the person has.

    Source: S0-24.
    """

    id: str
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    verified_at: datetime
    source: str
