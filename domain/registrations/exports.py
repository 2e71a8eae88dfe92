"""Files that are made for officers: what they hold, how far they are, how long they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

from domain.filings.model import Family
from domain.identity.model import Person
from domain.registrations.model import Registration
from domain.shared.tables import TableForm

__all__ = [
    "EXPORT_LEASE",
    "EXPORT_LIFE",
    "EXPORT_STRIKES",
    "Export",
    "ExportState",
    "ExportStore",
    "ExportSubject",
    "ListedFamily",
    "ListedRegistration",
    "ListingStore",
    "Page",
    "may_fetch",
]

_T = TypeVar("_T")

EXPORT_LIFE: Final = timedelta(hours=24)
"""How long a file can be fetched; what nobody fetched by then is made again."""

EXPORT_LEASE: Final = timedelta(seconds=30)
"""After which a worker that did not say it lives is taken for dead."""

EXPORT_STRIKES: Final = 3
"""How many workers may go down over one file before a person must ask again."""


class ExportSubject(StrEnum):
    """What a file lists, one row each."""

    REGISTRATIONS = "registrations"
    UNITS = "units"
    FAMILIES = "families"


class ExportState(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Export:
    """A file that an officer asked for.

    ``plan_id`` narrows registrations to one plan. ``attempts`` counts who began to write it, so
    that of two who believe they do only the last is believed; ``strikes`` those who went down
    since a person last asked. ``share`` is how much is written, in hundredths.
    """

    id: str
    officer: str
    subject: ExportSubject
    plan_id: str | None
    form: TableForm
    masked: bool
    asked_at: datetime
    state: ExportState = ExportState.WAITING
    attempts: int = 0
    strikes: int = 0
    rows: int = 0
    share: int = 0
    size: int = 0
    ended_at: datetime | None = None

    @property
    def under_way(self) -> bool:
        """Whether it is still being made, or about to be."""
        return self.state in {ExportState.WAITING, ExportState.RUNNING}

    @property
    def expires_at(self) -> datetime:
        """When it can no longer be fetched."""
        return (self.ended_at or self.asked_at) + EXPORT_LIFE


@dataclass(frozen=True, slots=True)
class ListedRegistration:
    """A registration with whom it is of."""

    registration: Registration
    family: Family | None
    person: Person | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListedFamily:
    """A family, and how many live accounts are bound to it."""

    family: Family
    bound: int


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """Some of a list: where to go on after, ``None`` at the end; ``share`` in hundredths."""

    items: Sequence[_T]
    after: str | None
    share: int


class ExportStore(Protocol):
    """Files that officers asked for, in sealed pieces."""

    async def add(self, export: Export) -> bool:
        """Keep a wish; ``False``, with nothing kept, if the officer has one under way."""

    async def find(self, export_id: str) -> Export | None:
        """Return one; ``None`` if it is not on record."""

    async def of_officer(self, officer: str) -> list[Export]:
        """Return the last twenty of an officer, newest first."""

    async def claim(self, *, now: datetime) -> Export | None:
        """Begin to write the one that waits longest; ``None`` if none does.

        One whose worker fell silent waits again, and is failed after three. One atomic step.
        """

    async def go_on(self, export: Export, *, rows: int, share: int, now: datetime) -> bool:
        """Say how far we are, and that we live; ``False`` if it is no longer ours."""

    async def put(self, export: Export, number: int, piece: bytes) -> None:
        """Keep a piece of the file, from number 0 on."""

    async def end(self, export: Export, *, size: int, rows: int, now: datetime) -> bool:
        """Say that the file is whole; ``False`` if it is no longer ours."""

    async def fail(self, export: Export, *, now: datetime) -> bool:
        """Say that it cannot be made; ``False`` if it is no longer ours."""

    async def again(self, export_id: str, officer: str, *, now: datetime) -> bool:
        """Let a failed one wait again; ``False`` where it is none, or another is under way."""

    async def piece(self, export: Export, number: int) -> bytes | None:
        """Return a piece of the file; ``None`` behind the last."""

    async def forget(self, *, before: datetime) -> int:
        """Drop files that ended before a moment, and their pieces; return how many."""


class ListingStore(Protocol):
    """Everything of a kind, some at a time, in an order that stays."""

    async def registrations(self, plan_id: str | None, after: str = "") -> Page[ListedRegistration]:
        """Return registrations in the order they were made, of one plan or of all."""

    async def families(self, after: str = "") -> Page[ListedFamily]:
        """Return families in an order of our own."""


def may_fetch(export: Export, officer: str, now: datetime) -> bool:
    """Tell whether an officer may fetch a file now: their own, whole, and not too old.

    Source: ours, with S0-77: what leaves the records leaves by one known hand.
    """
    whole = export.state is ExportState.DONE
    return whole and export.officer == officer and now < export.expires_at
