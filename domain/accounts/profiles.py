"""What citizens tell about themselves beyond the account: optional, and theirs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from domain.accounts.model import Account
from domain.accounts.service_ports import AccountsWork
from domain.shared.clock import Clock
from domain.shared.conversations import Json
from domain.shared.errors import InvalidError
from domain.shared.idents import long_id
from domain.shared.records import AccountId, Act, OpenId

__all__ = [
    "MOST_CO_RESIDENTS",
    "CoResident",
    "CollectedFacts",
    "EmergencyContact",
    "Housing",
    "Marriage",
    "Profile",
    "ProfileService",
    "ProfileStore",
    "ProfilesWork",
    "Relation",
    "SameResidentError",
]

MOST_CO_RESIDENTS: Final = 9


class Relation(StrEnum):
    """What somebody is to the citizen; the value is the word that forms print."""

    SPOUSE = "配偶"
    CHILD = "子女"
    PARENT = "父母"
    SIBLING = "兄弟姐妹"
    OTHER = "其他"


class Marriage(StrEnum):
    """Marital state, in the word that forms print."""

    SINGLE = "未婚"
    MARRIED = "已婚"
    DIVORCED = "离异"
    WIDOWED = "丧偶"


class Housing(StrEnum):
    """Where the citizen lives now, in the word that forms print."""

    RENTED = "租房"
    RELATIVES = "借住亲友家"
    EMPLOYER = "单位宿舍"
    OWNED = "自有住房"
    PUBLIC = "公租房"


@dataclass(frozen=True, slots=True)
class EmergencyContact:
    """Whom to call when the citizen cannot be reached. Source: S0-81."""

    name: str = field(repr=False)
    relation: Relation
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CoResident:
    """Somebody who lives with the citizen. Source: S0-80."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    relation: Relation


@dataclass(frozen=True, slots=True)
class CollectedFacts:
    """What the forms to fill in ask again and again, told once. ``yearly_income`` is in yuan.

    Source: S0-79.
    """

    marriage: Marriage
    household: int
    employer: str
    yearly_income: Decimal
    housing: Housing


@dataclass(frozen=True, slots=True)
class Profile:
    """All that one citizen has told; whatever was not told is empty.

    Source: S0-78 to S0-81.
    """

    contact_phone: str = field(default="", repr=False)
    emergency: EmergencyContact | None = None
    co_residents: tuple[CoResident, ...] = ()
    collected: CollectedFacts | None = field(default=None, repr=False)

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back."""
        facts, emergency = self.collected, self.emergency
        return {
            "contact_phone": self.contact_phone,
            "emergency": [emergency.name, emergency.relation.value, emergency.phone]
            if emergency
            else None,
            "co_residents": [
                [one.name, one.id_number, one.relation.value] for one in self.co_residents
            ],
            "collected": [
                facts.marriage.value,
                str(facts.household),
                facts.employer,
                str(facts.yearly_income),
                facts.housing.value,
            ]
            if facts
            else None,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Json]) -> "Profile":
        """Rebuild a profile from `to_json`."""
        residents = kept["co_residents"]
        return cls(
            contact_phone=str(kept["contact_phone"]),
            emergency=_emergency(kept["emergency"]),
            co_residents=tuple(map(_resident, residents if isinstance(residents, list) else [])),
            collected=_collected(kept["collected"]),
        )


def _words(kept: Json) -> list[str]:
    return [str(word) for word in kept] if isinstance(kept, list) else []


def _resident(kept: Json) -> CoResident:
    name, number, relation = _words(kept)
    return CoResident(name, number, Relation(relation))


def _emergency(kept: Json) -> EmergencyContact | None:
    if kept is None:
        return None
    name, relation, phone = _words(kept)
    return EmergencyContact(name, Relation(relation), phone)


def _collected(kept: Json) -> CollectedFacts | None:
    if kept is None:
        return None
    marriage, household, employer, income, housing = _words(kept)
    return CollectedFacts(
        Marriage(marriage), int(household), employer, Decimal(income), Housing(housing)
    )


class SameResidentError(InvalidError):
    """One person stands twice among the co-residents, or is the citizen.

    Source: S0-80.
    """

    code = "same-resident"


class ProfileStore(Protocol):
    """What citizens told about themselves, one profile an account."""

    async def of(self, account_id: AccountId) -> Profile:
        """Return an account's profile; an empty one while nothing was told."""

    async def save(self, account_id: AccountId, profile: Profile, *, at: datetime) -> None:
        """Keep a profile in place of an earlier one."""

    async def forget(self, account_id: AccountId) -> bool:
        """Erase an account's profile; tell whether there was one."""


class ProfilesWork(AccountsWork, Protocol):
    """What the use cases of the personal centre may touch."""

    @property
    def profiles(self) -> ProfileStore:
        """Profiles."""


class ProfileService:
    """What a citizen may tell about themselves, see and change."""

    def __init__(self, work: ProfilesWork, clock: Clock, *, front: str = "chat") -> None:
        self._work = work
        self._clock = clock
        self._front = front

    async def of(self, account: Account) -> Profile:
        """Return what a citizen has told; an empty profile while nothing was.

        Source: S0-78 to S0-81.
        """
        return await self._work.profiles.of(account.id)

    async def set_contact_phone(self, openid: OpenId, account: Account, phone: str) -> None:
        """Keep the phone that a citizen is best reached at; the account's own stays as it is.

        Source: S0-78.
        """
        profile = await self.of(account)
        await self._keep("contact", openid, account, replace(profile, contact_phone=phone))

    async def set_emergency(
        self, openid: OpenId, account: Account, contact: EmergencyContact
    ) -> None:
        """Keep whom to call when the citizen cannot be reached. Source: S0-81."""
        profile = await self.of(account)
        await self._keep("emergency", openid, account, replace(profile, emergency=contact))

    async def set_collected(self, openid: OpenId, account: Account, facts: CollectedFacts) -> None:
        """Keep what forms ask again and again. Source: S0-79."""
        profile = await self.of(account)
        await self._keep("collected", openid, account, replace(profile, collected=facts))

    async def set_co_residents(
        self, *, openid: OpenId, account: Account, residents: Sequence[CoResident], own: str = ""
    ) -> None:
        """Keep who lives with the citizen, in place of whoever was told before.

        Parameters
        ----------
        openid, account
            Who tells it, of which account.
        residents
            All of them; none is an answer too.
        own
            The citizen's own ID number, where it is known.

        Raises
        ------
        SameResidentError
            One person stands there twice, or is the citizen.

        Source
        ------
        S0-80.
        """
        numbers = [long_id(one.id_number) for one in residents] + ([long_id(own)] if own else [])
        if len(set(numbers)) < len(numbers):
            raise SameResidentError
        profile = replace(await self.of(account), co_residents=tuple(residents))
        await self._keep("co_residents", openid, account, profile)

    async def _keep(self, what: str, openid: OpenId, account: Account, profile: Profile) -> None:
        now = self._clock.now()
        await self._work.profiles.save(account.id, profile, at=now)
        await self._work.acts.add(
            Act(
                tag=f"accounts:{what}:set",
                actor=openid,
                object_id=account.id,
                at=now,
                front=self._front,
            )
        )
