"""What a citizen or a phone is told without having asked just now: pushes.

A push is written down with the record it is about, in one transaction: the outbox. It leaves soon
afterwards, once, and is tried again until it has left, is worth nothing any more, or needs a
person's eye.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final, Protocol

from domain.shared.clock import china_time
from domain.shared.records import AccountId, OpenId

__all__ = [
    "ALLOWED",
    "LEASE",
    "MANNERS",
    "PUSHES_KEPT",
    "PUSH_LIFE",
    "REPORTED_WITHIN",
    "STRIKES",
    "Channel",
    "Manner",
    "NoticeSender",
    "Outbox",
    "Push",
    "PushClaim",
    "PushKind",
    "PushState",
    "Receipt",
    "SetAside",
    "day_begins",
    "retry_at",
]

PUSH_LIFE: Final = timedelta(hours=72)
"""Within which every push ends in a named state."""

PUSHES_KEPT: Final = timedelta(days=7)
"""How long it can be seen afterwards what became of one."""

REPORTED_WITHIN: Final = timedelta(hours=1)
"""How long the words of a card that matters are kept, should it be reported not to have arrived."""

LEASE: Final = timedelta(seconds=20)
"""After which whoever works on a push is taken for dead; longer than any vendor may take."""

STRIKES: Final = 3
"""How often a push may bring down whoever works on it before it is parked."""

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
_DOUBLED_AT_MOST: Final = 10
_NIGHT: Final = (time(21), time(8))


class Channel(StrEnum):
    """How a push may leave."""

    REPLY = "reply"
    """Above the answer to what the citizen has just said, after a long silence."""
    WECHAT = "wechat"
    """A customer-service message, free, while the platform's window for the citizen is open."""
    SUBSCRIPTION = "bizsend"
    """A card that the citizen has agreed to be sent; needs no window."""
    TEMPLATE = "template"
    """A card about a service, for followers; needs no window."""
    SMS = "sms"


class PushKind(StrEnum):
    """What a push says; how it is worded is the matter of whoever sends it.

    The values that come with a kind, in their order:

    ``PHONE_CHANGED``
        The account's phone was given back to another: that one, masked.
    ``RECOVERED``
        The account has a new phone, by a recovery or a change: that one, masked; to a phone also
        the word that takes it back, which never goes by WeChat.
    ``RESTED``
        Somebody guessed codes or passwords for the phone too often: until when no more are taken,
        by the clock in China, as ``11-21 09:30``.
    ``LATE_ANSWER``
        The answer to a message that took too long for the platform, as it would have read.
    ``REGISTERED``, ``CANCELLED``
        A registration was made or cancelled: what for, its number, and when, as
        ``2026年3月11日 12:00``.
    ``PLAN_OPENS``, ``PLAN_CLOSES``
        A plan from which the family may take something: its name, and when.
    ``DRAFT_LEFT``
        A registration was begun and not finished, and its plan closes soon: the plan's name, and
        when it closes.
    ``CASE``
        What is asked of us has come further: what it is, its number, and how it stands, in a word
        or two.
    ``FROM_DESK``
        What a person at the desk says, or the desk about itself, as it is to be read. Those for
        one citizen leave in the order in which they were written down.
    ``ANSWERED``
        An officer's answer waits in the chat, for it could not be written there: what it answers,
        its number, and that there is one, never what it says. Its topic is that of the answer.
    ``COME_BACK``
        A person has written, and no window is open: nothing more.
    """

    PHONE_CHANGED = "phone-changed"
    RECOVERED = "recovered"
    RESTED = "rested"
    LATE_ANSWER = "late-answer"
    REGISTERED = "registered"
    CANCELLED = "registration-cancelled"
    PLAN_OPENS = "plan-opens"
    PLAN_CLOSES = "plan-closes"
    DRAFT_LEFT = "draft-left"
    CASE = "case-status"
    FROM_DESK = "from-desk"
    ANSWERED = "answered"
    COME_BACK = "come-back"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind is treated.

    ``lives``: how long it is worth telling, at most `PUSH_LIFE`. ``by_night``: whether it may leave
    between 21:00 and 8:00 in China. ``by_sms``: whether it is worth an SMS. ``as_text``: whether
    it may come as words in the chat; what the chat has answered already comes as a card alone.
    """

    lives: timedelta
    by_night: bool
    by_sms: bool
    as_text: bool = True
    as_card: bool = True


MANNERS: Final[Mapping[PushKind, Manner]] = {
    PushKind.PHONE_CHANGED: Manner(PUSH_LIFE, by_night=True, by_sms=True, as_card=False),
    PushKind.RECOVERED: Manner(PUSH_LIFE, by_night=True, by_sms=True, as_card=False),
    # A day later there is nothing left to be warned of.
    PushKind.RESTED: Manner(timedelta(hours=24), by_night=True, by_sms=True, as_card=False),
    # Whoever wrote a minute ago is awake; later the words belong to another talk.
    PushKind.LATE_ANSWER: Manner(timedelta(minutes=10), by_night=True, by_sms=False, as_card=False),
    PushKind.REGISTERED: Manner(PUSH_LIFE, by_night=False, by_sms=True, as_text=False),
    PushKind.CANCELLED: Manner(PUSH_LIFE, by_night=False, by_sms=True, as_text=False),
    PushKind.PLAN_OPENS: Manner(PUSH_LIFE, by_night=False, by_sms=False),
    PushKind.PLAN_CLOSES: Manner(timedelta(hours=24), by_night=False, by_sms=False),
    PushKind.DRAFT_LEFT: Manner(timedelta(hours=24), by_night=False, by_sms=False),
    PushKind.CASE: Manner(PUSH_LIFE, by_night=False, by_sms=True),
    # Waits for the citizen's next message, which takes it along at the latest.
    PushKind.FROM_DESK: Manner(timedelta(hours=48), by_night=True, by_sms=False, as_card=False),
    PushKind.ANSWERED: Manner(timedelta(hours=48), by_night=False, by_sms=True, as_text=False),
    PushKind.COME_BACK: Manner(timedelta(hours=12), by_night=False, by_sms=True, as_card=False),
}


class PushState(StrEnum):
    """What became of a push."""

    WAITING = "waiting"
    """It is to leave, now or later."""
    SENT = "sent"
    """Whoever delivers has taken it."""
    DELIVERED = "delivered"
    """It was reported to have arrived."""
    UNSURE = "unsure"
    """It may have left: no answer came. It is not sent again, for that may cost or annoy."""
    FAILED = "failed"
    """It can never arrive; the reason says why."""
    EXPIRED = "expired"
    """It was worth nothing any more before it could leave."""
    PARKED = "parked"
    """Something nobody has thought of went wrong thrice; a person looks at it."""


ALLOWED: Final[Mapping[PushState, frozenset[PushState]]] = {
    PushState.WAITING: frozenset(
        {
            PushState.SENT,
            PushState.UNSURE,
            PushState.FAILED,
            PushState.EXPIRED,
            PushState.PARKED,
        }
    ),
    PushState.SENT: frozenset({PushState.DELIVERED, PushState.FAILED}),
    # Whoever was thought dead may come back and know; and a person may decide to send again.
    PushState.UNSURE: frozenset(
        {PushState.SENT, PushState.DELIVERED, PushState.FAILED, PushState.WAITING}
    ),
    PushState.PARKED: frozenset({PushState.WAITING, PushState.EXPIRED}),
    PushState.DELIVERED: frozenset(),
    PushState.FAILED: frozenset(),
    PushState.EXPIRED: frozenset(),
}
"""From each state, the states that a push may go to."""


@dataclass(frozen=True, slots=True)
class Push:
    """What is to be told, and to whom.

    ``openid`` and ``phone`` (``+86`` and 11 digits) say whom it may go to; or ``account`` says
    whose it is, and whom it may go to is looked up when it leaves. One of them at least is there.
    ``topic``, at most 64 characters, names what it is about where a citizen must be told of it
    once only.
    """

    kind: PushKind
    values: tuple[str, ...] = field(repr=False)
    openid: OpenId | None = None
    phone: str | None = field(default=None, repr=False)
    topic: str | None = None
    account: AccountId | None = None

    def may_leave_by(self, now: datetime) -> tuple[Channel, ...]:
        """Return the ways it may go, best first; none while it has to wait for the morning."""
        manner = MANNERS[self.kind]
        if not manner.by_night and day_begins(now) > now:
            return ()
        text = (Channel.WECHAT,) if manner.as_text else ()
        cards = (Channel.SUBSCRIPTION, Channel.TEMPLATE) if manner.as_card else ()
        return (
            *((*text, *cards) if self.openid else ()),
            *((Channel.SMS,) if self.phone and manner.by_sms else ()),
        )


@dataclass(frozen=True, slots=True)
class PushClaim:
    """An attempt at a push, counted before anything is done about it.

    ``strikes`` counts the attempts since the last one that ended as foreseen, this one included.
    ``left`` tells that an earlier attempt was about to send it and never said what became of it.
    ``push`` opens what is to be told: where that cannot be read, it fails for this one alone.
    """

    id: int
    attempts: int
    strikes: int
    left: bool
    push: Callable[[], Push] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A push that a person should look at: parked, or perhaps sent. Says nothing personal."""

    id: int
    kind: str
    state: PushState
    reason: str
    created_at: datetime
    attempts: int


