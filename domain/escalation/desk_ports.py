"""What reaching a person needs from outside: what keeps it, whom to call, what was said there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.escalation.handovers import (
    Card,
    DeskKind,
    Ending,
    Handover,
    Line,
    LineKind,
    Presence,
)
from domain.shared.pushes import Outbox
from domain.shared.records import AccountId, OpenId
from domain.shared.work import Work

__all__ = ["DeskLine", "DeskRecords", "DeskWork", "HandoverStore", "StaffCaller"]


@dataclass(frozen=True, slots=True)
class DeskLine:
    """What was said at the platform's own desk."""

    openid: OpenId
    account: str
    text: str = field(repr=False)
    at: datetime
    by_agent: bool


class DeskRecords(Protocol):
    """What was said at the platform's own desk, which tells nobody while it is said."""

    def said(self, start: datetime, end: datetime) -> AsyncIterator[DeskLine]:
        """Yield what was said between two moments, oldest first; `UnavailableError` if silent."""


class StaffCaller(Protocol):
    """Calls people at work to the desk: by their company's chat or by mail."""

    @property
    def targets(self) -> int:
        """How many can be called."""

    async def call(self, target: int, words: str) -> bool:
        """Call one of them, counted from 0; ``False`` if that certainly failed.

        The words hold nothing personal.
        """


class HandoverStore(Protocol):
    """Handovers, their transcripts, and who is at the desk.

    Of many who want to move one handover at once, exactly one does.
    """

    async def ask(
        self,
        openid: OpenId,
        account_id: AccountId | None,
        desk: DeskKind,
        card: Card,
        *,
        at: datetime,
    ) -> Handover:
        """Let a citizen wait; return the handover that is live, new or not."""

    async def find(self, handover_id: int) -> Handover | None:
        """Return a handover."""

    async def last_of(self, openid: OpenId) -> Handover | None:
        """Return a citizen's newest handover."""

    async def of(self, openid: OpenId, *, most: int) -> list[Handover]:
        """Return a citizen's handovers, newest first."""

    async def of_account(self, account_id: AccountId) -> list[Handover]:
        """Return the handovers of an account, newest first."""

    async def live(self) -> list[Handover]:
        """Return all that have not ended, longest waiting first."""

    async def stamps(self) -> list[tuple[int, int]]:
        """Return every live handover's id and stamp, in their order: what has changed is seen."""

    async def ended(self, desk: DeskKind, *, since: datetime) -> list[Handover]:
        """Return what was taken at a desk and has ended since a moment."""

    async def position(self, handover: Handover) -> int:
        """Return a waiting citizen's place in the queue, from 1."""

    async def take(self, handover_id: int, agent: str, *, at: datetime) -> bool:
        """Give a waiting citizen to an agent; ``False`` if nobody waits there."""

    async def pass_on(self, handover_id: int, agent: str, to: str, *, at: datetime) -> bool:
        """Give an agent's citizen to another; ``False`` if it is not theirs."""

    async def put_back(self, handover_id: int, agent: str, *, at: datetime) -> bool:
        """Let an agent's citizen wait again, in the place they had; ``False`` if not theirs."""

    async def end(self, handover_id: int, ending: Ending, *, at: datetime) -> bool:
        """End it; ``False`` if it had ended."""

    async def rate(self, handover_id: int, stars: int) -> bool:
        """Keep the one rating; ``False`` if there was one."""

    async def see(self, handover_id: int, *, at: datetime) -> None:
        """Keep that an agent has looked, the first time."""

    async def notify(self, handover: Handover, *, at: datetime) -> bool:
        """Count that one more person is told; ``False`` if another process does it."""

    async def add_line(  # noqa: PLR0913 (one for each thing a line holds; all are named)
        self,
        handover_id: int,
        kind: LineKind,
        text: str,
        *,
        at: datetime,
        author: str = "",
        media_id: str = "",
        key: str | None = None,
    ) -> Line | None:
        """Append a line; ``None`` if there is one of this key.

        What either side says, not a note, keeps the talk from falling silent.
        """

    async def lines(self, handover_id: int, *, after: int = 0) -> list[Line]:
        """Return the transcript in its order, from beyond a line on."""

    async def sign(self, presence: Presence) -> None:
        """Keep an agent's sign of life in the place of the one before."""

    async def sign_off(self, agent: str) -> None:
        """Forget an agent who leaves."""

    async def here(self, *, since: datetime) -> list[Presence]:
        """Return who has given a sign of life since a moment, by name."""

    async def forget(self, *, before: datetime) -> int:
        """Drop transcripts of what ended before a moment; return how many lines."""


class DeskWork(Work, Protocol):
    """What a talk with a person may touch."""

    @property
    def handovers(self) -> HandoverStore:
        """Handovers."""

    @property
    def outbox(self) -> Outbox:
        """What is to be told."""
