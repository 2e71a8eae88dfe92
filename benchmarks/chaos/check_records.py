"""What the records must be like, given what citizens asked for and were told."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from benchmarks.chaos.case import Case, Told, Violation
from benchmarks.chaos.history import SECOND, Probe, Row

__all__ = ["RECORDS"]

_CREATE: Final = "registrations:registration:create"
_CANCEL: Final = "registrations:registration:cancel"
_CLOCKS: Final = SECOND // 50
"""How far the database's clock, mapped to ours, may be off."""


def durable(case: Case) -> Iterator[Violation]:
    """I1: what was told is on record once, as it was told, and its owner's."""
    for number, told in case.told_of.items():
        rows = case.registrations.get(number, [])
        if len(rows) != 1:
            yield Violation("I1", f"{number} was told and stands {len(rows)} times")
        for row in rows[:1]:
            yield from _as_told(case, row, told)


def _as_told(case: Case, row: Row, told: list[Told]) -> Iterator[Violation]:
    number = row.values["number"]
    owners = {case.citizens[one.openid].family for one in told if one.openid in case.citizens}
    if owners != {row.values["family_id"]}:
        yield Violation("I1", f"{number} was told to families {owners}")
    units = {case.units.get(one.claim.unit, "") for one in told if one.claim.unit}
    if units - {row.values["unit_id"]}:
        yield Violation("I1", f"{number} was told as {units}")


def honest(case: Case) -> Iterator[Violation]:
    """I2: no receipt before the commit, and in the end everybody knows the truth."""
    for number, told in case.told_of.items():
        made = [row for row in case.acts.get(number, []) if row.values["tag"] == _CREATE]
        committed = min((row.committed for row in made if row.committed), default=0)
        if committed > told[0].t + _CLOCKS:
            yield Violation("I2", f"{number} was told before it was committed")
    yield from _last_looks(case)


def _last_looks(case: Case) -> Iterator[Violation]:
    looks = {
        copy.asked.openid: copy
        for copy in case.copies
        if copy.asked.meaning == "final" and copy.definite
    }
    shown: dict[str, set[tuple[str, bool]]] = {openid: set() for openid in looks}
    for one in case.told:
        if looks.get(one.openid) is one.copy:
            shown[one.openid].add((one.claim.number, one.claim.live))
    kept: dict[str, set[tuple[str, bool]]] = defaultdict(set)
    for number, rows in case.registrations.items():
        for row in rows:
            kept[str(row.values["family_id"])].add((number, row.values["state"] == "registered"))
    for openid, seen in shown.items():
        there = kept[case.citizens[openid].family]
        if seen != there:
            yield Violation("I2", f"{openid} sees {sorted(seen)} and has {sorted(there)}")


def once(case: Case) -> Iterator[Violation]:
    """I4: one effect a draft, one live row a unit, and nothing that nobody asked for."""
    effects = Counter(str(row.values["draft_id"]) for row in case.history.rows("effects"))
    yield from (
        Violation("I4", f"draft {one} had {n} effects") for one, n in effects.items() if n > 1
    )
    rows = [row for rows in case.registrations.values() for row in rows]
    live = Counter(_place(row) for row in rows if row.values["state"] == "registered")
    yield from (Violation("I4", f"{at} is held {n} times") for at, n in live.items() if n > 1)
    made, asked = Counter(map(_place, rows)), _confirmed(case)
    for place, times in made.items():
        if times > asked[place]:
            yield Violation("I4", f"{place} was asked {asked[place]} times and made {times} times")
    cancelled = _cancelled(case)
    for row in rows:
        if row.values["state"] == "cancelled" and row.values["number"] not in cancelled:
            yield Violation("I4", f"{row.values['number']} was cancelled by nobody")


def _place(row: Row) -> tuple[str, str]:
    return str(row.values["family_id"]), str(row.values["unit_id"])


def _confirmed(case: Case) -> Counter[tuple[str, str]]:
    """Count how often each family confirmed each unit: messages, not copies."""
    return Counter(
        (case.citizens[copies[0].asked.openid].family, copies[0].asked.meaning.partition(" ")[2])
        for copies in case.by_key.values()
        if copies[0].asked.meaning.startswith("confirm ")
    )


def _cancelled(case: Case) -> set[str]:
    """Return every number that its citizen wanted cancelled."""
    return {
        number
        for copy in case.copies
        if copy.asked.meaning.startswith("cancel ")
        for number in copy.asked.meaning.partition(" ")[2].split(",")
    }


def timely(case: Case) -> Iterator[Violation]:
    """I21: nothing ends before it begins, and what is due once runs once."""
    for number, rows in case.registrations.items():
        ended = rows[0].values.get("cancelled_at")
        if ended and str(ended) < str(rows[0].values["created_at"]):
            yield Violation("I21", f"{number} was cancelled before it was made")
    runs = Counter(
        (str(row.values["task"]), str(row.values["due"])) for row in case.history.rows("runs")
    )
    yield from (Violation("I21", f"{run} ran {n} times") for run, n in runs.items() if n > 1)


def audited(case: Case) -> Iterator[Violation]:
    """I23: each change has its act, each act its change, and the answer went with them."""
    answers = {row.transaction for row in case.committed_keys.values()}
    for number, rows in case.registrations.items():
        acts = case.acts.get(number, [])
        tags = Counter(str(row.values["tag"]) for row in acts)
        cancelled = int(rows[0].values["state"] == "cancelled")
        if (tags[_CREATE], tags[_CANCEL]) != (1, cancelled):
            yield Violation("I23", f"{number} is {rows[0].values['state']} by acts {dict(tags)}")
        for act in acts:
            if act.transaction and act.transaction not in answers:
                yield Violation("I23", f"{number}: an act without the answer that told of it")


def summed(case: Case) -> Iterator[Violation]:
    """I24: what is counted and what is shown are what is on record."""
    live = Counter(
        str(row.values["unit_id"])
        for rows in case.registrations.values()
        for row in rows
        if row.values["state"] == "registered"
    )
    counted = {
        str(row.values["unit_id"]): row.values["live"] for row in case.history.rows("tallies")
    }
    for unit in {*counted, *(live if counted else ())}:
        if int(counted.get(unit, 0)) != live[unit]:
            yield Violation(
                "I24", f"{unit}: {counted.get(unit, 0)} counted, {live[unit]} on record"
            )
    for probe in case.history.all(Probe):
        what, _, unit = probe.what.partition(" ")
        if (what, probe.when) == ("shown", "end") and int(probe.value) != live[unit]:
            yield Violation("I24", f"{unit}: {int(probe.value)} shown, {live[unit]} on record")


def cancelled_for_good(case: Case) -> Iterator[Violation]:
    """I25: what was told to be cancelled never lives again, and no number is given twice."""
    for number, told in case.told_of.items():
        gone = min((one.t for one in told if not one.claim.live), default=None)
        if gone is None:
            continue
        # A copy that left before may be answered after: only later questions count.
        if any(
            one.claim.live and one.copy.asked.t > gone and not one.claim.receipt for one in told
        ):
            yield Violation("I25", f"{number} was shown as live after it was cancelled")
        rows = case.registrations.get(number, [])
        if any(row.values["state"] != "cancelled" for row in rows):
            yield Violation("I25", f"{number} lives although its owner was told it is cancelled")
    for number, rows in case.registrations.items():
        if len(set(map(_place, rows))) > 1:
            yield Violation("I25", f"{number} was given to several")


RECORDS: Final = (durable, honest, once, timely, audited, summed, cancelled_for_good)
"""Everything to be asked about the records."""
