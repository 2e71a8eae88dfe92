"""A stand-in for the platform where it takes messages for citizens, as strict as the platform."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from adapters.simulated import Line
from adapters.sql.sandbox import Arrivals, Arrived
from domain.notices.model import Card, receipt_key
from domain.notices.service import Handed
from domain.shared.clock import Clock, china_time
from domain.shared.records import OpenId
from domain.shared.windows import Handover, Window

__all__ = ["SimulatedPushes", "places_at"]

_LONGEST: Final = 2048

log = structlog.get_logger(__name__)


class SimulatedPushes:
    """The `PushSender` and `CardSender` of the sandbox.

    It counts what it has taken by itself, so that a send beyond a citizen's places is refused
    here as there: `refused` counts those. What opens a window it knows from the talk.

    Parameters
    ----------
    windows
        Returns the windows that a citizen opened last; none for a citizen nobody knows.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        windows: Callable[[OpenId], Awaitable[Sequence[Window]]],
        clock: Clock,
    ) -> None:
        self._arrivals = arrivals
        self._windows = windows
        self._clock = clock
        self.line = Line()
        self.refused: dict[Handover, int] = dict.fromkeys(Handover, 0)

    async def push(self, openid: OpenId, text: str) -> Handover:
        """Put a text into a citizen's chat, where a window has a place for it."""
        await self.line.reach()
        if len(text.encode()) > _LONGEST:
            raise ValueError(_LONGEST)
        verdict = await self._take(openid, text)
        if verdict is not Handover.TAKEN:
            self.refused[verdict] += 1
            log.warning("push_refused", verdict=verdict.value)
        self.line.answer()
        return verdict

    async def push_card(self, openid: OpenId, card: Card) -> Handed:
        """Put a card into the chat of a citizen who ever was here."""
        await self.line.reach()
        verdict = Handover.TAKEN if await self._windows(openid) else Handover.UNREACHABLE
        if verdict is Handover.TAKEN:
            now = self._clock.now()
            facts = {fact.label: card.values[fact.blank] for fact in card.facts}
            kind = "subscription" if card.agreed else "template"
            message = self._message(openid, kind, card.title, facts, now)
            await self._arrivals.keep(Arrived.PUSH, openid, message, at=now)
        else:
            self.refused[verdict] += 1
        self.line.answer()
        return Handed(verdict, receipt_key(openid=openid, template=card.template))

    async def outbox(self, openid: str) -> list[dict[str, object]]:
        """Return what was pushed to a citizen, newest first."""
        return await self._arrivals.of(Arrived.PUSH, openid)

    def _message(
        self, openid: OpenId, kind: str, text: str, facts: Mapping[str, str], now: datetime
    ) -> dict[str, object]:
        return {
            "openid": openid,
            "kind": kind,
            "text": text,
            "data": dict(facts),
            "sent_at": china_time(now).isoformat(timespec="seconds"),
            "state": "delivered",
        }

    async def _take(self, openid: OpenId, text: str) -> Handover:
        now = self._clock.now()
        places = places_at(await self._windows(openid), now)
        if not places:
            return Handover.CLOSED
        message = self._message(openid, "text", text, {}, now)
        kept = await self._arrivals.keep(Arrived.PUSH, openid, message, at=now, unless=places)
        return Handover.TAKEN if kept else Handover.FULL


def places_at(windows: Iterable[Window], now: datetime) -> Mapping[datetime, int]:
    """Return how many messages may come after each opening of a window that is open; none if none.

    The platform's own rule: openings do not add up, the roomiest counts.
    """
    places: dict[datetime, int] = {}
    for window in windows:
        if window.is_open(now):
            places[window.opened_at] = max(window.places, places.get(window.opened_at, 0))
    return places
