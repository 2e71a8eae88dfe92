"""What happened in a run: one event a line, by the machine's monotonic clock.

The harness writes it, the checker reads it, and neither knows the other.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self, TextIO, TypeAlias, TypeVar

__all__ = [
    "Answered",
    "Asked",
    "Citizen",
    "Ended",
    "Event",
    "Fault",
    "Forged",
    "History",
    "Leak",
    "Passed",
    "Posted",
    "Probe",
    "Row",
    "Run",
    "Silent",
    "Sms",
    "Writer",
]

SECOND: Final = 1_000_000_000
"""Moments are in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Run:
    """The run itself; ``seed`` makes its faults and citizens again."""

    t: int
    seed: int
    name: str


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody with a plan. ``canaries`` are words that nobody else may ever be shown."""

    t: int
    openid: str
    family: str
    phone: str
    canaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One copy of a message leaves the platform.

    ``attempt`` is unique; ``key`` is equal for every copy of one message. ``meaning`` is what the
    citizen wants by it: ``confirm UNIT``, ``cancel NUMBER,NUMBER``, or anything that changes no
    record. ``expects`` are words of which any definite answer holds one.
    """

    t: int
    openid: str
    key: str
    attempt: int
    worker: int
    meaning: str
    expects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A copy got a well-formed answer. ``taps`` are the options: what they say, and their words."""

    t: int
    attempt: int
    to: str
    text: str
    taps: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Silent:
    """A copy got no answer that the platform could show; whether it had an effect is unknown.

    ``why`` is ``refused`` (nobody listened), ``reset``, ``timeout``, or what was wrong with it.
    """

    t: int
    attempt: int
    why: str


@dataclass(frozen=True, slots=True)
class Sms:
    """A code as the phone network saw it leave: outside the service."""

    t: int
    phone: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Posted:
    """A one-time page was sent off; ``taken`` tells whether it was accepted."""

    t: int
    token: str
    openid: str
    owner: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Forged:
    """Something that the platform did not sign, and what it got."""

    t: int
    status: int
    answer: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A nemesis begins (``on``) or ends; ``worker`` is -1 unless it is about one of them."""

    t: int
    name: str
    on: bool
    worker: int = -1


@dataclass(frozen=True, slots=True)
class Passed:
    """A process reached a failpoint, and obeyed an order or none (``-``)."""

    t: int
    pid: int
    point: str
    order: str
    revision: int
    subject: str


@dataclass(frozen=True, slots=True)
class Probe:
    """Something measured: ``when`` is ``start`` or ``end``, or empty in between."""

    t: int
    what: str
    value: float
    when: str = ""


@dataclass(frozen=True, slots=True)
class Leak:
    """Something personal stands where it must not: in a log, a metric, an address."""

    t: int
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A citizen came to the end of the plan, or did not (``stuck``)."""

    t: int
    openid: str
    stuck: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the final records; ``committed`` is 0 where the database does not tell when."""

    table: str
    values: Mapping[str, Any] = field(default_factory=dict)
    committed: int = 0
    transaction: int = 0
    t: int = 0


Event: TypeAlias = (
    Run
    | Citizen
    | Asked
    | Answered
    | Silent
    | Sms
    | Posted
    | Forged
    | Fault
    | Passed
    | Probe
    | Leak
    | Ended
    | Row
)

_Kind = TypeVar("_Kind")

_KINDS: Final[dict[str, Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        *(Run, Citizen, Asked, Answered, Silent, Sms, Posted),
        *(Forged, Fault, Passed, Probe, Leak, Ended, Row),
    )
}


class Writer:
    """Writes a history, line by line."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, event: Event) -> None:
        """Write an event."""
        line = {"kind": type(event).__name__.lower(), **asdict(event)}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class History:
    """All events of a run in the order of their moments."""

    events: tuple[Event, ...]

    @classmethod
    def of(cls, events: Iterable[Event]) -> Self:
        """Put events in order."""
        return cls(tuple(sorted(events, key=lambda event: event.t)))

    @classmethod
    def read(cls, files: Iterable[Path]) -> Self:
        """Read and merge the files of one run."""
        return cls.of(event for file in files for event in _events(file))

    def all(self, kind: type[_Kind]) -> list[_Kind]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def rows(self, table: str) -> list[Row]:
        """Return the final rows of a table."""
        return [row for row in self.all(Row) if row.table == table]


def _events(file: Path) -> Iterator[Event]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            values = json.loads(line)
            kind = _KINDS[values.pop("kind")]
            lists = {
                name: _tupled(value) for name, value in values.items() if isinstance(value, list)
            }
            yield kind(**values | lists)


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list) else value