class Outbox(Protocol):
    """Where a use case leaves what is to be told."""

    async def add(self, push: Push, *, at: datetime, until: datetime | None = None) -> None:
        """Write a push down, due at once.

        Nothing is written if this citizen, or account, was or will be told of this topic by this
        kind before: who asks at the same moment on another line finds that out, too.

        Parameters
        ----------
        until
            When it is worth nothing any more, where that is before its life ends.
        """

    async def add_all(
        self, pushes: Sequence[Push], *, at: datetime, until: datetime | None = None
    ) -> int:
        """Write many down as `add` does; return how many were written."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform reports of a card some time after it took it.

    ``keys`` are what the card may be known by, the surest first; ``reason`` says why it did not
    arrive, in the platform's words.
    """

    keys: tuple[str, ...]
    arrived: bool
    reason: str = ""


class NoticeSender(Protocol):
    """Sends notices to phones."""

    async def tell(self, phone: str, kind: PushKind, values: Sequence[str]) -> None:
        """Hand a notice over to the operator.

        Raises
        ------
        UnansweredError
            No answer came in time. The message may have left all the same.
        UnavailableError
            The line is down; it did not leave.
        """


def retry_at(attempts: int, now: datetime) -> datetime:
    """Return when a push is tried again that was tried so often: a minute, doubling to an hour.

    Source: S0-71, S0-72; GOV.UK Notify tries for 72 hours.
    """
    doubled = min(max(attempts, 1) - 1, _DOUBLED_AT_MOST)
    waits: int = 2**doubled
    return now + min(_FIRST_WAIT * waits, _LONGEST_WAIT)


def day_begins(now: datetime) -> datetime:
    """Return when citizens may be disturbed: now, or at eight in the morning in China."""
    here = china_time(now)
    evening, morning = _NIGHT
    if morning <= here.time() < evening:
        return now
    begins = here.replace(hour=morning.hour, minute=0, second=0, microsecond=0)
    return begins if begins > here else begins + timedelta(days=1)
