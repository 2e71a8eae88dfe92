"""One transaction over every store."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, Self, get_type_hints

from adapters.sql.base import SqlSession
from adapters.sql.cases import SqlCases, SqlListings
from adapters.sql.documents import ContentCache, SqlDocuments
from adapters.sql.editions import SqlEditions
from adapters.sql.engine import engine_for, is_certain, meaning_of, translated
from adapters.sql.escalation import SqlHandovers
from adapters.sql.exports import SqlExports
from adapters.sql.figures import SqlFigures
from adapters.sql.notices import (
    SqlAgreedCards,
    SqlAudience,
    SqlChoices,
    SqlDailyLimits,
    SqlWatchedDrafts,
)
from adapters.sql.offers import SqlOffers
from adapters.sql.officers import SqlOfficers, SqlOfficerSessions
from adapters.sql.people import SqlAccounts, SqlFamilies, SqlPeople
from adapters.sql.plans import PlanCache, SqlPlans
from adapters.sql.posters import PosterCache, SqlPosters, SqlScans
from adapters.sql.profiles import SqlProfiles
from adapters.sql.pushes import SqlPushes
from adapters.sql.questions import SqlQuestions
from adapters.sql.records import SqlActs, SqlConsents, SqlDeliveries, SqlEffects, SqlPages
from adapters.sql.recoveries import SqlRecoveries
from adapters.sql.refusals import SqlRefusals
from adapters.sql.registrations import SqlRegistrations
from adapters.sql.replies import SqlCannedReplies
from adapters.sql.safety import cautions, safety
from adapters.sql.schedule import SqlOccurrences, SqlPlaces
from adapters.sql.service import SqlTickets
from adapters.sql.talk_pictures import SqlTalkPictures
from adapters.sql.traces import SqlTraces
from adapters.sql.trail import SqlActTrail
from adapters.sql.turn_counts import SqlTurnCounts
from domain.shared.errors import UnavailableError
from domain.shared.work import UnsureError

__all__ = ["SqlWork", "cautions", "engine_for", "safety", "translated"]


class SqlWork:
    """Every store on one lazily opened connection; leaving without a commit undoes everything.

    Making one costs a microsecond and opens nothing: a turn that only browses never does. Stores
    are made when they are first asked for.
    ``ring`` is called after a commit that left something to be told.
    Silence of the database leaves it as `UnavailableError`, a collision as `CollidedError`.
    """

    acts: SqlActs
    consents: SqlConsents
    effects: SqlEffects
    deliveries: SqlDeliveries
    pages: SqlPages
    pushes: SqlPushes
    places: SqlPlaces
    occurrences: SqlOccurrences
    choices: SqlChoices
    agreed: SqlAgreedCards
    limits: SqlDailyLimits
    drafts: SqlWatchedDrafts
    audience: SqlAudience
    accounts: SqlAccounts
    profiles: SqlProfiles
    people: SqlPeople
    families: SqlFamilies
    recoveries: SqlRecoveries
    registrations: SqlRegistrations
    offers: SqlOffers
    exports: SqlExports
    cases: SqlCases
    listings: SqlListings
    figures: SqlFigures
    tickets: SqlTickets
    editions: SqlEditions
    questions: SqlQuestions
    handovers: SqlHandovers
    canned: SqlCannedReplies
    talk_pictures: SqlTalkPictures
    traces: SqlTraces
    scans: SqlScans
    officers: SqlOfficers
    officer_sessions: SqlOfficerSessions
    refusals: SqlRefusals
    trail: SqlActTrail
    turn_counts: SqlTurnCounts

    def __init__(
        self,
        session: SqlSession,
        plans: PlanCache,
        content: ContentCache,
        ring: Callable[[], None] = lambda: None,
        posters: PosterCache | None = None,
    ) -> None:
        self._session = session
        self._ring = ring
        self.plans = SqlPlans(session, plans)
        self.documents = SqlDocuments(session, content)
        self.posters = SqlPosters(session, posters or PosterCache())

    def __getattr__(self, name: str) -> Any:
        make = _STORES.get(name)
        if make is None:
            raise AttributeError(name)
        made = self.__dict__[name] = make(self._session)
        return made

    @property
    def outbox(self) -> SqlPushes:
        """The same as ``pushes``, by its name for those who only fill it."""
        return self.pushes

    @property
    def changed(self) -> bool:
        """Whether anything was written since the last commit."""
        return self._session.changed

    async def commit(self) -> None:
        """Make everything written so far last.

        Raises
        ------
        UnsureError
            The database fell silent before it said whether it lasts: look before you tell.
        UnavailableError
            The database could not be reached; nothing lasts.
        CollidedError
            Another transaction stood in the way; nothing lasts.
        """
        try:
            with translated():
                await self._session.commit()
        except UnavailableError as error:
            if is_certain(error.__cause__):
                raise
            raise UnsureError(error.detail) from error
        if self.pushes.added:
            self.pushes.added = False
            self._ring()

    async def let_go(self) -> None:
        """End the read and return the connection, before waiting on the outside world."""
        if self._session.changed:
            raise RuntimeError("what was written must be committed before letting go")
        await self._session.close()

    async def pause(self) -> None:
        """Let go, where nothing was written; what was written keeps its connection."""
        if not self._session.changed:
            await self.let_go()

    async def undo(self) -> None:
        """Take back what was written since the last commit."""
        with translated():
            await self._session.close()

    async def __aenter__(self) -> Self:
        """Open the work; the connection waits for the first statement."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Undo what was not committed, even for a turn that is being cancelled."""
        # Most turns only browse: they have nothing to undo, and need no task that outlives them.
        if self._session.opened or self._session.changed:
            with translated():
                await asyncio.shield(self._session.close())
        fault = exc[1] if isinstance(exc[1], BaseException) else None
        meaning = meaning_of(fault)
        if meaning is not None:
            raise meaning from fault


_STORES: Final[Mapping[str, Callable[[SqlSession], object]]] = get_type_hints(SqlWork)
"""Each store that needs nothing but the session, by the name under which a work has it."""
