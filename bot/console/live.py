"""What happens right now, for the first page: few figures, each counted in one place.

Whoever has the page open asks every few seconds, so a process counts once for all of them.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.wiring import Resources, SqlWork
from domain.escalation.handovers import HandoverState
from domain.officers.model import Officer, Right, may
from domain.shared.clock import china_day, china_time
from domain.shared.pushes import PushState

__all__ = ["FIGURES", "Figure", "Live", "Seen"]

_FRESH: Final = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its title, who may see it, and how it is counted at a moment.

    ``alarm`` is from where on it is a reason to look.
    """

    title: str
    rights: frozenset[Right]
    count: Callable[[SqlWork, datetime], Awaitable[int]]
    alarm: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A figure as it stood."""

    title: str
    value: int
    alarming: bool


async def _turns(work: SqlWork, now: datetime) -> int:
    return await work.turn_counts.on(china_time(now).date())


async def _registrations(work: SqlWork, now: datetime) -> int:
    return await work.registrations.made_on(china_day(now))


async def _waiting(work: SqlWork, _now: datetime) -> int:
    return (await work.pushes.tally()).get(PushState.WAITING, 0)


async def _parked(work: SqlWork, _now: datetime) -> int:
    return (await work.pushes.tally()).get(PushState.PARKED, 0)


async def _asking(work: SqlWork, _now: datetime) -> int:
    live = await work.handovers.live()
    return sum(one.state is HandoverState.WAITING for one in live)


_LOOKING: Final = frozenset({Right.FIGURES, Right.TALK, Right.CASES})

FIGURES: Final = (
    Figure("今天的消息", _LOOKING, _turns),
    Figure("今天的登记", _LOOKING, _registrations),
    Figure("等待人工", _LOOKING, _asking, alarm=1),
    Figure("待发的通知", _LOOKING, _waiting),
    Figure("搁置的通知", _LOOKING, _parked, alarm=1),
)
"""In the order in which they are shown."""


class Live:
    """The figures of a process: counted at most every three seconds, whoever asks."""

    def __init__(self, house: Resources) -> None:
        self._house = house
        self._at: datetime | None = None
        self._values: Sequence[int] = ()

    async def seen_by(self, officer: Officer) -> list[Seen]:
        """Return the figures that an officer may see.

        Raises
        ------
        UnavailableError
            The records are silent.
        """
        now = self._house.clock.now()
        if self._at is None or not timedelta() <= now - self._at < _FRESH:
            async with self._house.open_work() as work:
                values = [await figure.count(work, now) for figure in FIGURES]
            self._at, self._values = now, values
        return [
            Seen(figure.title, value, figure.alarm is not None and value >= figure.alarm)
            for figure, value in zip(FIGURES, self._values, strict=True)
            if any(may(officer, right) for right in figure.rights)
        ]
