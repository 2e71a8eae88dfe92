"""What must hold after a simulated day, whatever went wrong on it."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, text

from tests.support.simulation.town import BUSY, NUMBER, SimulatedTown

__all__ = ["violations"]

_PATIENCE_SECONDS = 5.0
_MISTAKES = frozenset({"AttributeError", "KeyError", "TypeError", "ValueError"})
"""What no fault of a store or a line raises."""

_WAITING = ("正在办理", "还在办理")


def violations(town: SimulatedTown) -> list[str]:
    """Return what was broken, the invariant's name first; empty after a good day."""
    with town.records.engine.connect() as records:
        return [
            *_lost(town, records),
            *_doubled(records),
            *_unanswered(town),
            *_changed_replies(town),
            *_stuck(town),
            *_unsaid(town),
            *_pushed(town, records),
        ]


def _lost(town: SimulatedTown, records: Connection) -> Iterator[str]:
    """I1: what a citizen was told is on record, and is their family's."""
    rows = records.execute(
        text(
            "SELECT r.number, l.openid FROM registrations r"
            " JOIN accounts a ON a.family_id = r.family_id JOIN openid_links l"
            " ON l.account_id = a.id"
        )
    )
    owners = defaultdict(set)
    for number, openid in rows:
        owners[openid].add(number)
    for openid, told in sorted(town.told.items()):
        for number in sorted(told - owners[openid]):
            yield f"I1 {openid} was told {number}, which is not on their family's record"


def _doubled(records: Connection) -> Iterator[str]:
    """I4: a family has one live registration of a unit, and a draft one effect."""
    twice = records.execute(
        text(
            "SELECT family_id, unit_id FROM registrations WHERE state = 'registered'"
            " GROUP BY 1, 2 HAVING count(*) > 1"
        )
    )
    for family, unit in twice:
        yield f"I4 {family} has {unit} twice"
    done = records.execute(text("SELECT count(*) FROM effects WHERE flow = 'register'")).scalar()
    made = records.execute(text("SELECT count(*) FROM registrations")).scalar()
    if done != made:
        yield f"I4 {made} registrations of {done} drafts"


def _unanswered(town: SimulatedTown) -> Iterator[str]:
    """I3: a worker that lives and is awake answers in time."""
    for heard in town.heard:
        late = heard.answered_at - heard.asked_at >= _PATIENCE_SECONDS
        if heard.undisturbed and (heard.text is None or late):
            yield f"I3 {heard.key} had no answer from worker {heard.worker} at {heard.asked_at:.2f}"


def _changed_replies(town: SimulatedTown) -> Iterator[str]:
    """I3: the same message is told the same, once it was told anything that stands."""
    texts = defaultdict(set)
    for heard in town.heard:
        if heard.text and BUSY not in heard.text and not any(w in heard.text for w in _WAITING):
            texts[heard.key].add(heard.text)
    for key, told in texts.items():
        numbers = {number for one in told for number in NUMBER.findall(one) if "登记成功" in one}
        if len(numbers) > 1:
            yield f"I3 {key} was told {sorted(numbers)}"


def _stuck(town: SimulatedTown) -> Iterator[str]:
    """I13: everybody got what they came for."""
    for wish in town.wishes:
        if wish.who.openid not in town.done:
            yield f"I13 {wish.who.openid} never came to the end"


def _unsaid(town: SimulatedTown) -> Iterator[str]:
    """I2: asked at last, the records say what was told."""
    last = {heard.openid: heard.text or "" for heard in town.heard if heard.key in town.last_words}
    for wish in town.wishes:
        if wish.unit not in last.get(wish.who.openid, ""):
            yield f"I2 {wish.who.openid} asked at last and was not shown the registration"


def _pushed(town: SimulatedTown, records: Connection) -> Iterator[str]:
    """I15, I16: a phone is told once, and every push ends in a state that says so."""
    arrived = Counter(town.phones.arrived)
    for notice in town.notices:
        if arrived[notice] > 1:
            yield f"I15 {notice} arrived {arrived[notice]} times"
    waiting = "SELECT count(*) FROM pushes WHERE state = 'waiting' AND kind != 'late-answer'"
    if town.notices and (left := records.execute(text(waiting)).scalar()):
        yield f"I16 {left} pushes wait for ever"
    sent = "SELECT count(*) FROM pushes WHERE state = 'sent' AND kind = 'phone-changed'"
    called = records.execute(text(sent)).scalar_one()
    if called > sum(1 for notice in town.notices if arrived[notice]):
        yield f"I15 {called} notices are called sent, and {len(arrived)} arrived"
    reasons = set(records.execute(text("SELECT reason FROM pushes")).scalars())
    for reason in sorted(reasons & _MISTAKES):
        yield f"I16 a push broke its sender: {reason}"
