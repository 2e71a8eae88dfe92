"""Where a citizen is in the talk, as it is stored between two messages.

Only data: the engine in ``dialogs.engine`` adds the behaviour. Everything here survives a trip
through JSON unchanged.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol, Self, TypeAlias

from domain.shared.errors import ConflictError, RefusedError, UnavailableError
from domain.shared.records import OpenId

__all__ = [
    "FLOOD_MESSAGES",
    "FLOOD_SECONDS",
    "Answered",
    "BusyError",
    "Claim",
    "Conversation",
    "ConversationStore",
    "Draft",
    "FloodedError",
    "Json",
    "Mine",
    "OvertakenError",
]

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
"""What may be stored in a draft."""

FLOOD_MESSAGES: Final = 20
FLOOD_SECONDS: Final = 10
"""How many messages of one citizen are taken within how many seconds; nobody types so fast."""


@dataclass(slots=True)
class Draft:
    """One flow that a citizen has begun.

    ``answers`` are the only position: step id to stored value. ``editing`` names a step that is
    open again although it has an answer. ``given`` names the answers it was begun with,
    ``assumed`` those the flow found on record by itself.
    ``waiter`` is the id of the draft that waits for it. ``id`` is the key under which the draft
    may have one effect.
    """

    id: str
    flow: str
    version: int
    answers: dict[str, Json] = field(default_factory=dict)
    editing: str = ""
    given: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    waiter: str = ""


@dataclass(slots=True)
class Conversation:
    """Everything remembered about the talk with one citizen.

    ``drafts`` is a stack, the last one on top; ``open`` tells whether the top one is being talked
    about or has been left for now. ``offered`` are the options last shown, so that a number means
    what the citizen saw; ``mark`` names that question in tap links. ``pages`` is text not yet
    shown; ``shown`` counts the options on the page last shown, then with each page to come.
    ``finished`` is what was last done: its draft, the confirming word, the receipt. ``result`` is
    the last reply that came too late to be sent. ``heard_at`` is in Unix seconds, and so are
    ``written_at`` and ``tapped_at``: when the platform took the last message and the last tap,
    scan or follow, each of which lets us write to the citizen for a while. ``owner`` is empty where
    the bot answers for certain; ``person`` where the records must be asked who does.
    """

    openid: OpenId
    revision: int = 0
    drafts: list[Draft] = field(default_factory=list)
    open: bool = False
    offered: list[dict[str, Json]] = field(default_factory=list)
    mark: str = ""
    pages: list[str] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    misses: int = 0
    finished: dict[str, Json] = field(default_factory=dict)
    result: str = ""
    heard_at: float = 0.0
    written_at: float = 0.0
    tapped_at: float = 0.0
    owner: str = ""

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back; empty parts are left out."""
        kept = _filled(self)
        kept["drafts"] = [_filled(draft) for draft in self.drafts]
        return kept

    @classmethod
    def from_json(cls, stored: dict[str, Json]) -> Self:
        """Rebuild a conversation; fields unknown to this release are dropped."""
        drafts = stored.get("drafts", [])
        assert isinstance(drafts, list)  # noqa: S101 (written by to_json)
        conversation = cls(OpenId(str(stored["openid"])))
        for name, kept in stored.items():
            if name in cls.__slots__:
                setattr(conversation, name, kept)
        # Last: until here they are as they were stored.
        conversation.drafts = [
            Draft(**{name: kept[name] for name in Draft.__slots__ if name in kept})  # type: ignore[arg-type] # written by to_json
            for kept in drafts
            if isinstance(kept, dict)
        ]
        return conversation


def _filled(record: Draft | Conversation) -> dict[str, Json]:
    """Return the fields of a record that hold something: those left out are empty by default."""
    return {name: kept for name in record.__slots__ if (kept := getattr(record, name))}


class BusyError(UnavailableError):
    """The citizen's earlier message is still being worked on."""

    code = "busy"


class OvertakenError(ConflictError):
    """Another turn saved this conversation first."""

    code = "overtaken"


class FloodedError(RefusedError):
    """The citizen sent more messages in a row than anybody types.

    Parameters
    ----------
    until
        From when on messages are taken again.
    """

    code = "flooded"

    def __init__(self, until: datetime) -> None:
        super().__init__(f"until {until:%H:%M:%S}")
        self.until = until


class Mine(NamedTuple):
    """The delivery is new and it is this turn's to answer.

    ``payload`` is the stored conversation (`None`: no talk yet) and ``revision`` its number, 0 for
    none. ``ticket`` is handed back to `ConversationStore.finish` or `ConversationStore.abandon`.
    """

    ticket: str
    revision: int
    payload: bytes | None


class Answered(NamedTuple):
    """The same delivery was answered before; ``reply`` is that answer."""

    reply: bytes


Claim = Mine | Answered


class ConversationStore(Protocol):
    """Conversations and the replies given in them.

    Payloads and replies are opaque bytes (the edge seals them). One store serves all processes
    that answer for one official account. Replies are kept at least an hour after `finish`, 24
    hours where it costs nothing. A store that is silent raises `UnavailableError`.
    """

    async def claim(self, key: str, openid: OpenId, *, wait: float) -> Claim:
        """Claim a delivery, or join the turn that already answers it; one atomic step.

        Turns of one citizen are given in the order of their claims. A claim left by a process
        that died is given again. Of one citizen's messages `FLOOD_MESSAGES` are taken within
        `FLOOD_SECONDS`, counted from the first; one that comes again is not counted twice.

        Parameters
        ----------
        key
            The delivery's key: equal for every redelivery.
        openid
            Whose conversation to lock and load.
        wait
            Seconds to wait for the citizen's earlier turns, or for the same delivery's reply.

        Returns
        -------
        Claim
            `Mine`, or `Answered` when the same delivery already has its reply.

        Raises
        ------
        BusyError
            The wait was not long enough.
        FloodedError
            The citizen sends more than is taken.
        """

    def holds(self, claim: Mine) -> bool:
        """Tell, without asking anybody, whether a claim is still this turn's for certain.

        To be asked before a turn makes anything last: one that slept too long may have been given
        to another, and must begin anew.
        """

    async def finish(self, claim: Mine, *, payload: bytes, reply: bytes) -> None:
        """Save the conversation, keep the reply and let the next turn in; one atomic step.

        Raises
        ------
        OvertakenError
            The claim was lost meanwhile and another turn has saved; nothing was written.
        """

    async def abandon(self, claim: Mine) -> None:
        """Let the next turn in without saving; the delivery may be claimed again."""

    async def peek(self, openid: OpenId) -> bytes | None:
        """Return the stored conversation without claiming; ``None`` if there is none."""

    async def erase(self, openid: OpenId) -> None:
        """Drop a citizen's conversation; a turn that is going on may still save its own."""

    async def forget(self, *, before: datetime) -> int:
        """Drop replies finished before a moment, where they do not go by themselves; count them."""
