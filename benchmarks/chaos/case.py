"""A history, put in such order that every invariant can be counted in one pass."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from benchmarks.chaos.history import (
    SECOND,
    Answered,
    Asked,
    Citizen,
    Ended,
    Fault,
    History,
    Passed,
    Probe,
    Row,
    Silent,
)
from benchmarks.chaos.reading import Claim, claims, undecided

__all__ = ["HARNESS", "LOST_STORE", "Case", "Copy", "Told", "Violation", "Window"]

LOST_STORE: Final = frozenset({"redis flush", "redis rollback", "redis corrupt"})
"""After these a conversation may be older than what was answered, or gone."""

END: Final = 1 << 62

HARNESS: Final = -1
"""The number under which it is written down that the harness itself had no processor."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, and where it was seen."""

    invariant: str
    what: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a message, with what became of it."""

    asked: Asked
    answered: Answered | None
    silent: Silent | None

    @property
    def ended(self) -> int:
        """When it was answered or given up."""
        outcome = self.answered or self.silent
        return outcome.t if outcome else END

    @property
    def definite(self) -> bool:
        """Whether it got an answer that is not «later»."""
        return self.answered is not None and not undecided(self.answered.text)


@dataclass(frozen=True, slots=True)
class Told:
    """A claim, and the answer in which it was made."""

    claim: Claim
    openid: str
    copy: Copy

    @property
    def t(self) -> int:
        """When."""
        return self.copy.ended


@dataclass(frozen=True, slots=True)
class Window:
    """A fault, from its beginning to its end."""

    name: str
    worker: int
    begin: int
    end: int

    def touches(self, begin: int, end: int, *, slack: float = 0.0) -> bool:
        """Tell whether it overlaps a stretch of time, so many seconds wider on both sides."""
        more = int(slack * SECOND)
        return self.begin - more <= end and begin <= self.end + more


@dataclass(frozen=True)
class Case:
    """Everything the invariants ask about, each found once."""

    history: History

    @cached_property
    def citizens(self) -> Mapping[str, Citizen]:
        """Citizens by openid."""
        return {one.openid: one for one in self.history.all(Citizen)}

    @cached_property
    def copies(self) -> list[Copy]:
        """All copies of all messages, in the order in which they left."""
        answers = {one.attempt: one for one in self.history.all(Answered)}
        silences = {one.attempt: one for one in self.history.all(Silent)}
        return [
            Copy(asked, answers.get(asked.attempt), silences.get(asked.attempt))
            for asked in self.history.all(Asked)
        ]

    @cached_property
    def by_key(self) -> Mapping[str, list[Copy]]:
        """Copies of each message."""
        return _grouped((copy.asked.key, copy) for copy in self.copies)

    @cached_property
    def by_citizen(self) -> Mapping[str, list[Copy]]:
        """Copies of each citizen's messages."""
        return _grouped((copy.asked.openid, copy) for copy in self.copies)

    @cached_property
    def told(self) -> list[Told]:
        """Every claim made to anybody, in the order of the answers."""
        found = [
            Told(claim, copy.asked.openid, copy)
            for copy in self.copies
            if copy.answered
            for claim in claims(copy.answered)
        ]
        return sorted(found, key=lambda told: told.t)

    @cached_property
    def told_of(self) -> Mapping[str, list[Told]]:
        """Claims by number."""
        return _grouped((told.claim.number, told) for told in self.told)

    @cached_property
    def registrations(self) -> Mapping[str, list[Row]]:
        """Final registrations by number; more than one is a fault."""
        rows = self.history.rows("registrations")
        return _grouped((str(row.values["number"]), row) for row in rows)

    @cached_property
    def acts(self) -> Mapping[str, list[Row]]:
        """Final acts by what they are about, in the order of their serial."""
        rows = sorted(self.history.rows("acts"), key=lambda row: int(row.values["id"]))
        return _grouped((str(row.values["object_id"]), row) for row in rows)

    @cached_property
    def units(self) -> Mapping[str, str]:
        """Units' ids by the name that citizens see."""
        return {
            str(row.values["label"]): str(row.values["id"]) for row in self.history.rows("units")
        }

    @cached_property
    def committed_keys(self) -> Mapping[str, Row]:
        """Messages whose answer is on record."""
        return {str(row.values["key"]): row for row in self.history.rows("deliveries")}

    @cached_property
    def windows(self) -> list[Window]:
        """Faults from beginning to end; one that never ended lasts for ever."""
        begun: dict[tuple[str, int], Fault] = {}
        found = list(self._blocks())
        for fault in self.history.all(Fault):
            at = (fault.name, fault.worker)
            if fault.on:
                begun.setdefault(at, fault)
            elif at in begun:
                found.append(Window(*at, begun.pop(at).t, fault.t))
        return found + [Window(*at, fault.t, END) for at, fault in begun.items()]

    def _blocks(self) -> Iterator[Window]:
        """Yield the stretches in which a process stood still by an order."""
        for passed in self.history.all(Passed):
            order, _, seconds = passed.order.partition(":")
            if order == "block" and passed.pid in self._place_of:
                end = passed.t + int(float(seconds) * SECOND)
                yield Window("web block", self._place_of[passed.pid], passed.t, end)

    @cached_property
    def _place_of(self) -> Mapping[int, int]:
        """The worker that each process was."""
        return {
            int(probe.what.partition(" ")[2]): int(probe.value)
            for probe in self.history.all(Probe)
            if probe.what.startswith("pid ")
        }

    @cached_property
    def passed_at(self) -> Mapping[tuple[int, str, str], list[int]]:
        """When each worker passed each point for each message, in their order."""
        return _grouped(
            ((self._place_of[one.pid], one.subject, one.point), one.t)
            for one in self.history.all(Passed)
            if one.pid in self._place_of
        )

    @cached_property
    def worker_windows(self) -> Mapping[int, list[Window]]:
        """Faults of each worker."""
        found: dict[int, list[Window]] = defaultdict(list)
        for window in self.windows:
            found[window.worker].append(window)
        return found

    @cached_property
    def quiet(self) -> int:
        """The moment after which no fault was on."""
        ends = [window.end for window in self.windows]
        return max(ends, default=0)

    @cached_property
    def stuck(self) -> list[Ended]:
        """Citizens who did not come to the end of their plan."""
        return [one for one in self.history.all(Ended) if one.stuck]

    def faulty(self, begin: int, end: int) -> bool:
        """Tell whether any fault was on during a stretch of time, or just before."""
        return any(window.touches(begin, end, slack=1.0) for window in self.windows)

    def skewed(self, begin: int, end: int) -> bool:
        """Tell whether any host's clock was wrong during a stretch of time."""
        skews = (window for window in self.windows if window.name == "clock skew")
        return any(window.touches(begin, end) for window in skews)

    def starved(self, who: int, begin: int, end: int) -> int:
        """Return for how long, at least, a worker or the harness had no processor to run on."""
        return sum(
            max(0, min(int(probe.value * SECOND), probe.t - begin) - max(0, probe.t - end))
            for probe in self._starvation.get(f"starved {who}", ())
            if begin < probe.t <= end + SECOND
        )

    @cached_property
    def _starvation(self) -> Mapping[str, list[Probe]]:
        probes = self.history.all(Probe)
        return _grouped((one.what, one) for one in probes if one.what.startswith("starved "))

    def store_lost(self, begin: int, end: int) -> bool:
        """Tell whether conversations went missing at any moment of a stretch of time."""
        lost = (window for window in self.windows if window.name in LOST_STORE)
        return any(window.touches(begin, end) for window in lost)


def _grouped(pairs: Iterator[tuple[_Key, _Value]]) -> Mapping[_Key, list[_Value]]:
    groups: dict[_Key, list[_Value]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
