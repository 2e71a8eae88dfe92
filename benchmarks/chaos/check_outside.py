"""What the outside must have seen: codes, links, other people's words, messages that were due."""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from typing import Final

from benchmarks.chaos.case import Case, Violation
from benchmarks.chaos.history import SECOND, Leak, Posted, Sms

__all__ = ["OUTSIDE"]

_HOUR: Final = 3600 * SECOND
_LIMITS: Final = ((4, _HOUR), (8, 24 * _HOUR))
_SPACING: Final = 55 * SECOND
"""A minute, as a phone network sees it."""

_HELD_UP: Final = 20 * SECOND
"""A minute is counted from the asking; what hangs may keep the first code that long on its way."""
_HOLDING: Final = (" pause", " mute", " slow", " stop", " block", " late", " disk full")
"""Faults in which a code may have been asked for and not yet have left."""
_WORD: Final = re.compile(r"[0-9A-Za-z]{8,}")


def codes(case: Case) -> Iterator[Violation]:
    """I7: a phone gets few codes, whatever was forgotten meanwhile."""
    lately: dict[tuple[str, int], deque[int]] = defaultdict(deque)
    for sms in (one for one in case.history.all(Sms) if one.code):
        for most, within in _LIMITS:
            sent = lately[sms.phone, within]
            sent.append(sms.t)
            while sent[0] <= sms.t - within:
                sent.popleft()
            if len(sent) > most:
                yield Violation("I7", f"{sms.phone} got {len(sent)} codes in {within // _HOUR} h")


def links(case: Case) -> Iterator[Violation]:
    """I8: a one-time page is used once, and by its owner."""
    taken = [posted for posted in case.history.all(Posted) if posted.taken]
    for posted in taken:
        if posted.openid != posted.owner:
            yield Violation("I8", f"{posted.openid} used the page of {posted.owner}")
    for token, times in Counter(posted.token for posted in taken).items():
        if times > 1:
            yield Violation("I8", f"page {token[:8]} was used {times} times")


def private(case: Case) -> Iterator[Violation]:
    """I9: nobody is told another's words, and no log holds anybody's."""
    owner = _owners(case)
    phones = {one.phone: one.openid for one in case.citizens.values()}
    phones |= {openid: openid for openid in case.citizens}
    shown = [
        (copy.asked.openid, copy.answered.text)
        for copy in case.copies
        if copy.answered and copy.answered.to == copy.asked.openid
    ]
    sent = [(phones.get(sms.phone, ""), sms.text) for sms in case.history.all(Sms)]
    for me, text in shown + sent:
        for word in _WORD.findall(text):
            if owner.get(word, me) != me:
                yield Violation("I9", f"{me} was shown {word} of {owner[word]}")
    for copy in case.copies:
        if copy.answered and copy.answered.to != copy.asked.openid:
            yield Violation("I9", f"{copy.asked.openid} got an answer to {copy.answered.to}")
    for leak in case.history.all(Leak):
        yield Violation("I9", f"{leak.where} holds a {leak.what}")


def _owners(case: Case) -> dict[str, str]:
    """Return whose each telling word is: canaries, and the numbers of registrations."""
    owner = {word: one.openid for one in case.citizens.values() for word in one.canaries}
    of_family = {one.family: one.openid for one in case.citizens.values()}
    for number, rows in case.registrations.items():
        owner[number] = of_family.get(str(rows[0].values["family_id"]), "")
    return owner


def kept(case: Case) -> Iterator[Violation]:
    """I10: what was given on a page that was accepted is on record when its flow is done."""
    bound = {str(row.values["openid"]): row for row in case.history.rows("bound")}
    given = {posted.openid for posted in case.history.all(Posted) if posted.taken}
    stuck = {one.openid for one in case.stuck}
    for openid in given - stuck:
        if openid not in bound or not bound[openid].values["person_id"]:
            yield Violation("I10", f"{openid} gave a name and an ID that nobody has")


def outside_once(case: Case) -> Iterator[Violation]:
    """I15: no two live codes for one purpose, and no message twice."""
    last: dict[tuple[str, str], Sms] = {}
    notices: Counter[tuple[str, str]] = Counter()
    for sms in case.history.all(Sms):
        if not sms.code:
            notices[sms.phone, sms.text] += 1
            continue
        purpose = (sms.phone, sms.text.replace(sms.code, ""))
        before = last.get(purpose)
        close = before and sms.t - before.t < _spacing(case, before) and sms.code != before.code
        # Who counts by a clock that is wrong cannot keep a minute between two.
        if before and close and not case.skewed(before.t - 10 * SECOND, sms.t):
            yield Violation("I15", f"{sms.phone} got two codes within a minute")
        last[purpose] = sms
    written = Counter(str(row.values.get("phone", "")) for row in case.history.rows("notices"))
    for (to, _), times in notices.items():
        if times > 1 and to not in written:
            yield Violation("I15", f"{to} got one notice {times} times")
    came = Counter(to for to, _ in notices.elements())
    for to, times in came.items():
        # What was written down twice may come twice; what was written down once, never.
        if to in written and times > written[to]:
            yield Violation("I15", f"{to} got {times} notices of {written[to]}")


def _spacing(case: Case, first: Sms) -> int:
    held_up = any(
        window.name.endswith(_HOLDING) and window.touches(first.t - _HELD_UP, first.t)
        for window in case.windows
    )
    return _SPACING - _HELD_UP if held_up else _SPACING


def ends(case: Case) -> Iterator[Violation]:
    """I16: every message that was due has come to an end."""
    for row in case.history.rows("notices"):
        if row.values["due"] and not row.values["final"]:
            yield Violation("I16", f"notice {row.values['id']} is still {row.values['state']}")


OUTSIDE: Final = (codes, links, private, kept, outside_once, ends)
"""Everything to be asked about the outside."""
